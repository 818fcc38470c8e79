//! Rung `external id required`: the role must not be had without the right external id.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>

use iam::texts::external_id_condition;

use super::Climb;
use super::assume::Plan;
use super::ladder::{Advice, Fallen, Step, rung};
use super::server::{Assumer, is_access_denied};
use super::sts_probe::Extras;

/// What came of one attempt that must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Refused,
    Worked,
    /// Neither: STS failed.
    Unknown,
}

impl Climb<'_> {
    pub(super) async fn negative_test(&mut self, assumer: &Assumer, plan: &Plan) -> Result<(), Fallen> {
        let call = Plan { external_id: None, policy: None, ..plan.clone() }.command();
        let without = self.must_fail(assumer, plan, None).await;
        let Some(sent) = plan.external_id.clone() else {
            return self.ladder.climb(not_sent(without, plan).call(call));
        };
        let near = self.must_fail(assumer, plan, Some(near_miss(&sent))).await;
        let far = self.must_fail(assumer, plan, Some(unrelated(&sent))).await;
        self.ladder.climb(judge(without, near, far, &sent).call(call))
    }

    async fn must_fail(&self, assumer: &Assumer, plan: &Plan, external_id: Option<String>) -> Outcome {
        let plan = Plan { external_id, ..plan.clone() };
        match self.assume(&assumer.proof, &plan, Extras::default()).await {
            Ok(_) => Outcome::Worked,
            Err(refusal) if is_access_denied(&refusal) => Outcome::Refused,
            Err(_) => Outcome::Unknown,
        }
    }
}

fn not_sent(without: Outcome, _plan: &Plan) -> Step {
    match without {
        Outcome::Worked => Step::warning(
            rung::EXTERNAL_ID,
            "role can be assumed without an external id, and the connection sends none",
            Advice::new(
                "the trust policy has no condition on sts:ExternalId: whoever else may act for the principal may use \
                 the role",
                "set an EXTERNAL_ID in the connection and require it in the trust policy",
            ),
        ),
        _ => Step::warning(
            rung::EXTERNAL_ID,
            "the connection sends none",
            Advice::new(
                "what the trust policy requires could not be tried",
                "set an EXTERNAL_ID in the connection",
            ),
        ),
    }
}

fn judge(without: Outcome, near: Outcome, far: Outcome, sent: &str) -> Step {
    use Outcome::{Refused, Unknown, Worked};
    let fix = external_id_condition(sent);
    let warn =
        |seen: &str, cause: String| Step::warning(rung::EXTERNAL_ID, seen, Advice::new(cause, fix.clone()));
    match (without, near, far) {
        (Refused, Refused, Refused) => {
            Step::ok(rung::EXTERNAL_ID, "refused without an external id, and with wrong ones")
        }
        (Worked, _, Worked) => warn(
            "role can be assumed without it, and with a wrong one",
            "trust policy has no sts:ExternalId condition that binds: whoever else makes the principal act may use \
             the role (the confused deputy)"
                .to_owned(),
        ),
        (Worked, _, _) => warn(
            "role can be assumed without it; a wrong one is refused",
            "the trust policy's condition on sts:ExternalId lets in whoever sends none: an operator that ends in \
             IfExists or begins with ForAllValues does, and so does a second statement without the condition"
                .to_owned(),
        ),
        (Refused, _, Worked) => warn(
            "role can be assumed with a wrong external id; without one it is refused",
            "the trust policy's condition on sts:ExternalId takes any id: StringLike with `*`, StringNotEquals, or Null"
                .to_owned(),
        ),
        (_, Worked, _) => warn(
            "role can be assumed with another external id that looks like the right one",
            format!(
                "the trust policy's condition on sts:ExternalId takes more than `{sent}`: StringLike with a wildcard \
                 does, use StringEquals"
            ),
        ),
        (Unknown, _, _) | (_, Unknown, _) | (_, _, Unknown) => warn(
            "could not be tried: STS did not answer as it should",
            "not known: STS failed in the middle of the test".to_owned(),
        ),
    }
}

/// Another id with the same beginning.
pub(super) fn near_miss(sent: &str) -> String {
    let last = if sent.ends_with('0') { "1" } else { "0" };
    let mut head: Vec<char> = sent.chars().collect();
    head.pop();
    let head: String = head.into_iter().collect();
    format!("{head}{last}")
}

/// An id that shares nothing with the right one.
pub(super) fn unrelated(sent: &str) -> String {
    let id = format!("negative-test-{:016x}", rand::random::<u64>());
    if id == sent { format!("{id}-") } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::StepStatus;

    #[test]
    fn near_misses_differ_in_the_end() {
        assert_eq!(near_miss("sd-default-abc"), "sd-default-ab0");
        assert_eq!(near_miss("id-0"), "id-1");
        assert_ne!(near_miss("ab"), "ab");
    }

    #[test]
    fn every_outcome_has_a_verdict() {
        use Outcome::{Refused, Unknown, Worked};
        let all = [Refused, Worked, Unknown];
        for without in all {
            for near in all {
                for far in all {
                    let step = judge(without, near, far, "the-id");
                    let is_safe = [without, near, far] == [Refused; 3];
                    assert_eq!(step.status == StepStatus::Ok, is_safe, "{without:?} {near:?} {far:?}");
                    assert_eq!(step.cause.is_empty(), is_safe);
                }
            }
        }
        assert!(judge(Worked, Worked, Worked, "i").cause.contains("no sts:ExternalId condition"));
        assert!(judge(Worked, Refused, Refused, "i").cause.contains("IfExists"));
        assert!(judge(Refused, Worked, Worked, "i").cause.contains("any id"));
        assert!(judge(Refused, Worked, Refused, "i").cause.contains("wildcard"));
    }
}

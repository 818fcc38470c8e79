//! Rungs of the session that was made: its policy, its length, and who we became.

use std::sync::Arc;

use object_store::aws::AwsCredential;

use super::Climb;
use super::assume::Plan;
use super::command::Command;
use super::ladder::{Advice, Fallen, Step, rung};
use super::server::{Assumer, is_unknown_call, refusal_seen, with_request_id};
use super::sts_probe::{self, Extras, ProbedSession};

/// From that part of AWS's packed limit on, a longer folder or a tag may not fit any more.
const PACKED_PERCENT_WARNED: i32 = 90;

impl Climb<'_> {
    /// The session policy that was sent; gives keys without it, which show what the role itself may do.
    pub(super) async fn session_policy(
        &mut self,
        assumer: &Assumer,
        plan: &Plan,
        session: &ProbedSession,
    ) -> Result<Option<Arc<AwsCredential>>, Fallen> {
        let length = plan.policy.as_ref().map_or(0, String::len);
        let mut seen = format!("{length} of 2048 characters");
        if let Some(percent) = session.packed_percent {
            seen.push_str(&format!(", {percent} % of what AWS packs"));
        }
        let whole = Plan { policy: None, ..plan.clone() };
        let unscoped = self.assume(&assumer.proof, &whole, Extras::default()).await;
        let step = if plan.widened {
            let advice = Advice::new(
                "the folder's name is too long for a session policy: the temporary keys reach the whole bucket",
                "use a folder with a shorter name",
            );
            Step::warning(rung::SESSION_POLICY, seen, advice)
        } else if session.packed_percent.is_some_and(|percent| percent >= PACKED_PERCENT_WARNED) {
            let advice = Advice::new(
                "policy and tags of the session nearly fill what AWS takes",
                "use a folder with a shorter name, or fewer session tags",
            );
            Step::warning(rung::SESSION_POLICY, seen, advice)
        } else {
            Step::ok(rung::SESSION_POLICY, seen)
        };
        self.ladder.climb(step.call(whole.command()))?;
        Ok(unscoped.ok().map(|session| session.credential))
    }

    pub(super) fn session_duration(&mut self, plan: &Plan) -> Result<(), Fallen> {
        let wanted = self.inner.chain.duration;
        let seen = format!("{} s", plan.duration.as_secs());
        let call = format!("{} --duration-seconds {}", plan.command(), wanted.as_secs());
        if plan.duration == wanted {
            return self.ladder.climb(Step::ok(rung::DURATION, seen).call(call));
        }
        let seen = format!("{seen} instead of {} s", wanted.as_secs());
        let is_chained = plan.shortened.as_ref().is_some_and(|words| words.contains("role chaining"));
        let advice = if is_chained {
            Advice::new(
                "roles that are assumed by a role (the organization's principal) have sessions of an hour at most; keys are \
                 renewed in time, so that nothing fails",
                "nothing",
            )
        } else {
            Advice::new(
                "the role's MaxSessionDuration is shorter than the session that the server asks for; keys are renewed in \
                 time, so that nothing fails",
                Command::new("iam", "update-role")
                    .option("role-name", plan.role.name())
                    .option("max-session-duration", &wanted.as_secs().to_string())
                    .text(),
            )
        };
        self.ladder.climb(Step::warning(rung::DURATION, seen, advice).call(call))
    }

    /// The account and the role we became.
    pub(super) async fn session_identity(
        &mut self,
        plan: &Plan,
        session: &ProbedSession,
    ) -> Result<(), Fallen> {
        let caller = sts_probe::caller_identity(&self.inner.chain.sts, &session.signing_keys()).await;
        let call = Command::new("sts", "get-caller-identity").text();
        let wanted = plan.role.session_arn(&plan.session_name);
        let step = match &caller.result {
            Ok(found) if found.account == plan.role.account() => Step::ok(
                rung::SESSION_IDENTITY,
                with_request_id(found.arn.clone(), caller.request_id.as_deref()),
            ),
            Ok(found) => Step::failed(
                rung::SESSION_IDENTITY,
                with_request_id(found.arn.clone(), caller.request_id.as_deref()),
                Advice::new(
                    format!(
                        "the session is of account {}, and the role's account is {}",
                        found.account,
                        plan.role.account()
                    ),
                    format!("check what AWS_ENDPOINT_URL_STS leads to: AWS itself makes `{wanted}`"),
                ),
            ),
            Err(refusal) if is_unknown_call(refusal) => Step::ok(
                rung::SESSION_IDENTITY,
                format!("not tried: this STS does not tell who the session is ({})", refusal_seen(refusal)),
            ),
            Err(refusal) => Step::warning(
                rung::SESSION_IDENTITY,
                refusal_seen(refusal),
                Advice::new(
                    "STS did not say who the session is; S3 may still take it",
                    "sts:GetCallerIdentity needs no permission: look for a Deny that reaches it",
                ),
            ),
        };
        self.ladder.climb(step.call(call))
    }
}

//! The reasons that AWS itself gives for a refusal.

use super::denial::{Denial, DenialKind, Denied, PolicyPlace, advise};
use super::ladder::Advice;
use super::s3_probe::{Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};

impl Climb<'_> {
    /// The advice where AWS's words, or the bucket's policy that they point to, name who refuses. `None` for a missing
    /// Allow of the role's own policies and for a bare refusal. `asked` is the action, its resource, and the element
    /// that would allow it.
    pub(super) async fn said_by_aws(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        denial: &Denial,
        asked: (&str, &str, &str),
    ) -> Option<Advice> {
        let (action, resource, element) = asked;
        if matches!(denial.kind, DenialKind::ExplicitDeny(PolicyPlace::Resource))
            && let Some(advice) = self.read_bucket_policy(probe, held, action, resource).await
        {
            return Some(advice);
        }
        let denied = Denied {
            action,
            resource,
            bucket: &place.bucket,
            role_name: held.role_name.as_deref(),
            role_arn: held.role_arn.as_deref(),
            is_insecure: Self::is_insecure(probe),
            lists: action != "s3:ListBucket",
            element,
        };
        advise(denial, &denied)
    }

    /// The bucket's policy itself, where the role may read it: then the statement that denies is known.
    async fn read_bucket_policy(
        &self,
        probe: &S3Probe,
        held: &Held,
        action: &str,
        resource: &str,
    ) -> Option<Advice> {
        let query = [("policy", "")];
        let answer = probe.ask(held.whole.as_ref(), &Ask { query: &query, ..Ask::default() }).await;
        if !answer.is_success() {
            return None;
        }
        let document = iam::PolicyDocument::parse(&answer.text(), iam::PolicyKind::Resource).ok()?;
        let named: Vec<String> = document
            .statements()
            .iter()
            .filter(|statement| {
                statement.effect() == iam::Effect::Deny
                    && statement.actions().any(|pattern| action_fits(pattern, action))
            })
            .map(|statement| statement.id().to_string())
            .collect();
        if named.is_empty() {
            return None;
        }
        Some(Advice::new(
            format!(
                "a Deny in the policy of bucket `{}` forbids {action} on `{resource}`: {} of it",
                probe.bucket,
                named.join(" or ")
            ),
            format!(
                "exempt the role from it: {{\"Condition\": {{\"ArnNotEquals\": {{\"aws:PrincipalArn\": \"{}\"}}}}}}",
                held.role_arn.as_deref().unwrap_or("arn:aws:iam::ACCOUNT:role/ROLE")
            ),
        ))
    }
}

fn action_fits(pattern: &str, action: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let action = action.to_ascii_lowercase();
    match pattern.split_once('*') {
        Some((head, _)) => action.starts_with(head),
        None => pattern == action,
    }
}

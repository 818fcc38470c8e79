//! What is known from before: keys of the role that still work, and when it last let itself be assumed.

use std::time::SystemTime;

use http::Method;
use iam::texts::trust_policy;

use crate::validate::Climb;
use crate::validate::assume::{Plan, until_text};
use crate::validate::denial::{DenialKind, PolicyPlace};
use crate::validate::ladder::Advice;
use crate::validate::s3_probe::Ask;
use crate::validate::server::Assumer;

/// What the past says about the role.
pub(super) enum Past {
    /// The role was not used since the server started.
    Unknown,
    /// It let itself be assumed with the same external id, by the same principal.
    Worked(SystemTime),
    /// Keys from then still open the bucket: the role is there.
    Lives(SystemTime),
    /// Keys from then may do nothing any more.
    Gone(SystemTime),
}

impl Climb<'_> {
    pub(super) async fn past(&self, plan: &Plan) -> Past {
        match self.keys_from_before(plan).await {
            Past::Unknown => match self.inner.chain.worked.last(&self.asked(plan)) {
                Some(worked) => Past::Worked(worked.at),
                None => Past::Unknown,
            },
            known => known,
        }
    }

    /// AWS keeps a principal of a trust policy as its unique id: one that was made anew is nobody there.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
    pub(super) fn suspect_new_principal(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        let principal = self.request.principal.as_deref()?;
        let worked = self.inner.chain.worked.last(&self.asked(plan))?;
        let now = self.inner.chain.worked.principal_id(principal)?;
        let then = worked.principal_id.filter(|then| *then != now)?;
        Some(Advice::new(
            format!(
                "the principal `{principal}` was deleted and made anew since the role was last assumed, at {}: AWS knew it \
                 as `{then}` then and knows it as `{now}` now, and trust policies keep the old one. This comes from the \
                 operator's side; saving the trust policy again puts it right",
                until_text(worked.at)
            ),
            trust_policy(&[&assumer.trust_arn], plan.external_id.as_deref()),
        ))
    }

    /// Keys of the role that the organization's queries still hold tell whether the role is there: a role that was
    /// deleted has no permissions any more.
    async fn keys_from_before(&self, plan: &Plan) -> Past {
        let Some(place) = &self.request.place else { return Past::Unknown };
        let sessions = self.inner.chain.sessions.sessions(&self.request.organization);
        let here = |policy: &str| policy.contains(&format!(":::{}", place.bucket));
        let of_role = sessions
            .into_iter()
            .filter(|(key, _)| key.role_arn == plan.role.as_str() && key.policy.as_deref().is_none_or(here));
        let Some((_, keys)) = of_role.max_by_key(|(_, keys)| keys.issued_at) else { return Past::Unknown };
        let Ok(mut probe) = self.probe(place) else { return Past::Unknown };
        let head = probe.ask(None, &Ask { method: Method::HEAD, ..Ask::default() }).await;
        if let Some(region) = head.region {
            probe.region = region;
        }
        let query = [("list-type", "2"), ("max-keys", "1"), ("prefix", place.prefix.as_str())];
        let answer = probe.ask(Some(&keys.credential), &Ask { query: &query, ..Ask::default() }).await;
        let since = keys.issued_at;
        let is_unknown = answer.is_code("InvalidAccessKeyId") || answer.is_code("InvalidToken");
        match answer.denial().kind {
            _ if answer.is_success() => Past::Lives(since),
            _ if is_unknown => Past::Gone(since),
            DenialKind::NoAllow(PolicyPlace::Identity) if answer.is_denied() => Past::Gone(since),
            _ => Past::Unknown,
        }
    }
}

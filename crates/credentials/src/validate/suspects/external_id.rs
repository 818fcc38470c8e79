//! The external id of the trust policy is another one.

use super::guesses::external_ids;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::external_id::{near_miss, unrelated};
use crate::validate::ladder::Advice;
use crate::validate::server::Assumer;

/// Other external ids of the organization that are tried.
const OTHER_IDS_MAX: usize = 8;

impl Climb<'_> {
    /// Whether the role is had without an external id: then its condition is what refuses.
    pub(super) async fn suspect_missing_id(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        let sent = plan.external_id.as_deref()?;
        let statement = iam::texts::external_id_condition(sent);
        if !self.works(&assumer.proof, &Plan { external_id: None, ..plan.clone() }).await {
            return None;
        }
        let near = Plan { external_id: Some(near_miss(sent)), ..plan.clone() };
        let far = Plan { external_id: Some(unrelated(sent)), ..plan.clone() };
        if self.works(&assumer.proof, &near).await || self.works(&assumer.proof, &far).await {
            return Some(Advice::new(
                format!(
                    "the trust policy's condition on sts:ExternalId refuses `{sent}` and takes others: StringNotEquals \
                     (or StringNotLike) stands where StringEquals is meant, or a Deny names the id"
                ),
                statement,
            ));
        }
        Some(Advice::new(
            format!(
                "the trust policy's condition on sts:ExternalId does not have the connection's external id `{sent}`, \
                 and it lets in whoever sends none (an operator ending in IfExists, ForAllValues, or Null)"
            ),
            statement,
        ))
    }

    /// Ids that may stand there: what works is what the trust policy requires.
    pub(super) async fn suspect_external_id(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        let sent = plan.external_id.as_deref()?;
        let owned = self.request.other_external_ids.iter().take(OTHER_IDS_MAX).cloned();
        let principal_account = assumer.trust_arn.split(':').nth(4).unwrap_or_default();
        let name = self.request.connection.name.clone().unwrap_or_default();
        let names = [
            ("the name of the connection", name.as_str()),
            ("the name of the organization", self.request.organization.as_str()),
            ("the name of the role", plan.role.name()),
            ("the ARN of the role", plan.role.as_str()),
            ("the account of the role", plan.role.account()),
            ("the principal's account", principal_account),
            ("the principal's ARN", assumer.trust_arn.as_str()),
            ("the name of the session", plan.session_name.as_str()),
        ];
        let guesses: Vec<_> = owned.chain(external_ids(sent, &names)).collect();
        let with_id =
            |id: &str| (id != sent).then(|| Plan { external_id: Some(id.to_owned()), ..plan.clone() });
        let (whose, id) = self.first_that_works(&assumer.proof, &guesses, with_id).await?;
        // A pattern takes many ids and not ours, for example that of another connection with `*` at its end.
        let near = Plan { external_id: Some(near_miss(&id)), ..plan.clone() };
        let pattern = if self.works(&assumer.proof, &near).await {
            ", and others that look like it (StringLike with a pattern)"
        } else {
            ""
        };
        Some(Advice::new(
            format!(
                "the trust policy requires the external id `{id}` ({whose}){pattern}; this connection sends `{sent}`"
            ),
            iam::texts::external_id_condition(sent),
        ))
    }
}

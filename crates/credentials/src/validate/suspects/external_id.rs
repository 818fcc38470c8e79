//! The external id of the trust policy is another one.

use super::guesses::{external_ids, ids_of_patterns};
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
        let names = self.names_at_hand(assumer, plan);
        let names: Vec<(&str, &str)> = names.iter().map(|(what, name)| (*what, name.as_str())).collect();
        let guesses: Vec<_> = owned.chain(external_ids(sent, &names)).collect();
        let with_id =
            |id: &str| (id != sent).then(|| Plan { external_id: Some(id.to_owned()), ..plan.clone() });
        let Some((whose, id)) = self.first_that_works(&assumer.proof, &guesses, with_id).await else {
            return self.suspect_pattern(assumer, plan, sent, &names).await;
        };
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

    /// StringLike with a beginning that this connection's id does not have.
    async fn suspect_pattern(
        &self,
        assumer: &Assumer,
        plan: &Plan,
        sent: &str,
        names: &[(&str, &str)],
    ) -> Option<Advice> {
        let parts = sent.split(['-', '_']).next().unwrap_or_default();
        let mut heads = vec![parts, "stagedoor", "databend", "sd", "acme", "prod", "ext", "external-id"];
        heads.extend(self.request.other_connections.iter().map(String::as_str).take(OTHER_IDS_MAX));
        heads.extend(names.iter().map(|(_, name)| *name).filter(|name| !name.contains([':', '/'])));
        let guesses = ids_of_patterns(&heads);
        let with_id = |id: &str| Some(Plan { external_id: Some(id.to_owned()), ..plan.clone() });
        let (pattern, _) = self.first_that_works(&assumer.proof, &guesses, with_id).await?;
        Some(Advice::new(
            format!(
                "the trust policy's condition on sts:ExternalId takes ids like `{pattern}` (StringLike with a pattern) \
                 and not this connection's `{sent}`"
            ),
            iam::texts::external_id_condition(sent),
        ))
    }

    /// Names of what has to do with the connection, any of which may have been written for an id.
    fn names_at_hand(&self, assumer: &Assumer, plan: &Plan) -> Vec<(&'static str, String)> {
        let principal = assumer.trust_arn.as_str();
        let principal_name = principal.rsplit('/').next().unwrap_or_default();
        let mut names = vec![
            ("the name of the connection", self.request.connection.name.clone().unwrap_or_default()),
            ("the name of the organization", self.request.organization.clone()),
            ("the name of the role", plan.role.name().to_owned()),
            ("the ARN of the role", plan.role.as_str().to_owned()),
            ("the account of the role", plan.role.account().to_owned()),
            ("the principal's account", principal.split(':').nth(4).unwrap_or_default().to_owned()),
            ("the principal's ARN", principal.to_owned()),
            ("the principal's name", principal_name.to_owned()),
            ("the name of the session", plan.session_name.clone()),
            ("the user", self.request.user.clone()),
        ];
        let of_path = principal.split('/').skip(1).filter(|part| *part != principal_name);
        names.extend(of_path.map(|part| ("a part of the principal's path", part.to_owned())));
        names.extend(
            principal_name
                .rsplit_once('-')
                .map(|(_, end)| ("the end of the principal's name", end.to_owned())),
        );
        if let Some(place) = &self.request.place {
            names.push(("the name of the bucket", place.bucket.clone()));
            names
                .extend(place.bucket.split('-').map(|part| ("a part of the bucket's name", part.to_owned())));
            let folders = place.prefix.split('/').filter(|folder| !folder.is_empty());
            names.extend(folders.map(|folder| ("the name of the folder", folder.to_owned())));
        }
        names
    }
}

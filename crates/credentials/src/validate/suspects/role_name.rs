//! The connection names the role wrongly.

use super::guesses;
use crate::credentials::check_role;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::ladder::Advice;
use crate::validate::server::Assumer;

impl Climb<'_> {
    pub(super) async fn suspect_role_name(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        // Without an external id, any role of that name that trusts the principal would be taken for the one meant.
        let is_bound = plan.external_id.is_some() || plan.with_token;
        if !self.request.may_try_other_roles || !is_bound {
            return None;
        }
        let role = &plan.role;
        let guesses =
            guesses::roles(role, &self.paths(assumer, plan), &self.names(), &self.accounts(role.account()));
        let other = |arn: &str| Some(Plan { role: check_role(arn).ok()?, ..plan.clone() });
        let alter = |arn: &str| format!("ALTER CONNECTION {} SET ROLE_ARN = '{arn}'", self.name());
        if let Some((_, arn)) = self.first_that_works(&assumer.proof, &guesses.same, other).await {
            return Some(Advice::new(
                format!("the role is `{arn}`; the connection says `{role}`"),
                alter(&arn),
            ));
        }
        let (what, arn) = self.first_that_works(&assumer.proof, &guesses.other, other).await?;
        let takes =
            if plan.with_token { "tokens of this connection" } else { "this connection's external id" };
        Some(Advice::new(
            format!(
                "`{role}` cannot be assumed, while `{arn}` takes {takes}: likely that is the role \
                 which is meant ({what})"
            ),
            alter(&arn),
        ))
    }

    /// Paths that the role may have: those in use around it.
    fn paths(&self, assumer: &Assumer, plan: &Plan) -> Vec<String> {
        let mut paths = vec!["/".to_owned(), "/service-role/".to_owned(), "/stagedoor/".to_owned()];
        paths.push(format!("/{}/", self.request.organization));
        paths.extend(self.request.connection.name.as_ref().map(|name| format!("/{name}/")));
        let known =
            self.request.other_roles.iter().map(|(arn, _)| arn.as_str()).chain([assumer.trust_arn.as_str()]);
        paths.extend(known.filter_map(|arn| iam::parse_role_arn(arn).ok()).map(|arn| arn.path().to_owned()));
        if let Some(place) = &self.request.place {
            let bucket_parts = place.bucket.split(['-', '.']).chain([place.bucket.as_str()]);
            let folders = place.prefix.split('/').filter(|folder| !folder.is_empty());
            paths.extend(bucket_parts.chain(folders).map(|part| format!("/{part}/")));
        }
        paths.retain(|path| path != plan.role.path());
        paths
    }

    /// The name that SHOW SETUP gives the role of this connection.
    fn names(&self) -> Vec<String> {
        self.request.connection.name.iter().map(|name| iam::texts::role_name_for(name)).collect()
    }

    fn accounts(&self, own: &str) -> Vec<String> {
        let mut accounts: Vec<String> = Vec::new();
        for (arn, _) in &self.request.other_roles {
            let Ok(arn) = iam::parse_role_arn(arn) else { continue };
            if arn.account() != own && accounts.iter().all(|known| known != arn.account()) {
                accounts.push(arn.account().to_owned());
            }
        }
        accounts
    }
}

//! The trust policy asks for something of the session: a name, tags, a source identity.

use iam::texts::trust_statement;

use super::guesses::session_names;
use crate::ConnectionAccess;
use crate::session_name::session_tags;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::ladder::Advice;
use crate::validate::server::Assumer;
use crate::validate::sts_probe::Extras;

impl Climb<'_> {
    pub(super) async fn suspect_session(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        let right = trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref());
        let extras = Extras { source_identity: Some(&self.request.user) };
        if self.assume(&assumer.proof, plan, extras).await.is_ok() {
            return Some(Advice::new(
                "the trust policy requires a source identity (a condition on sts:SourceIdentity), and Stagedoor sends none",
                right,
            ));
        }
        if let Some(advice) = self.suspect_tags(assumer, plan).await {
            return Some(advice);
        }
        let name = self.name();
        let names = [
            ("the connection", name.as_str()),
            ("the organization", self.request.organization.as_str()),
            ("the user", self.request.user.as_str()),
            ("the role", plan.role.name()),
            ("the external id", plan.external_id.as_deref().unwrap_or_default()),
            ("the role's account", plan.role.account()),
        ];
        let guesses = session_names(&plan.session_name, &names);
        let named = |name: &str| Some(Plan { session_name: name.to_owned(), ..plan.clone() });
        let (_, found) = self.first_that_works(&assumer.proof, &guesses, named).await?;
        Some(Advice::new(
            format!(
                "a condition on sts:RoleSessionName takes `{found}`, and Stagedoor's session is named `{}`",
                plan.session_name
            ),
            iam::texts::session_name_condition(&plan.session_name, plan.external_id.as_deref()),
        ))
    }

    async fn suspect_tags(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if !plan.tags.is_empty() {
            let without = Plan { tags: Vec::new(), ..plan.clone() };
            return self.works(&assumer.proof, &without).await.then(|| {
                Advice::new(
                    "the connection has SESSION_TAGS, and the trust policy lets itself be used without session tags only: a \
                     condition on aws:RequestTag or aws:TagKeys does not take ours, or a Deny names them",
                    format!(
                        "let the condition take the tags stagedoor:organization, stagedoor:user and stagedoor:connection; \
                         or do without: ALTER CONNECTION {} SET SESSION_TAGS = FALSE",
                        self.name()
                    ),
                )
            });
        }
        let tagged = ConnectionAccess { session_tags: true, ..self.request.connection.clone() };
        let tags = session_tags(&self.request.organization, &self.request.user, &tagged);
        self.works(&assumer.proof, &Plan { tags, ..plan.clone() }).await.then(|| {
            Advice::new(
                "the trust policy requires session tags (a condition on aws:RequestTag), and the connection sends none",
                format!("ALTER CONNECTION {} SET SESSION_TAGS = TRUE", self.name()),
            )
        })
    }
}

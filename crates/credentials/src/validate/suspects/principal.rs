//! The trust policy names somebody else of ours.

use futures::future::join_all;
use iam::texts::trust_statement;

use super::guesses::session_names;
use crate::session_name::principal_session_name;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::command::Command;
use crate::validate::ladder::Advice;
use crate::validate::server::{Assumer, Proof};

impl Climb<'_> {
    pub(super) async fn suspect_principal(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if let Some(advice) = self.suspect_token(plan).await {
            return Some(advice);
        }
        let (server, server_arn) = assumer.server.as_ref()?;
        let right = trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref());
        if self.works(server, plan).await {
            return Some(Advice::new(
                format!(
                    "the trust policy names the server's own identity `{server_arn}` as Principal; the organization's \
                     principal is `{}`",
                    assumer.trust_arn
                ),
                right,
            ));
        }
        let Proof::Keys(server_keys) = server else { return None };
        let session_name = principal_session_name(&self.request.organization);
        if let Some(next) = self.request.next_principal.as_ref().filter(|next| **next != assumer.trust_arn)
            && let Ok(session) = self.assume_principal(server_keys, next, &session_name).await
            && self.works(&Proof::Keys(session.signing_keys()), plan).await
        {
            return Some(Advice::new(
                format!(
                    "the trust policy names the organization's next principal `{next}` and not the present one `{}`",
                    assumer.trust_arn
                ),
                trust_statement(&[&assumer.trust_arn, next], plan.external_id.as_deref()),
            ));
        }
        self.suspect_principal_session(assumer, server_keys, plan, &session_name).await
    }

    /// A trust policy may name one session of the principal, as CloudTrail and `get-caller-identity` show it.
    async fn suspect_principal_session(
        &self,
        assumer: &Assumer,
        server: &crate::keys::SigningKeys,
        plan: &Plan,
        ours: &str,
    ) -> Option<Advice> {
        let name = self.name();
        let names = [
            ("the name of sessions of the customer's role", plan.session_name.as_str()),
            ("the organization", self.request.organization.as_str()),
            ("the user", self.request.user.as_str()),
            ("the connection", name.as_str()),
            ("the principal", assumer.trust_arn.rsplit('/').next().unwrap_or_default()),
            (
                "the server",
                assumer.server.as_ref().and_then(|(_, arn)| arn.rsplit('/').next()).unwrap_or_default(),
            ),
        ];
        let attempts = session_names(ours, &names).into_iter().map(|(_, name)| async move {
            let session = self.assume_principal(server, &assumer.trust_arn, &name).await.ok()?;
            self.works(&Proof::Keys(session.signing_keys()), plan).await.then_some(name)
        });
        let found = join_all(attempts).await.into_iter().flatten().next()?;
        Some(Advice::new(
            format!(
                "the trust policy names one session of the principal, `{found}` (as Principal or in a condition), and \
                 Stagedoor's sessions are named `{ours}`: name the role `{}` itself",
                assumer.trust_arn
            ),
            trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref()),
        ))
    }

    /// The role may have been made for identity tokens, which this server issues too.
    async fn suspect_token(&self, plan: &Plan) -> Option<Advice> {
        let issuer = self.inner.chain.issuer.as_ref()?;
        let token = issuer.token(&self.subject()).ok()?;
        let by_token = Plan { external_id: None, with_token: true, tags: Vec::new(), ..plan.clone() };
        if !self.works(&Proof::Token(token), &by_token).await {
            return None;
        }
        Some(Advice::new(
            format!(
                "the trust policy takes identity tokens of `{}` (sts:AssumeRoleWithWebIdentity), and the connection \
                 assumes the role as an IAM principal",
                issuer.url()
            ),
            format!(
                "CREATE OR REPLACE CONNECTION {} STORAGE_TYPE = 's3' ROLE_ARN = '{}' IDENTITY = 'oidc'",
                self.name(),
                plan.role
            ),
        ))
    }

    /// `aws iam get-role …`, which prints what would settle it.
    pub(super) fn show_trust_policy(plan: &Plan) -> String {
        Command::new("iam", "get-role")
            .option("role-name", plan.role.name())
            .word("--query Role.AssumeRolePolicyDocument")
            .text()
    }
}

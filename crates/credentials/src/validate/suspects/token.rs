//! Roles that are assumed with an identity token: the trust policy wants another subject or audience, or no token.

use iam::texts::{WEB_IDENTITY_AUDIENCE, issuer_name, web_identity_subject, web_identity_trust_policy};

use crate::AwsRefusal;
use crate::session_name::principal_session_name;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::ladder::{Advice, likeliest_first};
use crate::validate::server::{Assumer, Proof};

impl Climb<'_> {
    pub(in crate::validate) async fn suspect_of_token(
        &self,
        assumer: &Assumer,
        plan: &Plan,
    ) -> Option<Advice> {
        let found = self.prove_of_token(assumer, plan).await?;
        // What was tried at another moment proves nothing if the plain request works by now.
        if self.works(&assumer.proof, plan).await {
            return None;
        }
        Some(found)
    }

    async fn prove_of_token(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if let Some(advice) = self.suspect_subject(plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_audience(plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_no_token(plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_session_name(&assumer.proof, plan).await {
            return Some(advice);
        }
        self.suspect_role_name(assumer, plan).await
    }

    /// Subjects of the organization's own: those of its other connections, and what may be meant by this one's.
    async fn suspect_subject(&self, plan: &Plan) -> Option<Advice> {
        let issuer = self.inner.chain.issuer.as_ref()?;
        let own = self.subject();
        let organization = self.request.organization.as_str();
        let name = self.request.connection.name.clone().unwrap_or_default();
        let mut subjects: Vec<String> = self
            .request
            .other_connections
            .iter()
            .map(|name| web_identity_subject(organization, name))
            .collect();
        subjects.extend([own.to_lowercase(), own.to_uppercase()]);
        subjects.extend(
            [name.to_uppercase(), name.to_lowercase()].map(|name| web_identity_subject(organization, &name)),
        );
        subjects.extend([
            format!("connection:{name}"),
            format!("{organization}:{name}"),
            format!("organization:{organization}"),
            format!("organization:{organization}:{name}"),
            format!("organization:{organization}:connection:"),
            own.replace(':', "/"),
            name,
            organization.to_owned(),
            issuer.url().to_owned(),
            WEB_IDENTITY_AUDIENCE.to_owned(),
        ]);
        for subject in subjects.into_iter().filter(|subject| *subject != own && !subject.is_empty()) {
            let Ok(token) = issuer.token(&subject) else { continue };
            if self.works(&Proof::Token(token), plan).await {
                let name = issuer_name(issuer.url());
                return Some(Advice::new(
                    format!(
                        "the trust policy requires the subject `{subject}` (its condition on `{name}:sub`); this \
                         connection's tokens have `{own}`"
                    ),
                    self.subject_condition(),
                ));
            }
        }
        None
    }

    /// An audience that the identity provider lists beside the right one.
    async fn suspect_audience(&self, plan: &Plan) -> Option<Advice> {
        let issuer = self.inner.chain.issuer.as_ref()?;
        let name = issuer_name(issuer.url());
        let organization = self.request.organization.as_str();
        let audiences = [
            issuer.url(),
            name,
            "stagedoor",
            "databend",
            "sts",
            "aws",
            "https://sts.amazonaws.com",
            "sts.amazonaws.com.cn",
            organization,
            plan.role.account(),
            plan.role.as_str(),
        ];
        for audience in audiences {
            let Ok(token) = issuer.token_for(&self.subject(), audience) else { continue };
            if self.works(&Proof::Token(token), plan).await {
                return Some(Advice::new(
                    format!(
                        "the trust policy requires the audience `{audience}` (its condition on `{name}:aud`); Stagedoor's \
                         tokens have `{WEB_IDENTITY_AUDIENCE}`"
                    ),
                    self.subject_condition(),
                ));
            }
        }
        None
    }

    /// The role may have been made for the organization's principal.
    async fn suspect_no_token(&self, plan: &Plan) -> Option<Advice> {
        let (server, _) = self.inner.chain.server.keys_with_source().await.ok()?;
        let (keys, who) = match &self.request.principal {
            Some(principal) => {
                let session_name = principal_session_name(&self.request.organization);
                let session = self.assume_principal(&server, principal, &session_name).await.ok()?;
                (session.signing_keys(), format!("the organization's principal `{principal}`"))
            }
            None => (server, "the server's own identity".to_owned()),
        };
        let proof = Proof::Keys(keys);
        let bare = Plan { with_token: false, external_id: None, ..plan.clone() };
        let mut ids = vec![None];
        ids.extend(self.request.other_external_ids.iter().map(|(_, id)| Some(id.clone())).take(4));
        for external_id in ids {
            let by_principal = Plan { external_id, ..bare.clone() };
            if self.may_try(&by_principal) && self.works(&proof, &by_principal).await {
                return Some(Advice::new(
                    format!(
                        "the trust policy takes {who} (sts:AssumeRole), and the connection assumes the role with identity \
                         tokens"
                    ),
                    format!(
                        "CREATE OR REPLACE CONNECTION {} STORAGE_TYPE = 's3' ROLE_ARN = '{}'",
                        self.name(),
                        plan.role
                    ),
                ));
            }
        }
        None
    }

    /// What no token proves.
    pub(in crate::validate) fn unproved_of_token(
        &self,
        plan: &Plan,
        refusal: &AwsRefusal,
        provider: &str,
    ) -> Advice {
        let issuer =
            self.inner.chain.issuer.as_ref().map(|issuer| issuer.url().to_owned()).unwrap_or_default();
        let (role, name, subject) = (&plan.role, issuer_name(&issuer), self.subject());
        let causes = [
            format!(
                "its condition on `{name}:sub` is not `{subject}` letter by letter, or that on `{name}:aud` not \
                 `{WEB_IDENTITY_AUDIENCE}`"
            ),
            format!("the trust policy does not name `{provider}` as Principal under Federated"),
            "the Action is not sts:AssumeRoleWithWebIdentity".to_owned(),
            format!("no role `{}` exists in account {}", role.name(), role.account()),
            "another condition (an address, a date, sts:RoleSessionName) or a Deny".to_owned(),
        ];
        Advice::new(
            format!(
                "AWS refuses `{}` and does not say why: it is the role or its trust policy: {}. Ruled out by trying: the \
                 subjects of the organization's other connections, other audiences, the organization's principal, other \
                 session names, slips in the role's name. To know which: {}",
                refusal.action,
                likeliest_first(&causes),
                self.how_to_know(plan)
            ),
            web_identity_trust_policy(role.partition(), role.account(), &issuer, &subject),
        )
    }
}

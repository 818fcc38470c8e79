//! The trust policy asks for something of the session: a name, tags, a source identity.

use iam::texts::trust_statement;

use super::guesses::session_names;
use crate::ConnectionAccess;
use crate::session_name::session_tags;
use crate::validate::Climb;
use crate::validate::assume::Plan;
use crate::validate::external_id::unrelated;
use crate::validate::ladder::Advice;
use crate::validate::server::{Assumer, Proof, is_access_denied};
use crate::validate::sts_probe::Extras;

const TAG_SESSION: &str = "sts:TagSession";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

/// Session tags that companies ask for. A session takes 50; AWS compares their names without case.
const TAG_KEYS: [&str; 24] = [
    "team",
    "project",
    "environment",
    "env",
    "department",
    "cost-center",
    "costcenter",
    "owner",
    "application",
    "app",
    "tenant",
    "tenantid",
    "organization",
    "company",
    "customer",
    "user",
    "purpose",
    "service",
    "connection",
    "warehouse",
    "name",
    "access-project",
    "stage",
    "vendor",
];

impl Climb<'_> {
    pub(super) async fn suspect_session(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        if let Some(advice) = self.suspect_source_identity(assumer, plan).await {
            return Some(advice);
        }
        if let Some(advice) = self.suspect_tags(assumer, plan).await {
            return Some(advice);
        }
        self.suspect_session_name(&assumer.proof, plan).await
    }

    /// A condition on the name of the session.
    pub(super) async fn suspect_session_name(&self, proof: &Proof, plan: &Plan) -> Option<Advice> {
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
        let (_, found) = self.first_that_works(proof, &guesses, named).await?;
        Some(Advice::new(
            format!(
                "a condition on sts:RoleSessionName takes `{found}`, and Stagedoor's session is named `{}`",
                plan.session_name
            ),
            match plan.with_token {
                true => self.subject_condition(),
                false => iam::texts::session_name_condition(&plan.session_name, plan.external_id.as_deref()),
            },
        ))
    }

    async fn suspect_source_identity(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        let principal = assumer.trust_arn.rsplit('/').next().unwrap_or_default();
        let server = assumer.server.as_ref().and_then(|(_, arn)| arn.rsplit('/').next()).unwrap_or_default();
        let name = self.name();
        let mut identities = vec![
            self.request.user.as_str(),
            &self.request.organization,
            &name,
            principal,
            server,
            "stagedoor",
            "databend",
        ];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        identities.retain(|identity| (2..=64).contains(&identity.len()) && identity.chars().all(allowed));
        for identity in identities {
            let extras = Extras { source_identity: Some(identity), ..Extras::default() };
            if self.passes(assumer, plan, extras, SET_SOURCE_IDENTITY).await {
                return Some(Advice::new(
                    "the trust policy requires a source identity (a condition on sts:SourceIdentity), and Stagedoor \
                     sends none",
                    trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref()),
                ));
            }
        }
        None
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
        let tagged = Plan { tags, ..plan.clone() };
        if self.passes(assumer, &tagged, Extras::default(), TAG_SESSION).await {
            return Some(Advice::new(
                "the trust policy requires session tags (a condition on aws:RequestTag), and the connection sends none",
                format!("ALTER CONNECTION {} SET SESSION_TAGS = TRUE", self.name()),
            ));
        }
        self.suspect_other_tags(assumer, plan).await
    }

    /// Tags that are not ours: all names at once for each value, then which of them it is.
    async fn suspect_other_tags(&self, assumer: &Assumer, plan: &Plan) -> Option<Advice> {
        // With many tags and the policy of the stage a session might be too large; it is not used anyway.
        let small = Plan { policy: Some(iam::texts::DENY_EVERYTHING.to_owned()), ..plan.clone() };
        let tagged = |keys: &[&'static str], value: &str| Plan {
            tags: keys.iter().map(|key| (*key, value.to_owned())).collect(),
            ..small.clone()
        };
        let name = self.name();
        let values = [
            name.as_str(),
            &self.request.organization,
            &self.request.user,
            plan.role.name(),
            "stagedoor",
            "databend",
            "prod",
            "production",
            "dev",
            "data",
            "analytics",
            "true",
        ];
        for value in values {
            let all = tagged(&TAG_KEYS, value);
            if !self.passes(assumer, &all, Extras::default(), TAG_SESSION).await {
                continue;
            }
            let mut found = None;
            for key in TAG_KEYS {
                if self.passes(assumer, &tagged(&[key], value), Extras::default(), TAG_SESSION).await {
                    found = Some(key);
                    break;
                }
            }
            let which = match found {
                Some(key) => format!("a condition on aws:RequestTag/{key} takes `{value}`"),
                None => format!("a condition on aws:RequestTag or aws:TagKeys takes `{value}`"),
            };
            return Some(Advice::new(
                format!(
                    "the trust policy requires a session tag ({which}), and Stagedoor sends none of that name: its own \
                     are stagedoor:organization, stagedoor:user and stagedoor:connection, with SESSION_TAGS"
                ),
                trust_statement(&[&assumer.trust_arn], plan.external_id.as_deref()),
            ));
        }
        None
    }

    /// Whether the trust policy lets sts:AssumeRole itself be, with something that needs a right of its own besides:
    /// AWS asks for that one last, and names it where it is missing on either side. That AWS does so here is seen
    /// by what it says of an external id that must be wrong.
    async fn passes(&self, assumer: &Assumer, plan: &Plan, extras: Extras<'_>, besides: &str) -> bool {
        let names_it = |answer: Result<_, crate::AwsRefusal>| match answer {
            Ok(_) => None,
            Err(refusal) => Some(is_access_denied(&refusal) && refusal.message.contains(besides)),
        };
        match names_it(self.assume(&assumer.proof, plan, extras).await.map(drop)) {
            None => return true,
            Some(false) => return false,
            Some(true) => {}
        }
        let Some(sent) = plan.external_id.as_deref() else { return false };
        let wrong = Plan { external_id: Some(unrelated(sent)), ..plan.clone() };
        names_it(self.assume(&assumer.proof, &wrong, extras).await.map(drop)) == Some(false)
    }
}

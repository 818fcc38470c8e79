//! What no request can prove: a list, the likeliest first, and what settles it.

use http::Method;
use iam::texts::trust_policy;

use crate::AwsRefusal;
use crate::validate::Climb;
use crate::validate::assume::{Plan, until_text};
use crate::validate::denial::{DenialKind, PolicyPlace};
use crate::validate::ladder::Advice;
use crate::validate::s3_probe::Ask;
use crate::validate::server::{Assumer, Proof};

/// What keys from before say about the role.
enum Past {
    /// No keys of the role are at hand.
    Unknown,
    /// They open the bucket: the role is there.
    Lives(String),
    /// They may do nothing any more.
    Gone(String),
}

impl Climb<'_> {
    pub(super) async fn unproved(&self, assumer: &Assumer, plan: &Plan, refusal: &AwsRefusal) -> Advice {
        let role = &plan.role;
        let past = self.past(plan).await;
        let absent = format!(
            "no role `{}` exists in account {}: it was not made or deleted, its name is another, or it has a path that \
             ROLE_ARN lacks",
            role.name(),
            role.account()
        );
        let mut causes = self.trust_causes(assumer, plan);
        let (known, fix) = match past {
            Past::Unknown => {
                causes.insert(2, absent);
                (String::new(), trust_policy(&[&assumer.trust_arn], plan.external_id.as_deref()))
            }
            Past::Lives(since) => (
                format!(
                    " The role was assumed at {since}, and the keys from then still open the bucket: it exists, and its \
                     trust policy was changed since."
                ),
                trust_policy(&[&assumer.trust_arn], plan.external_id.as_deref()),
            ),
            Past::Gone(since) => {
                return Advice::new(
                    format!(
                        "likely role `{role}` was deleted, or deleted and made anew with another trust policy: it was \
                         assumed at {since}, and the keys from then may do nothing any more. To know: {}",
                        self.how_to_know(plan)
                    ),
                    trust_policy(&[&assumer.trust_arn], plan.external_id.as_deref()),
                );
            }
        };
        let listed: Vec<String> =
            causes.iter().enumerate().map(|(at, cause)| format!("({}) {cause}", at + 1)).collect();
        let cause = format!(
            "AWS refuses `{}` and does not say why: it is the role or its trust policy.{known} Likely one of, the most \
             frequent first: {}. Ruled out by trying: {}. To know which: {}",
            refusal.action,
            listed.join("; "),
            self.ruled_out(assumer, plan),
            self.how_to_know(plan)
        );
        Advice::new(cause, fix)
    }

    fn trust_causes(&self, assumer: &Assumer, plan: &Plan) -> Vec<String> {
        let id = match &plan.external_id {
            Some(id) => format!(
                "the condition on sts:ExternalId is not `{id}` letter by letter (another id, a blank or a placeholder in \
                 it), or its key or operator is not StringEquals sts:ExternalId"
            ),
            None => "it requires an sts:ExternalId, and the connection has none".to_owned(),
        };
        let path = if assumer.path_unknown { " (with its path, if it has one)" } else { "" };
        let principal = format!(
            "Principal does not name `{}`{path}: another account, role, user or organization, a service or an identity \
             provider, a slip, its path left out, or a principal deleted and made anew since",
            assumer.trust_arn
        );
        let plain = if self.sts_is_insecure() {
            "aws:SecureTransport (requests go over plain HTTP here), "
        } else {
            ""
        };
        let condition = format!(
            "another condition does not hold: {plain}aws:MultiFactorAuthPresent (MFA), aws:SourceIp or another address, \
             aws:SourceVpc or aws:SourceVpce, aws:PrincipalOrgID, aws:PrincipalArn or aws:PrincipalTag, aws:SourceAccount \
             or aws:SourceArn (for services alone), sts:RoleSessionName, aws:RequestTag, aws:RequestedRegion, a date"
        );
        let deny = "a Deny in the trust policy, or a resource control policy of the customer's AWS organization that \
                    shuts out principals from outside"
            .to_owned();
        let action =
            "the Action is not sts:AssumeRole (sts:AssumeRoleWithSAML, sts:AssumeRoleWithWebIdentity or \
                      sts:TagSession alone), or no statement allows anything"
                .to_owned();
        // Who typed the external id had it in hand; a generated one has to be carried over.
        vec![id, principal, condition, action, deny]
    }

    fn ruled_out(&self, assumer: &Assumer, plan: &Plan) -> String {
        let mut tried = Vec::new();
        if plan.external_id.is_some() {
            tried.push("leaving the external id out, slips of it, and the organization's other ones");
        }
        if assumer.server.is_some() {
            tried.push("the server's own identity and other sessions of the principal");
        }
        if self.request.next_principal.is_some() {
            tried.push("the next principal");
        }
        tried.push("a source identity");
        tried.push(if plan.tags.is_empty() { "session tags" } else { "leaving session tags out" });
        tried.push("other session names");
        if self.request.may_try_other_roles && plan.external_id.is_some() {
            tried.push("slips in the role's name");
        }
        tried.join(", ")
    }

    /// The command whose answer settles it, and where to paste that.
    pub(super) fn how_to_know(&self, plan: &Plan) -> String {
        format!(
            "`VALIDATE TRUST POLICY '…' FOR CONNECTION {}` with what `{}` prints (NoSuchEntity: there is no such role)",
            self.name(),
            Self::show_trust_policy(plan)
        )
    }

    /// Keys of the role that the organization's queries still hold tell whether the role is there: a role that was
    /// deleted has no permissions any more.
    async fn past(&self, plan: &Plan) -> Past {
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
        let since = until_text(keys.issued_at);
        let is_unknown = answer.is_code("InvalidAccessKeyId") || answer.is_code("InvalidToken");
        match answer.denial().kind {
            _ if answer.is_success() => Past::Lives(since),
            _ if is_unknown => Past::Gone(since),
            DenialKind::NoAllow(PolicyPlace::Identity) if answer.is_denied() => Past::Gone(since),
            _ => Past::Unknown,
        }
    }

    /// Whether STS is reached without TLS, as a sandbox is.
    pub(super) fn sts_is_insecure(&self) -> bool {
        self.inner.chain.sts.is_insecure
    }

    /// Subjects of the organization's other connections, for roles that are assumed with tokens.
    pub(in crate::validate) async fn suspect_subject(&self, plan: &Plan) -> Option<Advice> {
        let issuer = self.inner.chain.issuer.as_ref()?;
        let own = self.subject();
        let mut subjects: Vec<String> = self
            .request
            .other_connections
            .iter()
            .map(|name| iam::texts::web_identity_subject(&self.request.organization, name))
            .collect();
        subjects.extend([own.to_lowercase(), own.to_uppercase()]);
        subjects.extend(self.request.connection.name.clone());
        subjects.push(self.request.organization.clone());
        for subject in subjects.into_iter().filter(|subject| *subject != own) {
            let Ok(token) = issuer.token(&subject) else { continue };
            if self.works(&Proof::Token(token), plan).await {
                let name = iam::texts::issuer_name(issuer.url());
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
}

//! Rung `assume role`, and what follows from it for the rungs of the session.

use std::time::Duration;

use iam::RoleArn;
use iam::texts::{Access, StageScope, allow_statement, session_policy};

use super::command::Command;
use super::denial::{Denial, DenialKind, PolicyPlace};
use super::ladder::{Advice, Fallen, Step, rung};
use super::server::{
    Assumer, Proof, Whose, is_access_denied, refusal_seen, region_disabled, sts_unreachable, with_request_id,
};
use super::sts_probe::{self, Extras, ProbedSession};
use super::{Climb, Held};
use crate::chain::{CHAINED_DURATION_MAX, DURATION_MIN, is_duration_refused};
use crate::credentials::check_role;
use crate::keys::SigningKeys;
use crate::session_name::{session_name, session_tags};
use crate::sts::AssumeRole;
use crate::worked::Asked;
use crate::{AssumedRole, AwsRefusal, Grant, SealedKeys};

/// What is sent to assume the customer's role.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) role: RoleArn,
    pub(super) external_id: Option<String>,
    pub(super) session_name: String,
    pub(super) policy: Option<String>,
    /// Where the connection asks for them.
    pub(super) tags: Vec<(&'static str, String)>,
    pub(super) duration: Duration,
    /// STS's words about a longer session, where it did not grant one.
    pub(super) shortened: Option<String>,
    /// The session policy speaks of the whole bucket, since the prefix made it too long.
    pub(super) widened: bool,
    /// An identity token is shown, which nobody but the server can make.
    pub(super) with_token: bool,
}

impl Plan {
    pub(super) fn command(&self) -> String {
        if self.with_token {
            return Command::new("sts", "assume-role-with-web-identity")
                .option("role-arn", self.role.as_str())
                .option("role-session-name", &self.session_name)
                .word("--web-identity-token TOKEN")
                .optional("policy", self.policy.as_deref())
                .text();
        }
        Command::new("sts", "assume-role")
            .option("role-arn", self.role.as_str())
            .option("role-session-name", &self.session_name)
            .optional("external-id", self.external_id.as_deref())
            .optional("policy", self.policy.as_deref())
            .text()
    }
}

impl Climb<'_> {
    /// From the server's identity to a session of the customer's role.
    pub(super) async fn hold_role(&mut self, role: &AssumedRole) -> Result<Held, Fallen> {
        let assumer = self.climb_to_principal().await?;
        self.hold_session(&assumer, role).await
    }

    /// With keys that the customer gave, and the role that they assume if there is one.
    pub(super) async fn hold_customer_keys(
        &mut self,
        sealed: &SealedKeys,
        role: Option<&AssumedRole>,
    ) -> Result<Held, Fallen> {
        let keys = match self.inner.sealer.open(sealed) {
            Ok(keys) => keys,
            Err(error) => {
                let error = error.for_connection(self.request.connection.name.as_deref());
                let advice = Advice::new(error.to_string(), error.hint().unwrap_or_default());
                self.ladder.climb(Step::failed(rung::SERVER_IDENTITY, "the connection's keys", advice))?;
                return Err(Fallen);
            }
        };
        let signer = SigningKeys::from_customer(&keys);
        let caller = sts_probe::caller_identity(&self.inner.chain.sts, &signer).await;
        self.skip(&[rung::SERVER_IDENTITY], "not needed: the connection has keys of its own")?;
        self.clock(&caller)?;
        self.skip(&[rung::ORGANIZATION_ROLE], "not needed: the connection has keys of its own")?;
        let Some(role) = role else {
            let rungs = [rung::ASSUME_ROLE, rung::EXTERNAL_ID, rung::SESSION_POLICY, rung::DURATION];
            self.skip(&rungs, "not needed: the keys of the connection are used as they are")?;
            self.note_caller(rung::SESSION_IDENTITY, &caller, Whose::Connection)?;
            let credential = std::sync::Arc::new(keys.credential());
            let account = caller.result.ok().map(|caller| caller.account);
            return Ok(Held {
                scoped: Some(credential.clone()),
                whole: Some(credential),
                account,
                ..Held::default()
            });
        };
        let Ok(found) = &caller.result else {
            self.note_caller(rung::ASSUME_ROLE, &caller, Whose::Connection)?;
            return Err(Fallen);
        };
        let trust_arn = crate::server_identity::trust_arn(&found.arn);
        let assumer = Assumer {
            proof: Proof::Keys(signer),
            path_unknown: trust_arn.is_some(),
            trust_arn: trust_arn.unwrap_or_else(|| found.arn.clone()),
            server: None,
        };
        self.hold_session(&assumer, role).await
    }

    pub(super) async fn hold_session(
        &mut self,
        assumer: &Assumer,
        role: &AssumedRole,
    ) -> Result<Held, Fallen> {
        let Ok(role_arn) = check_role(&role.arn) else { return Err(Fallen) };
        let mut plan = self.plan(role_arn, role);
        let mut attempts = 1;
        let answer = loop {
            let answer = self.try_plan(assumer, &mut plan).await;
            let may_change = answer.as_ref().err().is_some_and(is_access_denied);
            if !may_change || !self.patience.wait().await {
                break answer;
            }
            attempts += 1;
        };
        let patience = self.patience.attempts_text(attempts);
        let session = match answer {
            Ok(session) => session,
            Err(refusal) => {
                let advice = self.explain_refusal(assumer, &plan, &refusal).await;
                let seen = format!("{}{patience}", refusal_seen(&refusal));
                let step = Step::failed(rung::ASSUME_ROLE, seen, advice).call(plan.command());
                self.ladder.climb(step)?;
                return Err(Fallen);
            }
        };
        self.inner.chain.sessions.forget_role(&self.request.organization, plan.role.as_str());
        self.inner.chain.worked.note_role(self.asked(&plan), self.inner.chain.sessions.now());
        let until = until_text(session.expires_at);
        let seen = with_request_id(format!("session until {until}{patience}"), session.request_id.as_deref());
        self.ladder.climb(Step::ok(rung::ASSUME_ROLE, seen).call(plan.command()))?;
        match assumer.proof {
            Proof::Keys(_) => self.negative_test(assumer, &plan).await?,
            Proof::Token(_) => self.negative_test_of_subject(&plan).await?,
        }
        let whole = self.session_policy(assumer, &plan, &session).await?;
        self.session_duration(&plan)?;
        self.session_identity(&plan, &session).await?;
        Ok(Held {
            scoped: Some(session.credential),
            whole,
            account: Some(plan.role.account().to_owned()),
            role_arn: Some(plan.role.as_str().to_owned()),
            role_name: Some(plan.role.name().to_owned()),
        })
    }

    /// The plan, as far as a trust policy sees it.
    pub(super) fn asked(&self, plan: &Plan) -> Asked {
        let principal = match &self.request.connection.grant {
            Grant::Role(_) => self.request.principal.clone(),
            _ => None,
        };
        Asked {
            organization: self.request.organization.clone(),
            role_arn: plan.role.as_str().to_owned(),
            external_id: plan.external_id.clone(),
            principal,
        }
    }

    fn plan(&self, role_arn: RoleArn, role: &AssumedRole) -> Plan {
        let policy = match &self.request.place {
            Some(place) => session_policy(&StageScope {
                partition: role_arn.partition(),
                bucket: &place.bucket,
                prefix: &place.prefix,
                access: self.request.access,
                kms_key: self.kms_key(),
            }),
            // Nothing is opened: the session may do nothing.
            None => session_policy(&StageScope {
                partition: role_arn.partition(),
                bucket: "",
                prefix: "",
                access: Access::Read,
                kms_key: None,
            }),
        };
        Plan {
            external_id: role.external_id.clone(),
            session_name: session_name(&self.request.organization, &self.request.user),
            policy: Some(policy.json),
            tags: session_tags(&self.request.organization, &self.request.user, &self.request.connection),
            duration: self.inner.chain.duration,
            widened: policy.widened,
            shortened: None,
            with_token: matches!(self.request.connection.grant, Grant::WebIdentity { .. }),
            role: role_arn,
        }
    }

    /// Asks with what AWS takes: a shorter session and a shorter policy where it wants them.
    async fn try_plan(&self, assumer: &Assumer, plan: &mut Plan) -> Result<ProbedSession, AwsRefusal> {
        loop {
            let refusal = match self.assume(&assumer.proof, plan, Extras::default()).await {
                Ok(session) => return Ok(session),
                Err(refusal) => refusal,
            };
            if is_duration_refused(&refusal) && plan.duration > DURATION_MIN {
                plan.shortened = Some(refusal.message);
                plan.duration =
                    if plan.duration > CHAINED_DURATION_MAX { CHAINED_DURATION_MAX } else { DURATION_MIN };
                continue;
            }
            let is_too_large = matches!(
                refusal.code.as_deref(),
                Some("PackedPolicyTooLarge" | "PackedPolicyTooLargeException")
            );
            if is_too_large
                && !plan.widened
                && let Some(place) = &self.request.place
            {
                let scope = StageScope {
                    partition: plan.role.partition(),
                    bucket: &place.bucket,
                    prefix: "",
                    access: self.request.access,
                    kms_key: self.kms_key(),
                };
                plan.policy = Some(session_policy(&scope).json);
                plan.widened = true;
                continue;
            }
            return Err(refusal);
        }
    }

    pub(super) async fn assume(
        &self,
        proof: &Proof,
        plan: &Plan,
        extras: Extras<'_>,
    ) -> Result<ProbedSession, AwsRefusal> {
        let request = AssumeRole {
            role_arn: plan.role.as_str(),
            session_name: &plan.session_name,
            external_id: plan.external_id.as_deref(),
            policy: plan.policy.as_deref(),
            tags: &plan.tags,
            duration: plan.duration,
        };
        let sts = &self.inner.chain.sts;
        match proof {
            Proof::Keys(signer) => sts_probe::assume_role(sts, signer, &request, extras).await,
            Proof::Token(token) => sts_probe::assume_role_with_token(sts, token, &request).await,
        }
    }

    async fn explain_refusal(&self, assumer: &Assumer, plan: &Plan, refusal: &AwsRefusal) -> Advice {
        if refusal.status.is_none() {
            return sts_unreachable(refusal);
        }
        if let Proof::Token(_) = assumer.proof {
            return self.explain_token_refusal(assumer, plan, refusal).await;
        }
        match refusal.code.as_deref() {
            _ if is_access_denied(refusal) => {}
            Some("RegionDisabledException" | "RegionDisabled") => return region_disabled(),
            Some("PackedPolicyTooLarge" | "PackedPolicyTooLargeException") => {
                return Advice::new(
                    "the session policy is too large for AWS, also for the whole bucket",
                    "use a bucket and a folder with shorter names, or fewer session tags",
                );
            }
            Some("InvalidClientTokenId" | "ExpiredToken" | "ExpiredTokenException") => {
                return Advice::new(
                    "AWS does not accept the keys that sign: they ended in the middle of the climb",
                    format!("VALIDATE CONNECTION {}", self.name()),
                );
            }
            _ => {
                return Advice::new(
                    format!("AWS did not take the request: {}", refusal.message),
                    "check ROLE_ARN and EXTERNAL_ID of the connection: `DESC CONNECTION` shows both",
                );
            }
        }
        let denial = Denial::read(crate::explain::parse_denial(&refusal.message), Some(&refusal.message));
        if refusal.message.contains("sts:TagSession") {
            return tags_refused(assumer, plan, &denial);
        }
        if let Some(advice) = own_side(&assumer.trust_arn, plan.role.as_str(), &denial, "sts:AssumeRole") {
            return advice;
        }
        self.suspect(assumer, plan, refusal).await
    }
}

/// The session is tagged, since the connection has SESSION_TAGS: both sides must allow that too.
fn tags_refused(assumer: &Assumer, plan: &Plan, denial: &Denial) -> Advice {
    let role = plan.role.as_str();
    if let Some(advice) = own_side(&assumer.trust_arn, role, denial, "sts:TagSession") {
        return advice;
    }
    Advice::new(
        format!(
            "the connection has SESSION_TAGS, and the trust policy of `{role}` does not allow sts:TagSession"
        ),
        r#"{"Action":["sts:AssumeRole","sts:TagSession"]}"#,
    )
}

/// AWS names the kind of policy only where it is one of the caller's own account.
pub(super) fn own_side(caller: &str, role: &str, denial: &Denial, action: &str) -> Option<Advice> {
    let side = "this is the operator's side, the trust policy of the customer's role is not the cause";
    let element = allow_statement(&[action], role, None);
    Some(match denial.kind {
        DenialKind::NoAllow(PolicyPlace::Identity) => Advice::new(
            format!("the policies of `{caller}` do not allow {action} on `{role}`: {side}"),
            format!("add to the policies of `{caller}`: {element}"),
        ),
        DenialKind::ExplicitDeny(PolicyPlace::Identity) => Advice::new(
            format!("a Deny in the policies of `{caller}` forbids {action} on `{role}`: {side}"),
            format!("take `{role}` out of the Deny in the policies of `{caller}`"),
        ),
        DenialKind::ExplicitDeny(PolicyPlace::Boundary) => Advice::new(
            format!("a Deny in the permissions boundary of `{caller}` forbids {action} on `{role}`: {side}"),
            format!("take `{role}` out of the Deny in the permissions boundary of `{caller}`"),
        ),
        DenialKind::NoAllow(PolicyPlace::Boundary) => Advice::new(
            format!(
                "the permissions boundary of `{caller}` does not let it use {action} on `{role}`: {side}"
            ),
            format!("add to the permissions boundary of `{caller}`: {element}"),
        ),
        DenialKind::NoAllow(PolicyPlace::ServiceControl)
        | DenialKind::ExplicitDeny(PolicyPlace::ServiceControl) => Advice::new(
            format!(
                "a service control policy of the provider's AWS organization keeps `{caller}` from {action} on \
                 `{role}`: {side}"
            ),
            format!("let `{caller}` use {action} on `{role}` in the service control policies"),
        ),
        DenialKind::NoAllow(PolicyPlace::VpcEndpoint)
        | DenialKind::ExplicitDeny(PolicyPlace::VpcEndpoint) => Advice::new(
            format!(
                "the policy of the VPC endpoint for STS does not let `{caller}` use {action} on `{role}`: {side}"
            ),
            format!("add to the policy of the VPC endpoint for STS: {element}"),
        ),
        DenialKind::NoAllow(PolicyPlace::Session) | DenialKind::ExplicitDeny(PolicyPlace::Session) => {
            Advice::new(
                format!(
                    "the session policy that `{caller}` works under does not allow {action} on `{role}`: {side}"
                ),
                format!("give the server an identity whose session policy allows it: {element}"),
            )
        }
        DenialKind::NoAllow(PolicyPlace::Resource | PolicyPlace::ResourceControl)
        | DenialKind::ExplicitDeny(PolicyPlace::Resource | PolicyPlace::ResourceControl)
        | DenialKind::Bare => return None,
    })
}

/// `14:02:11Z`, or with the date where it is another day.
pub(super) fn until_text(time: std::time::SystemTime) -> String {
    let time = chrono::DateTime::<chrono::Utc>::from(time);
    time.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

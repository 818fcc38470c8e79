//! server identity → organization principal → customer role.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::issuer::TokenIssuer;
use crate::keys::{SigningKeys, TemporaryKeys};
use crate::server_identity::ServerKeys;
use crate::session_cache::{Base, Issued, Issuer, SessionCache, SessionKey, SessionPlan};
use crate::session_name::principal_session_name;
use crate::sts::{AssumeRole, AssumeRoleWithToken, Assumed, Sts};
use crate::worked::{Asked, WhatWorked};
use crate::{AwsRefusal, CredentialsError, RoleFailure, ShownIdentity};

/// What every chained session may last.
pub(crate) const CHAINED_DURATION_MAX: Duration = Duration::from_secs(3600);
/// The shortest session AWS gives.
pub(crate) const DURATION_MIN: Duration = Duration::from_secs(900);

/// How often the principal's keys are fetched anew for one session: where sessions last seconds, they may end
/// between the two hops more than once.
const PRINCIPAL_RENEWALS_MAX: usize = 4;

/// Gets and keeps the keys of role sessions.
pub(crate) struct Chain {
    pub(crate) sts: Sts,
    pub(crate) server: ServerKeys,
    /// Issues the identity tokens; `None`: there are none.
    pub(crate) issuer: Option<TokenIssuer>,
    pub(crate) sessions: Arc<SessionCache>,
    pub(crate) duration: Duration,
    /// What was granted before.
    pub(crate) worked: WhatWorked,
}

/// What AWS is shown by whoever assumes a role.
enum Proof {
    Keys(SigningKeys),
    /// An identity token of ours; nothing is signed.
    Token(String),
}

impl Chain {
    pub(crate) async fn keys(
        self: &Arc<Self>,
        plan: &Arc<SessionPlan>,
    ) -> Result<Arc<TemporaryKeys>, CredentialsError> {
        self.sessions.get(plan, self).await
    }

    pub(crate) fn current(&self, plan: &SessionPlan) -> Option<Arc<TemporaryKeys>> {
        self.sessions.current(plan)
    }

    pub(crate) fn invalidate(&self, plan: &SessionPlan, serial: Option<u64>) {
        self.sessions.invalidate(plan, serial);
    }

    async fn assume(self: Arc<Self>, plan: Arc<SessionPlan>) -> Result<Issued, CredentialsError> {
        let renewals_max = if let Base::Principal(_) = plan.key.base { PRINCIPAL_RENEWALS_MAX } else { 1 };
        let mut renewals = 0;
        loop {
            let (proof, signer_serial) = self.proof(&plan).await?;
            let refusal = match self.assume_for_some_time(&plan, &proof).await {
                Ok(issued) => return Ok(issued),
                Err(refusal) => refusal,
            };
            // The signer's own keys may have ended before their time: again with fresh ones.
            if renewals < renewals_max
                && is_expired(&refusal)
                && self.forget_signer(&plan, signer_serial).await
            {
                renewals += 1;
                continue;
            }
            return Err(self.classify(&plan, refusal).await);
        }
    }

    /// Asks for the configured length, then for what AWS grants always.
    async fn assume_for_some_time(&self, plan: &SessionPlan, proof: &Proof) -> Result<Issued, AwsRefusal> {
        let mut duration = self.duration;
        loop {
            match self.assume_for(plan, proof, duration).await {
                Ok(assumed) => {
                    self.note_worked(plan, &assumed);
                    return Ok(Issued {
                        credential: assumed.credential,
                        expires_at: assumed.expires_at,
                        duration,
                    });
                }
                Err(refusal) if is_duration_refused(&refusal) && duration > DURATION_MIN => {
                    duration =
                        if duration > CHAINED_DURATION_MAX { CHAINED_DURATION_MAX } else { DURATION_MIN };
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }

    fn note_worked(&self, plan: &SessionPlan, assumed: &Assumed) {
        if plan.is_principal {
            self.worked.note_principal(&plan.key.role_arn, assumed.role_id.as_deref());
            return;
        }
        let principal = match &plan.key.base {
            Base::Principal(principal) => Some(principal.clone()),
            Base::Server | Base::CustomerKeys(_) | Base::WebIdentity(_) => None,
        };
        let asked = Asked {
            organization: plan.key.organization.clone(),
            role_arn: plan.key.role_arn.clone(),
            external_id: plan.key.external_id.clone(),
            principal,
        };
        self.worked.note_role(asked, self.sessions.now());
    }

    async fn assume_for(
        &self,
        plan: &SessionPlan,
        proof: &Proof,
        duration: Duration,
    ) -> Result<Assumed, AwsRefusal> {
        let (role_arn, session_name) = (plan.key.role_arn.as_str(), plan.key.session_name.as_str());
        let policy = plan.key.policy.as_deref();
        match proof {
            Proof::Keys(signer) => {
                let external_id = plan.key.external_id.as_deref();
                let tags = &plan.key.tags;
                let request = AssumeRole { role_arn, session_name, external_id, policy, tags, duration };
                self.sts.assume_role(signer, &request).await
            }
            Proof::Token(token) => {
                let request = AssumeRoleWithToken { role_arn, session_name, token, policy, duration };
                self.sts.assume_role_with_token(&request).await
            }
        }
    }

    async fn proof(self: &Arc<Self>, plan: &SessionPlan) -> Result<(Proof, Option<u64>), CredentialsError> {
        match (&plan.key.base, &plan.customer_keys) {
            (Base::Server, _) => Ok((Proof::Keys(self.server.keys().await?), None)),
            (Base::Principal(principal), _) => {
                let hop = Arc::new(self.principal_plan(plan, principal));
                let keys = self.keys(&hop).await?;
                Ok((Proof::Keys(SigningKeys::from_credential(&keys.credential)), Some(keys.serial)))
            }
            (Base::WebIdentity(subject), _) => match &self.issuer {
                Some(issuer) => Ok((Proof::Token(issuer.token(subject)?), None)),
                None => Err(CredentialsError::NoTokenIssuer {
                    role_arn: plan.key.role_arn.clone(),
                    connection: None,
                }),
            },
            (Base::CustomerKeys(_), Some(keys)) => Ok((Proof::Keys(SigningKeys::from_customer(keys)), None)),
            (Base::CustomerKeys(_), None) => {
                Err(CredentialsError::Internal { reason: "the connection's keys are missing" })
            }
        }
    }

    async fn forget_signer(&self, plan: &SessionPlan, serial: Option<u64>) -> bool {
        match &plan.key.base {
            Base::Server => self.server.forget().await,
            Base::Principal(principal) => {
                self.sessions.invalidate(&self.principal_plan(plan, principal), serial)
            }
            Base::CustomerKeys(_) | Base::WebIdentity(_) => return false,
        }
        true
    }

    fn principal_plan(&self, plan: &SessionPlan, principal: &str) -> SessionPlan {
        let organization = plan.key.organization.clone();
        SessionPlan {
            key: SessionKey {
                session_name: principal_session_name(&organization),
                organization,
                base: Base::Server,
                role_arn: principal.to_owned(),
                external_id: None,
                policy: None,
                tags: Vec::new(),
                region: plan.key.region.clone(),
            },
            customer_keys: None,
            is_principal: true,
        }
    }

    /// Whose fault it is, as far as AWS's answer shows.
    async fn classify(&self, plan: &SessionPlan, refusal: AwsRefusal) -> CredentialsError {
        let code = refusal.code.clone().unwrap_or_default();
        let is_unanswered = refusal.status.is_none();
        let is_throttled = is_throttling(&code) || refusal.status == Some(429);
        let tags_refused = refusal.message.contains("sts:TagSession");
        let denied_by_own_side = is_own_side(&refusal.message);
        let mut failure = Box::new(RoleFailure {
            organization: plan.key.organization.clone(),
            connection: None,
            role_arn: plan.key.role_arn.clone(),
            caller: None,
            caller_path_unknown: false,
            external_id: plan.key.external_id.clone(),
            shown: self.shown_identity(plan),
            aws: refusal,
        });
        if is_unanswered {
            return CredentialsError::StsUnreachable(failure);
        }
        if is_throttled {
            return CredentialsError::Throttled(failure);
        }
        match code.as_str() {
            "InvalidIdentityToken"
            | "InvalidIdentityTokenException"
            | "IDPCommunicationError"
            | "IDPRejectedClaim"
            | "ExpiredToken"
            | "ExpiredTokenException"
                if failure.shown.is_some() =>
            {
                CredentialsError::TokenRefused(failure)
            }
            "AccessDenied" | "AccessDeniedException" => {
                self.name_caller(plan, &mut failure).await;
                if plan.is_principal {
                    CredentialsError::PrincipalRefused(failure)
                } else if tags_refused && !denied_by_own_side {
                    CredentialsError::TagsRefused(failure)
                } else if denied_by_own_side {
                    CredentialsError::CallerNotAllowed(failure)
                } else {
                    CredentialsError::RoleRefused(failure)
                }
            }
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException"
            | "IncompleteSignature"
            | "InvalidAccessKeyId" => match plan.key.base {
                Base::CustomerKeys(_) => CredentialsError::CustomerKeysRefused(failure),
                _ => CredentialsError::ServerIdentityRefused(Box::new(failure.aws)),
            },
            "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => {
                CredentialsError::PolicyTooLarge(failure)
            }
            "RegionDisabledException" | "RegionDisabled" => CredentialsError::RegionDisabled(failure),
            "ValidationError"
            | "MalformedPolicyDocument"
            | "MalformedPolicyDocumentException"
            | "InvalidParameterValue"
            | "MissingParameter" => CredentialsError::InvalidRequest(failure),
            _ => CredentialsError::StsFailed(failure),
        }
    }

    fn shown_identity(&self, plan: &SessionPlan) -> Option<ShownIdentity> {
        let (Base::WebIdentity(subject), Some(issuer)) = (&plan.key.base, &self.issuer) else { return None };
        Some(ShownIdentity { issuer: issuer.url().to_owned(), subject: subject.clone() })
    }

    /// Who tried, as a trust policy names it.
    async fn name_caller(&self, plan: &SessionPlan, failure: &mut RoleFailure) {
        match &plan.key.base {
            Base::Principal(principal) => failure.caller = Some(principal.clone()),
            Base::Server => {
                if let Ok(identity) = self.server.identity().await {
                    failure.caller = Some(identity.trust_arn());
                    failure.caller_path_unknown = identity.path_unknown();
                }
            }
            Base::WebIdentity(_) => {}
            Base::CustomerKeys(_) => {
                if let Some(keys) = &plan.customer_keys
                    && let Ok(caller) = self.sts.caller_identity(&SigningKeys::from_customer(keys)).await
                {
                    failure.caller = Some(caller.arn);
                }
            }
        }
    }
}

impl Issuer for Chain {
    fn issue(
        self: Arc<Self>,
        plan: Arc<SessionPlan>,
    ) -> BoxFuture<'static, Result<Issued, CredentialsError>> {
        self.assume(plan).boxed()
    }
}

fn is_expired(refusal: &AwsRefusal) -> bool {
    matches!(refusal.code.as_deref(), Some("ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId"))
}

/// `The requested DurationSeconds exceeds …`: the role's maximum, or the hour of chained roles.
pub(crate) fn is_duration_refused(refusal: &AwsRefusal) -> bool {
    refusal.code.as_deref() == Some("ValidationError")
        && refusal.message.contains("DurationSeconds")
        && refusal.message.contains("exceeds")
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "SlowDown"
    )
}

/// AWS names the kind of policy only when it is one of the caller's own account.
pub(crate) fn is_own_side(message: &str) -> bool {
    ["identity-based policy", "permissions boundary", "service control policy", "session policy"]
        .iter()
        .any(|kind| message.contains(kind))
}

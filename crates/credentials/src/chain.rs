//! server identity → organization principal → customer role.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::keys::{SigningKeys, TemporaryKeys};
use crate::server_identity::ServerKeys;
use crate::session_cache::{Base, Issued, Issuer, SessionCache, SessionKey, SessionPlan};
use crate::session_name::principal_session_name;
use crate::sts::{AssumeRole, Sts};
use crate::{AwsRefusal, CredentialsError, RoleFailure};

/// What every chained session may last.
const CHAINED_DURATION_MAX: Duration = Duration::from_secs(3600);
/// The shortest session AWS gives.
const DURATION_MIN: Duration = Duration::from_secs(900);

/// Gets and keeps the keys of role sessions.
pub(crate) struct Chain {
    pub(crate) sts: Sts,
    pub(crate) server: ServerKeys,
    pub(crate) sessions: Arc<SessionCache>,
    pub(crate) duration: Duration,
}

impl Chain {
    pub(crate) async fn keys(
        self: &Arc<Self>,
        plan: &Arc<SessionPlan>,
    ) -> Result<Arc<TemporaryKeys>, CredentialsError> {
        self.sessions.get(plan, self).await
    }

    pub(crate) fn current_serial(&self, plan: &SessionPlan) -> Option<u64> {
        self.sessions.current_serial(plan)
    }

    pub(crate) fn invalidate(&self, plan: &SessionPlan, serial: Option<u64>) {
        self.sessions.invalidate(plan, serial);
    }

    async fn assume(self: Arc<Self>, plan: Arc<SessionPlan>) -> Result<Issued, CredentialsError> {
        let mut renewed = false;
        loop {
            let (signer, signer_serial) = self.signer(&plan).await?;
            let refusal = match self.assume_for_some_time(&plan, &signer).await {
                Ok(issued) => return Ok(issued),
                Err(refusal) => refusal,
            };
            // The signer's own keys may have ended before their time: once, with fresh ones.
            if !renewed && is_expired(&refusal) && self.forget_signer(&plan, signer_serial).await {
                renewed = true;
                continue;
            }
            return Err(self.classify(&plan, refusal).await);
        }
    }

    /// Asks for the configured length, then for what AWS grants always.
    async fn assume_for_some_time(
        &self,
        plan: &SessionPlan,
        signer: &SigningKeys,
    ) -> Result<Issued, AwsRefusal> {
        let mut duration = self.duration;
        loop {
            let request = AssumeRole {
                role_arn: &plan.key.role_arn,
                session_name: &plan.key.session_name,
                external_id: plan.key.external_id.as_deref(),
                policy: plan.key.policy.as_deref(),
                duration,
            };
            match self.sts.assume_role(signer, &request).await {
                Ok(assumed) => {
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

    async fn signer(
        self: &Arc<Self>,
        plan: &SessionPlan,
    ) -> Result<(SigningKeys, Option<u64>), CredentialsError> {
        match (&plan.key.base, &plan.customer_keys) {
            (Base::Server, _) => Ok((self.server.keys().await?, None)),
            (Base::Principal(principal), _) => {
                let hop = Arc::new(self.principal_plan(plan, principal));
                let keys = self.keys(&hop).await?;
                Ok((SigningKeys::from_credential(&keys.credential), Some(keys.serial)))
            }
            (Base::CustomerKeys(_), Some(keys)) => Ok((SigningKeys::from_customer(keys), None)),
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
            Base::CustomerKeys(_) => return false,
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
        let denied_by_own_side = is_own_side(&refusal.message);
        let mut failure = Box::new(RoleFailure {
            organization: plan.key.organization.clone(),
            connection: None,
            role_arn: plan.key.role_arn.clone(),
            caller: None,
            caller_path_unknown: false,
            external_id: plan.key.external_id.clone(),
            aws: refusal,
        });
        if is_unanswered {
            return CredentialsError::StsUnreachable(failure);
        }
        if is_throttled {
            return CredentialsError::Throttled(failure);
        }
        match code.as_str() {
            "AccessDenied" | "AccessDeniedException" => {
                self.name_caller(plan, &mut failure).await;
                if plan.is_principal {
                    CredentialsError::PrincipalRefused(failure)
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
fn is_duration_refused(refusal: &AwsRefusal) -> bool {
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
fn is_own_side(message: &str) -> bool {
    ["identity-based policy", "permissions boundary", "service control policy", "session policy"]
        .iter()
        .any(|kind| message.contains(kind))
}

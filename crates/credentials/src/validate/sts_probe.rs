//! Calls to STS that are watched: what they gave, the request id, and the clock of whoever answered.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_sts::config::Region;
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use object_store::aws::AwsCredential;
use parking_lot::Mutex;

use crate::AwsRefusal;
use crate::keys::SigningKeys;
use crate::sts::{AssumeRole, Caller, Sts, refusal, seconds, signed_by, tags_of};
use crate::worked::role_id;

/// A session that a watched AssumeRole made.
pub(super) struct ProbedSession {
    pub(super) credential: Arc<AwsCredential>,
    /// `arn:aws:sts::…:assumed-role/…`.
    pub(super) arn: String,
    pub(super) expires_at: SystemTime,
    /// How much of the packed limit policy and tags take, in percent.
    pub(super) packed_percent: Option<i32>,
    pub(super) request_id: Option<String>,
    /// AWS's unique id of the role.
    pub(super) role_id: Option<String>,
}

impl ProbedSession {
    pub(super) fn signing_keys(&self) -> SigningKeys {
        SigningKeys::from_credential(&self.credential)
    }
}

/// Who the keys belong to, and what time it is there.
pub(super) struct ProbedCaller {
    pub(super) result: Result<Caller, AwsRefusal>,
    pub(super) request_id: Option<String>,
    /// The `Date` of the answer.
    pub(super) date: Option<SystemTime>,
}

pub(super) async fn caller_identity(sts: &Sts, signer: &SigningKeys) -> ProbedCaller {
    let watch = Watch::default();
    let answer = sts
        .client
        .get_caller_identity()
        .customize()
        .config_override(signed_by(signer))
        .interceptor(watch.clone())
        .send()
        .await;
    let date = *watch.date.lock();
    match answer {
        Ok(answer) => {
            let request_id = answer.request_id().map(str::to_owned);
            let result = match (answer.arn, answer.account) {
                (Some(arn), Some(account)) => Ok(Caller { arn, account }),
                _ => Err(unusable("sts:GetCallerIdentity", "the answer has no ARN in it")),
            };
            ProbedCaller { result, request_id, date }
        }
        Err(error) => {
            let refusal = refusal("sts:GetCallerIdentity", &error);
            ProbedCaller { request_id: refusal.request_id.clone(), result: Err(refusal), date }
        }
    }
}

/// What a probe may send beside what every AssumeRole has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extras<'a> {
    pub(super) source_identity: Option<&'a str>,
    /// Another region than the server's, whose STS is asked.
    pub(super) region: Option<&'static str>,
}

pub(super) async fn assume_role(
    sts: &Sts,
    signer: &SigningKeys,
    request: &AssumeRole<'_>,
    extras: Extras<'_>,
) -> Result<ProbedSession, AwsRefusal> {
    let mut config = signed_by(signer);
    if let Some(region) = extras.region {
        config = config.region(Region::from_static(region));
    }
    let answer = sts
        .client
        .assume_role()
        .role_arn(request.role_arn)
        .role_session_name(request.session_name)
        .set_external_id(request.external_id.map(str::to_owned))
        .set_tags(tags_of(request.tags))
        .set_policy(request.policy.map(str::to_owned))
        .set_source_identity(extras.source_identity.map(str::to_owned))
        .duration_seconds(seconds(request.duration))
        .customize()
        .config_override(config)
        .send()
        .await
        .map_err(|error| refusal("sts:AssumeRole", &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    #[expect(deprecated, reason = "the field that replaces it is not in every answer yet")]
    let packed_percent = answer.session_token_utilization.or(answer.packed_policy_size);
    session("sts:AssumeRole", answer.credentials, answer.assumed_role_user, packed_percent, request_id)
}

/// The same with an identity token in the place of a signature.
pub(super) async fn assume_role_with_token(
    sts: &Sts,
    token: &str,
    request: &AssumeRole<'_>,
) -> Result<ProbedSession, AwsRefusal> {
    const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
    let answer = sts
        .client
        .assume_role_with_web_identity()
        .role_arn(request.role_arn)
        .role_session_name(request.session_name)
        .web_identity_token(token)
        .set_policy(request.policy.map(str::to_owned))
        .duration_seconds(seconds(request.duration))
        .send()
        .await
        .map_err(|error| refusal(ACTION, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    session(ACTION, answer.credentials, answer.assumed_role_user, None, request_id)
}

fn session(
    action: &'static str,
    keys: Option<aws_sdk_sts::types::Credentials>,
    user: Option<aws_sdk_sts::types::AssumedRoleUser>,
    packed_percent: Option<i32>,
    request_id: Option<String>,
) -> Result<ProbedSession, AwsRefusal> {
    let unusable = || unusable(action, "the answer has no keys in it");
    let keys = keys.ok_or_else(unusable)?;
    if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() {
        return Err(unusable());
    }
    let expires_at = UNIX_EPOCH + Duration::from_secs(u64::try_from(keys.expiration.secs()).unwrap_or(0));
    Ok(ProbedSession {
        credential: Arc::new(AwsCredential {
            key_id: keys.access_key_id,
            secret_key: keys.secret_access_key,
            token: (!keys.session_token.is_empty()).then_some(keys.session_token),
        }),
        role_id: user.as_ref().and_then(|user| role_id(&user.assumed_role_id)),
        arn: user.map(|user| user.arn).unwrap_or_default(),
        expires_at,
        packed_percent,
        request_id,
    })
}

fn unusable(action: &'static str, message: &str) -> AwsRefusal {
    AwsRefusal { action, status: Some(200), code: None, message: message.to_owned(), request_id: None }
}

/// Keeps the `Date` of the last answer of one call.
#[derive(Debug, Clone, Default)]
struct Watch {
    date: Arc<Mutex<Option<SystemTime>>>,
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().and_then(|response| response.headers().get("date"));
        if let Some(date) = date.and_then(parse_http_date) {
            *self.date.lock() = Some(date);
        }
        Ok(())
    }
}

/// `Sat, 28 Nov 2026 12:30:00 GMT`.
pub(super) fn parse_http_date(text: &str) -> Option<SystemTime> {
    chrono::DateTime::parse_from_rfc2822(text).ok().map(SystemTime::from)
}

//! Calls to AWS STS: the only calls the server's own identity signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Config, IdentityCache, SharedCredentialsProvider};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::types::Tag;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use object_store::aws::AwsCredential;

use crate::AwsRefusal;
use crate::explain::element;
use crate::keys::SigningKeys;
use crate::request_log::{Answered, Asked, Pending, current_origin};
use crate::worked::role_id;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
/// All attempts and the pauses between them.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);
/// Throttling and failures of STS are met with back-off and this many attempts.
const ATTEMPTS_MAX: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(4);

const ASSUME_ROLE: &str = "sts:AssumeRole";
const ASSUME_ROLE_WITH_TOKEN: &str = "sts:AssumeRoleWithWebIdentity";

/// The client, without keys of its own: each call brings those it is signed with.
#[derive(Debug, Clone)]
pub(crate) struct Sts {
    pub(crate) client: Client,
    /// Requests go over plain HTTP, which policies may forbid.
    pub(crate) is_insecure: bool,
}

/// What AssumeRole is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssumeRole<'a> {
    pub(crate) role_arn: &'a str,
    pub(crate) session_name: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) policy: Option<&'a str>,
    pub(crate) tags: &'a [(&'static str, String)],
    pub(crate) duration: Duration,
}

/// What AssumeRoleWithWebIdentity is asked.
pub(crate) struct AssumeRoleWithToken<'a> {
    pub(crate) role_arn: &'a str,
    pub(crate) session_name: &'a str,
    pub(crate) token: &'a str,
    pub(crate) policy: Option<&'a str>,
    pub(crate) duration: Duration,
}

/// What AssumeRole gave.
pub(crate) struct Assumed {
    pub(crate) credential: AwsCredential,
    pub(crate) expires_at: SystemTime,
    /// AWS's unique id of the role, `AROA…`.
    pub(crate) role_id: Option<String>,
}

/// What GetCallerIdentity gave.
pub(crate) struct Caller {
    pub(crate) arn: String,
    pub(crate) account: String,
}

impl Sts {
    pub(crate) fn new(shared: &aws_config::SdkConfig, endpoint: Option<&str>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS_MAX)
            .with_initial_backoff(BACKOFF_FIRST)
            .with_max_backoff(BACKOFF_MAX);
        // A cache in the client would keep the keys of every call for ever.
        let mut config = aws_sdk_sts::config::Builder::from(shared)
            .timeout_config(timeouts)
            .retry_config(retries)
            .identity_cache(IdentityCache::no_cache());
        let from_environment = std::env::var("AWS_ENDPOINT_URL_STS").ok();
        let leads_to = endpoint.or(from_environment.as_deref()).or_else(|| shared.endpoint_url());
        let is_insecure = leads_to.is_some_and(|url| url.starts_with("http://"));
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()), is_insecure }
    }

    /// The region whose STS is asked.
    pub(crate) fn region(&self) -> Option<String> {
        self.client.config().region().map(|region| region.as_ref().to_owned())
    }

    pub(crate) async fn assume_role(
        &self,
        signer: &SigningKeys,
        request: &AssumeRole<'_>,
    ) -> Result<Assumed, AwsRefusal> {
        let noted = note(ASSUME_ROLE, "AssumeRole", Some(request.role_arn));
        let answer = self
            .client
            .assume_role()
            .role_arn(request.role_arn)
            .role_session_name(request.session_name)
            .set_external_id(request.external_id.map(str::to_owned))
            .set_policy(request.policy.map(str::to_owned))
            .set_tags(tags_of(request.tags))
            .duration_seconds(seconds(request.duration))
            .customize()
            .config_override(signed_by(signer))
            .send()
            .await
            .map_err(|error| refusal(ASSUME_ROLE, &error));
        let request_id = answer.as_ref().ok().and_then(|answer| answer.request_id()).map(str::to_owned);
        finish(noted, answer.as_ref().err(), request_id);
        let answer = answer?;
        assumed(ASSUME_ROLE, answer.credentials, answer.assumed_role_user)
    }

    /// The token is what is shown in place of a signature.
    pub(crate) async fn assume_role_with_token(
        &self,
        request: &AssumeRoleWithToken<'_>,
    ) -> Result<Assumed, AwsRefusal> {
        let noted = note(ASSUME_ROLE_WITH_TOKEN, "AssumeRoleWithWebIdentity", Some(request.role_arn));
        let answer = self
            .client
            .assume_role_with_web_identity()
            .role_arn(request.role_arn)
            .role_session_name(request.session_name)
            .web_identity_token(request.token)
            .set_policy(request.policy.map(str::to_owned))
            .duration_seconds(seconds(request.duration))
            .send()
            .await
            .map_err(|error| refusal(ASSUME_ROLE_WITH_TOKEN, &error));
        let request_id = answer.as_ref().ok().and_then(|answer| answer.request_id()).map(str::to_owned);
        finish(noted, answer.as_ref().err(), request_id);
        let answer = answer?;
        assumed(ASSUME_ROLE_WITH_TOKEN, answer.credentials, answer.assumed_role_user)
    }

    pub(crate) async fn caller_identity(&self, signer: &SigningKeys) -> Result<Caller, AwsRefusal> {
        let noted = note("sts:GetCallerIdentity", "GetCallerIdentity", None);
        let answer = self
            .client
            .get_caller_identity()
            .customize()
            .config_override(signed_by(signer))
            .send()
            .await
            .map_err(|error| refusal("sts:GetCallerIdentity", &error));
        let request_id = answer.as_ref().ok().and_then(|answer| answer.request_id()).map(str::to_owned);
        finish(noted, answer.as_ref().err(), request_id);
        let answer = answer?;
        match (answer.arn, answer.account) {
            (Some(arn), Some(account)) => Ok(Caller { arn, account }),
            _ => Err(AwsRefusal {
                action: "sts:GetCallerIdentity",
                status: Some(200),
                code: None,
                message: "the answer has no ARN in it".to_owned(),
                request_id: None,
            }),
        }
    }
}

pub(crate) fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn assumed(
    action: &'static str,
    keys: Option<aws_sdk_sts::types::Credentials>,
    user: Option<aws_sdk_sts::types::AssumedRoleUser>,
) -> Result<Assumed, AwsRefusal> {
    let complete = |keys: &aws_sdk_sts::types::Credentials| {
        !keys.access_key_id.is_empty() && !keys.secret_access_key.is_empty()
    };
    let Some(keys) = keys.filter(complete) else {
        return Err(AwsRefusal {
            action,
            status: Some(200),
            code: None,
            message: "the answer has no keys in it".to_owned(),
            request_id: None,
        });
    };
    let expires_at = UNIX_EPOCH + Duration::from_secs(u64::try_from(keys.expiration.secs()).unwrap_or(0));
    let credential = AwsCredential {
        key_id: keys.access_key_id,
        secret_key: keys.secret_access_key,
        token: (!keys.session_token.is_empty()).then_some(keys.session_token),
    };
    let role_id = user.and_then(|user| role_id(&user.assumed_role_id));
    Ok(Assumed { credential, expires_at, role_id })
}

/// A call for the request log, if it is made for somebody.
fn note(action: &'static str, operation: &'static str, resource: Option<&str>) -> Option<Pending> {
    let asked = Asked {
        action,
        operation,
        bucket: None,
        resource: resource.map(str::to_owned),
        more_resources: Vec::new(),
        bytes_sent: 0,
    };
    current_origin().map(|origin| Pending::start(origin, asked))
}

fn finish(noted: Option<Pending>, refusal: Option<&AwsRefusal>, request_id: Option<String>) {
    let Some(mut noted) = noted else { return };
    noted.answer(match refusal {
        Some(refusal) => Answered {
            status: refusal.status,
            error_code: refusal.code.clone(),
            request_id: refusal.request_id.clone(),
        },
        None => Answered { status: Some(200), error_code: None, request_id },
    });
}

/// `None` without tags: also an empty list would want the right to tag.
pub(crate) fn tags_of(tags: &[(&'static str, String)]) -> Option<Vec<Tag>> {
    let tag = |(name, value): &(&'static str, String)| Tag::builder().key(*name).value(value).build().ok();
    if tags.is_empty() { None } else { tags.iter().map(tag).collect() }
}

pub(crate) fn signed_by(signer: &SigningKeys) -> aws_sdk_sts::config::Builder {
    Config::builder().credentials_provider(SharedCredentialsProvider::new(signer.0.clone()))
}

pub(crate) fn refusal<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> AwsRefusal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answered = error.as_service_error();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let message = match (answered.and_then(ProvideErrorMetadata::message), error) {
        (Some(message), _) => message.to_owned(),
        (None, SdkError::TimeoutError(_)) => "no answer in time".to_owned(),
        (None, SdkError::DispatchFailure(failure)) => {
            let why = failure.as_connector_error().map(|error| deepest(error));
            why.unwrap_or_else(|| "the connection failed".to_owned())
        }
        (None, SdkError::ResponseError(_)) => "the answer cannot be read".to_owned(),
        (None, SdkError::ServiceError(_)) => "no message".to_owned(),
        (None, other) => deepest(other),
    };
    AwsRefusal {
        action,
        status,
        code: answered.and_then(ProvideErrorMetadata::code).map(str::to_owned),
        message,
        request_id: error
            .request_id()
            .map(str::to_owned)
            .or_else(|| request_id_in_body(error.raw_response()?)),
    }
}

/// AWS has it in a header, others only in the body.
fn request_id_in_body(response: &HttpResponse) -> Option<String> {
    element(std::str::from_utf8(response.body().bytes()?).ok()?, "RequestId")
}

fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

//! Calls to AWS STS: the only calls the server's own identity signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Config, IdentityCache, SharedCredentialsProvider};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use object_store::aws::AwsCredential;

use crate::AwsRefusal;
use crate::explain::element;
use crate::keys::SigningKeys;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
/// All attempts and the pauses between them.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);
/// Throttling and failures of STS are met with back-off and this many attempts.
const ATTEMPTS_MAX: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(4);

/// The client, without keys of its own: each call brings those it is signed with.
#[derive(Debug, Clone)]
pub(crate) struct Sts {
    client: Client,
}

/// What AssumeRole is asked.
#[derive(Debug)]
pub(crate) struct AssumeRole<'a> {
    pub(crate) role_arn: &'a str,
    pub(crate) session_name: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) policy: Option<&'a str>,
    pub(crate) duration: Duration,
}

/// What AssumeRole gave.
pub(crate) struct Assumed {
    pub(crate) credential: AwsCredential,
    pub(crate) expires_at: SystemTime,
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
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()) }
    }

    pub(crate) async fn assume_role(
        &self,
        signer: &SigningKeys,
        request: &AssumeRole<'_>,
    ) -> Result<Assumed, AwsRefusal> {
        let seconds = i32::try_from(request.duration.as_secs()).unwrap_or(i32::MAX);
        let answer = self
            .client
            .assume_role()
            .role_arn(request.role_arn)
            .role_session_name(request.session_name)
            .set_external_id(request.external_id.map(str::to_owned))
            .set_policy(request.policy.map(str::to_owned))
            .duration_seconds(seconds)
            .customize()
            .config_override(signed_by(signer))
            .send()
            .await
            .map_err(|error| refusal("sts:AssumeRole", &error))?;
        let unusable = || AwsRefusal {
            action: "sts:AssumeRole",
            status: Some(200),
            code: None,
            message: "the answer has no keys in it".to_owned(),
            request_id: None,
        };
        let keys = answer.credentials.ok_or_else(unusable)?;
        if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() {
            return Err(unusable());
        }
        let expires_at = UNIX_EPOCH + Duration::from_secs(u64::try_from(keys.expiration.secs()).unwrap_or(0));
        let credential = AwsCredential {
            key_id: keys.access_key_id,
            secret_key: keys.secret_access_key,
            token: (!keys.session_token.is_empty()).then_some(keys.session_token),
        };
        Ok(Assumed { credential, expires_at })
    }

    pub(crate) async fn caller_identity(&self, signer: &SigningKeys) -> Result<Caller, AwsRefusal> {
        let answer = self
            .client
            .get_caller_identity()
            .customize()
            .config_override(signed_by(signer))
            .send()
            .await
            .map_err(|error| refusal("sts:GetCallerIdentity", &error))?;
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

fn signed_by(signer: &SigningKeys) -> aws_sdk_sts::config::Builder {
    Config::builder().credentials_provider(SharedCredentialsProvider::new(signer.0.clone()))
}

fn refusal<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> AwsRefusal
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

//! The KMS API: JSON over one path, the call named in a header. Enough of it to make keys, to say who may use
//! them, and to use them.

mod aliases;
mod keys;
mod use_keys;

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use parking_lot::Mutex;
use s3s::Body;
use serde_json::{Value, json};

use crate::answer::{self, Answered, Outcome};
use crate::authenticate::caller::Caller;
use crate::authenticate::parse::{self, Claim};
use crate::authenticate::signature::hex_sha256;
use crate::authenticate::{Dialect, RequestHead, authenticate};
use crate::authorize;
use crate::error::AwsError;
use crate::faults::Fault;
use crate::identity::kms_key::{KmsKey, NamedKey};
use crate::identity::state::AccountState;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The most a request may hold.
const BODY_BYTES_MAX: usize = 256 * 1024;
const TARGET_PREFIX: &str = "TrentService.";

/// One call with all it needs.
struct Call<'a> {
    cloud: &'a Cloud,
    request: &'a RequestContext,
    input: &'a Value,
}

/// Answers a call.
pub(crate) async fn answer(
    cloud: &Arc<Cloud>,
    request: Request<Incoming>,
    query: Vec<(String, String)>,
    remote: IpAddr,
) -> Answered {
    let request_id = uuid::Uuid::new_v4().to_string();
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let action = target.unwrap_or_default().trim_start_matches(TARGET_PREFIX).to_owned();
    let mut caller = None;
    let outcome = match handle(cloud, request, query, remote, (&request_id, &action), &mut caller).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let code = exception(&error.code);
            let document = json!({ "__type": code, "message": error.message });
            let status =
                if error.status < 500 { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
            Outcome::Response { response: response(status, &document, &request_id), error_code: Some(code) }
        }
    };
    Answered { service: "kms", action, caller, request_id, outcome }
}

/// The names that KMS has for what all services refuse.
fn exception(code: &str) -> String {
    match code {
        "AccessDenied" => "AccessDeniedException".to_owned(),
        "InvalidClientTokenId" => "UnrecognizedClientException".to_owned(),
        "ExpiredToken" => "ExpiredTokenException".to_owned(),
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException".to_owned(),
        "SignatureDoesNotMatch" => "InvalidSignatureException".to_owned(),
        "Throttling" => "ThrottlingException".to_owned(),
        other => other.to_owned(),
    }
}

fn response(status: StatusCode, document: &Value, request_id: &str) -> Response<Body> {
    let text = if document.is_null() { String::new() } else { document.to_string() };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", value);
    }
    response
}

async fn handle(
    cloud: &Arc<Cloud>,
    request: Request<Incoming>,
    query: Vec<(String, String)>,
    remote: IpAddr,
    (request_id, action): (&str, &str),
    caller: &mut Option<Caller>,
) -> Result<Outcome, AwsError> {
    let (parts, body) = request.into_parts();
    let body = http_body_util::Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| {
            AwsError::new(400, "SerializationException", "The request body cannot be read or is too long")
        })?
        .to_bytes();
    let head = RequestHead {
        method: parts.method.as_str(),
        raw_path: parts.uri.path(),
        raw_query: parts.uri.query().unwrap_or(""),
        query: &query,
        headers: &parts.headers,
    };
    let claim = parse::claim(&head, Dialect::Query)?;
    if matches!(claim, Claim::Anonymous) {
        return Err(AwsError::new(403, "MissingAuthenticationToken", "Missing Authentication Token"));
    }
    let now = cloud.clock.now();
    let body_hash = hex_sha256(&body);
    let authenticated = authenticate(&head, claim, Some(&body_hash), Dialect::Query, &cloud.identities, now)?;
    *caller = Some(authenticated.caller.clone());
    let context = RequestContext {
        caller: authenticated.caller,
        now,
        identities: cloud.identities.visible(now),
        method: parts.method,
        headers: parts.headers,
        query: Vec::new(),
        remote,
        request_id: request_id.to_owned(),
        base_url: String::new(),
        bucket: None,
        key: None,
        payload: authenticated.payload,
        trailers: Arc::default(),
        error: Mutex::new(None),
        action: Mutex::new(action.to_owned()),
    };
    if let Some(fault) = crate::http::faults(cloud, "kms", action, &context).await {
        match answer::fault_error(&fault, Dialect::Query) {
            Some(error) => return Err(error),
            None if matches!(fault, Fault::Reset | Fault::ResetAfter(_)) => return Ok(Outcome::Closed),
            None => {}
        }
    }
    let input: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| AwsError::new(400, "SerializationException", "The request body is no JSON"))?
    };
    let document = run(&Call { cloud, request: &context, input: &input }, action)?;
    Ok(Outcome::ok(response(StatusCode::OK, &document, request_id)))
}

fn run(call: &Call<'_>, action: &str) -> Result<Value, AwsError> {
    match action {
        "CreateKey" => keys::create(call),
        "DescribeKey" => keys::describe(call),
        "ListKeys" => keys::list(call),
        "GetKeyPolicy" => keys::get_policy(call),
        "PutKeyPolicy" => keys::put_policy(call),
        "ListKeyPolicies" => keys::list_policies(call),
        "EnableKey" => keys::set_enabled(call, "kms:EnableKey", true),
        "DisableKey" => keys::set_enabled(call, "kms:DisableKey", false),
        "ScheduleKeyDeletion" => keys::schedule_deletion(call),
        "CancelKeyDeletion" => keys::cancel_deletion(call),
        "UpdateKeyDescription" => keys::update_description(call),
        "GetKeyRotationStatus" => keys::rotation_status(call),
        "EnableKeyRotation" => keys::set_rotation(call, "kms:EnableKeyRotation", true),
        "DisableKeyRotation" => keys::set_rotation(call, "kms:DisableKeyRotation", false),
        "TagResource" => keys::tag(call),
        "UntagResource" => keys::untag(call),
        "ListResourceTags" => keys::list_tags(call),
        "CreateAlias" => aliases::create(call),
        "UpdateAlias" => aliases::update(call),
        "DeleteAlias" => aliases::delete(call),
        "ListAliases" => aliases::list(call),
        "Encrypt" => use_keys::encrypt(call),
        "Decrypt" => use_keys::decrypt(call),
        "GenerateDataKey" => use_keys::generate_data_key(call, true),
        "GenerateDataKeyWithoutPlaintext" => use_keys::generate_data_key(call, false),
        _ => Err(AwsError::new(
            400,
            "UnknownOperationException",
            format!("the operation `{action}` is not known"),
        )),
    }
}

impl Call<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(Value::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, AwsError> {
        self.text(name).ok_or_else(|| {
            validation(format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    fn account(&self) -> &str {
        &self.request.caller.account
    }

    fn region(&self) -> &str {
        self.request.caller.region.as_deref().unwrap_or(&self.cloud.region)
    }

    /// The key that the call names, which the caller may do `action` on.
    fn key<'a>(&'a self, action: &str, name: &str) -> Result<(&'a AccountState, &'a KmsKey), AwsError> {
        self.key_with(action, name, |_| {})
    }

    fn key_with<'a>(
        &'a self,
        action: &str,
        name: &str,
        extra: impl FnOnce(&mut iam::Context),
    ) -> Result<(&'a AccountState, &'a KmsKey), AwsError> {
        match self.request.identities.kms_key(self.account(), self.region(), name) {
            NamedKey::Key(owner, key) => {
                authorize::kms::allow(self.request, action, &owner.number, key, extra)?;
                Ok((owner, key))
            }
            _ => Err(not_found(name)),
        }
    }

    /// Changes the key that the call names in `KeyId`, which must be of the caller's own account.
    fn change_key<T>(
        &self,
        action: &str,
        change: impl FnOnce(&mut KmsKey) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let name = self.required("KeyId")?;
        let (owner, key) = self.key(action, name)?;
        self.cloud.identities.change(self.request.now, |state| {
            let account = state.accounts.get_mut(&owner.number).ok_or_else(|| not_found(name))?;
            change(account.kms_keys.get_mut(&key.id).ok_or_else(|| not_found(name))?)
        })
    }
}

fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "ValidationException", message)
}

fn not_found(name: &str) -> AwsError {
    AwsError::new(400, "NotFoundException", format!("Key '{name}' does not exist"))
}

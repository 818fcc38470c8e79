//! The Query protocol that IAM and STS speak: parameters in a form or a query string, answers in XML.

use std::net::IpAddr;
use std::sync::Arc;

use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use parking_lot::Mutex;

use crate::answer::{self, Answered, Outcome};
use crate::authenticate::caller::Caller;
use crate::authenticate::parse::{self, Claim};
use crate::authenticate::signature::hex_sha256;
use crate::authenticate::{Dialect, RequestHead, authenticate};
use crate::encoding::parse_query;
use crate::error::AwsError;
use crate::faults::Fault;
use crate::request::RequestContext;
use crate::sandbox::Cloud;
use crate::xml::Xml;
use crate::{iam_api, sts_api};

/// The most a request may hold.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub(crate) const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
pub(crate) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The parameters of a call.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// A parameter that was given and is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<&str, AwsError> {
        self.get(name).ok_or_else(|| {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase()).unwrap_or_default();
            validation(format!(
                "1 validation error detected: Value null at '{first}{}' failed to satisfy constraint: Member must not be null",
                letters.as_str()
            ))
        })
    }

    /// The items of `NAME.member.1`, `NAME.member.2`, …
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|index| self.get(&format!("{name}.member.{index}"))).collect()
    }

    /// The fields of `NAME.member.1.FIELD`, …
    pub(crate) fn structures<const N: usize>(&self, name: &str, fields: [&str; N]) -> Vec<[Option<&str>; N]> {
        (1..)
            .map(|index| fields.map(|field| self.get(&format!("{name}.member.{index}.{field}"))))
            .take_while(|values| values.iter().any(Option::is_some))
            .collect()
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, AwsError> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                AwsError::new(400, "MalformedInput", format!("Invalid value for parameter {name}"))
            }),
        }
    }

    /// Tags in `Tags.member.N.Key` and `.Value`.
    pub(crate) fn tags(&self, name: &str) -> Vec<(String, String)> {
        self.structures(name, ["Key", "Value"])
            .into_iter()
            .map(|[key, value]| (key.unwrap_or_default().to_owned(), value.unwrap_or_default().to_owned()))
            .collect()
    }
}

/// IAM's and STS's way to say that a parameter is wrong.
pub(crate) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "ValidationError", message)
}

/// One call with all it needs.
pub(crate) struct Call<'a> {
    pub(crate) cloud: &'a Arc<Cloud>,
    pub(crate) request: &'a RequestContext,
    pub(crate) params: &'a Params,
}

/// Whether a request without a signature speaks this protocol.
pub(crate) fn looks_like(request: &Request<Incoming>, query: &[(String, String)]) -> bool {
    if request.uri().path() != "/" {
        return false;
    }
    let form = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    (request.method() == Method::POST && form) || query.iter().any(|(name, _)| name == "Action")
}

/// Answers a call.
pub(crate) async fn answer(
    cloud: &Arc<Cloud>,
    request: Request<Incoming>,
    query: Vec<(String, String)>,
    remote: IpAddr,
    service: &'static str,
) -> Answered {
    let request_id = uuid::Uuid::new_v4().to_string();
    let mut progress = Progress { service, action: String::new(), caller: None };
    let result = handle(cloud, request, query, remote, &request_id, &mut progress).await;
    let namespace = if progress.service == "iam" { IAM_NAMESPACE } else { STS_NAMESPACE };
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => answer::query_error(&error, namespace, &request_id),
    };
    Answered {
        service: if progress.service.is_empty() { "sts" } else { progress.service },
        action: progress.action,
        caller: progress.caller,
        request_id,
        outcome,
    }
}

struct Progress {
    service: &'static str,
    action: String,
    caller: Option<Caller>,
}

async fn handle(
    cloud: &Arc<Cloud>,
    request: Request<Incoming>,
    query: Vec<(String, String)>,
    remote: IpAddr,
    request_id: &str,
    progress: &mut Progress,
) -> Result<Outcome, AwsError> {
    let (parts, body) = request.into_parts();
    let body = http_body_util::Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| AwsError::new(400, "MalformedInput", "The request body cannot be read or is too long"))?
        .to_bytes();
    let form = match parts.method {
        Method::POST => std::str::from_utf8(&body).map(parse_query).unwrap_or_default(),
        Method::GET => Vec::new(),
        _ => return Err(AwsError::new(405, "MethodNotAllowed", "Only GET and POST are supported")),
    };
    let unsigned_query = query.iter().filter(|(name, _)| !name.starts_with("X-Amz-")).cloned();
    let params = Params { pairs: form.into_iter().chain(unsigned_query).collect() };
    let action = params.get("Action").unwrap_or_default().to_owned();
    progress.action.clone_from(&action);
    if progress.service.is_empty() {
        progress.service = if params.get("Version") == Some("2010-05-08") { "iam" } else { "sts" };
    }
    let head = RequestHead {
        method: parts.method.as_str(),
        raw_path: parts.uri.path(),
        raw_query: parts.uri.query().unwrap_or(""),
        query: &query,
        headers: &parts.headers,
    };
    let claim = parse::claim(&head, Dialect::Query)?;
    let unsigned = matches!(claim, Claim::Anonymous);
    if unsigned && action != "AssumeRoleWithWebIdentity" {
        return Err(AwsError::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ));
    }
    let now = cloud.clock.now();
    let body_hash = hex_sha256(&body);
    let authenticated = authenticate(&head, claim, Some(&body_hash), Dialect::Query, &cloud.identities, now)?;
    progress.caller = Some(authenticated.caller.clone());
    if action.is_empty() {
        return Err(AwsError::new(400, "MissingAction", "Missing Action"));
    }
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
        action: Mutex::new(action.clone()),
    };
    if let Some(fault) = crate::http::faults(cloud, progress.service, &action, &context).await {
        match answer::fault_error(&fault, Dialect::Query) {
            Some(error) => return Err(error),
            None if matches!(fault, Fault::Reset | Fault::ResetAfter(_)) => return Ok(Outcome::Closed),
            None => {}
        }
    }
    let call = Call { cloud, request: &context, params: &params };
    let mut result = Xml::new();
    let namespace = if progress.service == "iam" {
        iam_api::run(&call, &action, &mut result)?;
        IAM_NAMESPACE
    } else {
        sts_api::run(&call, &action, &mut result).await?;
        STS_NAMESPACE
    };
    let mut document = Xml::new();
    document.nested(&format!("{action}Response xmlns=\"{namespace}\""), |xml| {
        if !iam_api::answers_nothing(&action) {
            xml.nested(&format!("{action}Result"), |xml| xml.raw(result.finish()));
        }
        xml.nested("ResponseMetadata", |xml| {
            xml.text("RequestId", request_id);
        });
    });
    Ok(Outcome::ok(answer::xml_response(document.finish(), request_id)))
}

/// The refusal of a call that the sandbox does not know.
pub(crate) fn unknown_action(action: &str, version: &str) -> AwsError {
    AwsError::new(400, "InvalidAction", format!("Could not find operation {action} for version {version}"))
}

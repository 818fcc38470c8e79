//! What a test asks the sandbox itself, beside AWS: which requests came, and the clock. For programs on this
//! machine only, under a path that no bucket can have.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};

use crate::authorize::guardrails::Guardrails;
use crate::encoding::{iso_seconds, parse_query};
use crate::error::SandboxError;
use crate::request_log::RequestRecord;
use crate::s3::copies::copy_many;
use crate::sandbox::Cloud;

const PREFIX: &str = "/_sandbox/";
/// What a query may hold that opens something.
const SECRET_PARAMETERS: [&str; 4] =
    ["x-amz-security-token", "x-amz-signature", "signature", "x-amz-credential"];

/// Answers a request for the sandbox itself; `None` for all others.
pub(crate) fn answer<B>(cloud: &Arc<Cloud>, request: &Request<B>, remote: IpAddr) -> Option<Response<Body>> {
    let name = request.uri().path().strip_prefix(PREFIX)?;
    if !remote.is_loopback() {
        return None;
    }
    let query = parse_query(request.uri().query().unwrap_or(""));
    let value = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    Some(match (request.method(), name) {
        (&Method::GET, "requests") => {
            let shown: Vec<Value> =
                cloud.log.all().iter().filter(|record| fits(record, &value)).map(shown).collect();
            respond(StatusCode::OK, &json!(shown))
        }
        (&Method::GET, "counts") => {
            respond(StatusCode::OK, &counts(cloud.log.all().iter().filter(|record| fits(record, &value))))
        }
        (&Method::DELETE, "requests" | "counts") => {
            cloud.log.clear();
            respond(StatusCode::NO_CONTENT, &Value::Null)
        }
        (&Method::GET, "clock") => respond(StatusCode::OK, &json!({ "now": iso_seconds(cloud.clock.now()) })),
        (&Method::POST, "clock") => match value("advance").and_then(|seconds| seconds.parse().ok()) {
            Some(seconds) => {
                cloud.clock.advance(Duration::from_secs(seconds));
                respond(StatusCode::OK, &json!({ "now": iso_seconds(cloud.clock.now()) }))
            }
            None => respond(StatusCode::BAD_REQUEST, &json!({ "error": "write `clock?advance=<seconds>`" })),
        },
        (&Method::POST, "copies") => copies(cloud, &value),
        (&Method::PUT, "service-control" | "resource-control" | "vpc-endpoint" | "sts") => {
            match set_guardrail(cloud, name, value("account"), value("id"), value("policy")) {
                Ok(()) => respond(StatusCode::NO_CONTENT, &Value::Null),
                Err(error) => respond(StatusCode::BAD_REQUEST, &json!({ "error": error.to_string() })),
            }
        }
        _ => respond(
            StatusCode::NOT_FOUND,
            &json!({ "error": "there are GET and DELETE of `requests` and `counts`, GET and POST of `clock`, POST of `copies`, \
                     PUT of `service-control`, `resource-control`, `vpc-endpoint` and `sts`" }),
        ),
    })
}

/// Many keys with the content of one.
fn copies<'a>(cloud: &Cloud, value: &impl Fn(&str) -> Option<&'a str>) -> Response<Body> {
    let count = value("count").and_then(|count| count.parse().ok());
    let (Some(bucket), Some(key), Some(prefix), Some(count)) =
        (value("bucket"), value("key"), value("prefix"), count)
    else {
        let usage = "write `copies?bucket=<bucket>&key=<key>&prefix=<prefix>&count=<number>`";
        return respond(StatusCode::BAD_REQUEST, &json!({ "error": usage }));
    };
    match copy_many(cloud, bucket, key, prefix, count) {
        Ok(()) => respond(StatusCode::NO_CONTENT, &Value::Null),
        Err(error) => respond(StatusCode::BAD_REQUEST, &json!({ "error": error.message })),
    }
}

/// What the administrator of an AWS organization, or of a network, does. Without a policy there is none any more.
fn set_guardrail(
    cloud: &Arc<Cloud>,
    name: &str,
    account: Option<&str>,
    id: Option<&str>,
    policy: Option<&str>,
) -> Result<(), SandboxError> {
    let guardrails = Guardrails(Arc::clone(cloud));
    match name {
        "service-control" => guardrails.set_service_control(account.unwrap_or_default(), policy),
        // In the place of a policy, whether it is on.
        "sts" => guardrails.set_sts_active(account.unwrap_or_default(), policy != Some("off")),
        "resource-control" => guardrails.set_resource_control(account.unwrap_or_default(), policy),
        _ => guardrails.set_vpc_endpoint(id.map(|id| (id, policy))),
    }
}

fn fits<'a>(record: &RequestRecord, value: &impl Fn(&str) -> Option<&'a str>) -> bool {
    value("service").is_none_or(|service| service == record.service)
        && value("action").is_none_or(|action| action == record.action)
        && value("path").is_none_or(|path| record.path.starts_with(path))
}

fn shown(record: &RequestRecord) -> Value {
    json!({
        "service": record.service,
        "action": record.action,
        "principal": record.principal,
        "access_key_id": record.access_key_id,
        "method": record.method,
        "path": record.path,
        "query": without_secrets(&record.query),
        "range": record.range,
        "status": record.status,
        "error_code": record.error_code,
        "bytes_out": record.bytes_out,
        "request_id": record.request_id,
        "started": iso_seconds(record.started),
        "duration_ms": record.duration.as_secs_f64() * 1000.0,
    })
}

fn without_secrets(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}=***")
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Requests and bytes, in all and for each operation.
fn counts<'a>(records: impl Iterator<Item = &'a RequestRecord>) -> Value {
    let mut by_action: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    let mut total = (0, 0, 0);
    for record in records {
        let action = record.action.trim_start_matches("s3:");
        let entry = by_action.entry(format!("{}:{action}", record.service)).or_default();
        for counted in [&mut total, entry] {
            counted.0 += 1;
            counted.1 += record.bytes_out;
            counted.2 += u64::from(record.status >= 400 || record.status == 0);
        }
    }
    let shown = |(requests, bytes_out, refused): (u64, u64, u64)| json!({ "requests": requests, "bytes_out": bytes_out, "refused": refused });
    let actions: BTreeMap<String, Value> =
        by_action.into_iter().map(|(action, counted)| (action, shown(counted))).collect();
    json!({ "total": shown(total), "actions": actions })
}

fn respond(status: StatusCode, document: &Value) -> Response<Body> {
    let text = if document.is_null() { String::new() } else { document.to_string() };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

//! Cross-origin requests: preflights, and the headers of answers to browsers.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use s3s::{Body, dto};

use super::model::BucketSettings;
use super::validate_xml;
use crate::error::AwsError;
use crate::sandbox::Cloud;

/// What a browser asks for.
pub(crate) struct Asked {
    origin: String,
    method: String,
    headers: Vec<String>,
    preflight: bool,
}

impl Asked {
    /// `None` when the request does not come from a page.
    pub(crate) fn from_headers(method: &Method, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text("origin")?.to_owned();
        let preflight = method == Method::OPTIONS;
        let asked_method = if preflight { text("access-control-request-method")? } else { method.as_str() };
        let asked_headers = text("access-control-request-headers").unwrap_or_default();
        Some(Self {
            origin,
            method: asked_method.to_owned(),
            headers: asked_headers
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
            preflight,
        })
    }
}

/// Answers a preflight.
pub(crate) fn preflight(
    cloud: &Cloud,
    bucket: &str,
    asked: Option<&Asked>,
) -> Result<Response<Body>, AwsError> {
    let Some(asked) = asked else {
        return Err(AwsError::new(
            400,
            "BadRequest",
            "Insufficient information. Origin request header needed.",
        ));
    };
    let settings = cloud.buckets.settings(bucket)?;
    let forbidden = |message: &str| {
        AwsError::new(403, "AccessForbidden", message)
            .detail("Method", asked.method.clone())
            .detail("ResourceType", "BUCKET")
    };
    if !settings.documents.contains_key("cors") {
        return Err(forbidden("CORSResponse: CORS is not enabled for this bucket."));
    }
    let rule = matching(&settings, asked).ok_or_else(|| {
        forbidden("CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
    })?;
    let mut response = Response::new(Body::empty());
    write(&rule, asked, response.headers_mut());
    Ok(response)
}

/// Adds what a page may see to an answer.
pub(crate) fn add_headers(settings: &BucketSettings, asked: &Asked, headers: &mut HeaderMap) {
    if !asked.preflight
        && let Some(rule) = matching(settings, asked)
    {
        write(&rule, asked, headers);
    }
}

fn matching(settings: &BucketSettings, asked: &Asked) -> Option<dto::CORSRule> {
    let document = settings.documents.get("cors")?;
    let configuration: dto::CORSConfiguration = validate_xml::read(document.as_bytes()).ok()?;
    configuration.cors_rules.into_iter().find(|rule| {
        rule.allowed_origins.iter().any(|pattern| fits(pattern, &asked.origin))
            && rule.allowed_methods.contains(&asked.method)
            && asked.headers.iter().all(|name| {
                rule.allowed_headers.iter().flatten().any(|pattern| fits(&pattern.to_ascii_lowercase(), name))
            })
    })
}

/// A pattern with at most one `*`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
    }
}

fn write(rule: &dto::CORSRule, asked: &Asked, headers: &mut HeaderMap) {
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    let everybody = rule.allowed_origins.iter().any(|origin| origin == "*");
    put("access-control-allow-origin", if everybody { "*" } else { &asked.origin });
    if !everybody {
        put("access-control-allow-credentials", "true");
    }
    put("access-control-allow-methods", &rule.allowed_methods.join(", "));
    if !asked.headers.is_empty() {
        put("access-control-allow-headers", &asked.headers.join(", "));
    }
    if let Some(exposed) = rule.expose_headers.as_ref().filter(|exposed| !exposed.is_empty()) {
        put("access-control-expose-headers", &exposed.join(", "));
    }
    if let Some(seconds) = rule.max_age_seconds {
        put("access-control-max-age", &seconds.to_string());
    }
    put("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

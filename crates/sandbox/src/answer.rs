//! Answers: errors as S3 and the Query protocol write them, and what the log keeps of a request.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use s3s::Body;

use crate::authenticate::Dialect;
use crate::authenticate::caller::{self, Caller};
use crate::error::AwsError;
use crate::faults::Fault;
use crate::xml::Xml;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A request with its outcome.
pub(crate) struct Answered {
    pub(crate) service: &'static str,
    pub(crate) action: String,
    pub(crate) caller: Option<Caller>,
    pub(crate) request_id: String,
    pub(crate) outcome: Outcome,
}

/// How a request ends.
pub(crate) enum Outcome {
    Response {
        response: Response<Body>,
        error_code: Option<String>,
    },
    /// the connection closes
    Closed,
}

impl Outcome {
    pub(crate) fn ok(response: Response<Body>) -> Self {
        Self::Response { response, error_code: None }
    }
}

/// An error as S3 writes it. HEAD and 304 have no body.
pub(crate) fn s3_error(error: &AwsError, resource: &str, request_id: &str, head: bool) -> Outcome {
    let mut xml = Xml::new();
    xml.nested("Error", |xml| {
        xml.text("Code", &error.code).text("Message", &error.message);
        for (name, value) in &error.details {
            xml.text(name, value);
        }
        if !error.details.iter().any(|(name, _)| *name == "Resource") {
            xml.text("Resource", resource);
        }
        xml.text("RequestId", request_id).text("HostId", host_id(request_id));
    });
    let empty = head || error.status == 304;
    let body = if empty { Body::empty() } else { Body::from(format!("{DECLARATION}{}", xml.finish())) };
    let mut response = Response::new(body);
    *response.status_mut() = status(error);
    if !empty {
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    }
    add_headers(&mut response, error);
    Outcome::Response { response, error_code: Some(error.code.clone()) }
}

/// The second id of S3's answers.
pub(crate) fn host_id(request_id: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(request_id.as_bytes()))
}

/// An error as the Query protocol writes it.
pub(crate) fn query_error(error: &AwsError, namespace: &str, request_id: &str) -> Outcome {
    let mut xml = Xml::new();
    xml.nested(&format!("ErrorResponse xmlns=\"{namespace}\""), |xml| {
        xml.nested("Error", |xml| {
            xml.text("Type", if error.status < 500 { "Sender" } else { "Receiver" });
            xml.text("Code", &error.code).text("Message", &error.message);
            for (name, value) in &error.details {
                xml.text(name, value);
            }
        });
        xml.text("RequestId", request_id);
    });
    let mut response = xml_response(xml.finish(), request_id);
    *response.status_mut() = status(error);
    add_headers(&mut response, error);
    Outcome::Response { response, error_code: Some(error.code.clone()) }
}

/// A document of the Query protocol.
pub(crate) fn xml_response(document: String, request_id: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(document));
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/xml"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

fn status(error: &AwsError) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn add_headers(response: &mut Response<Body>, error: &AwsError) {
    for (name, value) in &error.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// The error that a fault stands for; `None` closes the connection.
pub(crate) fn fault_error(fault: &Fault, dialect: Dialect) -> Option<AwsError> {
    match fault {
        Fault::SlowDown => Some(match dialect {
            Dialect::S3 => AwsError::new(503, "SlowDown", "Please reduce your request rate."),
            Dialect::Query => AwsError::new(400, "Throttling", "Rate exceeded"),
        }),
        Fault::ExpiredToken => Some(caller::expired_token(dialect)),
        Fault::Error { status, code, message } => Some(AwsError::new(*status, code.clone(), message.clone())),
        Fault::Latency(_) | Fault::Hold | Fault::Reset | Fault::ResetAfter(_) => None,
    }
}

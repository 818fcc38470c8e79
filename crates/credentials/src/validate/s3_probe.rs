//! Single requests to one bucket, whose answers are looked at whole. Nothing is cached and nothing renewed.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody};

use super::denial::Denial;
use crate::explain::{element, parse_denial};
use crate::location::Location;
use crate::transport::{AnswerNote, NOTE_START, REGION_HEADER};

/// What of an answer's body is looked at: a page of a listing fits.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How often a request is sent that S3 is too busy for.
const ATTEMPTS_MAX: u32 = 3;

/// One bucket, by whatever keys each request names.
#[derive(Clone)]
pub(super) struct S3Probe {
    pub(super) location: Location,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) client: HttpClient,
    /// The bucket is known to be of the account of the keys.
    pub(super) is_own: bool,
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) key: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'static [u8],
}

/// What S3 said.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// `None`: no answer came, and `message` says why.
    pub(super) status: Option<u16>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
    /// The region S3 names.
    pub(super) region: Option<String>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self.status, Some(401 | 403)) && !self.is_code("InvalidObjectState")
    }

    pub(super) fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// A denial, taken apart.
    pub(super) fn denial(&self) -> Denial {
        Denial::read(self.message.as_deref().and_then(parse_denial), self.message.as_deref())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `403 AccessDenied: User: … (request id X)`, or `ok (request id X)`.
    pub(super) fn seen(&self) -> String {
        let mut seen = match (self.status, &self.code) {
            (None, _) => self.message.clone().unwrap_or_else(|| "no answer".to_owned()),
            (Some(status), Some(code)) => format!("{status} {code}"),
            (Some(status), None) => status.to_string(),
        };
        if self.status.is_some()
            && let Some(message) = &self.message
        {
            seen.push_str(&format!(": {message}"));
        }
        self.with_request_id(seen)
    }

    /// Our own words about the answer, with its request id.
    pub(super) fn with_request_id(&self, mut text: String) -> String {
        if let Some(id) = &self.request_id {
            text.push_str(&format!(" (request id {id})"));
        }
        text
    }
}

impl S3Probe {
    /// Requests about the account and no bucket.
    pub(super) fn service(&self) -> Self {
        Self {
            bucket: String::new(),
            location: Location { virtual_host_style: false, ..self.location.clone() },
            ..self.clone()
        }
    }

    /// Sends a request, signed where there are keys.
    pub(super) async fn ask(&self, credential: Option<&Arc<AwsCredential>>, ask: &Ask<'_>) -> Answer {
        let mut attempt = 1;
        loop {
            let answer = self.send(credential, ask).await;
            let is_busy = matches!(answer.status, Some(429 | 500 | 502..=504));
            if !is_busy || attempt == ATTEMPTS_MAX {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200 * u64::from(attempt))).await;
            attempt += 1;
        }
    }

    async fn send(&self, credential: Option<&Arc<AwsCredential>>, ask: &Ask<'_>) -> Answer {
        let Some(mut request) = self.request(ask) else {
            return Answer { message: Some("the request cannot be written".to_owned()), ..Answer::default() };
        };
        if let Some(credential) = credential {
            AwsAuthorizer::new(credential, "s3", &self.region).authorize(&mut request, None);
        }
        let is_head = ask.method == Method::HEAD;
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                return Answer { message: Some(unreachable_text(&error)), ..Answer::default() };
            }
        };
        let (parts, body) = response.into_parts();
        let mut read = BytesMut::new();
        let mut stream = body.bytes_stream();
        while let Some(Ok(chunk)) = stream.next().await {
            read.extend_from_slice(&chunk);
            if read.len() >= BODY_BYTES_MAX {
                break;
            }
        }
        let mut answer = Answer {
            status: Some(parts.status.as_u16()),
            request_id: text_of(&parts.headers, "x-amz-request-id"),
            region: text_of(&parts.headers, REGION_HEADER),
            headers: parts.headers,
            body: read.freeze(),
            ..Answer::default()
        };
        answer.read_error(is_head);
        answer
    }

    fn request(&self, ask: &Ask<'_>) -> Option<HttpRequest> {
        let mut url = self.location.bucket_endpoint(&self.bucket, &self.region);
        if !self.location.virtual_host_style {
            url.push('/');
            url.push_str(&self.bucket);
        }
        if !ask.key.is_empty() {
            url.push('/');
            url.push_str(&encode(ask.key, true));
        } else if self.location.virtual_host_style {
            url.push('/');
        }
        let mut separator = '?';
        for (name, value) in ask.query {
            url.push(separator);
            url.push_str(&format!("{}={}", encode(name, false), encode(value, false)));
            separator = '&';
        }
        let mut request =
            http::Request::builder().method(ask.method.clone()).uri(url).body(body_of(ask.body)).ok()?;
        for (name, value) in ask.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            request.headers_mut().insert(name, HeaderValue::from_str(value).ok()?);
        }
        Some(request)
    }
}

impl Answer {
    /// Takes our transport's note and S3's error out of the body.
    fn read_error(&mut self, is_head: bool) {
        if self.is_success() || self.status == Some(304) {
            return;
        }
        let text = self.text();
        let mut body = text.as_str();
        if let Some((note, rest)) = text.strip_prefix(NOTE_START).and_then(|rest| rest.split_once('\n')) {
            if let Some(note) = AnswerNote::parse(note) {
                self.status = Some(note.status);
                self.request_id = self.request_id.take().or(note.request_id);
                self.region = self.region.take().or(note.region);
            }
            body = rest;
        }
        if is_head {
            return;
        }
        self.code = element(body, "Code");
        self.message = element(body, "Message");
        self.region = element(body, "Region").or(self.region.take());
        self.request_id = element(body, "RequestId").or(self.request_id.take());
        self.body = Bytes::from(body.to_owned());
    }
}

fn body_of(body: &'static [u8]) -> HttpRequestBody {
    if body.is_empty() { HttpRequestBody::empty() } else { HttpRequestBody::from(Bytes::from_static(body)) }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// As AWS wants it: everything but letters, digits and `-_.~` as `%XX`, and a `/` of a path as it is.
fn encode(text: &str, is_path: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            b'/' if is_path => encoded.push('/'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn unreachable_text(error: &HttpError) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    match error.kind() {
        HttpErrorKind::Connect => format!("no connection: {last}"),
        HttpErrorKind::Timeout => "no answer in time".to_owned(),
        _ => format!("no answer: {last}"),
    }
}

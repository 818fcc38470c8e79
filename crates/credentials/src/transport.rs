//! The HTTP below every S3 request: one pool for what the server's operator chose, one guarded pool for
//! what users typed. No redirect is followed: S3 names the other place in its answer, and a foreign
//! endpoint must not send us on.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, Method, StatusCode, header};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::location::Location;
use crate::object_key;
use crate::observe::ObservedService;
use crate::pacing::{PacedService, Paces};
use crate::request_log::RequestOrigin;
use crate::{CredentialsError, EndpointRules};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an error's body that are kept.
const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// The pools.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    trusted: Pool,
    guarded: Pool,
    /// For files of the web, with rules of its own.
    web: Pool,
    paces: Paces,
}

/// One pool, bare and with notes before errors.
#[derive(Debug, Clone)]
struct Pool {
    bare: HttpClient,
    annotated: HttpClient,
}

impl Pool {
    fn new(client: reqwest::Client) -> Self {
        let bare = HttpClient::new(client);
        Self { annotated: annotated(bare.clone()), bare }
    }
}

fn annotated(inner: HttpClient) -> HttpClient {
    HttpClient::new(AnnotatingService { inner })
}

fn listable(inner: HttpClient) -> HttpClient {
    HttpClient::new(ListingService { inner })
}

impl Transport {
    pub(crate) fn new(rules: &EndpointRules, web_rules: &EndpointRules) -> Result<Self, CredentialsError> {
        let failed = |error: reqwest::Error| {
            tracing::error!(error = %error, "cannot make an HTTP client");
            CredentialsError::Internal { reason: "the HTTP client cannot be made" }
        };
        let trusted = builder().build().map_err(failed)?;
        let resolver = GuardedResolver { rules: Arc::new(rules.clone()) };
        // INVARIANT: never by a proxy of the environment's, which would resolve the name itself, past the guard.
        let guarded = builder().dns_resolver(Arc::new(resolver)).no_proxy().build().map_err(failed)?;
        let resolver = GuardedResolver { rules: Arc::new(web_rules.clone()) };
        let web = builder().dns_resolver(Arc::new(resolver)).no_proxy().build().map_err(failed)?;
        Ok(Self {
            trusted: Pool::new(trusted),
            guarded: Pool::new(guarded),
            web: Pool::new(web),
            paces: Paces::default(),
        })
    }

    /// The pool for an endpoint that a user typed, for one of the operator's, or for the web, for an object store.
    pub(crate) fn client(&self, location: &Location) -> HttpClient {
        listable(self.pool(location).annotated.clone())
    }

    /// The same pool for those who read answers themselves.
    pub(crate) fn probe_client(&self, location: &Location) -> &HttpClient {
        &self.pool(location).annotated
    }

    /// The same pool, with every request to the bucket written into the request log, at
    /// the pace that S3 wants.
    pub(crate) fn observed(
        &self,
        location: &Location,
        bucket: &str,
        origin: Arc<RequestOrigin>,
    ) -> HttpClient {
        let observed = ObservedService {
            inner: self.pool(location).bare.clone(),
            origin,
            bucket: bucket.to_owned(),
            virtual_host_style: location.virtual_host_style,
        };
        listable(annotated(HttpClient::new(PacedService {
            inner: HttpClient::new(observed),
            paces: self.paces.clone(),
            bucket_in_host: location.virtual_host_style,
        })))
    }

    fn pool(&self, location: &Location) -> &Pool {
        match (location.web, location.typed_by_user) {
            (true, _) => &self.web,
            (false, true) => &self.guarded,
            (false, false) => &self.trusted,
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .http1_only()
}

/// Gives every store the same pool.
#[derive(Debug)]
pub(crate) struct SharedConnector(pub(crate) HttpClient);

impl HttpConnector for SharedConnector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

/// Resolves a host for a connection and drops the addresses the rules do not allow: a name that changes its
/// address after it was checked gains nothing.
#[derive(Debug)]
struct GuardedResolver {
    rules: Arc<EndpointRules>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let allowed = allowed_addresses(&rules, &host, &found)
                .map_err(|reason| Box::new(io::Error::other(reason)) as Box<dyn StdError + Send + Sync>)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The addresses of the host that the rules allow; an error when there is none.
pub(crate) fn allowed_addresses(
    rules: &EndpointRules,
    host: &str,
    found: &[SocketAddr],
) -> Result<Vec<SocketAddr>, String> {
    let mut refusal = "it has no address";
    let mut allowed = Vec::new();
    for address in found {
        match rules.check_address(host, address.ip()) {
            Ok(()) => allowed.push(*address),
            Err(reason) => refusal = reason,
        }
    }
    if allowed.is_empty() { Err(format!("`{host}`: {refusal}")) } else { Ok(allowed) }
}

/// What our note before an error's body starts with.
pub(crate) const NOTE_START: &str = "answer-note: ";

/// What the object store forgets of an answer: redirections lose their body, HEAD its headers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerNote {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) region: Option<String>,
}

impl AnswerNote {
    fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c.is_control());
            plain.then(|| value.to_owned())
        };
        Self { status: status.as_u16(), request_id: text(REQUEST_ID_HEADER), region: text(REGION_HEADER) }
    }

    fn line(&self) -> String {
        let absent = "-";
        let request_id = self.request_id.as_deref().unwrap_or(absent);
        let region = self.region.as_deref().unwrap_or(absent);
        format!("{NOTE_START}{} {request_id} {region}\n", self.status)
    }

    /// Reads the line without its start and end.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(' ');
        let status = parts.next()?.parse().ok()?;
        let mut text = || parts.next().filter(|text| *text != "-").map(str::to_owned);
        Some(Self { status, request_id: text(), region: text() })
    }
}

/// The header in which AWS names the request.
pub(crate) const REQUEST_ID_HEADER: &str = "x-amz-request-id";

/// The header in which S3 names a bucket's region, whatever the status.
pub(crate) const REGION_HEADER: &str = "x-amz-bucket-region";

/// Puts a note before the body of every error, and lets redirections arrive as errors with a body.
#[derive(Debug)]
struct AnnotatingService {
    inner: HttpClient,
}

#[async_trait]
impl HttpService for AnnotatingService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_head = request.method() == Method::HEAD;
        let response = self.inner.execute(request).await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let note = AnswerNote::of(status, &parts.headers);
        let body = if is_head { Bytes::new() } else { read_start(body).await? };
        let text = format!("{}{}", note.line(), String::from_utf8_lossy(&body));
        parts.headers.remove(header::CONTENT_LENGTH);
        if status.is_redirection() {
            parts.status = StatusCode::BAD_REQUEST;
        }
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(text)))
    }
}

/// Lets the object store parse the names of all objects.
#[derive(Debug)]
struct ListingService {
    inner: HttpClient,
}

#[async_trait]
impl HttpService for ListingService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        let lists = request.method() == Method::GET && query.split('&').any(|pair| pair == "list-type=2");
        let response = self.inner.execute(request).await?;
        if !lists || !response.status().is_success() {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let body = body.bytes().await?;
        let Some(text) = std::str::from_utf8(&body).ok().and_then(object_key::listable) else {
            return Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(body)));
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(text)))
    }
}

pub(crate) async fn read_start(body: HttpResponseBody) -> Result<Bytes, HttpError> {
    let mut read = BytesMut::new();
    let mut stream = body.bytes_stream();
    while let Some(chunk) = stream.next().await {
        read.extend_from_slice(&chunk?);
        if read.len() >= ERROR_BODY_BYTES_MAX {
            read.truncate(ERROR_BODY_BYTES_MAX);
            break;
        }
    }
    Ok(read.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_round_trip() {
        let note = AnswerNote { status: 301, request_id: None, region: Some("eu-west-1".into()) };
        let line = note.line();
        assert_eq!(AnswerNote::parse(line.strip_prefix(NOTE_START).unwrap().trim_end()), Some(note));
    }

    #[test]
    fn a_host_keeps_only_allowed_addresses() {
        let rules = EndpointRules::new(&["10.0.0.0/8"], false).unwrap();
        let found: Vec<SocketAddr> =
            ["10.1.1.1:0", "169.254.169.254:0", "8.8.8.8:0"].iter().map(|a| a.parse().unwrap()).collect();
        assert_eq!(allowed_addresses(&rules, "x.test", &found).unwrap(), found[..1]);
        assert!(allowed_addresses(&rules, "x.test", &found[1..]).is_err());
    }
}

//! A tiny AWS client for the demo and the tests: signs requests and sends them, one connection each.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use time::OffsetDateTime;
use tokio::net::TcpStream;

use crate::authenticate::RequestHead;
use crate::authenticate::caller::AuthenticationMethod;
use crate::authenticate::parse::{Scope, Signed};
use crate::authenticate::signature::{Signer, canonical_request, hex_sha256};
use crate::clock::Clock;
use crate::encoding::{amz_date, parse_query, percent_encode};
use crate::xml::first_text;

/// Keys to sign with.
#[derive(Clone)]
pub struct Keys {
    /// Access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The token that temporary keys need.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl From<&crate::Account> for Keys {
    fn from(account: &crate::Account) -> Self {
        Self {
            access_key_id: account.access_key_id.clone(),
            secret_access_key: account.secret_access_key.clone(),
            session_token: None,
        }
    }
}

/// A client of one endpoint, with one pair of keys or none.
#[derive(Clone, Debug)]
pub struct AwsClient {
    endpoint: String,
    keys: Option<Keys>,
    region: String,
    clock: Clock,
}

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code} ({status}): {message}")]
pub struct AwsError {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// AWS code; `Unreachable` when there was no answer.
    pub code: String,
    /// Message.
    pub message: String,
    /// The answer's request id.
    pub request_id: Option<String>,
    /// The whole document.
    pub document: String,
    /// The answer's headers.
    pub headers: Box<HeaderMap>,
}

/// An answer of S3.
#[derive(Clone, Debug)]
pub struct S3Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl S3Response {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl AwsClient {
    /// A client that signs with these keys.
    pub fn new(endpoint: impl Into<String>, keys: Keys, region: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), keys: Some(keys), region: region.into(), clock: Clock::system() }
    }

    /// A client that does not sign.
    pub fn anonymous(endpoint: impl Into<String>, region: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), keys: None, region: region.into(), clock: Clock::system() }
    }

    /// The same client with another clock, for sandboxes whose clock runs ahead.
    #[must_use]
    pub fn with_clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// The same client with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: Keys) -> Self {
        Self { keys: Some(keys), ..self.clone() }
    }

    /// The same client for another region.
    #[must_use]
    pub fn with_region(&self, region: impl Into<String>) -> Self {
        Self { region: region.into(), ..self.clone() }
    }

    /// Calls IAM; gives the document.
    pub async fn iam(&self, action: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
        self.query_call("iam", "2010-05-08", action, params).await
    }

    /// Calls STS; gives the document.
    pub async fn sts(&self, action: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
        self.query_call("sts", "2011-06-15", action, params).await
    }

    /// Calls KMS with a JSON body; gives the JSON of the answer.
    pub async fn kms(&self, action: &str, body: impl Into<Bytes>) -> Result<String, AwsError> {
        let target = format!("TrentService.{action}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let answer = self.send("kms", Method::POST, "/", "", &headers, body.into()).await?;
        if answer.status.is_success() { Ok(answer.text()) } else { Err(error_of(answer)) }
    }

    /// Assumes a role; gives its keys.
    pub async fn assume_role(
        &self,
        role_arn: &str,
        session: &str,
        params: &[(&str, &str)],
    ) -> Result<Keys, AwsError> {
        let mut all = vec![("RoleArn", role_arn), ("RoleSessionName", session)];
        all.extend_from_slice(params);
        let document = self.sts("AssumeRole", &all).await?;
        Ok(keys_of(&document))
    }

    async fn query_call(
        &self,
        service: &str,
        version: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<String, AwsError> {
        let pairs: Vec<String> = [("Action", action), ("Version", version)]
            .iter()
            .chain(params)
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    percent_encode(name.as_bytes(), false),
                    percent_encode(value.as_bytes(), false)
                )
            })
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let body = Bytes::from(pairs.join("&"));
        let answer = self.send(service, Method::POST, "/", "", &headers, body).await?;
        if answer.status.is_success() { Ok(answer.text()) } else { Err(error_of(answer)) }
    }

    /// Calls S3, path-style. `query` is an encoded query string without `?`; an empty bucket is the service.
    pub async fn s3(
        &self,
        method: &str,
        bucket: &str,
        key: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<S3Response, AwsError> {
        let answer = self.s3_raw(method, bucket, key, query, headers, body).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(error_of(answer)) }
    }

    /// The same, giving errors as answers.
    pub async fn s3_raw(
        &self,
        method: &str,
        bucket: &str,
        key: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<S3Response, AwsError> {
        let method = Method::from_bytes(method.as_bytes()).map_err(unreachable)?;
        let mut path = format!("/{bucket}");
        if !key.is_empty() {
            path.push('/');
            path.push_str(&percent_encode(key.as_bytes(), true));
        }
        self.send("s3", method, &path, query, headers, body.into()).await
    }

    /// A URL that lets its bearer do one thing for a while.
    pub fn presign(&self, method: &str, bucket: &str, key: &str, query: &str, seconds: u64) -> String {
        let Some(keys) = &self.keys else { return String::new() };
        let now = self.clock.now();
        let scope = self.scope(keys, "s3", now);
        let path = format!("/{bucket}/{}", percent_encode(key.as_bytes(), true));
        let mut pairs = vec![
            ("X-Amz-Algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
            (
                "X-Amz-Credential".to_owned(),
                format!("{}/{}/{}/s3/aws4_request", scope.access_key_id, scope.date, scope.region),
            ),
            ("X-Amz-Date".to_owned(), amz_date(now)),
            ("X-Amz-Expires".to_owned(), seconds.to_string()),
            ("X-Amz-SignedHeaders".to_owned(), "host".to_owned()),
        ];
        if let Some(token) = &keys.session_token {
            pairs.push(("X-Amz-Security-Token".to_owned(), token.clone()));
        }
        pairs.extend(parse_query(query));
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    percent_encode(name.as_bytes(), false),
                    percent_encode(value.as_bytes(), false)
                )
            })
            .collect();
        let query = query.join("&");
        let mut headers = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_str(self.host()) {
            headers.insert("host", host);
        }
        let signature =
            self.signature(keys, "s3", now, (method, &path, &query), &headers, "UNSIGNED-PAYLOAD").1;
        format!("{}{path}?{query}&X-Amz-Signature={signature}", self.endpoint)
    }

    fn host(&self) -> &str {
        self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host)
    }

    fn scope(&self, keys: &Keys, service: &str, now: OffsetDateTime) -> Scope {
        Scope {
            access_key_id: keys.access_key_id.clone(),
            date: amz_date(now).chars().take(8).collect(),
            region: self.region.clone(),
            service: service.to_owned(),
        }
    }

    /// The list of signed headers and the signature.
    fn signature(
        &self,
        keys: &Keys,
        service: &str,
        now: OffsetDateTime,
        (method, path, query): (&str, &str, &str),
        headers: &HeaderMap,
        payload: &str,
    ) -> (String, String) {
        let scope = self.scope(keys, service, now);
        let mut names: Vec<String> = headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .filter(|name| name == "host" || name == "content-type" || name.starts_with("x-amz-"))
            .collect();
        names.sort();
        let pairs = parse_query(query);
        let head = RequestHead { method, raw_path: path, raw_query: query, query: &pairs, headers };
        let signed = Signed {
            method: AuthenticationMethod::Header,
            scope: scope.clone(),
            headers: names.clone(),
            signature: String::new(),
            time: now,
            expires_seconds: None,
        };
        let canonical = canonical_request(&head, path, &signed, payload);
        let signer = Signer::new(&keys.secret_access_key, &scope, now);
        (names.join(";"), signer.sign_request(&canonical))
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        query: &str,
        extra: &[(&str, &str)],
        body: Bytes,
    ) -> Result<S3Response, AwsError> {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(self.host()).map_err(unreachable)?);
        for (name, value) in extra {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(unreachable)?;
            headers.insert(name, HeaderValue::from_str(value).map_err(unreachable)?);
        }
        if method == Method::PUT || method == Method::POST {
            headers.insert("content-length", HeaderValue::from(body.len()));
        }
        if let Some(keys) = &self.keys {
            self.sign(keys, service, (method.as_str(), path, query), &mut headers, &body)?;
        }
        let uri: Uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
            .parse()
            .map_err(unreachable)?;
        self.send_raw(method, uri, headers, body).await
    }

    fn sign(
        &self,
        keys: &Keys,
        service: &str,
        target: (&str, &str, &str),
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), AwsError> {
        let now = self.clock.now();
        let hash = hex_sha256(body);
        let mut put = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).map_err(unreachable)?);
            Ok::<_, AwsError>(())
        };
        put("x-amz-date", &amz_date(now))?;
        if let Some(token) = &keys.session_token {
            put("x-amz-security-token", token)?;
        }
        if service == "s3" {
            put("x-amz-content-sha256", &hash)?;
        }
        let (names, signature) = self.signature(keys, service, now, target, headers, &hash);
        let scope = self.scope(keys, service, now);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}/{}/{service}/aws4_request, SignedHeaders={names}, Signature={signature}",
            scope.access_key_id, scope.date, scope.region
        );
        headers.insert("authorization", HeaderValue::from_str(&authorization).map_err(unreachable)?);
        Ok(())
    }

    /// Sends a request as it is, without signing it.
    pub async fn send_raw(
        &self,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<S3Response, AwsError> {
        let stream = TcpStream::connect(self.host()).await.map_err(unreachable)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the client's connection ended early");
            }
        });
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let response = sender.send_request(request).await.map_err(unreachable)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(unreachable)?.to_bytes();
        Ok(S3Response { status: parts.status, headers: parts.headers, body })
    }
}

/// The temporary keys in an answer of STS, or the access key in one of IAM.
pub fn keys_of(document: &str) -> Keys {
    Keys {
        access_key_id: first_text(document, "AccessKeyId").unwrap_or_default(),
        secret_access_key: first_text(document, "SecretAccessKey").unwrap_or_default(),
        session_token: first_text(document, "SessionToken"),
    }
}

/// The first text of an element in an answer.
pub fn text_of(document: &str, element: &str) -> Option<String> {
    first_text(document, element)
}

fn unreachable(cause: impl std::fmt::Display) -> AwsError {
    AwsError {
        status: 0,
        code: "Unreachable".to_owned(),
        message: cause.to_string(),
        request_id: None,
        document: String::new(),
        headers: Box::default(),
    }
}

fn error_of(answer: S3Response) -> AwsError {
    let document = answer.text();
    AwsError {
        status: answer.status.as_u16(),
        code: first_text(&document, "Code").unwrap_or_else(|| answer.status.as_u16().to_string()),
        message: first_text(&document, "Message").unwrap_or_default(),
        request_id: first_text(&document, "RequestId")
            .or_else(|| answer.header("x-amz-request-id").map(str::to_owned)),
        document,
        headers: Box::new(answer.headers),
    }
}

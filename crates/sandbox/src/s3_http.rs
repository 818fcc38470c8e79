//! S3 over HTTP around s3s: finds bucket and key, checks the signature, hands on what s3s needs, and writes
//! errors as S3 does.

mod operation;
mod target;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;
use s3s::Body;
use s3s::service::S3Service;

use crate::answer::{self, Answered, Outcome};
use crate::authenticate::caller::Caller;
use crate::authenticate::chunked::ChunkDecoder;
use crate::authenticate::parse::{self, Claim};
use crate::authenticate::payload::{LeftOver, PayloadStream, Trailers, UnreadBody};
use crate::authenticate::{Authenticated, Dialect, RequestHead, authenticate};
use crate::encoding::percent_encode;
use crate::error::AwsError;
use crate::faults::Fault;
use crate::request::RequestContext;
use crate::s3::{cors, ingest, post_object, requester_pays, subresources};
use crate::sandbox::Cloud;
use crate::{ids, xml};
pub(crate) use target::Target;

/// The most a document may hold; object data is not held back.
const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How much of a refused upload is still read, so that the client sees the answer.
const DRAIN_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Headers that the sandbox reads itself; s3s would refuse spellings that S3 accepts.
const KEPT_FROM_S3S: [&str; 25] = [
    "authorization",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-date",
    "x-amz-trailer",
    "content-encoding",
    "content-md5",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "expires",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-bypass-governance-retention",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-tagging",
];

/// Answers an S3 request.
pub(crate) async fn answer(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    request: Request<Incoming>,
    query: Vec<(String, String)>,
    remote: IpAddr,
) -> Answered {
    let request_id = ids::s3_request_id();
    let head = request.method() == Method::HEAD;
    let resource = request.uri().path().to_owned();
    let mut state = Progress::default();
    let awaited = request
        .headers()
        .get("expect")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let (parts, body) = request.into_parts();
    let left_over = LeftOver::default();
    *left_over.lock() = Some(UnreadBody { body, begun: false });
    let result = handle(cloud, s3, parts, (query, remote), &left_over, &request_id, &mut state).await;
    let mut outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => answer::s3_error(&error, &resource, &request_id, head),
    };
    if let Outcome::Response { response, .. } = &mut outcome {
        decorate(cloud, response, &state, head, &request_id);
        let unsent = awaited && left_over.lock().as_ref().is_some_and(|unread| !unread.begun);
        match response.status().is_success() {
            true => {}
            // the client is not asked for a body that was refused before it was sent
            false if unsent => {
                response.headers_mut().insert("connection", HeaderValue::from_static("close"));
            }
            false => drain(&left_over).await,
        }
    }
    Answered { service: "s3", action: state.action, caller: state.caller, request_id, outcome }
}

/// What is known of a request when it ends, however far it got.
#[derive(Default)]
struct Progress {
    action: String,
    caller: Option<Caller>,
    bucket: Option<String>,
    key: Option<String>,
    origin: Option<cors::Asked>,
    /// the requester is ready to pay
    pays: bool,
}

async fn handle(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    parts: http::request::Parts,
    (query, remote): (Vec<(String, String)>, IpAddr),
    left_over: &LeftOver,
    request_id: &str,
    progress: &mut Progress,
) -> Result<Outcome, AwsError> {
    let target = target::find(cloud, &parts)?;
    progress.bucket.clone_from(&target.bucket);
    progress.key.clone_from(&target.key);
    progress.action = operation::name(&parts, &query, &target);
    progress.pays = requester_pays::is_ready(&parts.headers, &query);
    progress.origin = cors::Asked::from_headers(&parts.method, &parts.headers);
    if parts.method == Method::OPTIONS {
        let bucket = target.bucket.as_deref().ok_or_else(AwsError::access_denied)?;
        return cors::preflight(cloud, bucket, progress.origin.as_ref()).map(Outcome::ok);
    }
    let head = RequestHead {
        method: parts.method.as_str(),
        raw_path: parts.uri.path(),
        raw_query: parts.uri.query().unwrap_or(""),
        query: &query,
        headers: &parts.headers,
    };
    if head.headers.get_all("host").iter().count() != 1 {
        return Err(AwsError::new(400, "InvalidRequest", "A single Host header is required."));
    }
    let mut claim = parse::claim(&head, Dialect::S3)?;
    match &mut claim {
        Claim::Signed(signed) => check_scope(cloud, signed, &parts, &target, &query)?,
        Claim::Old { host_bucket } => {
            check_old_signature(cloud, &target)?;
            *host_bucket = target.bucket.clone().filter(|_| target.virtual_host);
        }
        Claim::Anonymous => {}
    }
    let now = cloud.clock.now();
    let is_form = claim_is_form(&parts, &target, &claim);
    let Authenticated { caller, payload, chunk_signer } =
        authenticate(&head, claim, None, Dialect::S3, &cloud.identities, now)?;
    progress.caller = Some(caller.clone());
    let trailers: Trailers = Arc::new(Mutex::new(Vec::new()));
    let context = Arc::new(RequestContext {
        caller,
        now: now.replace_nanosecond(0).unwrap_or(now),
        identities: cloud.identities.visible(now),
        method: parts.method.clone(),
        headers: parts.headers.clone(),
        query,
        remote,
        request_id: request_id.to_owned(),
        base_url: format!(
            "http://{}",
            parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("")
        ),
        bucket: target.bucket.clone(),
        key: target.key.clone(),
        payload: payload.clone(),
        trailers: trailers.clone(),
        error: Mutex::new(None),
        action: Mutex::new(progress.action.clone()),
    });
    let fault = crate::http::faults(cloud, "s3", &progress.action, &context).await;
    if let Some(fault) = &fault {
        match answer::fault_error(fault, Dialect::S3) {
            Some(error) => return Err(error),
            None if matches!(fault, Fault::Reset) => return Ok(Outcome::Closed),
            None => {}
        }
    }
    let decoder = payload.is_chunked().then(|| {
        let has_trailer = parts.headers.contains_key("x-amz-trailer");
        ChunkDecoder::new(chunk_signer, has_trailer, trailers)
    });
    let length = if payload.is_chunked() {
        header_number(&parts.headers, "x-amz-decoded-content-length")
    } else {
        None
    };
    let UnreadBody { body, .. } =
        left_over.lock().take().ok_or_else(|| AwsError::internal("a request has no body"))?;
    let stream = PayloadStream::new(body, &payload, decoder, length, left_over.clone());

    let outcome = if is_form {
        post_object::answer(cloud, s3, &context, stream, &target).await
    } else {
        serve(cloud, s3, &context, &parts, &target, stream).await
    };
    match (outcome, fault) {
        (Ok(Outcome::Response { response, error_code }), Some(Fault::ResetAfter(bytes))) => {
            let response = response.map(|body| crate::answer_body::cut_after(body, bytes));
            Ok(Outcome::Response { response, error_code })
        }
        (outcome, _) => outcome,
    }
}

fn claim_is_form(parts: &http::request::Parts, target: &Target, claim: &Claim) -> bool {
    let form = parts
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"));
    parts.method == Method::POST
        && form
        && target.bucket.is_some()
        && target.key.is_none()
        && matches!(claim, Claim::Anonymous)
}

/// Sub-resources are answered here, everything else by s3s.
async fn serve(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    context: &Arc<RequestContext>,
    parts: &http::request::Parts,
    target: &Target,
    stream: PayloadStream,
) -> Result<Outcome, AwsError> {
    if let Some(name) = subresources::matching(context) {
        let body = collect(stream).await?;
        let answer = subresources::handle(cloud, context, name, &body)?;
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        if let Some(content_type) = answer.content_type {
            response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
        }
        return Ok(Outcome::ok(response));
    }
    let odd_delete = context.method == Method::DELETE
        && context.key.is_none()
        && operation::SUBRESOURCES.iter().any(|name| *name != "tagging" && context.has_query(name));
    if context.has_query("torrent") || odd_delete {
        return Err(AwsError::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    }
    let body = if is_object_data(context) {
        let blob = s3s::dto::StreamingBlob::new(stream);
        Body::from(blob)
    } else {
        let bytes = collect(stream).await?;
        // what a completed upload says of checksums is about the object
        if !context.has_query("uploadId") && !bytes.is_empty() {
            ingest::check_document(context, &bytes)?;
        }
        Body::from(bytes)
    };
    call_s3s(s3, context, s3s_request(context, parts, target, body)?).await
}

/// Hands a request to s3s and reads its answer.
pub(crate) async fn call_s3s(
    s3: &S3Service,
    context: &Arc<RequestContext>,
    request: Request<Body>,
) -> Result<Outcome, AwsError> {
    let response = s3
        .call(request)
        .await
        .map_err(|error| AwsError::internal(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
    if let Some(error) = context.error.lock().take() {
        return Err(error);
    }
    let response =
        if context.has_query("attributes") { without_etag_quotes(response).await } else { response };
    if response.status().is_client_error() || response.status().is_server_error() {
        return Err(s3s_error(response).await);
    }
    let mut response = response;
    if context.method == Method::HEAD && response.headers().contains_key("content-range") {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(Outcome::ok(response))
}

/// GetObjectAttributes is the one answer that gives an ETag without its quotes.
async fn without_etag_quotes(response: Response<Body>) -> Response<Body> {
    let (parts, mut body) = response.into_parts();
    let text = match body.store_all_limited(DOCUMENT_BYTES_MAX).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    let text = match (text.split_once("<ETag>"), text.split_once("</ETag>")) {
        (Some((before, rest)), Some((_, after))) => {
            let etag =
                rest.split("</ETag>").next().unwrap_or_default().replace("&quot;", "").replace('"', "");
            format!("{before}<ETag>{etag}</ETag>{after}")
        }
        _ => text,
    };
    Response::from_parts(parts, Body::from(text))
}

/// An error that s3s found by itself, in S3's words where its own differ.
async fn s3s_error(response: Response<Body>) -> AwsError {
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let text = match body.store_all_limited(64 * 1024).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    let code = xml::first_text(&text, "Code").unwrap_or_else(|| "InternalError".to_owned());
    let message = xml::first_text(&text, "Message");
    match code.as_str() {
        "MalformedXML" => crate::s3::tagging::malformed_xml(),
        "InvalidBucketName" => AwsError::new(400, code, "The specified bucket is not valid."),
        "KeyTooLongError" => AwsError::new(400, code, "Your key is too long"),
        "InvalidURI" => AwsError::new(400, code, "Couldn't parse the specified URI."),
        "MissingRequestBodyError" => AwsError::new(400, code, "Request Body is empty"),
        "NotImplemented" => {
            AwsError::new(501, code, "A header you provided implies functionality that is not implemented")
        }
        "MethodNotAllowed" => {
            AwsError::new(405, code, "The specified method is not allowed against this resource.")
        }
        _ => AwsError::new(status, code, message.unwrap_or_default()),
    }
}

/// Whether the body is an object's, or a part's.
fn is_object_data(context: &RequestContext) -> bool {
    context.method == Method::PUT
        && context.key.is_some()
        && !["acl", "tagging", "retention", "legal-hold"].iter().any(|name| context.has_query(name))
}

async fn collect(mut stream: PayloadStream) -> Result<Bytes, AwsError> {
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| match error.downcast::<AwsError>() {
            Ok(error) => *error,
            Err(_) => AwsError::new(400, "IncompleteBody", "The request body terminated unexpectedly"),
        })?;
        if body.len() + chunk.len() > DOCUMENT_BYTES_MAX {
            return Err(AwsError::new(400, "MaxMessageLengthExceeded", "Your request was too big."));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(body))
}

/// The request as s3s is to see it: path-style, without signature, with the body's true length.
pub(crate) fn s3s_request(
    context: &Arc<RequestContext>,
    parts: &http::request::Parts,
    target: &Target,
    body: Body,
) -> Result<Request<Body>, AwsError> {
    let query: Vec<String> = context
        .query
        .iter()
        .filter(|(name, _)| !["AWSAccessKeyId", "Signature", "Expires"].contains(&name.as_str()))
        .filter(|(name, _)| {
            !name.starts_with("X-Amz-")
                && !name.starts_with("x-amz-")
                && name != "content-type"
                && !name.starts_with("response-")
                && name != "partNumber"
                || (name == "partNumber" && context.has_query("uploadId"))
        })
        .map(|(name, value)| {
            format!("{}={}", percent_encode(name.as_bytes(), false), percent_encode(value.as_bytes(), false))
        })
        .collect();
    let uri =
        if query.is_empty() { target.path.clone() } else { format!("{}?{}", target.path, query.join("&")) };
    let mut headers = parts.headers.clone();
    for name in KEPT_FROM_S3S {
        headers.remove(name);
    }
    headers.remove("x-amz-expected-bucket-owner");
    let metadata: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-amz-meta-")).cloned().collect();
    for name in metadata {
        headers.remove(name);
    }
    if headers.contains_key("x-amz-copy-source") {
        // the sandbox reads the source itself; s3s only has to see that there is one
        headers.insert("x-amz-copy-source", HeaderValue::from_static("source/object"));
    }
    if let Some(length) = headers.remove("x-amz-decoded-content-length") {
        headers.insert("content-length", length);
    }
    let content_type = headers.remove("content-type");
    if let Some(content_type) = content_type.filter(|_| parts.method != Method::POST) {
        headers.insert("content-type", content_type);
    }
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri.parse().map_err(|_| invalid_uri())?;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(context.clone());
    Ok(request)
}

fn invalid_uri() -> AwsError {
    AwsError::new(400, "InvalidURI", "Couldn't parse the specified URI.")
}

/// The signature must be for S3, and for the region of the bucket.
fn check_scope(
    cloud: &Cloud,
    signed: &parse::Signed,
    parts: &http::request::Parts,
    target: &Target,
    query: &[(String, String)],
) -> Result<(), AwsError> {
    let scope = &signed.scope;
    let in_query = signed.expires_seconds.is_some();
    let refuse = |what: String| match in_query {
        true => AwsError::new(
            400,
            "AuthorizationQueryParametersError",
            format!("Error parsing the X-Amz-Credential parameter; {what}"),
        ),
        false => AwsError::new(
            400,
            "AuthorizationHeaderMalformed",
            format!("The authorization header is malformed; {what}"),
        ),
    };
    if scope.service != "s3" {
        return Err(refuse(format!(
            "incorrect service \"{}\". This endpoint belongs to \"s3\".",
            scope.service
        )));
    }
    let Some(bucket) = &target.bucket else { return Ok(()) };
    let creates = parts.method == Method::PUT
        && target.key.is_none()
        && query.iter().all(|(name, _)| name.starts_with("X-Amz-") || name == "x-id");
    let asks_location = query.iter().any(|(name, _)| name == "location");
    if creates || asks_location {
        return Ok(());
    }
    let Ok(settings) = cloud.buckets.settings(bucket) else { return Ok(()) };
    if settings.region == scope.region {
        return Ok(());
    }
    Err(refuse(format!("the region '{}' is wrong; expecting '{}'", scope.region, settings.region))
        .detail("Region", settings.region.clone())
        .header("x-amz-bucket-region", settings.region))
}

/// Signature Version 2 is for buckets in the oldest region.
fn check_old_signature(cloud: &Cloud, target: &Target) -> Result<(), AwsError> {
    let Some(Ok(settings)) = target.bucket.as_ref().map(|bucket| cloud.buckets.settings(bucket)) else {
        return Ok(());
    };
    if settings.region == "us-east-1" { Ok(()) } else { Err(parse::old_signature_refused()) }
}

fn header_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Reads on for a while after an upload was refused, since closing at once would hide the answer.
async fn drain(left_over: &LeftOver) {
    let Some(UnreadBody { mut body, .. }) = left_over.lock().take() else { return };
    let read = async {
        let mut read = 0_u64;
        while let Some(Ok(frame)) = http_body_util::BodyExt::frame(&mut body).await {
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
            if read > DRAIN_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), read).await;
}

/// Headers that every answer of S3 has.
fn decorate(cloud: &Cloud, response: &mut Response<Body>, progress: &Progress, head: bool, request_id: &str) {
    let status = response.status();
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-amz-request-id", request_id);
    put("x-amz-id-2", &answer::host_id(request_id));
    if let Some(bucket) = &progress.bucket
        && let Ok(settings) = cloud.buckets.settings(bucket)
    {
        let refused =
            matches!(status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::MOVED_PERMANENTLY);
        if progress.key.is_none() && head || refused {
            put("x-amz-bucket-region", &settings.region);
        }
        if progress.pays && status.is_success() && requester_pays::is_on(&settings) {
            put("x-amz-request-charged", "requester");
        }
        if let Some(asked) = &progress.origin {
            cors::add_headers(&settings, asked, headers);
        }
    }
}

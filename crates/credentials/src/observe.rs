//! The requests to S3 on their way: each is written into the request log with what it was and what came of it.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use http_body_util::BodyExt;
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpResponse, HttpResponseBody, HttpService};
use percent_encoding::percent_decode_str;

use crate::explain::{element, unescape};
use crate::request_log::{Answered, Asked, Pending, RequestOrigin};
use crate::transport::{REQUEST_ID_HEADER, read_start};

/// Passes requests on and notes them.
#[derive(Debug)]
pub(crate) struct ObservedService {
    pub(crate) inner: HttpClient,
    pub(crate) origin: Arc<RequestOrigin>,
    pub(crate) bucket: String,
    pub(crate) virtual_host_style: bool,
}

#[async_trait]
impl HttpService for ObservedService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked = self.asked(&request);
        let mut pending = Pending::start(Arc::clone(&self.origin), asked);
        let is_head = request.method() == Method::HEAD;
        let response = self.inner.execute(request).await?;
        let (parts, body) = response.into_parts();
        let request_id =
            parts.headers.get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let mut answered = Answered { status: Some(parts.status.as_u16()), error_code: None, request_id };
        if parts.status.is_client_error() || parts.status.is_server_error() || parts.status.is_redirection() {
            if is_head {
                pending.answer(answered);
                return Ok(HttpResponse::from_parts(parts, body));
            }
            let text = read_start(body).await?;
            answered.error_code = element(&String::from_utf8_lossy(&text), "Code");
            pending.receive(text.len());
            pending.answer(answered);
            return Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(text)));
        }
        pending.answer(answered);
        let counted = body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                pending.receive(data.len());
            }
            frame
        });
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(counted)))
    }
}

impl ObservedService {
    fn asked(&self, request: &HttpRequest) -> Asked {
        let path = request.uri().path();
        // A key may begin with a `/` of its own.
        let path = path.strip_prefix('/').unwrap_or(path);
        // The bucket's region is asked for in the other style.
        let key = if self.virtual_host_style && path != self.bucket {
            path
        } else {
            let key = path.strip_prefix(self.bucket.as_str()).unwrap_or(path);
            key.strip_prefix('/').unwrap_or(key)
        };
        let query = request.uri().query().unwrap_or_default();
        let parameter = |name: &str| {
            query.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (key == name).then(|| decode(value))
            })
        };
        let has = |name: &str| parameter(name).is_some();
        let method = request.method();
        let (action, operation) = match (method.as_str(), key.is_empty()) {
            ("HEAD", true) => ("s3:ListBucket", "HeadBucket"),
            ("GET", true) => ("s3:ListBucket", "ListObjectsV2"),
            ("POST", true) if has("delete") => ("s3:DeleteObject", "DeleteObjects"),
            ("HEAD", false) => ("s3:GetObject", "HeadObject"),
            ("GET", false) if has("uploadId") => ("s3:ListMultipartUploadParts", "ListParts"),
            ("GET", false) => ("s3:GetObject", "GetObject"),
            ("PUT", false) if has("partNumber") => ("s3:PutObject", "UploadPart"),
            ("PUT", false) if request.headers().contains_key("x-amz-copy-source") => {
                ("s3:PutObject", "CopyObject")
            }
            ("PUT", false) => ("s3:PutObject", "PutObject"),
            ("POST", false) if has("uploads") => ("s3:PutObject", "CreateMultipartUpload"),
            ("POST", false) => ("s3:PutObject", "CompleteMultipartUpload"),
            ("DELETE", false) if has("uploadId") => ("s3:AbortMultipartUpload", "AbortMultipartUpload"),
            ("DELETE", false) => ("s3:DeleteObject", "DeleteObject"),
            _ => ("s3:Unknown", "Unknown"),
        };
        let mut keys = match operation {
            "DeleteObjects" => deleted_keys(request),
            _ => Vec::new(),
        };
        let resource = match keys.pop() {
            Some(key) => Some(key),
            None if key.is_empty() => parameter("prefix"),
            None => Some(decode(key)),
        };
        Asked {
            action,
            operation,
            bucket: Some(self.bucket.clone()),
            resource,
            more_resources: keys,
            bytes_sent: request.body().content_length() as u64,
        }
    }
}

/// The keys that a request names in its body; only the object store's own requests are read, so what it writes is known.
fn deleted_keys(request: &HttpRequest) -> Vec<String> {
    let Some(body) = request.body().as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Vec::new();
    };
    let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
    keys.map(|(key, _)| unescape(key)).collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

//! PostObject: an upload from an HTML form, authorized by a signed policy document or by nobody.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use parking_lot::Mutex;
use s3s::Body;
use s3s::service::S3Service;
use serde_json::Value;

use crate::answer::Outcome;
use crate::authenticate::caller::Caller;
use crate::authenticate::parse::Scope;
use crate::authenticate::payload::{PayloadHash, PayloadStream};
use crate::authenticate::{authenticate_form, old_signature};
use crate::encoding::{parse_amz_date, percent_encode};
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::s3_http::{self, Target};
use crate::sandbox::Cloud;
use crate::xml::Xml;

/// The most a form may hold, file included.
const FORM_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The fields of a form in their order, names in lower case, and the file behind them.
struct Form {
    fields: Vec<(String, String)>,
    file_name: String,
    file_type: Option<String>,
    file: Bytes,
}

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// Answers a form upload by making it a PutObject.
pub(crate) async fn answer(
    cloud: &Arc<Cloud>,
    s3: &S3Service,
    context: &Arc<RequestContext>,
    stream: PayloadStream,
    target: &Target,
) -> Result<Outcome, AwsError> {
    let body = collect(stream).await?;
    let content_type = context.header("content-type").unwrap_or_default();
    let boundary = boundary(content_type)
        .ok_or_else(|| malformed("The body of your POST request is not well-formed multipart/form-data."))?;
    let form = parse_form(&body, &boundary)?;
    let bucket = target.bucket.as_deref().unwrap_or_default();
    cloud.buckets.settings(bucket)?;
    let key = form
        .get("key")
        .ok_or_else(|| invalid("key", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."))?
        .replace("${filename}", &form.file_name);
    if key.is_empty() {
        return Err(invalid("key", "User key must have a length greater than 0."));
    }
    let caller = caller(cloud, context, &form)?;
    if let Some(policy) = form.get("policy") {
        check_policy(context, policy, &form, bucket, &key)?;
    } else if !caller.is_anonymous() {
        return Err(invalid("policy", "Bucket POST must contain a field named 'policy'."));
    }
    put(s3, context, caller, &form, bucket, &key).await
}

fn malformed(message: &str) -> AwsError {
    AwsError::new(400, "MalformedPOSTRequest", message)
}

fn invalid(field: &'static str, message: &str) -> AwsError {
    AwsError::new(400, "InvalidArgument", message).detail("ArgumentName", field)
}

async fn collect(mut stream: PayloadStream) -> Result<Bytes, AwsError> {
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| malformed("The body of your POST request broke off."))?;
        if body.len() + chunk.len() > FORM_BYTES_MAX {
            return Err(AwsError::new(
                400,
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(body))
}

fn boundary(content_type: &str) -> Option<String> {
    content_type
        .split(';')
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    haystack
        .get(from..)?
        .windows(needle.len())
        .position(|window| window == needle)
        .map(|position| position + from)
}

fn parse_form(body: &Bytes, boundary: &str) -> Result<Form, AwsError> {
    let broken = || malformed("The body of your POST request is not well-formed multipart/form-data.");
    let delimiter = format!("--{boundary}");
    let mut position = find(body, delimiter.as_bytes(), 0).ok_or_else(broken)? + delimiter.len();
    let next = format!("\r\n--{boundary}");
    let mut fields = Vec::new();
    loop {
        if body.get(position..position + 2) == Some(b"--") {
            return Err(invalid("file", "POST requires exactly one file upload per request."));
        }
        let head_end = find(body, b"\r\n\r\n", position).ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&body[position..head_end]).into_owned();
        let data_start = head_end + 4;
        let data_end = find(body, next.as_bytes(), data_start).ok_or_else(broken)?;
        let parameter = |name: &str| -> Option<String> {
            let line =
                head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
            let (_, rest) = line.split_once(&format!("{name}=\""))?;
            rest.split('"').next().map(str::to_owned)
        };
        let disposition =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
        let name = disposition
            .and_then(|line| line.split(';').map(str::trim).find_map(|part| part.strip_prefix("name=")))
            .map(|name| name.trim_matches('"').to_ascii_lowercase())
            .ok_or_else(broken)?;
        if name == "file" {
            let file_type = head.lines().find_map(|line| {
                let (header, value) = line.split_once(':')?;
                header.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
            });
            let file_name = parameter("filename").unwrap_or_default();
            let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            // fields behind the file do not count
            return Ok(Form { fields, file_name, file_type, file: body.slice(data_start..data_end) });
        }
        fields.push((name, String::from_utf8_lossy(&body[data_start..data_end]).into_owned()));
        position = data_end + next.len();
    }
}

fn caller(cloud: &Cloud, context: &RequestContext, form: &Form) -> Result<Caller, AwsError> {
    let Some(signature) = form.get("x-amz-signature") else {
        return match (form.get("awsaccesskeyid"), form.get("signature"), form.get("policy")) {
            (Some(key), Some(signature), Some(policy)) => {
                let token = form.get("x-amz-security-token");
                old_signature::authenticate_form(
                    key,
                    policy,
                    signature,
                    token,
                    &cloud.identities,
                    context.now,
                )
            }
            (None, None, _) => Ok(Caller::anonymous()),
            _ => Err(invalid(
                "field",
                "Bucket POST must contain fields named 'AWSAccessKeyId', 'signature' and 'policy'.  If they are specified, please check the order of the fields.",
            )),
        };
    };
    let field = |name: &'static str| {
        form.get(name).ok_or_else(|| invalid("field", &format!("Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.")))
    };
    let policy = field("policy")?;
    if field("x-amz-algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(invalid("x-amz-algorithm", "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    }
    let scope = Scope::parse(field("x-amz-credential")?)
        .filter(|scope| scope.service == "s3")
        .ok_or_else(|| invalid("x-amz-credential", "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."))?;
    let signed_at = parse_amz_date(field("x-amz-date")?).ok_or_else(|| {
        invalid("x-amz-date", "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    })?;
    if signed_at.date() != parse_amz_date(&format!("{}T000000Z", scope.date)).unwrap_or(signed_at).date() {
        return Err(invalid("x-amz-credential", "the date of the Credential is not that of X-Amz-Date"));
    }
    authenticate_form(
        &scope,
        signed_at,
        policy,
        signature,
        form.get("x-amz-security-token"),
        &cloud.identities,
        context.now,
    )
}

/// Fields that need no condition in the policy.
fn needs_condition(name: &str) -> bool {
    !matches!(name, "policy" | "x-amz-signature" | "awsaccesskeyid" | "signature" | "file" | "submit")
        && !name.starts_with("x-ignore-")
}

fn check_policy(
    context: &RequestContext,
    encoded: &str,
    form: &Form,
    bucket: &str,
    key: &str,
) -> Result<(), AwsError> {
    let refuse = |message: &str| AwsError::new(400, "InvalidPolicyDocument", message);
    let denied = |message: String| AwsError::new(403, "AccessDenied", message);
    let compact: String = encoded.chars().filter(|character| !character.is_whitespace()).collect();
    let text = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| refuse("Invalid Policy: Invalid Base64."))?;
    let policy: Value = serde_json::from_slice(&text).map_err(|_| refuse("Invalid Policy: Invalid JSON."))?;
    let expiration = policy
        .get("expiration")
        .and_then(Value::as_str)
        .ok_or_else(|| refuse("Invalid Policy: Policy missing expiration."))?;
    // RFC 3339 lets a blank stand between date and time, S3 does not
    let expiration = Some(expiration)
        .filter(|text| text.contains('T'))
        .and_then(|text| {
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
        })
        .ok_or_else(|| refuse("Invalid Policy: Invalid 'expiration' value."))?;
    if context.now > expiration {
        return Err(denied("Invalid according to Policy: Policy expired.".to_owned()));
    }
    let conditions = policy
        .get("conditions")
        .and_then(Value::as_array)
        .ok_or_else(|| refuse("Invalid Policy: Policy missing conditions."))?;
    let value_of = |name: &str| match name {
        "bucket" => Some(bucket.to_owned()),
        "key" => Some(key.to_owned()),
        other => form.get(other).map(str::to_owned),
    };
    let mut covered = Vec::new();
    for condition in conditions {
        match condition {
            Value::Object(pairs) if !pairs.is_empty() => {
                for (name, expected) in pairs {
                    let name = name.to_ascii_lowercase();
                    let expected = expected.as_str().ok_or_else(|| {
                        refuse("Invalid Policy: Invalid Simple-Condition: value must be a string.")
                    })?;
                    if value_of(&name).as_deref() != Some(expected) {
                        return Err(denied(format!(
                            "Invalid according to Policy: Policy Condition failed: [\"eq\", \"${name}\", \"{expected}\"]"
                        )));
                    }
                    covered.push(name);
                }
            }
            Value::Array(items) => {
                let operator = items.first().and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
                if operator == "content-length-range" {
                    let number = |index: usize| {
                        let value = items.get(index)?;
                        value.as_i64().or_else(|| value.as_str()?.parse().ok())
                    };
                    let (Some(least), Some(most)) = (number(1), number(2)) else {
                        return Err(refuse("Invalid Policy: Invalid content-length-range."));
                    };
                    check_size(form.file.len(), least, most)?;
                    continue;
                }
                let (Some(field), Some(expected), 3) =
                    (items.get(1).and_then(Value::as_str), items.get(2).and_then(Value::as_str), items.len())
                else {
                    return Err(refuse("Invalid Policy: Invalid JSON: Condition must have three elements."));
                };
                let Some(name) = field.strip_prefix('$').map(str::to_ascii_lowercase) else {
                    return Err(refuse("Invalid Policy: Invalid Condition: field must start with '$'."));
                };
                let actual = value_of(&name);
                let holds = match operator.as_str() {
                    "eq" => actual.as_deref() == Some(expected),
                    "starts-with" => match &actual {
                        Some(actual) if name == "content-type" => {
                            actual.split(',').all(|part| part.trim().starts_with(expected))
                        }
                        Some(actual) => actual.starts_with(expected),
                        None => false,
                    },
                    _ => return Err(refuse("Invalid Policy: Unknown operator.")),
                };
                if !holds {
                    return Err(denied(format!(
                        "Invalid according to Policy: Policy Condition failed: [\"{operator}\", \"{field}\", \"{expected}\"]"
                    )));
                }
                covered.push(name);
            }
            _ => return Err(refuse("Invalid Policy: Invalid condition.")),
        }
    }
    let stray = form
        .fields
        .iter()
        .map(|(name, _)| name)
        .find(|name| needs_condition(name) && !covered.contains(name));
    if let Some(name) = stray {
        return Err(denied(format!("Invalid according to Policy: Extra input fields: {name}")));
    }
    if !covered.iter().any(|name| name == "bucket") {
        return Err(denied("Invalid according to Policy: Extra input fields: bucket".to_owned()));
    }
    Ok(())
}

fn check_size(size: usize, least: i64, most: i64) -> Result<(), AwsError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    if least < 0 || most < least {
        return Err(AwsError::new(
            400,
            "InvalidPolicyDocument",
            "Invalid Policy: Invalid content-length-range.",
        ));
    }
    if size < least {
        return Err(AwsError::new(
            400,
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
        )
        .detail("ProposedSize", size.to_string())
        .detail("MinSizeAllowed", least.to_string()));
    }
    if size > most {
        return Err(AwsError::new(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        )
        .detail("ProposedSize", size.to_string())
        .detail("MaxSizeAllowed", most.to_string()));
    }
    Ok(())
}

/// Form fields that become headers of the PutObject.
fn put_headers(form: &Form) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.insert(name, value);
        }
    };
    if let Some(content_type) = form.file_type.as_deref().filter(|_| form.get("content-type").is_none()) {
        // a browser's guess counts only when the form says nothing
        if content_type != "application/octet-stream" {
            put("content-type", content_type);
        }
    }
    for (name, value) in &form.fields {
        let described = matches!(
            name.as_str(),
            "content-type"
                | "cache-control"
                | "content-disposition"
                | "content-encoding"
                | "expires"
                | "content-md5"
        );
        let extended = ["x-amz-meta-", "x-amz-checksum-", "x-amz-server-side-encryption"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || matches!(
                name.as_str(),
                "x-amz-storage-class"
                    | "x-amz-website-redirect-location"
                    | "x-amz-object-lock-mode"
                    | "x-amz-object-lock-retain-until-date"
                    | "x-amz-object-lock-legal-hold"
            );
        if described || extended {
            put(name, value);
        }
    }
    if let Some(acl) = form.get("acl").or_else(|| form.get("x-amz-acl")) {
        put("x-amz-acl", acl);
    }
    if let Some(tagging) = form.get("tagging")
        && let Some(header) = tagging_header(tagging)
    {
        put("x-amz-tagging", &header);
    }
    put("content-length", &form.file.len().to_string());
    put("host", "form");
    headers
}

/// The tags of a form are a document.
fn tagging_header(document: &str) -> Option<String> {
    let tagging: s3s::dto::Tagging = super::validate_xml::read(document.as_bytes()).ok()?;
    let pairs: Vec<String> = tagging
        .tag_set
        .iter()
        .filter_map(|tag| {
            let (key, value) = (tag.key.as_ref()?, tag.value.as_ref()?);
            Some(format!(
                "{}={}",
                percent_encode(key.as_bytes(), false),
                percent_encode(value.as_bytes(), false)
            ))
        })
        .collect();
    Some(pairs.join("&"))
}

async fn put(
    s3: &S3Service,
    context: &Arc<RequestContext>,
    caller: Caller,
    form: &Form,
    bucket: &str,
    key: &str,
) -> Result<Outcome, AwsError> {
    let headers = put_headers(form);
    let put_context = Arc::new(RequestContext {
        caller,
        now: context.now,
        identities: context.identities.clone(),
        method: Method::PUT,
        headers: headers.clone(),
        query: Vec::new(),
        remote: context.remote,
        request_id: context.request_id.clone(),
        base_url: context.base_url.clone(),
        bucket: Some(bucket.to_owned()),
        key: Some(key.to_owned()),
        payload: PayloadHash::Unsigned,
        trailers: Arc::new(Mutex::new(Vec::new())),
        error: Mutex::new(None),
        action: Mutex::new(String::new()),
    });
    let path = format!("/{bucket}/{}", percent_encode(key.as_bytes(), true));
    let mut request = http::Request::new(());
    *request.method_mut() = Method::PUT;
    *request.headers_mut() = headers;
    let (parts, ()) = request.into_parts();
    let target = Target::for_object(bucket, key, path.clone());
    let request = s3_http::s3s_request(&put_context, &parts, &target, Body::from(form.file.clone()))?;
    let outcome = s3_http::call_s3s(s3, &put_context, request).await?;
    let Outcome::Response { response, .. } = outcome else { return Ok(outcome) };
    let etag = response.headers().get("etag").cloned();
    let mut answer = success(context, form, bucket, key, &path, etag.as_ref());
    for name in ["etag", "x-amz-version-id", "x-amz-server-side-encryption"] {
        if let Some(value) = response.headers().get(name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    Ok(Outcome::ok(answer))
}

fn success(
    context: &RequestContext,
    form: &Form,
    bucket: &str,
    key: &str,
    path: &str,
    etag: Option<&HeaderValue>,
) -> Response<Body> {
    let etag = etag.and_then(|etag| etag.to_str().ok()).unwrap_or_default();
    let location = format!("{}{path}", context.base_url);
    let redirect = form.get("success_action_redirect").or_else(|| form.get("redirect"));
    if let Some(redirect) = redirect.filter(|url| url.starts_with("http://") || url.starts_with("https://")) {
        let joint = if redirect.contains('?') { '&' } else { '?' };
        let url = format!(
            "{redirect}{joint}bucket={}&key={}&etag={}",
            percent_encode(bucket.as_bytes(), false),
            percent_encode(key.as_bytes(), false),
            percent_encode(etag.as_bytes(), false)
        );
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(value) = HeaderValue::from_str(&url) {
            response.headers_mut().insert("location", value);
        }
        return response;
    }
    let mut response = match form.get("success_action_status") {
        Some("201") => {
            let mut xml = Xml::new();
            xml.nested("PostResponse", |xml| {
                xml.text("Location", &location).text("Bucket", bucket).text("Key", key).text("ETag", etag);
            });
            let mut response = Response::new(Body::from(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
                xml.finish()
            )));
            *response.status_mut() = StatusCode::CREATED;
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
            response
        }
        Some("200") => Response::new(Body::empty()),
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
    };
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert("location", value);
    }
    response
}

//! GetObject, HeadObject and GetObjectAttributes.

use std::ops::Range;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::dto::{self, StreamingBlob};

use super::checksum::Checksum;
use super::conditions;
use super::expiration;
use super::kms_use::{self, Use};
use super::model::{NULL_VERSION, Object, Version, Versioning};
use super::store::delete_marker;
use crate::authorize;
use crate::encoding::http_date;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;
use crate::storage::reader::ContentReader;

/// An object, or the part of it that was asked for, ready to be sent.
pub(crate) struct Reading {
    pub(crate) headers: HeaderMap,
    pub(crate) content: crate::storage::content::Content,
    pub(crate) partial: bool,
}

impl Reading {
    pub(crate) fn body(&self) -> StreamingBlob {
        StreamingBlob::new(ContentReader::new(&self.content))
    }
}

/// The version a request is about. A missing key is told to those who may list the bucket, and to nobody else.
pub(crate) fn find(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    id: Option<&str>,
) -> Result<(Version, Arc<Object>, Versioning), AwsError> {
    let found = cloud.buckets.read(bucket, |bucket| {
        let version = bucket.version(key, id)?;
        let Some(object) = &version.object else { return Err(delete_marker(key, &version.id, id.is_some())) };
        Ok((version.clone(), object.clone(), bucket.settings.versioning))
    });
    found.map_err(|error| match error.code.as_str() {
        "NoSuchKey" | "NoSuchVersion" => hide_missing(cloud, request, bucket, error),
        _ => error,
    })
}

fn hide_missing(cloud: &Cloud, request: &RequestContext, bucket: &str, missing: AwsError) -> AwsError {
    let settings = match cloud.buckets.settings(bucket) {
        Ok(settings) => settings,
        Err(error) => return error,
    };
    let target = authorize::s3::Target { bucket: &settings, key: None, object_acl: None };
    let action = if missing.code == "NoSuchVersion" { "s3:ListBucketVersions" } else { "s3:ListBucket" };
    match authorize::s3::allow(request, action, &target, |_| {}) {
        Ok(()) => missing,
        Err(denied) => denied,
    }
}

/// GetObject and HeadObject up to the body.
pub(crate) fn read_object(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<Reading, AwsError> {
    let (version, object, versioning) = find(cloud, request, bucket, key, request.version_id())?;
    let facts = &object.facts;
    facts.description.encryption.check_reader(request, "x-amz-server-side-encryption-customer")?;
    conditions::check_read(request, &facts.etag, version.modified)?;
    let archived = matches!(facts.description.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"));
    let restored = facts.restored_until.filter(|until| *until > request.now);
    if archived && restored.is_none() && request.method == http::Method::GET {
        return Err(AwsError::new(
            403,
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
        )
        .detail("StorageClass", facts.description.storage_class.clone().unwrap_or_default()));
    }
    // HEAD says only what is no secret of the key
    if request.method == http::Method::GET {
        let region = &cloud.buckets.settings(bucket)?.region;
        kms_use::allow(request, region, &facts.description.encryption, (bucket, key), Use::Read)?;
    }
    let size = object.content.length();
    let part = part_range(request, &object)?;
    let range = match &part {
        Some((range, _)) => Some(range.clone()),
        None => conditions::range(request.header("range"), size)?,
    };
    let mut headers = description_headers(&object);
    let mut put = |name: &'static str, value: String| insert(&mut headers, name, &value);
    put("etag", format!("\"{}\"", facts.etag));
    put("last-modified", http_date(version.modified));
    put("accept-ranges", "bytes".to_owned());
    if let Some(until) = restored {
        put("x-amz-restore", format!("ongoing-request=\"false\", expiry-date=\"{}\"", http_date(until)));
    }
    if versioning != Versioning::Off || version.id != NULL_VERSION {
        put("x-amz-version-id", version.id.clone());
    }
    if request.version_id().is_none()
        && let Some(rule) =
            expiration::of_object(&cloud.buckets.settings(bucket)?, key, &object, version.modified)
    {
        put("x-amz-expiration", rule);
    }
    let with_checksum =
        request.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED"));
    if with_checksum {
        let checksum = match &part {
            Some((_, checksum)) => checksum.as_ref(),
            None if range.is_none() => facts.checksum.as_ref(),
            None => None,
        };
        if let Some(checksum) = checksum {
            put(checksum.algorithm.header(), checksum.value.clone());
            put("x-amz-checksum-type", checksum.kind.as_str().to_owned());
        }
    }
    if part.is_some() && !facts.parts.is_empty() {
        put("x-amz-mp-parts-count", facts.parts.len().to_string());
    }
    let content = match &range {
        Some(range) => {
            // an empty object has no first byte to name
            if size > 0 {
                put("content-range", format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)));
            }
            object.content.slice(range.clone())
        }
        None => object.content.clone(),
    };
    put("content-length", content.length().to_string());
    override_headers(request, &mut headers)?;
    Ok(Reading { headers, content, partial: range.is_some() && size > 0 })
}

/// Where a part is, and its checksum.
type PartOfObject = (Range<u64>, Option<Checksum>);

/// The bytes of the part that `partNumber` names, and its checksum.
fn part_range(request: &RequestContext, object: &Object) -> Result<Option<PartOfObject>, AwsError> {
    let Some(text) = request.query_value("partNumber") else { return Ok(None) };
    if request.headers.contains_key("range") {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    let invalid = || {
        AwsError::new(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
            .detail("ArgumentName", "partNumber")
            .detail("ArgumentValue", text)
    };
    let number: u16 = text.parse().map_err(|_| invalid())?;
    if !(1..=10_000).contains(&number) {
        return Err(invalid());
    }
    let size = object.content.length();
    if object.facts.parts.is_empty() {
        if number == 1 {
            return Ok(Some((0..size, object.facts.checksum.clone())));
        }
    } else {
        let mut start = 0;
        for part in &object.facts.parts {
            if part.number == number {
                return Ok(Some((start..start + part.size, part.checksum.clone())));
            }
            start += part.size;
        }
    }
    Err(AwsError::new(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
        .detail("PartNumberRequested", text)
        .detail("ActualPartCount", object.facts.parts.len().max(1).to_string()))
}

/// Headers that come from what the writer said.
fn description_headers(object: &Object) -> HeaderMap {
    let description = &object.facts.description;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", Some(description.content_type.as_deref().unwrap_or("binary/octet-stream"))),
        ("cache-control", description.cache_control.as_deref()),
        ("content-disposition", description.content_disposition.as_deref()),
        ("content-encoding", description.content_encoding.as_deref()),
        ("content-language", description.content_language.as_deref()),
        ("expires", description.expires.as_deref()),
        ("x-amz-website-redirect-location", description.website_redirect.as_deref()),
        ("x-amz-storage-class", description.storage_class.as_deref()),
    ] {
        if let Some(value) = value {
            insert(&mut headers, name, value);
        }
    }
    for (name, value) in description.encryption.headers().into_iter().chain(object.facts.locks.headers()) {
        insert(&mut headers, name, &value);
    }
    if !object.facts.tags.is_empty() {
        insert(&mut headers, "x-amz-tagging-count", &object.facts.tags.len().to_string());
    }
    for (key, value) in &description.metadata {
        let name = HeaderName::from_bytes(format!("x-amz-meta-{key}").as_bytes());
        let bytes = if description.metadata_is_latin1 { latin1(value) } else { value.clone().into_bytes() };
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&bytes)) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The text in Latin-1, or in UTF-8 where that has no room for it.
fn latin1(text: &str) -> Vec<u8> {
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The `response-*` parameters, for callers who have signed them.
fn override_headers(request: &RequestContext, headers: &mut HeaderMap) -> Result<(), AwsError> {
    for (parameter, header) in [
        ("response-content-type", "content-type"),
        ("response-content-language", "content-language"),
        ("response-expires", "expires"),
        ("response-cache-control", "cache-control"),
        ("response-content-disposition", "content-disposition"),
        ("response-content-encoding", "content-encoding"),
    ] {
        if let Some(value) = request.query_value(parameter) {
            if request.caller.is_anonymous() {
                return Err(AwsError::new(
                    400,
                    "InvalidRequest",
                    "Request specific response headers cannot be used for anonymous GET requests.",
                ));
            }
            insert(headers, header, value);
        }
    }
    Ok(())
}

/// GetObjectAttributes.
pub(crate) fn attributes(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::GetObjectAttributesInput,
) -> Result<(dto::GetObjectAttributesOutput, HeaderMap), AwsError> {
    let wanted: Vec<&str> = request
        .headers
        .get_all("x-amz-object-attributes")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for name in &wanted {
        if !["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"].contains(name) {
            return Err(AwsError::new(400, "InvalidArgument", "Invalid attribute name specified.")
                .detail("ArgumentName", "x-amz-object-attributes")
                .detail("ArgumentValue", *name));
        }
    }
    let (version, object, versioning) =
        find(cloud, request, &input.bucket, &input.key, request.version_id())?;
    object.facts.description.encryption.check_reader(request, "x-amz-server-side-encryption-customer")?;
    let facts = &object.facts;
    let has = |name: &str| wanted.contains(&name);
    let mut output = dto::GetObjectAttributesOutput::default();
    if has("ETag") {
        output.e_tag = Some(dto::ETag::Strong(facts.etag.clone()));
    }
    if has("ObjectSize") {
        output.object_size = i64::try_from(object.content.length()).ok();
    }
    if has("StorageClass") {
        let class = facts.description.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned());
        output.storage_class = Some(class.into());
    }
    if has("Checksum")
        && let Some(checksum) = &facts.checksum
    {
        let mut shown = dto::Checksum::default();
        super::backend::set_checksum!(shown, checksum);
        shown.checksum_type = Some(checksum.kind.as_str().to_owned().into());
        output.checksum = Some(shown);
    }
    if has("ObjectParts") && !facts.parts.is_empty() {
        output.object_parts = Some(object_parts(&object, input));
    }
    let mut headers = HeaderMap::new();
    insert(&mut headers, "last-modified", &http_date(version.modified));
    if versioning != Versioning::Off {
        insert(&mut headers, "x-amz-version-id", &version.id);
    }
    Ok((output, headers))
}

fn object_parts(object: &Object, input: &dto::GetObjectAttributesInput) -> dto::GetObjectAttributesParts {
    let facts = &object.facts;
    let marker = input.part_number_marker.unwrap_or(0).max(0);
    let max = input.max_parts.unwrap_or(1000).clamp(0, 1000);
    let mut parts = Vec::new();
    let mut truncated = false;
    for part in facts.parts.iter().filter(|part| i32::from(part.number) > marker) {
        if parts.len() >= usize::try_from(max).unwrap_or(0) {
            truncated = true;
            break;
        }
        let mut shown = dto::ObjectPart {
            part_number: Some(i32::from(part.number)),
            size: i64::try_from(part.size).ok(),
            ..dto::ObjectPart::default()
        };
        if let Some(checksum) = &part.checksum {
            super::backend::set_checksum!(shown, checksum);
        }
        parts.push(shown);
    }
    let last = parts.last().and_then(|part| part.part_number).unwrap_or(marker);
    // S3 lists parts only where they have checksums of their own
    let listed = facts.parts.iter().any(|part| part.checksum.is_some());
    dto::GetObjectAttributesParts {
        total_parts_count: i32::try_from(facts.parts.len()).ok(),
        is_truncated: listed.then_some(truncated),
        max_parts: listed.then_some(max),
        part_number_marker: listed.then_some(marker),
        next_part_number_marker: listed.then_some(last),
        parts: listed.then_some(parts),
    }
}

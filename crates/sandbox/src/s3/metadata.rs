//! What a client says about an object when it writes it.

use std::collections::BTreeMap;

use super::encryption::Encryption;
use super::model::{BucketSettings, Description};
use super::tagging;
use crate::error::AwsError;
use crate::request::RequestContext;

/// All user metadata of an object, names and values.
const METADATA_BYTES_MAX: usize = 2 * 1024;

const STORAGE_CLASSES: [&str; 11] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
];

/// Reads the description of an object from the headers of a write.
pub(crate) fn from_request(
    request: &RequestContext,
    bucket: &BucketSettings,
) -> Result<Description, AwsError> {
    let text = |name: &str| header_text(request, name).filter(|value| !value.is_empty());
    let storage_class = storage_class(request)?;
    Ok(Description {
        content_type: text("content-type"),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding").and_then(|value| without_aws_chunked(&value)),
        content_language: text("content-language"),
        expires: text("expires"),
        website_redirect: website_redirect(request)?,
        storage_class,
        metadata: user_metadata(request)?,
        metadata_is_latin1: is_latin1(request),
        encryption: encryption(request, bucket)?,
    })
}

/// The encryption of a write.
pub(crate) fn encryption(request: &RequestContext, bucket: &BucketSettings) -> Result<Encryption, AwsError> {
    Encryption::from_request(request, &bucket.region, bucket.documents.get("encryption").map(String::as_str))
}

/// The storage class of a write; `None` is STANDARD.
pub(crate) fn storage_class(request: &RequestContext) -> Result<Option<String>, AwsError> {
    match request.header("x-amz-storage-class") {
        None | Some("" | "STANDARD") => Ok(None),
        Some(class) if STORAGE_CLASSES.contains(&class) => Ok(Some(class.to_owned())),
        Some(class) => {
            Err(AwsError::new(400, "InvalidStorageClass", "The storage class you specified is not valid")
                .detail("StorageClassRequested", class))
        }
    }
}

/// Where a website redirects the object's readers.
pub(crate) fn website_redirect(request: &RequestContext) -> Result<Option<String>, AwsError> {
    let Some(location) = request.header("x-amz-website-redirect-location") else { return Ok(None) };
    if ["/", "http://", "https://"].iter().any(|start| location.starts_with(start)) {
        return Ok(Some(location.to_owned()));
    }
    Err(AwsError::new(
        400,
        "InvalidRedirectLocation",
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ))
}

/// The `x-amz-meta-*` headers.
pub(crate) fn user_metadata(request: &RequestContext) -> Result<BTreeMap<String, String>, AwsError> {
    let mut metadata = BTreeMap::new();
    for name in request.headers.keys() {
        let Some(key) = name.as_str().strip_prefix("x-amz-meta-") else { continue };
        if let Some(value) = header_text(request, name.as_str()) {
            metadata.insert(key.to_owned(), value);
        }
    }
    let size: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > METADATA_BYTES_MAX {
        return Err(AwsError::new(
            400,
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
        )
        .detail("Size", size.to_string())
        .detail("MaxSizeAllowed", METADATA_BYTES_MAX.to_string()));
    }
    Ok(metadata)
}

/// Whether some metadata came as Latin-1, as Python's clients send it; it then goes out so as well.
fn is_latin1(request: &RequestContext) -> bool {
    let user = request.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
    user.into_iter().any(|(_, value)| std::str::from_utf8(value.as_bytes()).is_err())
}

/// The tags of the `x-amz-tagging` header.
pub(crate) fn tags_header(request: &RequestContext) -> Result<BTreeMap<String, String>, AwsError> {
    match request.header("x-amz-tagging") {
        Some(header) => tagging::parse_header(header),
        None => Ok(BTreeMap::new()),
    }
}

/// All values of a header, joined; bytes that are no UTF-8 are read as Latin-1.
fn header_text(request: &RequestContext, name: &str) -> Option<String> {
    let values: Vec<String> = request
        .headers
        .get_all(name)
        .iter()
        .map(|value| match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => text.to_owned(),
            Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
        })
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// `aws-chunked` is how the body came, not how the object is encoded.
fn without_aws_chunked(value: &str) -> Option<String> {
    let kept: Vec<&str> =
        value.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

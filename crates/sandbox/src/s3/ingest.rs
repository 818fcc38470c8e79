//! Takes in the body of a write: stores it, and holds it to every hash the client has given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use md5::{Digest as _, Md5};
use s3s::dto::StreamingBlob;

use super::checksum::{Checksum, ChecksumAlgorithm, ChecksumType, Hasher};
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::storage::BlobStore;
use crate::storage::content::Content;

/// The most one request may carry.
const BODY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// A stored body.
pub(crate) struct Ingested {
    pub(crate) content: Content,
    /// in hexadecimal digits
    pub(crate) md5: String,
    pub(crate) checksum: Checksum,
}

/// What the client says the body's hashes are.
pub(crate) struct Expectations {
    md5: Option<Vec<u8>>,
    checksum: Option<(ChecksumAlgorithm, ExpectedChecksum)>,
}

enum ExpectedChecksum {
    Value(String),
    InTrailer,
    Computed,
}

impl Expectations {
    /// Reads them from the headers.
    pub(crate) fn from_request(request: &RequestContext) -> Result<Self, AwsError> {
        let md5 = match request.header("content-md5") {
            None => None,
            Some(text) => {
                let bytes = STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == 16);
                Some(bytes.ok_or_else(|| {
                    AwsError::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
                        .detail("Content-MD5", text)
                })?)
            }
        };
        Ok(Self { md5, checksum: expected_checksum(request)? })
    }

    /// The algorithm the client has chosen.
    pub(crate) fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        self.checksum.as_ref().map(|(algorithm, _)| *algorithm)
    }
}

fn expected_checksum(
    request: &RequestContext,
) -> Result<Option<(ChecksumAlgorithm, ExpectedChecksum)>, AwsError> {
    let refused = |message: String| AwsError::new(400, "InvalidRequest", message);
    let mut found = None;
    for algorithm in ChecksumAlgorithm::ALL {
        let Some(value) = request.header(algorithm.header()) else { continue };
        if found.is_some() {
            return Err(refused(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
                    .to_owned(),
            ));
        }
        if !algorithm.is_well_formed(value) {
            return Err(refused(format!("Value for {} header is invalid.", algorithm.header())));
        }
        found = Some((algorithm, ExpectedChecksum::Value(value.to_owned())));
    }
    if let Some(trailer) = request.header("x-amz-trailer") {
        let named = trailer.split(',').map(str::trim).find_map(|name| {
            ChecksumAlgorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
        });
        match named {
            Some(_) if found.is_some() => {
                return Err(refused(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
                        .to_owned(),
                ));
            }
            Some(algorithm) => found = Some((algorithm, ExpectedChecksum::InTrailer)),
            None => {
                return Err(refused(
                    "The value specified in the x-amz-trailer header is not supported".to_owned(),
                ));
            }
        }
    }
    if let Some(name) = request.header("x-amz-sdk-checksum-algorithm") {
        let Some(algorithm) = ChecksumAlgorithm::parse(name) else {
            return Err(refused("Value for x-amz-sdk-checksum-algorithm header is invalid.".to_owned()));
        };
        match &found {
            // a form or a presigned URL may only name the algorithm
            None if request.payload == crate::authenticate::payload::PayloadHash::Unsigned => {
                found = Some((algorithm, ExpectedChecksum::Computed));
            }
            None => {
                return Err(refused(
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.".to_owned(),
                ));
            }
            Some((given, _)) if *given != algorithm => {
                return Err(refused("Value for x-amz-sdk-checksum-algorithm header is invalid.".to_owned()));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// The length of the object that a request is about to send.
pub(crate) fn body_length(request: &RequestContext) -> Result<u64, AwsError> {
    let name = if request.payload.is_chunked() { "x-amz-decoded-content-length" } else { "content-length" };
    let length = request.header(name).and_then(|text| text.trim().parse::<u64>().ok()).ok_or_else(|| {
        AwsError::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    })?;
    if length > BODY_BYTES_MAX {
        return Err(AwsError::new(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        )
        .detail("ProposedSize", length.to_string())
        .detail("MaxSizeAllowed", BODY_BYTES_MAX.to_string()));
    }
    Ok(length)
}

/// Stores a body. Nothing of it is kept when it is not what was said.
pub(crate) async fn ingest(
    request: &RequestContext,
    blobs: &BlobStore,
    body: Option<StreamingBlob>,
    fallback: ChecksumAlgorithm,
) -> Result<Ingested, AwsError> {
    let length = body_length(request)?;
    let expectations = Expectations::from_request(request)?;
    let mut hasher = Hasher::new(expectations.algorithm().unwrap_or(fallback));
    let mut md5 = Md5::new();
    let mut writer = blobs.writer(Some(length));
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| match error.downcast::<AwsError>() {
                Ok(error) => *error,
                Err(_) => AwsError::new(400, "IncompleteBody", "The request body terminated unexpectedly"),
            })?;
            md5.update(&chunk);
            hasher.update(&chunk);
            writer.write(chunk).await.map_err(AwsError::internal)?;
        }
    }
    let content = writer.finish().await.map_err(AwsError::internal)?;
    if content.length() != length {
        return Err(AwsError::new(
            400,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ));
    }
    let md5 = md5.finalize();
    if let Some(expected) = &expectations.md5
        && expected.as_slice() != md5.as_slice()
    {
        return Err(AwsError::new(
            400,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        )
        .detail("ExpectedDigest", STANDARD.encode(expected))
        .detail("CalculatedDigest", STANDARD.encode(md5)));
    }
    let algorithm = hasher.algorithm();
    let value = hasher.finish();
    check_checksum(request, &expectations, &value)?;
    let checksum = Checksum { algorithm, value, kind: ChecksumType::FullObject };
    Ok(Ingested { content, md5: hex::encode(md5), checksum })
}

/// Holds a whole body that is in memory to its hashes; for documents.
pub(crate) fn check_document(request: &RequestContext, body: &[u8]) -> Result<(), AwsError> {
    let expectations = Expectations::from_request(request)?;
    if let Some(expected) = &expectations.md5
        && expected.as_slice() != Md5::digest(body).as_slice()
    {
        return Err(AwsError::new(
            400,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        ));
    }
    match expectations.algorithm() {
        Some(algorithm) => check_checksum(request, &expectations, &algorithm.of(body)),
        None => Ok(()),
    }
}

fn check_checksum(
    request: &RequestContext,
    expectations: &Expectations,
    computed: &str,
) -> Result<(), AwsError> {
    let Some((algorithm, expected)) = &expectations.checksum else { return Ok(()) };
    let expected = match expected {
        ExpectedChecksum::Value(value) => value.clone(),
        ExpectedChecksum::Computed => return Ok(()),
        ExpectedChecksum::InTrailer => {
            let trailers = request.trailers.lock();
            let value =
                trailers.iter().find(|(name, _)| name == algorithm.header()).map(|(_, value)| value.clone());
            let Some(value) = value else {
                return Err(AwsError::new(
                    400,
                    "MalformedTrailerError",
                    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
                ));
            };
            if !algorithm.is_well_formed(&value) {
                return Err(AwsError::new(
                    400,
                    "InvalidRequest",
                    format!("Value for {} trailing header is invalid.", algorithm.header()),
                ));
            }
            value
        }
    };
    if expected != computed {
        return Err(AwsError::new(
            400,
            "BadDigest",
            format!("The {} you specified did not match the calculated checksum.", algorithm.as_str()),
        ));
    }
    Ok(())
}

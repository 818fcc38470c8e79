//! Multipart uploads: create, upload parts, complete, abort.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use s3s::dto::{self, StreamingBlob};

use super::checksum::{Checksum, ChecksumAlgorithm, ChecksumType};
use super::kms_use::{self, Use};
use super::model::{
    Bucket, CompletedUpload, Object, ObjectFacts, Part, PartFacts, Upload, UploadFacts, UploadName,
};
use super::put::{self, Intent, Written};
use super::{conditions, copy, ingest};
use crate::error::AwsError;
use crate::ids;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The least a part may hold, unless it is the last.
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;

/// Completed uploads that a bucket remembers.
const COMPLETED_MAX: usize = 256;

pub(crate) fn no_such_upload(id: &str) -> AwsError {
    AwsError::new(
        404,
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    )
    .detail("UploadId", id)
}

/// CreateMultipartUpload.
pub(crate) fn create(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<UploadFacts, AwsError> {
    let settings = cloud.buckets.settings(bucket)?;
    let intent = Intent::from_request(request, &settings)?;
    kms_use::allow(request, &settings.region, &intent.description.encryption, (bucket, key), Use::Write)?;
    let (checksum_algorithm, checksum_type) = wanted_checksum(request)?;
    let facts = UploadFacts {
        key: key.to_owned(),
        id: ids::opaque(64),
        initiated: request.now,
        owner: intent.owner,
        initiator: request.caller.user_id(),
        initiator_arn: request.caller.principal.arn.clone(),
        description: intent.description,
        tags: intent.tags,
        acl: intent.acl,
        locks: intent.locks,
        checksum_algorithm,
        checksum_type,
    };
    cloud.buckets.change(bucket, |bucket, dirty| {
        let name = (facts.key.clone(), facts.id.clone());
        bucket.uploads.insert(name.clone(), Upload { facts: facts.clone(), parts: BTreeMap::new() });
        dirty.uploads.insert(name);
        Ok(())
    })?;
    Ok(facts)
}

fn wanted_checksum(
    request: &RequestContext,
) -> Result<(Option<ChecksumAlgorithm>, Option<ChecksumType>), AwsError> {
    let refused = |message: &str| AwsError::new(400, "InvalidRequest", message);
    let algorithm = match request.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(ChecksumAlgorithm::parse(name).ok_or_else(|| {
            refused("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        })?),
    };
    let kind = match request.header("x-amz-checksum-type") {
        None => None,
        Some(text) => Some(
            ChecksumType::parse(text)
                .ok_or_else(|| refused("Value for x-amz-checksum-type header is invalid."))?,
        ),
    };
    match (algorithm, kind) {
        (None, Some(_)) => Err(refused(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )),
        (Some(algorithm), Some(kind)) if !algorithm.allows(kind) => Err(refused(&format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.as_str(),
            algorithm.as_str().to_ascii_lowercase()
        ))),
        (Some(algorithm), kind) => Ok((Some(algorithm), Some(kind.unwrap_or(algorithm.default_type())))),
        (None, None) => Ok((None, None)),
    }
}

fn upload_facts(cloud: &Cloud, bucket: &str, key: &str, id: &str) -> Result<UploadFacts, AwsError> {
    cloud.buckets.read(bucket, |bucket| {
        let upload =
            bucket.uploads.get(&(key.to_owned(), id.to_owned())).ok_or_else(|| no_such_upload(id))?;
        Ok(upload.facts.clone())
    })
}

/// Going on with an upload reads what was uploaded before.
fn allow_key(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    facts: &UploadFacts,
) -> Result<(), AwsError> {
    let region = cloud.buckets.settings(bucket)?.region;
    kms_use::allow(request, &region, &facts.description.encryption, (bucket, &facts.key), Use::Read)
}

fn part_number(number: i32) -> Result<u16, AwsError> {
    u16::try_from(number).ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(|| {
        AwsError::new(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
            .detail("ArgumentName", "partNumber")
            .detail("ArgumentValue", number.to_string())
    })
}

/// UploadPart.
pub(crate) async fn upload_part(
    cloud: &Cloud,
    request: &RequestContext,
    (bucket, key, id): (&str, &str, &str),
    number: i32,
    body: Option<StreamingBlob>,
) -> Result<(Part, UploadFacts), AwsError> {
    let number = part_number(number)?;
    let facts = upload_facts(cloud, bucket, key, id)?;
    facts.description.encryption.check_reader(request, "x-amz-server-side-encryption-customer")?;
    allow_key(cloud, request, bucket, &facts)?;
    let fallback = facts.checksum_algorithm.unwrap_or(ChecksumAlgorithm::Crc64Nvme);
    let given = ingest::Expectations::from_request(request)?.algorithm();
    if let (Some(given), Some(wanted)) = (given, facts.checksum_algorithm)
        && given != wanted
    {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                wanted.as_str().to_ascii_lowercase(),
                given.as_str().to_ascii_lowercase()
            ),
        ));
    }
    let ingested = ingest::ingest(request, &cloud.blobs, body, fallback).await?;
    let part = Part {
        content: ingested.content,
        etag: ingested.md5,
        checksum: Some(ingested.checksum),
        modified: request.now,
    };
    store_part(cloud, bucket, key, id, number, part.clone())?;
    Ok((part, facts))
}

/// UploadPartCopy.
pub(crate) fn upload_part_copy(
    cloud: &Cloud,
    request: &RequestContext,
    (bucket, key, id): (&str, &str, &str),
    number: i32,
) -> Result<(Part, copy::Source), AwsError> {
    let number = part_number(number)?;
    let facts = upload_facts(cloud, bucket, key, id)?;
    allow_key(cloud, request, bucket, &facts)?;
    let source = copy::source(cloud, request)?;
    let size = source.object.content.length();
    let content = match request.header("x-amz-copy-source-range") {
        None => source.object.content.clone(),
        Some(header) => {
            let invalid = || {
                AwsError::new(
                    400,
                    "InvalidArgument",
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
                )
                .detail("ArgumentName", "x-amz-copy-source-range")
                .detail("ArgumentValue", header)
            };
            let (first, last) =
                header.strip_prefix("bytes=").and_then(|spec| spec.split_once('-')).ok_or_else(invalid)?;
            let first: u64 = first.parse().map_err(|_| invalid())?;
            let last: u64 = last.parse().map_err(|_| invalid())?;
            if last < first {
                return Err(invalid());
            }
            if last >= size {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    format!("Range specified is not valid for source object of size: {size}"),
                )
                .detail("ArgumentName", "x-amz-copy-source-range")
                .detail("ArgumentValue", header));
            }
            source.object.content.slice(first..last + 1)
        }
    };
    let algorithm = facts.checksum_algorithm.unwrap_or(ChecksumAlgorithm::Crc64Nvme);
    let mut md5 = Md5::new();
    let mut hasher = super::checksum::Hasher::new(algorithm);
    copy::for_each_chunk(&content, |bytes| {
        md5.update(bytes);
        hasher.update(bytes);
    })?;
    let checksum = Checksum { algorithm, value: hasher.finish(), kind: ChecksumType::FullObject };
    let part =
        Part { content, etag: hex::encode(md5.finalize()), checksum: Some(checksum), modified: request.now };
    store_part(cloud, bucket, key, id, number, part.clone())?;
    Ok((part, source))
}

fn store_part(
    cloud: &Cloud,
    bucket: &str,
    key: &str,
    id: &str,
    number: u16,
    part: Part,
) -> Result<(), AwsError> {
    cloud.buckets.change(bucket, |bucket, dirty| {
        let name = (key.to_owned(), id.to_owned());
        let upload = bucket.uploads.get_mut(&name).ok_or_else(|| no_such_upload(id))?;
        upload.parts.insert(number, part);
        dirty.uploads.insert(name);
        Ok(())
    })
}

/// AbortMultipartUpload.
pub(crate) fn abort(cloud: &Cloud, bucket: &str, key: &str, id: &str) -> Result<(), AwsError> {
    cloud.buckets.change(bucket, |bucket, dirty| {
        let name = (key.to_owned(), id.to_owned());
        bucket.uploads.remove(&name).ok_or_else(|| no_such_upload(id))?;
        dirty.uploads.insert(name);
        Ok(())
    })
}

/// CompleteMultipartUpload.
pub(crate) fn complete(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::CompleteMultipartUploadInput,
) -> Result<Written, AwsError> {
    let (bucket, key, id) = (input.bucket.as_str(), input.key.as_str(), input.upload_id.as_str());
    let name = (key.to_owned(), id.to_owned());
    let listed =
        input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
    let asked = asked_parts(listed);
    let found = cloud.buckets.read(bucket, |bucket| match bucket.uploads.get(&name) {
        Some(upload) => Ok(Ok(upload.clone())),
        None => already_completed(bucket, &name, &asked).map(Err).ok_or_else(|| no_such_upload(id)),
    })?;
    let upload = match found {
        Ok(upload) => upload,
        Err(written) => return Ok(written),
    };
    allow_key(cloud, request, bucket, &upload.facts)?;
    let parts = chosen_parts(&upload, listed)?;
    put::check_conditions(cloud, request, bucket, key)?;
    let size: u64 = parts.iter().map(|(_, part)| part.content.length()).sum();
    if let Some(expected) = input.mpu_object_size
        && u64::try_from(expected) != Ok(size)
    {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            format!(
                "The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
            ),
        ));
    }
    let checksum = whole_checksum(&upload.facts, &parts);
    if let Some(checksum) = &checksum {
        check_whole(request, &upload.facts, checksum)?;
    }
    let mut md5 = Md5::new();
    for (_, part) in &parts {
        md5.update(hex::decode(&part.etag).unwrap_or_default());
    }
    // S3 keeps the checksums of parts when the upload named an algorithm
    let keep_part_checksums = upload.facts.checksum_algorithm.is_some();
    let object = Object {
        content: crate::storage::content::Content::concatenate(
            parts.iter().map(|(_, part)| part.content.clone()),
        ),
        facts: ObjectFacts {
            etag: format!("{}-{}", hex::encode(md5.finalize()), parts.len()),
            description: upload.facts.description.clone(),
            tags: upload.facts.tags.clone(),
            checksum,
            parts: parts
                .iter()
                .map(|(number, part)| PartFacts {
                    number: *number,
                    size: part.content.length(),
                    checksum: part.checksum.clone().filter(|_| keep_part_checksums),
                })
                .collect(),
            acl: upload.facts.acl.clone(),
            locks: upload.facts.locks.clone(),
            restored_until: None,
            modified: request.now,
        },
    };
    let object = std::sync::Arc::new(object);
    let version_id = cloud.buckets.change(bucket, |bucket, dirty| {
        let current = bucket.latest_object(key).map(|(_, object)| object.facts.etag.as_str());
        conditions::check_write(request, key, current)?;
        bucket.uploads.remove(&name).ok_or_else(|| no_such_upload(id))?;
        dirty.uploads.insert(name.clone());
        let version_id =
            bucket.add_version(key, Some(object.clone()), &upload.facts.owner, request.now, dirty);
        if bucket.completed.len() >= COMPLETED_MAX {
            bucket.completed.pop_front();
        }
        bucket.completed.push_back(CompletedUpload {
            name,
            parts: asked,
            object: object.clone(),
            version_id: version_id.clone(),
        });
        Ok(version_id)
    })?;
    Ok(Written { object, version_id, expiration: None })
}

/// Number and ETag of each part that the client lists.
fn asked_parts(listed: &[dto::CompletedPart]) -> Vec<(u16, String)> {
    let etag = |part: &dto::CompletedPart| {
        part.e_tag.as_ref().map(|etag| etag.value().trim_matches('"').to_owned()).unwrap_or_default()
    };
    let number = |part: &dto::CompletedPart| u16::try_from(part.part_number.unwrap_or(0)).unwrap_or(0);
    listed.iter().map(|part| (number(part), etag(part))).collect()
}

/// The object that the same request has made before: a client that missed the answer asks again.
fn already_completed(bucket: &Bucket, name: &UploadName, asked: &[(u16, String)]) -> Option<Written> {
    let done = bucket.completed.iter().find(|done| done.name == *name && done.parts == asked)?;
    Some(Written { object: done.object.clone(), version_id: done.version_id.clone(), expiration: None })
}

/// The parts that the client lists, which must be those that it uploaded.
fn chosen_parts(upload: &Upload, listed: &[dto::CompletedPart]) -> Result<Vec<(u16, Part)>, AwsError> {
    if listed.is_empty() || listed.len() > 10_000 {
        return Err(super::tagging::malformed_xml());
    }
    let mut parts: Vec<(u16, Part)> = Vec::with_capacity(listed.len());
    for item in listed {
        let number = item.part_number.unwrap_or(0);
        let etag =
            item.e_tag.as_ref().map(|etag| etag.value().trim_matches('"').to_owned()).unwrap_or_default();
        let invalid = || {
            AwsError::new(
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
            )
            .detail("UploadId", upload.facts.id.clone())
            .detail("PartNumber", number.to_string())
            .detail("ETag", etag.clone())
        };
        let index = part_number(number)?;
        if parts.last().is_some_and(|(last, _)| *last >= index) {
            return Err(AwsError::new(
                400,
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
            )
            .detail("UploadId", upload.facts.id.clone()));
        }
        let part = upload.parts.get(&index).ok_or_else(invalid)?;
        if part.etag != etag {
            return Err(invalid());
        }
        if let Some(checksum) = &part.checksum {
            let given = match checksum.algorithm {
                ChecksumAlgorithm::Crc32 => &item.checksum_crc32,
                ChecksumAlgorithm::Crc32c => &item.checksum_crc32c,
                ChecksumAlgorithm::Crc64Nvme => &item.checksum_crc64nvme,
                ChecksumAlgorithm::Sha1 => &item.checksum_sha1,
                ChecksumAlgorithm::Sha256 => &item.checksum_sha256,
            };
            let composite = upload.facts.checksum_type == Some(ChecksumType::Composite);
            match given {
                Some(given) if *given != checksum.value => return Err(invalid()),
                None if composite => {
                    return Err(AwsError::new(
                        400,
                        "InvalidRequest",
                        format!(
                            "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request.",
                            checksum.algorithm.as_str().to_ascii_lowercase()
                        ),
                    ));
                }
                _ => {}
            }
        }
        parts.push((index, part.clone()));
    }
    let all_but_last = parts.len() - 1;
    for (number, part) in parts.iter().take(all_but_last) {
        if part.content.length() < PART_BYTES_MIN {
            return Err(AwsError::new(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            )
            .detail("ProposedSize", part.content.length().to_string())
            .detail("MinSizeAllowed", PART_BYTES_MIN.to_string())
            .detail("PartNumber", number.to_string())
            .detail("ETag", part.etag.clone()));
        }
    }
    Ok(parts)
}

/// The checksum of the whole, from those of the parts.
fn whole_checksum(facts: &UploadFacts, parts: &[(u16, Part)]) -> Option<Checksum> {
    let algorithm = facts.checksum_algorithm.unwrap_or(ChecksumAlgorithm::Crc64Nvme);
    let kind = facts.checksum_type.unwrap_or_else(|| algorithm.default_type());
    // parts may have been sent with other algorithms when the upload named none
    if parts
        .iter()
        .any(|(_, part)| part.checksum.as_ref().is_none_or(|checksum| checksum.algorithm != algorithm))
    {
        return whole_checksum_of_bytes(algorithm, parts);
    }
    let values: Vec<(&str, u64)> = parts
        .iter()
        .filter_map(|(_, part)| Some((part.checksum.as_ref()?.value.as_str(), part.content.length())))
        .collect();
    match kind {
        ChecksumType::FullObject => {
            let (first, rest) = values.split_first()?;
            let mut value = first.0.to_owned();
            for (next, length) in rest {
                value = algorithm.combine(&value, next, *length)?;
            }
            Some(Checksum { algorithm, value, kind })
        }
        ChecksumType::Composite => {
            use base64::Engine as _;
            let mut bytes = Vec::new();
            for (value, _) in &values {
                bytes.extend(base64::engine::general_purpose::STANDARD.decode(value).ok()?);
            }
            Some(Checksum { algorithm, value: format!("{}-{}", algorithm.of(&bytes), parts.len()), kind })
        }
    }
}

fn whole_checksum_of_bytes(algorithm: ChecksumAlgorithm, parts: &[(u16, Part)]) -> Option<Checksum> {
    let mut hasher = super::checksum::Hasher::new(algorithm);
    for (_, part) in parts {
        copy::for_each_chunk(&part.content, |bytes| hasher.update(bytes)).ok()?;
    }
    Some(Checksum { algorithm, value: hasher.finish(), kind: ChecksumType::FullObject })
}

/// The client may say what the checksum of the whole is.
fn check_whole(request: &RequestContext, facts: &UploadFacts, checksum: &Checksum) -> Result<(), AwsError> {
    if let Some(kind) = request.header("x-amz-checksum-type")
        && kind != checksum.kind.as_str()
    {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            format!(
                "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
                checksum.kind.as_str()
            ),
        ));
    }
    for algorithm in ChecksumAlgorithm::ALL {
        let Some(given) = request.header(algorithm.header()) else { continue };
        let bare = |value: &str| value.split('-').next().unwrap_or(value).to_owned();
        let matches = algorithm == checksum.algorithm && bare(given) == bare(&checksum.value);
        if !matches && (algorithm == checksum.algorithm || facts.checksum_algorithm.is_some()) {
            return Err(AwsError::new(
                400,
                "BadDigest",
                format!("The {} you specified did not match the calculated checksum.", algorithm.as_str()),
            ));
        }
    }
    Ok(())
}

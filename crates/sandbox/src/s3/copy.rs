//! CopyObject, and the source of UploadPartCopy.

use std::sync::Arc;

use super::checksum::{Checksum, ChecksumAlgorithm, ChecksumType, Hasher};
use super::kms_use::{self, Use};
use super::model::{NULL_VERSION, Object, ObjectFacts, Versioning};
use super::put::{self, Intent, Written};
use super::{conditions, read, requester_pays};
use crate::authorize;
use crate::encoding::percent_decode;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;
use crate::storage::content::{Content, Piece};

/// The most that one copy may move.
const COPY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// An object that is to be copied, which the caller may read.
pub(crate) struct Source {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) object: Arc<Object>,
    /// where the source's bucket has versions
    pub(crate) version_id: Option<String>,
}

/// Finds and authorizes the source that `x-amz-copy-source` names.
pub(crate) fn source(cloud: &Cloud, request: &RequestContext) -> Result<Source, AwsError> {
    let (bucket, key, version) = parse_source(request.header("x-amz-copy-source").unwrap_or_default())?;
    let settings = cloud.buckets.settings(&bucket)?;
    requester_pays::check(request, &settings)?;
    if let Some(expected) = request.header("x-amz-source-expected-bucket-owner")
        && expected != settings.account
    {
        return Err(AwsError::access_denied());
    }
    let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    let stored = cloud.buckets.read(&bucket, |bucket| {
        Ok(bucket.version(&key, version.as_deref()).ok().and_then(|version| version.object.clone()))
    })?;
    let target = authorize::s3::Target {
        bucket: &settings,
        key: Some(&key),
        object_acl: stored.as_ref().map(|object| &object.facts.acl),
    };
    let source_version = version.clone();
    let tags = stored.as_ref().map(|object| object.facts.tags.clone()).unwrap_or_default();
    let add_keys = |context: &mut iam::Context| {
        context.remove("s3:VersionId");
        if let Some(version) = &source_version {
            context.set("s3:VersionId", version.as_str());
        }
        for (name, value) in &tags {
            context.set(&format!("s3:ExistingObjectTag/{name}"), value.as_str());
        }
    };
    authorize::s3::allow(request, action, &target, add_keys)?;
    let (found, object, versioning) = read::find(cloud, request, &bucket, &key, version.as_deref()).map_err(|error| {
        // a delete marker cannot be copied, by whatever name
        if error.code == "MethodNotAllowed" {
            AwsError::new(400, "InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
        } else {
            error
        }
    })?;
    object
        .facts
        .description
        .encryption
        .check_reader(request, "x-amz-copy-source-server-side-encryption-customer")?;
    conditions::check_copy_source(request, &object.facts.etag, found.modified)?;
    let facts = &object.facts;
    let archived = matches!(facts.description.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"));
    if archived && facts.restored_until.is_none_or(|until| until <= request.now) {
        return Err(AwsError::new(
            403,
            "ObjectNotInActiveTierError",
            "The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.",
        ));
    }
    kms_use::allow(request, &settings.region, &facts.description.encryption, (&bucket, &key), Use::Read)?;
    let version_id = (versioning != Versioning::Off || found.id != NULL_VERSION).then_some(found.id);
    Ok(Source { bucket, key, object, version_id })
}

fn parse_source(header: &str) -> Result<(String, String, Option<String>), AwsError> {
    let invalid = || {
        AwsError::new(400, "InvalidArgument", "Invalid copy source object key")
            .detail("ArgumentName", "x-amz-copy-source")
            .detail("ArgumentValue", header)
    };
    let (path, version) = match header.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (header, None),
    };
    let decoded = String::from_utf8(percent_decode(path)).map_err(|_| invalid())?;
    let bare = decoded.strip_prefix('/').unwrap_or(&decoded);
    let (bucket, key) = bare.split_once('/').ok_or_else(|| {
        AwsError::new(
            400,
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )
        .detail("ArgumentName", "x-amz-copy-source")
        .detail("ArgumentValue", header)
    })?;
    if bucket.is_empty() || key.is_empty() {
        return Err(invalid());
    }
    Ok((bucket.to_owned(), key.to_owned(), version))
}

/// CopyObject.
pub(crate) fn copy_object(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<(Written, Source), AwsError> {
    let source = source(cloud, request)?;
    let settings = cloud.buckets.settings(bucket)?;
    let replaces_metadata = directive(request, "x-amz-metadata-directive")?;
    let replaces_tags = directive(request, "x-amz-tagging-directive")?;
    if source.object.content.length() > COPY_BYTES_MAX {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        ));
    }
    check_self_copy(request, &source, bucket, key, replaces_metadata)?;
    let intent = Intent::from_request(request, &settings)?;
    if !replaces_tags && !source.object.facts.tags.is_empty() {
        allow_tag_copy(cloud, request, &source, &settings, key)?;
    }
    let facts = &source.object.facts;
    let description = if replaces_metadata {
        intent.description
    } else {
        super::model::Description {
            // these are not copied, but said anew
            storage_class: intent.description.storage_class,
            encryption: intent.description.encryption,
            website_redirect: intent.description.website_redirect,
            ..facts.description.clone()
        }
    };
    kms_use::allow(request, &settings.region, &description.encryption, (bucket, key), Use::Write)?;
    let checksum = copied_checksum(request, &source.object)?;
    let object = Object {
        content: source.object.content.clone(),
        facts: ObjectFacts {
            etag: copied_etag(&source.object)?,
            description,
            tags: if replaces_tags { intent.tags } else { facts.tags.clone() },
            checksum: Some(checksum),
            parts: Vec::new(),
            acl: intent.acl,
            locks: intent.locks,
            restored_until: None,
            modified: request.now,
        },
    };
    let written = put::commit(cloud, request, bucket, key, object, &intent.owner)?;
    Ok((written, source))
}

fn directive(request: &RequestContext, header: &'static str) -> Result<bool, AwsError> {
    match request.header(header) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("COPY") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("REPLACE") => Ok(true),
        Some(value) => Err(AwsError::new(400, "InvalidArgument", "Unknown metadata directive.")
            .detail("ArgumentName", header)
            .detail("ArgumentValue", value)),
    }
}

fn check_self_copy(
    request: &RequestContext,
    source: &Source,
    bucket: &str,
    key: &str,
    replaces_metadata: bool,
) -> Result<(), AwsError> {
    let same = source.bucket == bucket
        && source.key == key
        && !request.header("x-amz-copy-source").unwrap_or_default().contains("?versionId=");
    let changes = replaces_metadata
        || [
            "x-amz-storage-class",
            "x-amz-website-redirect-location",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-customer-algorithm",
            "x-amz-checksum-algorithm",
        ]
        .iter()
        .any(|header| request.headers.contains_key(*header));
    if same && !changes {
        return Err(AwsError::new(
            400,
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    Ok(())
}

/// Copying tags reads them at the source and writes them at the destination.
fn allow_tag_copy(
    cloud: &Cloud,
    request: &RequestContext,
    source: &Source,
    destination: &super::model::BucketSettings,
    key: &str,
) -> Result<(), AwsError> {
    let settings = cloud.buckets.settings(&source.bucket)?;
    let target = authorize::s3::Target { bucket: &settings, key: Some(&source.key), object_acl: None };
    let named = request.header("x-amz-copy-source").unwrap_or_default().contains("?versionId=");
    let action = if named { "s3:GetObjectVersionTagging" } else { "s3:GetObjectTagging" };
    authorize::s3::allow(request, action, &target, |_| {})?;
    let target = authorize::s3::Target { bucket: destination, key: Some(key), object_acl: None };
    authorize::s3::allow(request, "s3:PutObjectTagging", &target, |context| {
        authorize::context_keys::add_request_tags(
            context,
            "s3:RequestObjectTag",
            "s3:RequestObjectTagKeys",
            &source.object.facts.tags,
        );
    })
}

/// A copy is one piece: its ETag is the MD5 of its bytes even if the source came in parts.
fn copied_etag(source: &Object) -> Result<String, AwsError> {
    use md5::Digest as _;
    if source.facts.parts.is_empty() {
        return Ok(source.facts.etag.clone());
    }
    let mut md5 = md5::Md5::new();
    for_each_chunk(&source.content, |bytes| md5.update(bytes))?;
    Ok(hex::encode(md5.finalize()))
}

fn copied_checksum(request: &RequestContext, source: &Object) -> Result<Checksum, AwsError> {
    let wanted = match request.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(ChecksumAlgorithm::parse(name).ok_or_else(|| {
            AwsError::new(400, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        })?),
    };
    if let Some(checksum) = &source.facts.checksum
        && checksum.kind == ChecksumType::FullObject
        && wanted.is_none_or(|algorithm| algorithm == checksum.algorithm)
    {
        return Ok(checksum.clone());
    }
    let algorithm = wanted
        .or_else(|| source.facts.checksum.as_ref().map(|checksum| checksum.algorithm))
        .unwrap_or(ChecksumAlgorithm::Crc64Nvme);
    let mut hasher = Hasher::new(algorithm);
    for_each_chunk(&source.content, |bytes| hasher.update(bytes))?;
    Ok(Checksum { algorithm, value: hasher.finish(), kind: ChecksumType::FullObject })
}

/// Reads a content through; for the rare cases where its bytes are needed again.
pub(crate) fn for_each_chunk(content: &Content, mut each: impl FnMut(&[u8])) -> Result<(), AwsError> {
    use std::os::unix::fs::FileExt as _;
    let mut buffer = Vec::new();
    for piece in content.pieces() {
        match piece {
            Piece::Memory(bytes) => each(bytes),
            Piece::File { file, range } => {
                let handle =
                    std::fs::File::open(file.directory.path_of(&file.id)).map_err(AwsError::internal)?;
                let mut position = range.start;
                while position < range.end {
                    let length = usize::try_from((range.end - position).min(1 << 20)).unwrap_or(0);
                    buffer.resize(length, 0);
                    handle.read_exact_at(&mut buffer, position).map_err(AwsError::internal)?;
                    each(&buffer);
                    position += length as u64;
                }
            }
        }
    }
    Ok(())
}

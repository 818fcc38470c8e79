//! PutObject, and what every write has in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::StreamingBlob;

use super::acl::{self, Acl};
use super::checksum::ChecksumAlgorithm;
use super::kms_use::{self, Use};
use super::locks::Locks;
use super::model::{BucketSettings, Description, Object, ObjectFacts, Ownership};
use super::{conditions, expiration, ingest, metadata};
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The outcome of a write.
pub(crate) struct Written {
    pub(crate) object: Arc<Object>,
    pub(crate) version_id: Option<String>,
    /// what the bucket's lifecycle has in mind for it
    pub(crate) expiration: Option<String>,
}

/// What the headers of a write say about the object to come.
pub(crate) struct Intent {
    pub(crate) description: Description,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) acl: Acl,
    pub(crate) locks: Locks,
    /// account that owns the object
    pub(crate) owner: String,
}

impl Intent {
    pub(crate) fn from_request(request: &RequestContext, bucket: &BucketSettings) -> Result<Self, AwsError> {
        let owner = object_owner(request, bucket);
        Ok(Self {
            description: metadata::from_request(request, bucket)?,
            tags: metadata::tags_header(request)?,
            acl: object_acl(request, bucket, &owner)?,
            locks: Locks::from_request(request, bucket)?,
            owner,
        })
    }
}

/// PutObject.
pub(crate) async fn put_object(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    body: Option<StreamingBlob>,
) -> Result<Written, AwsError> {
    let settings = cloud.buckets.settings(bucket)?;
    let intent = Intent::from_request(request, &settings)?;
    check_conditions(cloud, request, bucket, key)?;
    if intent.locks.retention.is_some() {
        require_checksum(request)?;
    }
    kms_use::allow(request, &settings.region, &intent.description.encryption, (bucket, key), Use::Write)?;
    if request.headers.contains_key("x-amz-write-offset-bytes") {
        return Err(AwsError::new(501, "NotImplemented", "Appending to objects is for directory buckets."));
    }
    let ingested = ingest::ingest(request, &cloud.blobs, body, ChecksumAlgorithm::Crc64Nvme).await?;
    let object = Object {
        content: ingested.content,
        facts: ObjectFacts {
            etag: ingested.md5,
            description: intent.description,
            tags: intent.tags,
            checksum: Some(ingested.checksum),
            parts: Vec::new(),
            acl: intent.acl,
            locks: intent.locks,
            restored_until: None,
            modified: request.now,
        },
    };
    commit(cloud, request, bucket, key, object, &intent.owner)
}

/// What is kept from being changed must have come unharmed.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
fn require_checksum(request: &RequestContext) -> Result<(), AwsError> {
    let is_there = |name: &str| request.header(name).is_some();
    let given = is_there("content-md5")
        || ChecksumAlgorithm::ALL.iter().any(|algorithm| is_there(algorithm.header()))
        || request.header("x-amz-trailer").is_some_and(|name| name.starts_with("x-amz-checksum-"));
    if given {
        return Ok(());
    }
    Err(AwsError::new(
        400,
        "InvalidRequest",
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    ))
}

/// Makes an object the newest version of its key, if the conditions of the request still hold.
pub(crate) fn commit(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    object: Object,
    owner: &str,
) -> Result<Written, AwsError> {
    let object = Arc::new(object);
    let version_id = cloud.buckets.change(bucket, |bucket, dirty| {
        let current = bucket.latest_object(key).map(|(_, object)| object.facts.etag.as_str());
        conditions::check_write(request, key, current)?;
        Ok(bucket.add_version(key, Some(object.clone()), owner, object.facts.modified, dirty))
    })?;
    let settings = cloud.buckets.settings(bucket)?;
    let expiration = expiration::of_object(&settings, key, &object, object.facts.modified);
    Ok(Written { object, version_id, expiration })
}

/// Refuses early, before the body is read.
pub(crate) fn check_conditions(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<(), AwsError> {
    cloud.buckets.read(bucket, |bucket| {
        let current = bucket.latest_object(key).map(|(_, object)| object.facts.etag.as_str());
        conditions::check_write(request, key, current)
    })
}

fn object_owner(request: &RequestContext, bucket: &BucketSettings) -> String {
    let given_away = bucket.ownership == Some(Ownership::BucketOwnerPreferred)
        && request.header("x-amz-acl") == Some("bucket-owner-full-control");
    let writer_owns = !bucket.acls_disabled() && !given_away && !request.caller.is_anonymous();
    if writer_owns { request.caller.account.clone() } else { bucket.account.clone() }
}

fn object_acl(request: &RequestContext, bucket: &BucketSettings, owner: &str) -> Result<Acl, AwsError> {
    let Some(acl) = acl::from_headers(request, owner, Some(&bucket.account))? else {
        return Ok(Acl::private(owner));
    };
    check_acl_allowed(request, bucket, &acl)?;
    Ok(if bucket.acls_disabled() { Acl::private(&bucket.account) } else { acl })
}

/// Whether a bucket takes an access list at all, and a public one.
pub(crate) fn check_acl_allowed(
    request: &RequestContext,
    bucket: &BucketSettings,
    acl: &Acl,
) -> Result<(), AwsError> {
    if bucket.acls_disabled() {
        let harmless = matches!(request.header("x-amz-acl"), Some("private" | "bucket-owner-full-control"))
            || *acl == Acl::private(&bucket.account);
        if !harmless {
            return Err(AwsError::new(
                400,
                "AccessControlListNotSupported",
                "The bucket does not allow ACLs",
            ));
        }
    }
    if acl.is_public() && bucket.public_access_block.is_some_and(|block| block.block_acls) {
        return Err(AwsError::access_denied());
    }
    Ok(())
}

//! What can be changed of an object that is there: tags, retention, legal hold.

use s3s::dto;

use super::backend::{Retention, bypasses_governance};
use super::model::{BucketSettings, Object, Versioning};
use super::tagging::malformed_xml;
use super::{locks, read, tagging};
use crate::authorize;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// Changes the version a request names.
pub(crate) fn change<T>(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    change: impl FnOnce(&mut Object) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    read::find(cloud, request, bucket, key, request.version_id())?;
    cloud
        .buckets
        .change(bucket, |bucket, dirty| bucket.change_object(key, request.version_id(), dirty, change))
}

/// PutObjectTagging: authorized here, since decisions may depend on the tags. Gives the version's id.
pub(crate) fn put_tagging(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    document: dto::Tagging,
) -> Result<Option<String>, AwsError> {
    let settings = cloud.buckets.settings(bucket)?;
    let tags = tagging::object_tags(document);
    let stored = cloud.buckets.read(bucket, |bucket| {
        Ok(bucket.version(key, request.version_id()).ok().and_then(|version| version.object.clone()))
    })?;
    let action =
        if request.version_id().is_some() { "s3:PutObjectVersionTagging" } else { "s3:PutObjectTagging" };
    let target = authorize::s3::Target { bucket: &settings, key: Some(key), object_acl: None };
    authorize::s3::allow(request, action, &target, |context| {
        for (name, value) in stored.iter().flat_map(|object| &object.facts.tags) {
            context.set(&format!("s3:ExistingObjectTag/{name}"), value.as_str());
        }
        if let Ok(tags) = &tags {
            authorize::context_keys::add_request_tags(
                context,
                "s3:RequestObjectTag",
                "s3:RequestObjectTagKeys",
                tags,
            );
        }
    })?;
    let tags = tags?;
    change(cloud, request, bucket, key, |object| {
        object.facts.tags = tags;
        Ok(())
    })?;
    let (version, _, versioning) = read::find(cloud, request, bucket, key, request.version_id())?;
    Ok((versioning != Versioning::Off).then_some(version.id))
}

fn require_lock(settings: &BucketSettings) -> Result<(), AwsError> {
    if settings.object_lock {
        return Ok(());
    }
    Err(AwsError::new(400, "InvalidRequest", "Bucket is missing Object Lock Configuration"))
}

fn no_such_lock() -> AwsError {
    AwsError::new(
        404,
        "NoSuchObjectLockConfiguration",
        "The specified object does not have a ObjectLock configuration",
    )
}

/// GetObjectRetention.
pub(crate) fn retention(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<Retention, AwsError> {
    require_lock(&cloud.buckets.settings(bucket)?)?;
    let (_, object, _) = read::find(cloud, request, bucket, key, request.version_id())?;
    object.facts.locks.retention.clone().ok_or_else(no_such_lock)
}

/// PutObjectRetention.
pub(crate) fn put_retention(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    document: Option<dto::ObjectLockRetention>,
) -> Result<(), AwsError> {
    require_lock(&cloud.buckets.settings(bucket)?)?;
    let document = document.ok_or_else(malformed_xml)?;
    let new = match (document.mode, document.retain_until_date) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let until: time::OffsetDateTime = until.into();
            if mode.as_str() != "GOVERNANCE" && mode.as_str() != "COMPLIANCE" {
                return Err(malformed_xml());
            }
            if until <= request.now {
                return Err(AwsError::new(
                    400,
                    "InvalidArgument",
                    "The retain until date must be in the future!",
                ));
            }
            Some(Retention { mode: mode.as_str().to_owned(), until })
        }
        _ => return Err(malformed_xml()),
    };
    change(cloud, request, bucket, key, |object| {
        locks::change_retention(object, new, bypasses_governance(request), request.now)
    })
}

/// GetObjectLegalHold.
pub(crate) fn legal_hold(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
) -> Result<bool, AwsError> {
    require_lock(&cloud.buckets.settings(bucket)?)?;
    let (_, object, _) = read::find(cloud, request, bucket, key, request.version_id())?;
    object.facts.locks.legal_hold.ok_or_else(no_such_lock)
}

/// PutObjectLegalHold.
pub(crate) fn put_legal_hold(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    document: Option<dto::ObjectLockLegalHold>,
) -> Result<(), AwsError> {
    require_lock(&cloud.buckets.settings(bucket)?)?;
    let status = document.and_then(|document| document.status).ok_or_else(malformed_xml)?;
    let held = match status.as_str() {
        "ON" => true,
        "OFF" => false,
        _ => return Err(malformed_xml()),
    };
    change(cloud, request, bucket, key, |object| {
        object.facts.locks.legal_hold = Some(held);
        Ok(())
    })
}

/// RestoreObject: what is archived can be read for some days. Gives whether it could be read already.
pub(crate) fn restore(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    days: Option<i32>,
) -> Result<bool, AwsError> {
    let days = days.unwrap_or(1);
    if days < 1 {
        return Err(AwsError::new(400, "InvalidArgument", "Days must be a positive integer"));
    }
    change(cloud, request, bucket, key, |object| {
        let class = object.facts.description.storage_class.clone().unwrap_or_default();
        if class != "GLACIER" && class != "DEEP_ARCHIVE" {
            return Err(AwsError::new(
                403,
                "InvalidObjectState",
                "Restore is not allowed for the object's current storage class",
            )
            .detail("StorageClass", class));
        }
        let readable = object.facts.restored_until.is_some_and(|until| until > request.now);
        object.facts.restored_until = Some(request.now + time::Duration::days(i64::from(days)));
        Ok(readable)
    })
}

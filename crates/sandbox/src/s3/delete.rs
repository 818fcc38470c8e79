//! DeleteObject and DeleteObjects.

use s3s::dto;

use super::conditions::{etag_listed, precondition_failed};
use super::model::{NULL_VERSION, Versioning};
use super::store::check_version_id;
use super::tagging::malformed_xml;
use crate::authorize;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The most keys one DeleteObjects may name.
const KEYS_MAX: usize = 1000;

/// What became of a key.
#[derive(Default)]
pub(crate) struct Deleted {
    /// the version that is gone, or the marker that was added
    pub(crate) version_id: Option<String>,
    /// true when that version is a delete marker
    pub(crate) marker: bool,
}

/// What must be true of an object for its deletion.
#[derive(Default)]
pub(crate) struct DeleteConditions {
    pub(crate) if_match: Option<String>,
    pub(crate) size: Option<i64>,
}

/// Deletes a version, or puts a delete marker in front where versions are kept.
pub(crate) fn delete(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
    wanted: &DeleteConditions,
) -> Result<Deleted, AwsError> {
    let bypass = request
        .header("x-amz-bypass-governance-retention")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let owner = request.caller.account.clone();
    if let Some(id) = version_id {
        check_version_id(id)?;
    }
    cloud.buckets.change(bucket, |bucket, dirty| {
        if wanted.if_match.is_some() || wanted.size.is_some() {
            let current = match version_id {
                Some(id) => bucket.version(key, Some(id)).ok().and_then(|version| version.object.clone()),
                None => bucket.latest_object(key).map(|(_, object)| object.clone()),
            };
            let Some(current) = current else { return Err(super::store::no_such_key(key)) };
            if wanted.if_match.as_deref().is_some_and(|list| !etag_listed(list, &current.facts.etag)) {
                return Err(precondition_failed("If-Match"));
            }
            if wanted.size.is_some_and(|size| u64::try_from(size) != Ok(current.content.length())) {
                return Err(precondition_failed("x-amz-if-match-size"));
            }
        }
        match version_id {
            Some(id) => {
                if let Ok(version) = bucket.version(key, Some(id))
                    && let Some(object) = &version.object
                {
                    object.facts.locks.check_delete(bypass, request.now)?;
                }
                let removed = bucket.remove_version(key, id, dirty);
                let marker = removed.is_some_and(|version| version.object.is_none());
                Ok(Deleted { version_id: Some(id.to_owned()), marker })
            }
            None if bucket.settings.versioning == Versioning::Off => {
                bucket.remove_version(key, NULL_VERSION, dirty);
                Ok(Deleted::default())
            }
            None => {
                let version_id = bucket.add_version(key, None, &owner, request.now, dirty);
                Ok(Deleted { version_id, marker: true })
            }
        }
    })
}

/// DeleteObjects: each key is authorized and deleted by itself.
pub(crate) fn delete_many(
    cloud: &Cloud,
    request: &RequestContext,
    bucket: &str,
    delete_input: dto::Delete,
) -> Result<dto::DeleteObjectsOutput, AwsError> {
    if delete_input.objects.is_empty() || delete_input.objects.len() > KEYS_MAX {
        return Err(malformed_xml());
    }
    let settings = cloud.buckets.settings(bucket)?;
    let quiet = delete_input.quiet.unwrap_or(false);
    let mut output = dto::DeleteObjectsOutput::default();
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in delete_input.objects {
        let wanted =
            DeleteConditions { if_match: object.e_tag.map(|etag| etag.into_value()), size: object.size };
        let result = if object.key.is_empty() {
            Err(AwsError::new(400, "UserKeyMustBeSpecified", "The request must specify a key"))
        } else if object.key.len() > 1024 {
            Err(AwsError::new(400, "KeyTooLongError", "Your key is too long"))
        } else {
            allow(cloud, request, &settings, &object.key, object.version_id.as_deref()).and_then(|()| {
                delete(cloud, request, bucket, &object.key, object.version_id.as_deref(), &wanted)
            })
        };
        match result {
            Ok(_) if quiet => {}
            Ok(result) => deleted.push(dto::DeletedObject {
                key: Some(object.key),
                version_id: object.version_id,
                delete_marker: result.marker.then_some(true),
                delete_marker_version_id: result.version_id.filter(|_| result.marker),
            }),
            Err(error) => errors.push(dto::Error {
                key: Some(object.key),
                version_id: object.version_id,
                code: Some(error.code),
                message: Some(error.message),
            }),
        }
    }
    output.deleted = Some(deleted);
    output.errors = Some(errors);
    Ok(output)
}

fn allow(
    cloud: &Cloud,
    request: &RequestContext,
    settings: &super::model::BucketSettings,
    key: &str,
    version_id: Option<&str>,
) -> Result<(), AwsError> {
    let action = if version_id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
    let tags = cloud.buckets.read(&settings.name, |bucket| {
        Ok(bucket
            .version(key, version_id)
            .ok()
            .and_then(|version| version.object.as_ref())
            .map(|object| object.facts.tags.clone())
            .unwrap_or_default())
    })?;
    let target = authorize::s3::Target { bucket: settings, key: Some(key), object_acl: None };
    let bypass = request
        .header("x-amz-bypass-governance-retention")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let actions: &[&str] = if bypass { &[action, "s3:BypassGovernanceRetention"] } else { &[action] };
    for action in actions {
        authorize::s3::allow(request, action, &target, |context| {
            if let Some(id) = version_id {
                context.set("s3:VersionId", id);
            }
            for (name, value) in &tags {
                context.set(&format!("s3:ExistingObjectTag/{name}"), value.as_str());
            }
        })?;
    }
    Ok(())
}

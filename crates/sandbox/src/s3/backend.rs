//! Where s3s meets the sandbox: every operation asks for its permissions, then runs in a file of its own.
//!
//! s3s has no room for all that AWS's errors carry, so the exact error waits in the request's context and the
//! answer is written from there.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use s3s::access::{S3Access, S3AccessContext};
use s3s::dto;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::acl_documents;
use super::encryption::Encryption;
use super::model::BucketSettings;
use super::{
    buckets, copy, delete, list, locks, multipart, multipart_list, object_settings, put, read,
    requester_pays, tagging,
};
use crate::authorize;
use crate::authorize::context_keys;
use crate::authorize::s3_actions::{self, Level};
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// Puts a checksum into the field of its algorithm.
macro_rules! set_checksum {
    ($target:expr, $checksum:expr) => {{
        let value = Some($checksum.value.clone());
        match $checksum.algorithm {
            $crate::s3::checksum::ChecksumAlgorithm::Crc32 => $target.checksum_crc32 = value,
            $crate::s3::checksum::ChecksumAlgorithm::Crc32c => $target.checksum_crc32c = value,
            $crate::s3::checksum::ChecksumAlgorithm::Crc64Nvme => $target.checksum_crc64nvme = value,
            $crate::s3::checksum::ChecksumAlgorithm::Sha1 => $target.checksum_sha1 = value,
            $crate::s3::checksum::ChecksumAlgorithm::Sha256 => $target.checksum_sha256 = value,
        }
    }};
}
pub(crate) use set_checksum;

/// The operations of S3 on the sandbox's buckets.
pub(crate) struct Backend {
    pub(crate) cloud: Arc<Cloud>,
}

/// Asks for the permissions of an operation before s3s reads its input.
pub(crate) struct Access {
    pub(crate) cloud: Arc<Cloud>,
}

/// s3s checks permissions only when it has somebody to ask for secrets; signatures were checked before.
pub(crate) struct SignaturesAreCheckedBefore;

#[async_trait::async_trait]
impl s3s::auth::S3Auth for SignaturesAreCheckedBefore {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<s3s::auth::SecretKey> {
        Err(S3Error::new(S3ErrorCode::AccessDenied))
    }
}

fn context_of(extensions: &http::Extensions) -> S3Result<Arc<RequestContext>> {
    extensions.get::<Arc<RequestContext>>().cloned().ok_or_else(|| S3Error::new(S3ErrorCode::InternalError))
}

/// Leaves the exact error in the context and gives s3s one that stands for it.
fn report<T>(request: &RequestContext, result: Result<T, AwsError>) -> S3Result<T> {
    result.map_err(|error| {
        let mut stand_in = S3Error::new(S3ErrorCode::InternalError);
        stand_in
            .set_status_code(StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        *request.error.lock() = Some(error);
        stand_in
    })
}

/// `x-amz-expected-bucket-owner` must be the owner.
pub(crate) fn check_expected_owner(
    request: &RequestContext,
    settings: &BucketSettings,
) -> Result<(), AwsError> {
    match request.header("x-amz-expected-bucket-owner") {
        Some(expected) if expected != settings.account => Err(AwsError::access_denied()),
        _ => Ok(()),
    }
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = context.s3_op().name().to_owned();
        let bucket = context.s3_path().get_bucket_name().map(str::to_owned);
        let key = context.s3_path().get_object_key().map(str::to_owned);
        let request = context_of(context.extensions_mut())?;
        // what is decided about must be what s3s will act on
        if bucket != request.bucket || key != request.key {
            return report(
                &request,
                Err(AwsError::new(400, "InvalidURI", "Couldn't parse the specified URI.")),
            );
        }
        report(&request, allow_operation(&self.cloud, &request, &operation))
    }
}

fn allow_operation(cloud: &Cloud, request: &RequestContext, operation: &str) -> Result<(), AwsError> {
    request.note_action(&format!("s3:{operation}"));
    let needed = s3_actions::needed(operation, request).ok_or_else(|| {
        AwsError::new(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        )
    })?;
    if operation == "CreateBucket" {
        return Ok(());
    }
    let Some(bucket) = request.bucket.as_deref() else {
        for permission in needed.iter().filter(|needed| needed.level == Level::Service) {
            authorize::s3::allow_in_account(request, permission.action, "arn:aws:s3:::*", |_| {})?;
        }
        return Ok(());
    };
    let settings = cloud.buckets.settings(bucket)?;
    check_expected_owner(request, &settings)?;
    requester_pays::check(request, &settings)?;
    let stored = match &request.key {
        Some(key) => cloud.buckets.read(bucket, |bucket| {
            Ok(bucket.version(key, request.version_id()).ok().and_then(|version| version.object.clone()))
        })?,
        None => None,
    };
    let listing =
        matches!(operation, "ListObjects" | "ListObjectsV2" | "ListObjectVersions" | "ListMultipartUploads");
    // what a bad tagging header is answered comes after the decision
    let request_tags = super::metadata::tags_header(request).unwrap_or_default();
    for permission in needed {
        let target = authorize::s3::Target {
            bucket: &settings,
            key: if permission.level == Level::Object { request.key.as_deref() } else { None },
            object_acl: stored.as_ref().map(|object| &object.facts.acl),
        };
        authorize::s3::allow(request, permission.action, &target, |context| {
            if listing {
                context_keys::add_listing(context, request);
            }
            if let Some(object) = &stored {
                for (name, value) in &object.facts.tags {
                    context.set(&format!("s3:ExistingObjectTag/{name}"), value.as_str());
                }
            }
            context_keys::add_request_tags(
                context,
                "s3:RequestObjectTag",
                "s3:RequestObjectTagKeys",
                &request_tags,
            );
        })?;
    }
    Ok(())
}

fn encryption_headers(encryption: &Encryption) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in encryption.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

fn put_output(written: &put::Written) -> S3Response<dto::PutObjectOutput> {
    let facts = &written.object.facts;
    let mut output = dto::PutObjectOutput {
        e_tag: Some(dto::ETag::Strong(facts.etag.clone())),
        version_id: written.version_id.clone(),
        ..dto::PutObjectOutput::default()
    };
    if let Some(checksum) = &facts.checksum {
        set_checksum!(output, checksum);
        output.checksum_type = Some(checksum.kind.as_str().to_owned().into());
    }
    let mut headers = encryption_headers(&facts.description.encryption);
    if let Some(Ok(rule)) = written.expiration.as_deref().map(HeaderValue::from_str) {
        headers.insert("x-amz-expiration", rule);
    }
    S3Response::with_headers(output, headers)
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn list_buckets(
        &self,
        req: S3Request<dto::ListBucketsInput>,
    ) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, buckets::list_buckets(&self.cloud, &request, &req.input)).map(S3Response::new)
    }

    async fn create_bucket(
        &self,
        req: S3Request<dto::CreateBucketInput>,
    ) -> S3Result<S3Response<dto::CreateBucketOutput>> {
        let request = context_of(&req.extensions)?;
        let location = report(&request, buckets::create(&self.cloud, &request, &req.input))?;
        Ok(S3Response::new(dto::CreateBucketOutput { location: Some(location) }))
    }

    async fn head_bucket(
        &self,
        req: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        let request = context_of(&req.extensions)?;
        let settings = report(&request, self.cloud.buckets.settings(&req.input.bucket))?;
        let output = dto::HeadBucketOutput {
            bucket_region: Some(settings.region),
            access_point_alias: Some(false),
            ..dto::HeadBucketOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<dto::GetBucketLocationInput>,
    ) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
        let request = context_of(&req.extensions)?;
        let settings = report(&request, self.cloud.buckets.settings(&req.input.bucket))?;
        let location_constraint = (settings.region != "us-east-1").then(|| settings.region.into());
        Ok(S3Response::new(dto::GetBucketLocationOutput { location_constraint }))
    }

    async fn delete_bucket(
        &self,
        req: S3Request<dto::DeleteBucketInput>,
    ) -> S3Result<S3Response<dto::DeleteBucketOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, self.cloud.buckets.remove(&req.input.bucket))?;
        Ok(S3Response::new(dto::DeleteBucketOutput::default()))
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<dto::GetBucketVersioningInput>,
    ) -> S3Result<S3Response<dto::GetBucketVersioningOutput>> {
        let request = context_of(&req.extensions)?;
        let settings = report(&request, self.cloud.buckets.settings(&req.input.bucket))?;
        let status = match settings.versioning {
            super::model::Versioning::Off => None,
            super::model::Versioning::Enabled => Some("Enabled".to_owned().into()),
            super::model::Versioning::Suspended => Some("Suspended".to_owned().into()),
        };
        Ok(S3Response::new(dto::GetBucketVersioningOutput { status, mfa_delete: None }))
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<dto::PutBucketVersioningInput>,
    ) -> S3Result<S3Response<dto::PutBucketVersioningOutput>> {
        let request = context_of(&req.extensions)?;
        report(
            &request,
            buckets::put_versioning(&self.cloud, &req.input.bucket, &req.input.versioning_configuration),
        )?;
        Ok(S3Response::new(dto::PutBucketVersioningOutput::default()))
    }

    async fn get_bucket_tagging(
        &self,
        req: S3Request<dto::GetBucketTaggingInput>,
    ) -> S3Result<S3Response<dto::GetBucketTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let settings = report(&request, self.cloud.buckets.settings(&req.input.bucket))?;
        let tags = settings.tags.ok_or_else(|| {
            AwsError::new(404, "NoSuchTagSet", "The TagSet does not exist")
                .detail("BucketName", settings.name.clone())
        });
        let tags = report(&request, tags)?;
        Ok(S3Response::new(dto::GetBucketTaggingOutput { tag_set: tagging::tag_set(&tags) }))
    }

    async fn put_bucket_tagging(
        &self,
        req: S3Request<dto::PutBucketTaggingInput>,
    ) -> S3Result<S3Response<dto::PutBucketTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let result = tagging::bucket_tags(req.input.tagging).and_then(|tags| {
            self.cloud.buckets.change_settings(&req.input.bucket, |settings| {
                settings.tags = Some(tags);
                Ok(())
            })
        });
        report(&request, result)?;
        Ok(S3Response::with_status(dto::PutBucketTaggingOutput::default(), StatusCode::NO_CONTENT))
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<dto::DeleteBucketTaggingInput>,
    ) -> S3Result<S3Response<dto::DeleteBucketTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let result = self.cloud.buckets.change_settings(&req.input.bucket, |settings| {
            settings.tags = None;
            Ok(())
        });
        report(&request, result)?;
        Ok(S3Response::new(dto::DeleteBucketTaggingOutput::default()))
    }

    async fn get_bucket_acl(
        &self,
        req: S3Request<dto::GetBucketAclInput>,
    ) -> S3Result<S3Response<dto::GetBucketAclOutput>> {
        let request = context_of(&req.extensions)?;
        let settings = report(&request, self.cloud.buckets.settings(&req.input.bucket))?;
        let output = dto::GetBucketAclOutput {
            owner: Some(list::owner(&self.cloud, &settings.acl.owner)),
            grants: Some(acl_documents::grants(&self.cloud, &settings.acl)),
        };
        Ok(S3Response::new(output))
    }

    async fn put_bucket_acl(
        &self,
        req: S3Request<dto::PutBucketAclInput>,
    ) -> S3Result<S3Response<dto::PutBucketAclOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, acl_documents::put_bucket_acl(&self.cloud, &request, &req.input))?;
        Ok(S3Response::new(dto::PutBucketAclOutput::default()))
    }

    async fn list_objects(
        &self,
        req: S3Request<dto::ListObjectsInput>,
    ) -> S3Result<S3Response<dto::ListObjectsOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, list::list_objects(&self.cloud, &request, &req.input)).map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        let request = context_of(&req.extensions)?;
        report(&request, list::list_objects_v2(&self.cloud, &request, &req.input)).map(S3Response::new)
    }

    async fn list_object_versions(
        &self,
        req: S3Request<dto::ListObjectVersionsInput>,
    ) -> S3Result<S3Response<dto::ListObjectVersionsOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, list::list_versions(&self.cloud, &request, &req.input)).map(S3Response::new)
    }

    async fn get_object(
        &self,
        req: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let reading =
            report(&request, read::read_object(&self.cloud, &request, &req.input.bucket, &req.input.key))?;
        let output = dto::GetObjectOutput {
            body: Some(reading.body()),
            // its presence makes the answer a partial one
            content_range: reading.partial.then(String::new),
            ..dto::GetObjectOutput::default()
        };
        Ok(S3Response::with_headers(output, reading.headers))
    }

    async fn head_object(
        &self,
        req: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let reading =
            report(&request, read::read_object(&self.cloud, &request, &req.input.bucket, &req.input.key))?;
        let status = if reading.partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = S3Response::with_status(dto::HeadObjectOutput::default(), status);
        response.headers = reading.headers;
        Ok(response)
    }

    async fn get_object_attributes(
        &self,
        req: S3Request<dto::GetObjectAttributesInput>,
    ) -> S3Result<S3Response<dto::GetObjectAttributesOutput>> {
        let request = context_of(&req.extensions)?;
        let (output, headers) = report(&request, read::attributes(&self.cloud, &request, &req.input))?;
        Ok(S3Response::with_headers(output, headers))
    }

    async fn put_object(
        &self,
        req: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let written = put::put_object(&self.cloud, &request, &input.bucket, &input.key, input.body).await;
        report(&request, written).map(|written| put_output(&written))
    }

    async fn copy_object(
        &self,
        req: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let copied = copy::copy_object(&self.cloud, &request, &req.input.bucket, &req.input.key);
        let (written, source) = report(&request, copied)?;
        let facts = &written.object.facts;
        let mut result = dto::CopyObjectResult {
            e_tag: Some(dto::ETag::Strong(facts.etag.clone())),
            last_modified: Some(facts.modified.into()),
            ..dto::CopyObjectResult::default()
        };
        if let Some(checksum) = &facts.checksum {
            set_checksum!(result, checksum);
            result.checksum_type = Some(checksum.kind.as_str().to_owned().into());
        }
        let output = dto::CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: source.version_id,
            version_id: written.version_id.clone(),
            ..dto::CopyObjectOutput::default()
        };
        Ok(S3Response::with_headers(output, encryption_headers(&facts.description.encryption)))
    }

    async fn delete_object(
        &self,
        req: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let wanted = delete::DeleteConditions {
            if_match: request.header("if-match").map(str::to_owned),
            size: req.input.if_match_size,
        };
        let deleted = delete::delete(
            &self.cloud,
            &request,
            &req.input.bucket,
            &req.input.key,
            request.version_id(),
            &wanted,
        );
        let deleted = report(&request, deleted)?;
        let output = dto::DeleteObjectOutput {
            delete_marker: deleted.marker.then_some(true),
            version_id: deleted.version_id,
            ..dto::DeleteObjectOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn delete_objects(
        &self,
        req: S3Request<dto::DeleteObjectsInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectsOutput>> {
        let request = context_of(&req.extensions)?;
        let deleted = delete::delete_many(&self.cloud, &request, &req.input.bucket, req.input.delete);
        report(&request, deleted).map(S3Response::new)
    }

    async fn get_object_tagging(
        &self,
        req: S3Request<dto::GetObjectTaggingInput>,
    ) -> S3Result<S3Response<dto::GetObjectTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let (version, object, versioning) = report(
            &request,
            read::find(&self.cloud, &request, &req.input.bucket, &req.input.key, request.version_id()),
        )?;
        let version_id = (versioning != super::model::Versioning::Off).then_some(version.id);
        let tag_set = tagging::tag_set(&object.facts.tags);
        Ok(S3Response::new(dto::GetObjectTaggingOutput { tag_set, version_id }))
    }

    async fn put_object_tagging(
        &self,
        req: S3Request<dto::PutObjectTaggingInput>,
    ) -> S3Result<S3Response<dto::PutObjectTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let done =
            object_settings::put_tagging(&self.cloud, &request, &input.bucket, &input.key, input.tagging);
        let version_id = report(&request, done)?;
        Ok(S3Response::new(dto::PutObjectTaggingOutput { version_id }))
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<dto::DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectTaggingOutput>> {
        let request = context_of(&req.extensions)?;
        let done =
            object_settings::change(&self.cloud, &request, &req.input.bucket, &req.input.key, |object| {
                object.facts.tags.clear();
                Ok(())
            });
        report(&request, done)?;
        Ok(S3Response::new(dto::DeleteObjectTaggingOutput {
            version_id: request.version_id().map(str::to_owned),
        }))
    }

    async fn get_object_acl(
        &self,
        req: S3Request<dto::GetObjectAclInput>,
    ) -> S3Result<S3Response<dto::GetObjectAclOutput>> {
        let request = context_of(&req.extensions)?;
        let found =
            read::find(&self.cloud, &request, &req.input.bucket, &req.input.key, request.version_id());
        let (_, object, _) = report(&request, found)?;
        let output = dto::GetObjectAclOutput {
            owner: Some(list::owner(&self.cloud, &object.facts.acl.owner)),
            grants: Some(acl_documents::grants(&self.cloud, &object.facts.acl)),
            ..dto::GetObjectAclOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn put_object_acl(
        &self,
        req: S3Request<dto::PutObjectAclInput>,
    ) -> S3Result<S3Response<dto::PutObjectAclOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, acl_documents::put_object_acl(&self.cloud, &request, &req.input))?;
        Ok(S3Response::new(dto::PutObjectAclOutput::default()))
    }

    async fn get_object_retention(
        &self,
        req: S3Request<dto::GetObjectRetentionInput>,
    ) -> S3Result<S3Response<dto::GetObjectRetentionOutput>> {
        let request = context_of(&req.extensions)?;
        let result = object_settings::retention(&self.cloud, &request, &req.input.bucket, &req.input.key);
        let retention = report(&request, result)?;
        Ok(S3Response::new(dto::GetObjectRetentionOutput {
            retention: Some(dto::ObjectLockRetention {
                mode: Some(retention.mode.into()),
                retain_until_date: Some(retention.until.into()),
            }),
        }))
    }

    async fn put_object_retention(
        &self,
        req: S3Request<dto::PutObjectRetentionInput>,
    ) -> S3Result<S3Response<dto::PutObjectRetentionOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let result =
            object_settings::put_retention(&self.cloud, &request, &input.bucket, &input.key, input.retention);
        report(&request, result)?;
        Ok(S3Response::new(dto::PutObjectRetentionOutput::default()))
    }

    async fn get_object_legal_hold(
        &self,
        req: S3Request<dto::GetObjectLegalHoldInput>,
    ) -> S3Result<S3Response<dto::GetObjectLegalHoldOutput>> {
        let request = context_of(&req.extensions)?;
        let result = object_settings::legal_hold(&self.cloud, &request, &req.input.bucket, &req.input.key);
        let held = report(&request, result)?;
        let status = if held { "ON" } else { "OFF" };
        Ok(S3Response::new(dto::GetObjectLegalHoldOutput {
            legal_hold: Some(dto::ObjectLockLegalHold { status: Some(status.to_owned().into()) }),
        }))
    }

    async fn put_object_legal_hold(
        &self,
        req: S3Request<dto::PutObjectLegalHoldInput>,
    ) -> S3Result<S3Response<dto::PutObjectLegalHoldOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let result = object_settings::put_legal_hold(
            &self.cloud,
            &request,
            &input.bucket,
            &input.key,
            input.legal_hold,
        );
        report(&request, result)?;
        Ok(S3Response::new(dto::PutObjectLegalHoldOutput::default()))
    }

    async fn restore_object(
        &self,
        req: S3Request<dto::RestoreObjectInput>,
    ) -> S3Result<S3Response<dto::RestoreObjectOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let days = input.restore_request.and_then(|restore| restore.days);
        let result = object_settings::restore(&self.cloud, &request, &input.bucket, &input.key, days);
        let readable = report(&request, result)?;
        let status = if readable { StatusCode::OK } else { StatusCode::ACCEPTED };
        Ok(S3Response::with_status(dto::RestoreObjectOutput::default(), status))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        let request = context_of(&req.extensions)?;
        let facts =
            report(&request, multipart::create(&self.cloud, &request, &req.input.bucket, &req.input.key))?;
        let output = dto::CreateMultipartUploadOutput {
            bucket: Some(req.input.bucket),
            key: Some(req.input.key),
            upload_id: Some(facts.id),
            checksum_algorithm: facts
                .checksum_algorithm
                .map(|algorithm| algorithm.as_str().to_owned().into()),
            checksum_type: facts.checksum_type.map(|kind| kind.as_str().to_owned().into()),
            ..dto::CreateMultipartUploadOutput::default()
        };
        Ok(S3Response::with_headers(output, encryption_headers(&facts.description.encryption)))
    }

    async fn upload_part(
        &self,
        req: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let name = (input.bucket.as_str(), input.key.as_str(), input.upload_id.as_str());
        let uploaded =
            multipart::upload_part(&self.cloud, &request, name, input.part_number, input.body).await;
        let (part, facts) = report(&request, uploaded)?;
        let mut output = dto::UploadPartOutput {
            e_tag: Some(dto::ETag::Strong(part.etag.clone())),
            ..dto::UploadPartOutput::default()
        };
        if let Some(checksum) = &part.checksum {
            set_checksum!(output, checksum);
        }
        Ok(S3Response::with_headers(output, encryption_headers(&facts.description.encryption)))
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<dto::UploadPartCopyInput>,
    ) -> S3Result<S3Response<dto::UploadPartCopyOutput>> {
        let request = context_of(&req.extensions)?;
        let input = req.input;
        let name = (input.bucket.as_str(), input.key.as_str(), input.upload_id.as_str());
        let copied = multipart::upload_part_copy(&self.cloud, &request, name, input.part_number);
        let (part, source) = report(&request, copied)?;
        let mut result = dto::CopyPartResult {
            e_tag: Some(dto::ETag::Strong(part.etag.clone())),
            last_modified: Some(part.modified.into()),
            ..dto::CopyPartResult::default()
        };
        if let Some(checksum) = &part.checksum {
            set_checksum!(result, checksum);
        }
        let output = dto::UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: source.version_id,
            ..dto::UploadPartCopyOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let request = context_of(&req.extensions)?;
        let written = report(&request, multipart::complete(&self.cloud, &request, &req.input))?;
        let facts = &written.object.facts;
        let location = format!(
            "{}/{}/{}",
            request.base_url,
            req.input.bucket,
            crate::encoding::percent_encode(req.input.key.as_bytes(), true)
        );
        let mut output = dto::CompleteMultipartUploadOutput {
            bucket: Some(req.input.bucket),
            key: Some(req.input.key),
            location: Some(location),
            e_tag: Some(dto::ETag::Strong(facts.etag.clone())),
            version_id: written.version_id.clone(),
            ..dto::CompleteMultipartUploadOutput::default()
        };
        if let Some(checksum) = &facts.checksum {
            set_checksum!(output, checksum);
            output.checksum_type = Some(checksum.kind.as_str().to_owned().into());
        }
        Ok(S3Response::with_headers(output, encryption_headers(&facts.description.encryption)))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        let request = context_of(&req.extensions)?;
        let input = &req.input;
        report(&request, multipart::abort(&self.cloud, &input.bucket, &input.key, &input.upload_id))?;
        Ok(S3Response::new(dto::AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(
        &self,
        req: S3Request<dto::ListPartsInput>,
    ) -> S3Result<S3Response<dto::ListPartsOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, multipart_list::list_parts(&self.cloud, &req.input)).map(S3Response::new)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<dto::ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<dto::ListMultipartUploadsOutput>> {
        let request = context_of(&req.extensions)?;
        report(&request, multipart_list::list_uploads(&self.cloud, &request, &req.input)).map(S3Response::new)
    }
}

/// The bypass of governance that a request asks for, which was authorized with it.
pub(crate) fn bypasses_governance(request: &RequestContext) -> bool {
    request
        .header("x-amz-bypass-governance-retention")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Names used by the files of single operations.
pub(crate) use locks::Retention;

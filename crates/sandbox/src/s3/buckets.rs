//! Creating, finding and deleting buckets.

use std::collections::BTreeMap;

use s3s::dto;

use super::acl::{self, Acl};
use super::bucket_names;
use super::list;
use super::model::{BucketSettings, Ownership, PublicAccessBlock, Versioning};
use super::tagging;
use crate::authorize;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

const REGION_OF_THE_OLD: &str = "us-east-1";

/// CreateBucket.
pub(crate) fn create(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::CreateBucketInput,
) -> Result<String, AwsError> {
    let name = input.bucket.as_str();
    if !bucket_names::is_valid(name) {
        return Err(AwsError::new(400, "InvalidBucketName", "The specified bucket is not valid.")
            .detail("BucketName", name));
    }
    let configuration = input.create_bucket_configuration.as_ref();
    let constraint = configuration
        .and_then(|configuration| configuration.location_constraint.as_ref())
        .map(|constraint| constraint.as_str().to_owned())
        .filter(|constraint| !constraint.is_empty());
    let region = region(cloud, request, constraint.as_deref())?;
    let ownership = match request.header("x-amz-object-ownership") {
        None => Ownership::BucketOwnerEnforced,
        Some(text) => Ownership::parse(text).ok_or_else(|| {
            AwsError::new(400, "InvalidArgument", "Invalid x-amz-object-ownership header")
                .detail("ArgumentValue", text)
        })?,
    };
    let object_lock = match request.header("x-amz-bucket-object-lock-enabled") {
        None => false,
        Some(text) if text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("false") => false,
        Some(_) => {
            return Err(AwsError::new(
                400,
                "InvalidArgument",
                "Invalid x-amz-bucket-object-lock-enabled header",
            ));
        }
    };
    allow_create(request, name, constraint.as_deref(), object_lock)?;
    let account = request.caller.account.clone();
    let acl = bucket_acl(request, &account, ownership)?;
    let settings = BucketSettings {
        name: name.to_owned(),
        account: account.clone(),
        region: region.clone(),
        created: request.now,
        versioning: if object_lock { Versioning::Enabled } else { Versioning::Off },
        object_lock,
        ownership: Some(ownership),
        public_access_block: Some(PublicAccessBlock::ALL),
        policy: None,
        acl,
        tags: None,
        documents: if object_lock { object_lock_document() } else { BTreeMap::new() },
    };
    match cloud.buckets.create(settings) {
        Ok(()) => Ok(format!("/{name}")),
        // in the oldest region, making one's own bucket again has always been no error
        Err(taken) if taken.account == account && region == REGION_OF_THE_OLD => Ok(format!("/{name}")),
        Err(taken) if taken.account == account => Err(AwsError::new(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
        .detail("BucketName", name)),
        Err(_) => Err(AwsError::new(
            409,
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        )
        .detail("BucketName", name)),
    }
}

/// The region a new bucket gets. The region of the signature is the endpoint the client believes to talk to.
fn region(cloud: &Cloud, request: &RequestContext, constraint: Option<&str>) -> Result<String, AwsError> {
    let endpoint = request.caller.region.clone().unwrap_or_else(|| cloud.region.clone());
    let incompatible = |name: &str| {
        AwsError::new(
            400,
            "IllegalLocationConstraintException",
            format!(
                "The {name} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        )
    };
    match constraint {
        None if endpoint == REGION_OF_THE_OLD || endpoint == "aws-global" => Ok(REGION_OF_THE_OLD.to_owned()),
        None => Err(incompatible("unspecified")),
        Some("EU") => Ok("eu-west-1".to_owned()),
        Some(constraint) => {
            let plausible = constraint.split('-').count() >= 3
                && constraint
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !plausible || constraint == REGION_OF_THE_OLD {
                return Err(AwsError::new(
                    400,
                    "InvalidLocationConstraint",
                    "The specified location-constraint is not valid",
                )
                .detail("LocationConstraint", constraint));
            }
            if endpoint != REGION_OF_THE_OLD && endpoint != "aws-global" && endpoint != constraint {
                return Err(incompatible(constraint));
            }
            Ok(constraint.to_owned())
        }
    }
}

fn allow_create(
    request: &RequestContext,
    name: &str,
    constraint: Option<&str>,
    object_lock: bool,
) -> Result<(), AwsError> {
    let resource = format!("arn:aws:s3:::{name}");
    let mut actions = vec!["s3:CreateBucket"];
    let has = |header: &str| request.headers.contains_key(header);
    if has("x-amz-acl") || request.headers.keys().any(|name| name.as_str().starts_with("x-amz-grant-")) {
        actions.push("s3:PutBucketAcl");
    }
    if has("x-amz-object-ownership") {
        actions.push("s3:PutBucketOwnershipControls");
    }
    if object_lock {
        actions.extend(["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]);
    }
    for action in actions {
        authorize::s3::allow_in_account(request, action, &resource, |context| {
            if let Some(constraint) = constraint {
                context.set("s3:LocationConstraint", constraint);
                context.set("s3:locationconstraint", constraint);
            }
        })?;
    }
    Ok(())
}

fn bucket_acl(request: &RequestContext, account: &str, ownership: Ownership) -> Result<Acl, AwsError> {
    let Some(acl) = acl::from_headers(request, account, None)? else { return Ok(Acl::private(account)) };
    if acl == Acl::private(account) {
        return Ok(acl);
    }
    if ownership == Ownership::BucketOwnerEnforced {
        return Err(AwsError::new(
            400,
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ));
    }
    if acl.is_public() {
        return Err(AwsError::new(
            400,
            "InvalidBucketAclWithBlockPublicAccessError",
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        ));
    }
    Ok(acl)
}

fn object_lock_document() -> BTreeMap<String, String> {
    let document = "<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    BTreeMap::from([("object-lock".to_owned(), document.to_owned())])
}

/// ListBuckets.
pub(crate) fn list_buckets(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::ListBucketsInput,
) -> Result<dto::ListBucketsOutput, AwsError> {
    let max = match input.max_buckets {
        None => None,
        Some(number) if (1..=10_000).contains(&number) => usize::try_from(number).ok(),
        Some(number) => {
            return Err(AwsError::new(
                400,
                "InvalidArgument",
                "Argument max-buckets must be an integer between 1 and 10000",
            )
            .detail("ArgumentName", "max-buckets")
            .detail("ArgumentValue", number.to_string()));
        }
    };
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.clone().unwrap_or_default();
    let mut buckets: Vec<dto::Bucket> = cloud
        .buckets
        .of_account(&request.caller.account)
        .into_iter()
        .filter(|bucket| bucket.name.starts_with(&prefix) && bucket.name > after)
        .filter(|bucket| input.bucket_region.as_ref().is_none_or(|region| *region == bucket.region))
        .map(|bucket| dto::Bucket {
            name: Some(bucket.name),
            creation_date: Some(bucket.created.into()),
            bucket_region: Some(bucket.region),
        })
        .collect();
    let mut token = None;
    if let Some(max) = max
        && buckets.len() > max
    {
        buckets.truncate(max);
        token = buckets.last().and_then(|bucket| bucket.name.clone());
    }
    Ok(dto::ListBucketsOutput {
        buckets: Some(buckets),
        owner: Some(list::owner(cloud, &request.caller.account)),
        continuation_token: token,
        prefix: input.prefix.clone(),
    })
}

/// PutBucketVersioning.
pub(crate) fn put_versioning(
    cloud: &Cloud,
    bucket: &str,
    configuration: &dto::VersioningConfiguration,
) -> Result<(), AwsError> {
    let versioning = match configuration.status.as_ref().map(dto::BucketVersioningStatus::as_str) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(tagging::malformed_xml()),
    };
    cloud.buckets.change_settings(bucket, |settings| {
        if settings.object_lock && versioning == Versioning::Suspended {
            return Err(AwsError::new(
                409,
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            ));
        }
        settings.versioning = versioning;
        Ok(())
    })
}

//! Decisions about buckets and objects: identity policies, bucket policy, access lists and Block Public Access.

use iam::{Context, PrincipalKind, Reason};

use super::{Question, context_keys, decide, reason};
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::s3::acl::{Acl, Permission};
use crate::s3::model::{BucketSettings, PublicAccessBlock};

/// A bucket as a decision needs it, with the access list of the object in question.
pub(crate) struct Target<'a> {
    pub(crate) bucket: &'a BucketSettings,
    pub(crate) key: Option<&'a str>,
    pub(crate) object_acl: Option<&'a Acl>,
}

/// Authorizes an action on a bucket, or on an object in it.
pub(crate) fn allow(
    request: &RequestContext,
    action: &str,
    target: &Target<'_>,
    extra: impl FnOnce(&mut Context),
) -> Result<(), AwsError> {
    let caller = &request.caller;
    let bucket = target.bucket;
    let resource = match target.key {
        Some(key) => format!("arn:aws:s3:::{}/{key}", bucket.name),
        None => bucket.arn(),
    };
    // the owner's root can always mend a policy that locks everybody out
    let owner_is_root = caller.is_root() && caller.account == bucket.account;
    if owner_is_root
        && matches!(action, "s3:GetBucketPolicy" | "s3:PutBucketPolicy" | "s3:DeleteBucketPolicy")
    {
        return Ok(());
    }
    let mut context = context_keys::of_request(request);
    context_keys::add_s3(&mut context, request);
    context.set("aws:ResourceAccount", bucket.account.as_str());
    context.set("s3:ResourceAccount", bucket.account.as_str());
    extra(&mut context);

    let block = bucket.public_access_block;
    let foreign = caller.account != bucket.account;
    let named = match &bucket.policy {
        // Block Public Access takes a public policy's word from everybody outside the account
        Some(policy) if policy.is_public && foreign && block.is_some_and(|block| block.restrict_buckets) => {
            None
        }
        Some(policy) => Some(
            policy
                .document
                .named_with_principals("bucket policy", &request.identities)
                .map_err(AwsError::internal)?,
        ),
        None => None,
    };
    let question = Question {
        action,
        resource: &resource,
        resource_account: Some(&bucket.account),
        resource_policy: named.as_ref(),
        context: &context,
    };
    let decision = decide(&request.identities, caller, &question);
    if decision.allowed && !is_of_another_account(action, target) {
        return Ok(());
    }
    let explicit = matches!(decision.reason, Reason::ExplicitDeny { .. });
    if !explicit && acl_allows(request, action, target, block) {
        if caller.is_anonymous() {
            return Ok(());
        }
        // the access list stands for the resource's side; the caller's own side must allow as well
        let own = Question { resource_account: Some(&caller.account), resource_policy: None, ..question };
        if decide(&request.identities, caller, &own).allowed {
            return Ok(());
        }
    }
    if decision.allowed {
        return Err(AwsError::access_denied());
    }
    Err(denied(request, action, &resource, &bucket.account, &decision.reason))
}

/// Whether an object is another account's than the bucket: its access list alone then says who may read it, the
/// bucket's owner not excepted.
fn is_of_another_account(action: &str, target: &Target<'_>) -> bool {
    let reads = ["s3:GetObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"];
    let foreign = target.object_acl.is_some_and(|acl| acl.owner != target.bucket.account);
    foreign && !target.bucket.acls_disabled() && reads.iter().any(|start| action.starts_with(start))
}

/// Authorizes an action that has no bucket yet, or all of them.
pub(crate) fn allow_in_account(
    request: &RequestContext,
    action: &str,
    resource: &str,
    extra: impl FnOnce(&mut Context),
) -> Result<(), AwsError> {
    if request.caller.is_anonymous() {
        return Err(AwsError::access_denied());
    }
    let account = &request.caller.account;
    let mut context = context_keys::of_request(request);
    context_keys::add_s3(&mut context, request);
    context.set("aws:ResourceAccount", account.as_str());
    context.set("s3:ResourceAccount", account.as_str());
    extra(&mut context);
    let decision = decide(
        &request.identities,
        &request.caller,
        &Question {
            action,
            resource,
            resource_account: Some(account),
            resource_policy: None,
            context: &context,
        },
    );
    if decision.allowed {
        return Ok(());
    }
    Err(denied(request, action, resource, account, &decision.reason))
}

/// S3 names the reason to principals of the account that owns the bucket, and to nobody else.
fn denied(request: &RequestContext, action: &str, resource: &str, owner: &str, why: &Reason) -> AwsError {
    let caller = &request.caller;
    if caller.account != owner || caller.principal.kind == PrincipalKind::Anonymous {
        return AwsError::access_denied();
    }
    AwsError::new(
        403,
        "AccessDenied",
        format!(
            "User: {} is not authorized to perform: {action} on resource: \"{resource}\" {}",
            caller.principal.arn,
            reason(why)
        ),
    )
}

/// Whether an access list gives the caller the permission that covers the action.
fn acl_allows(
    request: &RequestContext,
    action: &str,
    target: &Target<'_>,
    block: Option<PublicAccessBlock>,
) -> bool {
    if target.bucket.acls_disabled() {
        return false;
    }
    let bucket_acl = &target.bucket.acl;
    let (acl, permission) = match action {
        "s3:ListBucket" | "s3:ListBucketVersions" | "s3:ListBucketMultipartUploads" => {
            (bucket_acl, Permission::Read)
        }
        "s3:PutObject" | "s3:DeleteObject" | "s3:DeleteObjectVersion" => (bucket_acl, Permission::Write),
        "s3:GetBucketAcl" => (bucket_acl, Permission::ReadAcp),
        "s3:PutBucketAcl" => (bucket_acl, Permission::WriteAcp),
        _ => {
            let Some(object_acl) = target.object_acl else {
                // what is not there is told to those who may list; and a new object is its writer's to describe
                let permission = match action {
                    "s3:GetObject" | "s3:GetObjectVersion" => Permission::Read,
                    "s3:PutObjectAcl" if writes_object(request) => Permission::Write,
                    _ => return false,
                };
                return bucket_acl.allows(&request.caller.account, permission, ignores_public(block));
            };
            match action {
                "s3:GetObject" | "s3:GetObjectVersion" => (object_acl, Permission::Read),
                "s3:GetObjectAcl" | "s3:GetObjectVersionAcl" => (object_acl, Permission::ReadAcp),
                "s3:PutObjectAcl" if writes_object(request) => (bucket_acl, Permission::Write),
                "s3:PutObjectAcl" | "s3:PutObjectVersionAcl" => (object_acl, Permission::WriteAcp),
                _ => return false,
            }
        }
    };
    acl.allows(&request.caller.account, permission, ignores_public(block))
}

fn ignores_public(block: Option<PublicAccessBlock>) -> bool {
    block.is_some_and(|block| block.ignore_acls || block.restrict_buckets)
}

/// Whether the request writes an object, and says its access list along with it.
fn writes_object(request: &RequestContext) -> bool {
    matches!(
        request.action.lock().trim_start_matches("s3:"),
        "PutObject" | "CopyObject" | "CreateMultipartUpload" | "PostObject"
    )
}

//! Which permissions each S3 operation needs.

use crate::request::RequestContext;

/// Where a permission must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// on all buckets
    Service,
    Bucket,
    Object,
}

/// A permission that an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needed {
    pub(crate) action: &'static str,
    pub(crate) level: Level,
}

const fn bucket(action: &'static str) -> Needed {
    Needed { action, level: Level::Bucket }
}

const fn object(action: &'static str) -> Needed {
    Needed { action, level: Level::Object }
}

/// The permissions of an operation by its S3 name; `None` is an operation the sandbox does not know.
/// What depends on a body or on the source of a copy is asked for where those are known.
pub(crate) fn needed(operation: &str, request: &RequestContext) -> Option<Vec<Needed>> {
    let versioned = request.version_id().is_some();
    let pick = |with: &'static str, without: &'static str| object(if versioned { with } else { without });
    Some(match operation {
        "ListBuckets" => vec![Needed { action: "s3:ListAllMyBuckets", level: Level::Service }],
        // asked for once the body with the location is known
        "CreateBucket" => vec![],
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => vec![bucket("s3:ListBucket")],
        "GetBucketLocation" => vec![bucket("s3:GetBucketLocation")],
        "DeleteBucket" => vec![bucket("s3:DeleteBucket")],
        "ListObjectVersions" => vec![bucket("s3:ListBucketVersions")],
        "ListMultipartUploads" => vec![bucket("s3:ListBucketMultipartUploads")],
        "GetBucketVersioning" => vec![bucket("s3:GetBucketVersioning")],
        "PutBucketVersioning" => vec![bucket("s3:PutBucketVersioning")],
        "GetBucketAcl" => vec![bucket("s3:GetBucketAcl")],
        "PutBucketAcl" => vec![bucket("s3:PutBucketAcl")],
        "GetBucketTagging" => vec![bucket("s3:GetBucketTagging")],
        "PutBucketTagging" | "DeleteBucketTagging" => vec![bucket("s3:PutBucketTagging")],
        "GetObject" | "HeadObject" => vec![pick("s3:GetObjectVersion", "s3:GetObject")],
        "GetObjectAttributes" => vec![
            pick("s3:GetObjectVersion", "s3:GetObject"),
            pick("s3:GetObjectVersionAttributes", "s3:GetObjectAttributes"),
        ],
        "PutObject" | "CreateMultipartUpload" | "CopyObject" => {
            let mut needed = vec![object("s3:PutObject")];
            needed.extend(writing_extras(request));
            needed
        }
        "UploadPart" | "UploadPartCopy" | "CompleteMultipartUpload" => vec![object("s3:PutObject")],
        "AbortMultipartUpload" => vec![object("s3:AbortMultipartUpload")],
        "ListParts" => vec![object("s3:ListMultipartUploadParts")],
        "DeleteObject" => {
            let mut needed = vec![pick("s3:DeleteObjectVersion", "s3:DeleteObject")];
            if request
                .header("x-amz-bypass-governance-retention")
                .is_some_and(|value| value.eq_ignore_ascii_case("true"))
            {
                needed.push(object("s3:BypassGovernanceRetention"));
            }
            needed
        }
        // each key is asked for by itself
        "DeleteObjects" => vec![],
        "GetObjectAcl" => vec![pick("s3:GetObjectVersionAcl", "s3:GetObjectAcl")],
        "PutObjectAcl" => vec![pick("s3:PutObjectVersionAcl", "s3:PutObjectAcl")],
        "GetObjectTagging" => vec![pick("s3:GetObjectVersionTagging", "s3:GetObjectTagging")],
        // asked for once the tags are known
        "PutObjectTagging" => vec![],
        "DeleteObjectTagging" => vec![pick("s3:DeleteObjectVersionTagging", "s3:DeleteObjectTagging")],
        "GetObjectRetention" => vec![object("s3:GetObjectRetention")],
        "PutObjectRetention" => {
            let mut needed = vec![object("s3:PutObjectRetention")];
            if request
                .header("x-amz-bypass-governance-retention")
                .is_some_and(|value| value.eq_ignore_ascii_case("true"))
            {
                needed.push(object("s3:BypassGovernanceRetention"));
            }
            needed
        }
        "GetObjectLegalHold" => vec![object("s3:GetObjectLegalHold")],
        "PutObjectLegalHold" => vec![object("s3:PutObjectLegalHold")],
        "RestoreObject" => vec![object("s3:RestoreObject")],
        _ => return None,
    })
}

/// What a write needs besides `s3:PutObject`, by its headers.
fn writing_extras(request: &RequestContext) -> Vec<Needed> {
    let mut needed = Vec::new();
    let has = |name: &str| request.headers.contains_key(name);
    let copies = has("x-amz-copy-source");
    let replaces_tags = request
        .header("x-amz-tagging-directive")
        .is_some_and(|directive| directive.eq_ignore_ascii_case("REPLACE"));
    if has("x-amz-tagging") && (!copies || replaces_tags) {
        needed.push(object("s3:PutObjectTagging"));
    }
    let grants = [
        "x-amz-grant-read",
        "x-amz-grant-write",
        "x-amz-grant-read-acp",
        "x-amz-grant-write-acp",
        "x-amz-grant-full-control",
    ];
    if has("x-amz-acl") || grants.iter().any(|name| has(name)) {
        needed.push(object("s3:PutObjectAcl"));
    }
    if has("x-amz-object-lock-mode") || has("x-amz-object-lock-retain-until-date") {
        needed.push(object("s3:PutObjectRetention"));
    }
    if has("x-amz-object-lock-legal-hold") {
        needed.push(object("s3:PutObjectLegalHold"));
    }
    needed
}

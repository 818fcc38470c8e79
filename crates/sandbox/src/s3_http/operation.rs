//! The operation that a request looks like.

use super::target::Target;

/// The operation a request looks like, for fault rules and the log.
pub(super) fn name(parts: &http::request::Parts, query: &[(String, String)], target: &Target) -> String {
    let has = |name: &str| query.iter().any(|(key, _)| key == name);
    let header = |name: &str| parts.headers.contains_key(name);
    let method = parts.method.as_str();
    let name = match (target.bucket.is_some(), target.key.is_some()) {
        (false, _) => "ListBuckets",
        (true, false) => match method {
            "HEAD" => "HeadBucket",
            "POST" if has("delete") => "DeleteObjects",
            "POST" => "PostObject",
            "PUT" if query.iter().all(|(name, _)| name.starts_with("X-Amz-") || name == "x-id") => {
                "CreateBucket"
            }
            "DELETE" if query.iter().all(|(name, _)| name.starts_with("X-Amz-") || name == "x-id") => {
                "DeleteBucket"
            }
            "GET" if has("versions") => "ListObjectVersions",
            "GET" if has("uploads") => "ListMultipartUploads",
            "GET" if has("location") => "GetBucketLocation",
            "GET" if query.iter().any(|(name, value)| name == "list-type" && value == "2") => "ListObjectsV2",
            _ => {
                let subresource =
                    query.iter().map(|(name, _)| name.as_str()).find(|name| SUBRESOURCES.contains(name));
                match subresource {
                    Some(name) => {
                        let mut letters = name.chars();
                        let first =
                            letters.next().map(|letter| letter.to_ascii_uppercase()).unwrap_or_default();
                        let verb = match method {
                            "PUT" => "Put",
                            "DELETE" => "Delete",
                            _ => "Get",
                        };
                        return format!("{verb}Bucket{first}{}", letters.as_str());
                    }
                    None => "ListObjects",
                }
            }
        },
        (true, true) => match method {
            "HEAD" => "HeadObject",
            "GET" if has("uploadId") => "ListParts",
            "GET" if has("tagging") => "GetObjectTagging",
            "GET" if has("acl") => "GetObjectAcl",
            "GET" if has("attributes") => "GetObjectAttributes",
            "GET" if has("retention") => "GetObjectRetention",
            "GET" if has("legal-hold") => "GetObjectLegalHold",
            "GET" => "GetObject",
            "PUT" if has("uploadId") && header("x-amz-copy-source") => "UploadPartCopy",
            "PUT" if has("uploadId") => "UploadPart",
            "PUT" if has("tagging") => "PutObjectTagging",
            "PUT" if has("acl") => "PutObjectAcl",
            "PUT" if has("retention") => "PutObjectRetention",
            "PUT" if has("legal-hold") => "PutObjectLegalHold",
            "PUT" if header("x-amz-copy-source") => "CopyObject",
            "PUT" => "PutObject",
            "POST" if has("uploads") => "CreateMultipartUpload",
            "POST" if has("uploadId") => "CompleteMultipartUpload",
            "DELETE" if has("uploadId") => "AbortMultipartUpload",
            "DELETE" if has("tagging") => "DeleteObjectTagging",
            "DELETE" => "DeleteObject",
            _ => "Unknown",
        },
    };
    name.to_owned()
}

/// Sub-resources of buckets, as queries name them.
pub(super) const SUBRESOURCES: [&str; 20] = [
    "acl",
    "cors",
    "lifecycle",
    "encryption",
    "website",
    "replication",
    "logging",
    "notification",
    "accelerate",
    "requestPayment",
    "policy",
    "policyStatus",
    "ownershipControls",
    "publicAccessBlock",
    "object-lock",
    "tagging",
    "versioning",
    "analytics",
    "metrics",
    "inventory",
];

//! The sub-resources of a bucket that are documents: one table says how each is authorized, stored and missed.

use bytes::Bytes;
use http::{Method, StatusCode};
use s3s::dto;

use super::model::{BucketSettings, Ownership, PublicAccessBlock, Versioning};
use super::tagging::malformed_xml;
use super::{policy, validate_xml};
use crate::authorize;
use crate::error::AwsError;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

const XML: &str = "application/xml";

/// How one kind of document behaves.
struct Subresource {
    name: &'static str,
    get_action: &'static str,
    put_action: &'static str,
    delete_action: Option<&'static str>,
    absent: Absent,
}

/// What a GET says when there is no document.
enum Absent {
    Error(&'static str, &'static str),
    Document(&'static str),
}

const DOCUMENTS: [Subresource; 9] = [
    Subresource {
        name: "cors",
        get_action: "s3:GetBucketCORS",
        put_action: "s3:PutBucketCORS",
        delete_action: Some("s3:PutBucketCORS"),
        absent: Absent::Error("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    },
    Subresource {
        name: "lifecycle",
        get_action: "s3:GetLifecycleConfiguration",
        put_action: "s3:PutLifecycleConfiguration",
        delete_action: Some("s3:PutLifecycleConfiguration"),
        absent: Absent::Error("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    },
    Subresource {
        name: "encryption",
        get_action: "s3:GetEncryptionConfiguration",
        put_action: "s3:PutEncryptionConfiguration",
        delete_action: Some("s3:PutEncryptionConfiguration"),
        absent: Absent::Error(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
    },
    Subresource {
        name: "website",
        get_action: "s3:GetBucketWebsite",
        put_action: "s3:PutBucketWebsite",
        delete_action: Some("s3:DeleteBucketWebsite"),
        absent: Absent::Error(
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
        ),
    },
    Subresource {
        name: "replication",
        get_action: "s3:GetReplicationConfiguration",
        put_action: "s3:PutReplicationConfiguration",
        delete_action: Some("s3:PutReplicationConfiguration"),
        absent: Absent::Error(
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
        ),
    },
    Subresource {
        name: "logging",
        get_action: "s3:GetBucketLogging",
        put_action: "s3:PutBucketLogging",
        delete_action: None,
        absent: Absent::Document("<BucketLoggingStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"),
    },
    Subresource {
        name: "notification",
        get_action: "s3:GetBucketNotification",
        put_action: "s3:PutBucketNotification",
        delete_action: None,
        absent: Absent::Document(
            "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
        ),
    },
    Subresource {
        name: "accelerate",
        get_action: "s3:GetAccelerateConfiguration",
        put_action: "s3:PutAccelerateConfiguration",
        delete_action: None,
        absent: Absent::Document(
            "<AccelerateConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
        ),
    },
    Subresource {
        name: "requestPayment",
        get_action: "s3:GetBucketRequestPayment",
        put_action: "s3:PutBucketRequestPayment",
        delete_action: None,
        absent: Absent::Document(
            "<RequestPaymentConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
        ),
    },
];

/// Documents of which a bucket can have several, each with an id: name, GET and PUT action, root of the list.
const LISTS: [(&str, &str, &str, &str); 4] = [
    (
        "analytics",
        "s3:GetAnalyticsConfiguration",
        "s3:PutAnalyticsConfiguration",
        "ListBucketAnalyticsConfigurationsResult",
    ),
    (
        "metrics",
        "s3:GetMetricsConfiguration",
        "s3:PutMetricsConfiguration",
        "ListMetricsConfigurationsResult",
    ),
    (
        "inventory",
        "s3:GetInventoryConfiguration",
        "s3:PutInventoryConfiguration",
        "ListInventoryConfigurationsResult",
    ),
    (
        "intelligent-tiering",
        "s3:GetIntelligentTieringConfiguration",
        "s3:PutIntelligentTieringConfiguration",
        "ListBucketIntelligentTieringConfigurationsOutput",
    ),
];

/// An answer with a document, or without one.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: String,
}

impl Answer {
    fn document(content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, content_type: Some(content_type), body: body.into() }
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, content_type: None, body: String::new() }
    }
}

/// The sub-resource that a request on a bucket is about, if it is one of these.
pub(crate) fn matching(request: &RequestContext) -> Option<&'static str> {
    if request.bucket.is_none() || request.key.is_some() {
        return None;
    }
    let single = ["policy", "policyStatus", "ownershipControls", "publicAccessBlock", "object-lock"];
    DOCUMENTS
        .iter()
        .map(|subresource| subresource.name)
        .chain(LISTS.iter().map(|list| list.0))
        .chain(single)
        .find(|name| request.has_query(name))
}

/// Answers it.
pub(crate) fn handle(
    cloud: &Cloud,
    request: &RequestContext,
    name: &'static str,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    let bucket = request.bucket.as_deref().unwrap_or_default();
    let settings = cloud.buckets.settings(bucket)?;
    super::backend::check_expected_owner(request, &settings)?;
    if request.method == Method::PUT {
        super::ingest::check_document(request, body)?;
    }
    if let Some(subresource) = DOCUMENTS.iter().find(|subresource| subresource.name == name) {
        return document(cloud, request, subresource, &settings, body);
    }
    if let Some(list) = LISTS.iter().find(|list| list.0 == name) {
        return listed_document(cloud, request, list, &settings, body);
    }
    match name {
        "policy" => bucket_policy(cloud, request, &settings, body),
        "policyStatus" => policy_status(request, &settings),
        "ownershipControls" => ownership_controls(cloud, request, &settings, body),
        "publicAccessBlock" => public_access_block(cloud, request, &settings, body),
        _ => object_lock(cloud, request, &settings, body),
    }
}

fn allow(request: &RequestContext, settings: &BucketSettings, action: &'static str) -> Result<(), AwsError> {
    request.note_action(action);
    let target = authorize::s3::Target { bucket: settings, key: None, object_acl: None };
    authorize::s3::allow(request, action, &target, |_| {})
}

fn not_allowed(request: &RequestContext) -> AwsError {
    AwsError::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        .detail("Method", request.method.as_str())
        .detail("ResourceType", "BUCKET")
}

fn document(
    cloud: &Cloud,
    request: &RequestContext,
    subresource: &Subresource,
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    let name = subresource.name;
    match (&request.method, subresource.delete_action) {
        (&Method::GET, _) => {
            allow(request, settings, subresource.get_action)?;
            match (settings.documents.get(name), &subresource.absent) {
                (Some(document), _) => Ok(Answer::document(XML, document)),
                (None, Absent::Document(document)) => Ok(Answer::document(XML, *document)),
                (None, Absent::Error(code, message)) => {
                    Err(AwsError::new(404, *code, *message).detail("BucketName", settings.name.clone()))
                }
            }
        }
        (&Method::PUT, _) => {
            allow(request, settings, subresource.put_action)?;
            let text = validate_xml::normalize(name, body)?;
            if name == "replication" && settings.versioning != Versioning::Enabled {
                return Err(AwsError::new(
                    400,
                    "InvalidRequest",
                    "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
                ));
            }
            if name == "logging" {
                check_log_target(cloud, settings, &text)?;
            }
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.documents.insert(name.to_owned(), text);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::OK))
        }
        (&Method::DELETE, Some(action)) => {
            allow(request, settings, action)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.documents.remove(name);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(request)),
    }
}

/// Logs go to a bucket of the same account and region.
fn check_log_target(cloud: &Cloud, settings: &BucketSettings, document: &str) -> Result<(), AwsError> {
    let Some(target) = crate::xml::first_text(document, "TargetBucket") else { return Ok(()) };
    let refused = |message: &str| {
        Err(AwsError::new(400, "InvalidTargetBucketForLogging", message)
            .detail("TargetBucket", target.clone()))
    };
    match cloud.buckets.settings(&target) {
        Err(_) => refused("The target bucket for logging does not exist"),
        Ok(found) if found.account != settings.account => {
            refused("The owner for the bucket to be logged and the target bucket must be the same.")
        }
        Ok(found) if found.region != settings.region => {
            refused("The target logging bucket and the bucket to be logged must be in the same region.")
        }
        Ok(_) => Ok(()),
    }
}

fn listed_document(
    cloud: &Cloud,
    request: &RequestContext,
    (name, get_action, put_action, root): &(&str, &'static str, &'static str, &str),
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    let key = request.query_value("id").map(|id| format!("{name}:{id}"));
    match (&request.method, key) {
        (&Method::GET, None) => {
            allow(request, settings, get_action)?;
            let prefix = format!("{name}:");
            let documents: String = settings
                .documents
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix))
                .map(|(_, document)| document.as_str())
                .collect();
            let root_open = format!("{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"");
            Ok(Answer::document(
                XML,
                format!("<{root_open}><IsTruncated>false</IsTruncated>{documents}</{root}>"),
            ))
        }
        (&Method::GET, Some(key)) => {
            allow(request, settings, get_action)?;
            let document = settings.documents.get(&key).ok_or_else(no_such_configuration)?;
            Ok(Answer::document(XML, document))
        }
        (&Method::PUT, Some(key)) => {
            allow(request, settings, put_action)?;
            let text = validate_xml::normalize(name, body)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.documents.insert(key, text);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::OK))
        }
        (&Method::DELETE, Some(key)) => {
            allow(request, settings, put_action)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.documents.remove(&key).map(|_| ()).ok_or_else(no_such_configuration)
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(request)),
    }
}

fn no_such_configuration() -> AwsError {
    AwsError::new(404, "NoSuchConfiguration", "The specified configuration does not exist.")
}

fn bucket_policy(
    cloud: &Cloud,
    request: &RequestContext,
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    match request.method {
        Method::GET => {
            allow(request, settings, "s3:GetBucketPolicy")?;
            let policy = settings.policy.as_ref().ok_or_else(|| no_such_policy(settings))?;
            Ok(Answer::document("application/json", policy.document.shown_text(&cloud.identities.latest())))
        }
        Method::PUT => {
            allow(request, settings, "s3:PutBucketPolicy")?;
            let text = std::str::from_utf8(body).map_err(|_| malformed_xml())?;
            if text.trim().is_empty() {
                return Err(AwsError::new(400, "MissingRequestBodyError", "Request Body is empty"));
            }
            let policy = policy::parse(text, &settings.name, &cloud.identities.latest())?;
            if policy.is_public && settings.public_access_block.is_some_and(|block| block.block_policy) {
                let arn = &request.caller.principal.arn;
                return Err(AwsError::new(
                    403,
                    "AccessDenied",
                    format!(
                        "User: {arn} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
                        settings.arn()
                    ),
                ));
            }
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.policy = Some(policy);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        Method::DELETE => {
            allow(request, settings, "s3:DeleteBucketPolicy")?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.policy = None;
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(request)),
    }
}

fn no_such_policy(settings: &BucketSettings) -> AwsError {
    AwsError::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
        .detail("BucketName", settings.name.clone())
}

fn policy_status(request: &RequestContext, settings: &BucketSettings) -> Result<Answer, AwsError> {
    if request.method != Method::GET {
        return Err(not_allowed(request));
    }
    allow(request, settings, "s3:GetBucketPolicyStatus")?;
    let policy = settings.policy.as_ref().ok_or_else(|| no_such_policy(settings))?;
    Ok(Answer::document(
        XML,
        format!(
            "<PolicyStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsPublic>{}</IsPublic></PolicyStatus>",
            policy.is_public
        ),
    ))
}

fn ownership_controls(
    cloud: &Cloud,
    request: &RequestContext,
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    match request.method {
        Method::GET => {
            allow(request, settings, "s3:GetBucketOwnershipControls")?;
            let ownership = settings.ownership.ok_or_else(|| {
                AwsError::new(
                    404,
                    "OwnershipControlsNotFoundError",
                    "The bucket ownership controls were not found",
                )
                .detail("BucketName", settings.name.clone())
            })?;
            Ok(Answer::document(
                XML,
                format!(
                    "<OwnershipControls xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ObjectOwnership>{}</ObjectOwnership></Rule></OwnershipControls>",
                    ownership.as_str()
                ),
            ))
        }
        Method::PUT => {
            allow(request, settings, "s3:PutBucketOwnershipControls")?;
            let controls: dto::OwnershipControls = validate_xml::read(body)?;
            let [rule] = controls.rules.as_slice() else { return Err(malformed_xml()) };
            let ownership = Ownership::parse(rule.object_ownership.as_str()).ok_or_else(malformed_xml)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                let private = super::acl::Acl::private(&settings.account);
                if ownership == Ownership::BucketOwnerEnforced && settings.acl != private {
                    return Err(AwsError::new(
                        400,
                        "InvalidBucketAclWithObjectOwnership",
                        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                    ));
                }
                settings.ownership = Some(ownership);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::OK))
        }
        Method::DELETE => {
            allow(request, settings, "s3:PutBucketOwnershipControls")?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.ownership = None;
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(request)),
    }
}

fn public_access_block(
    cloud: &Cloud,
    request: &RequestContext,
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    match request.method {
        Method::GET => {
            allow(request, settings, "s3:GetBucketPublicAccessBlock")?;
            let block = settings.public_access_block.ok_or_else(|| {
                AwsError::new(
                    404,
                    "NoSuchPublicAccessBlockConfiguration",
                    "The public access block configuration was not found",
                )
                .detail("BucketName", settings.name.clone())
            })?;
            let configuration = dto::PublicAccessBlockConfiguration {
                block_public_acls: Some(block.block_acls),
                ignore_public_acls: Some(block.ignore_acls),
                block_public_policy: Some(block.block_policy),
                restrict_public_buckets: Some(block.restrict_buckets),
            };
            Ok(Answer::document(XML, validate_xml::write(&configuration)?))
        }
        Method::PUT => {
            allow(request, settings, "s3:PutBucketPublicAccessBlock")?;
            let configuration: dto::PublicAccessBlockConfiguration = validate_xml::read(body)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.public_access_block = Some(PublicAccessBlock {
                    block_acls: configuration.block_public_acls.unwrap_or(false),
                    ignore_acls: configuration.ignore_public_acls.unwrap_or(false),
                    block_policy: configuration.block_public_policy.unwrap_or(false),
                    restrict_buckets: configuration.restrict_public_buckets.unwrap_or(false),
                });
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::OK))
        }
        Method::DELETE => {
            allow(request, settings, "s3:PutBucketPublicAccessBlock")?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                settings.public_access_block = None;
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Err(not_allowed(request)),
    }
}

fn object_lock(
    cloud: &Cloud,
    request: &RequestContext,
    settings: &BucketSettings,
    body: &Bytes,
) -> Result<Answer, AwsError> {
    match request.method {
        Method::GET => {
            allow(request, settings, "s3:GetBucketObjectLockConfiguration")?;
            let document = settings.documents.get("object-lock").ok_or_else(|| {
                AwsError::new(
                    404,
                    "ObjectLockConfigurationNotFoundError",
                    "Object Lock configuration does not exist for this bucket",
                )
                .detail("BucketName", settings.name.clone())
            })?;
            Ok(Answer::document(XML, document))
        }
        Method::PUT => {
            allow(request, settings, "s3:PutBucketObjectLockConfiguration")?;
            let text = validate_xml::normalize("object-lock", body)?;
            cloud.buckets.change_settings(&settings.name, |settings| {
                if settings.versioning != Versioning::Enabled {
                    return Err(AwsError::new(
                        409,
                        "InvalidBucketState",
                        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
                    ));
                }
                settings.object_lock = true;
                settings.documents.insert("object-lock".to_owned(), text);
                Ok(())
            })?;
            Ok(Answer::empty(StatusCode::OK))
        }
        _ => Err(not_allowed(request)),
    }
}

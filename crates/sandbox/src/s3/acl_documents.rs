//! Access lists as documents: GetBucketAcl, PutBucketAcl and their kin for objects.

use s3s::dto;

use super::acl::{self, Acl, Grant, Grantee, Permission};
use super::model::BucketSettings;
use super::tagging::malformed_xml;
use super::{object_settings, put};
use crate::error::AwsError;
use crate::ids;
use crate::request::RequestContext;
use crate::sandbox::Cloud;

/// The grants of an access list as a document shows them.
pub(crate) fn grants(cloud: &Cloud, acl: &Acl) -> Vec<dto::Grant> {
    let state = cloud.identities.latest();
    acl.grants
        .iter()
        .map(|grant| {
            let grantee = match &grant.grantee {
                Grantee::Account(id) => dto::Grantee {
                    type_: dto::Type::from_static(dto::Type::CANONICAL_USER),
                    display_name: state
                        .accounts
                        .values()
                        .find(|account| ids::canonical_user_id(&account.number) == *id)
                        .map(|account| account.name.clone()),
                    id: Some(id.clone()),
                    email_address: None,
                    uri: None,
                },
                Grantee::Group(uri) => dto::Grantee {
                    type_: dto::Type::from_static(dto::Type::GROUP),
                    display_name: None,
                    id: None,
                    email_address: None,
                    uri: Some(uri.clone()),
                },
            };
            dto::Grant {
                grantee: Some(grantee),
                permission: Some(grant.permission.as_str().to_owned().into()),
            }
        })
        .collect()
}

/// PutBucketAcl.
pub(crate) fn put_bucket_acl(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::PutBucketAclInput,
) -> Result<(), AwsError> {
    let settings = cloud.buckets.settings(&input.bucket)?;
    let acl = wanted(request, &settings.account, None, input.access_control_policy.as_ref())?;
    put::check_acl_allowed(request, &settings, &acl)?;
    cloud.buckets.change_settings(&input.bucket, |settings| {
        settings.acl = acl;
        Ok(())
    })
}

/// PutObjectAcl.
pub(crate) fn put_object_acl(
    cloud: &Cloud,
    request: &RequestContext,
    input: &dto::PutObjectAclInput,
) -> Result<(), AwsError> {
    let settings: BucketSettings = cloud.buckets.settings(&input.bucket)?;
    object_settings::change(cloud, request, &input.bucket, &input.key, |object| {
        let owner = object.facts.acl.owner.clone();
        let acl = wanted(request, &owner, Some(&settings.account), input.access_control_policy.as_ref())?;
        put::check_acl_allowed(request, &settings, &acl)?;
        if !settings.acls_disabled() {
            object.facts.acl = acl;
        }
        Ok(())
    })
}

fn wanted(
    request: &RequestContext,
    owner: &str,
    bucket_owner: Option<&str>,
    document: Option<&dto::AccessControlPolicy>,
) -> Result<Acl, AwsError> {
    let from_headers = acl::from_headers(request, owner, bucket_owner)?;
    match (from_headers, document) {
        (Some(_), Some(_)) => {
            Err(AwsError::new(400, "UnexpectedContent", "This request does not support content"))
        }
        (Some(acl), None) => Ok(acl),
        (None, Some(document)) => from_document(request, owner, document),
        (None, None) => {
            Err(AwsError::new(400, "MissingSecurityHeader", "Your request was missing a required header")
                .detail("MissingHeaderName", "x-amz-acl"))
        }
    }
}

fn from_document(
    request: &RequestContext,
    owner: &str,
    document: &dto::AccessControlPolicy,
) -> Result<Acl, AwsError> {
    let named_owner =
        document.owner.as_ref().and_then(|owner| owner.id.as_deref()).ok_or_else(malformed_xml)?;
    if named_owner != ids::canonical_user_id(owner) {
        return Err(AwsError::access_denied());
    }
    let mut grants = Vec::new();
    for grant in document.grants.iter().flatten() {
        let permission = grant
            .permission
            .as_ref()
            .and_then(|permission| Permission::parse(permission.as_str()))
            .ok_or_else(malformed_xml)?;
        let grantee = grant.grantee.as_ref().ok_or_else(malformed_xml)?;
        let grantee = match (&grantee.id, &grantee.uri) {
            (Some(id), _) => {
                acl::check_account(request, id)?;
                Grantee::Account(id.clone())
            }
            (None, Some(uri)) => {
                acl::check_group(uri)?;
                Grantee::Group(uri.clone())
            }
            (None, None) => {
                return Err(AwsError::new(
                    400,
                    "UnresolvableGrantByEmailAddress",
                    "The email address you provided does not match any account on record.",
                ));
            }
        };
        grants.push(Grant { grantee, permission });
    }
    if grants.len() > 100 {
        return Err(malformed_xml());
    }
    Ok(Acl { owner: owner.to_owned(), grants })
}

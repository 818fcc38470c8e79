//! Access control lists, for buckets whose owner has not switched them off.

use serde::{Deserialize, Serialize};

use crate::error::AwsError;
use crate::ids;
use crate::request::RequestContext;

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// An owner and grants. The owner is an account number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Acl {
    pub(crate) owner: String,
    pub(crate) grants: Vec<Grant>,
}

/// Something somebody may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) grantee: Grantee,
    pub(crate) permission: Permission,
}

/// Who is granted something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grantee {
    /// by canonical user id
    Account(String),
    /// by URI
    Group(String),
}

/// What an access list can grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

impl Permission {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::ReadAcp => "READ_ACP",
            Self::WriteAcp => "WRITE_ACP",
            Self::FullControl => "FULL_CONTROL",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::ReadAcp, Self::WriteAcp, Self::FullControl]
            .into_iter()
            .find(|permission| permission.as_str() == text)
    }
}

impl Acl {
    /// The owner alone.
    pub(crate) fn private(owner: &str) -> Self {
        let grantee = Grantee::Account(ids::canonical_user_id(owner));
        Self { owner: owner.to_owned(), grants: vec![Grant { grantee, permission: Permission::FullControl }] }
    }

    /// One of the access lists that have a name; `bucket_owner` is for objects.
    pub(crate) fn canned(name: &str, owner: &str, bucket_owner: Option<&str>) -> Result<Self, AwsError> {
        let mut acl = Self::private(owner);
        let mut group = |uri: &str, permission| {
            acl.grants.push(Grant { grantee: Grantee::Group(uri.to_owned()), permission });
        };
        match (name, bucket_owner) {
            ("private", _) | ("aws-exec-read", _) => {}
            ("public-read", _) => group(ALL_USERS, Permission::Read),
            ("public-read-write", _) => {
                group(ALL_USERS, Permission::Read);
                group(ALL_USERS, Permission::Write);
            }
            ("authenticated-read", _) => group(AUTHENTICATED_USERS, Permission::Read),
            ("log-delivery-write", None) => {
                group(LOG_DELIVERY, Permission::Write);
                group(LOG_DELIVERY, Permission::ReadAcp);
            }
            ("bucket-owner-read" | "bucket-owner-full-control", bucket_owner) => {
                if let Some(bucket_owner) = bucket_owner.filter(|account| *account != owner) {
                    let permission =
                        if name == "bucket-owner-read" { Permission::Read } else { Permission::FullControl };
                    let grantee = Grantee::Account(ids::canonical_user_id(bucket_owner));
                    acl.grants.push(Grant { grantee, permission });
                }
            }
            _ => {
                return Err(AwsError::new(400, "InvalidArgument", "")
                    .detail("ArgumentName", "x-amz-acl")
                    .detail("ArgumentValue", name));
            }
        }
        Ok(acl)
    }

    /// Whether the account has a permission; an empty account is the public.
    pub(crate) fn allows(&self, account: &str, wanted: Permission, ignore_public: bool) -> bool {
        let canonical = ids::canonical_user_id(account);
        self.grants.iter().any(|grant| {
            let to_caller = match &grant.grantee {
                Grantee::Account(id) => !account.is_empty() && *id == canonical,
                Grantee::Group(uri) if uri == ALL_USERS => !ignore_public,
                Grantee::Group(uri) if uri == AUTHENTICATED_USERS => !ignore_public && !account.is_empty(),
                Grantee::Group(_) => false,
            };
            to_caller && (grant.permission == wanted || grant.permission == Permission::FullControl)
        })
    }

    pub(crate) fn is_public(&self) -> bool {
        self.grants.iter().any(|grant| match &grant.grantee {
            Grantee::Group(uri) => uri == ALL_USERS || uri == AUTHENTICATED_USERS,
            Grantee::Account(_) => false,
        })
    }
}

/// The access list that a request's headers ask for; `None` when they ask for none.
pub(crate) fn from_headers(
    request: &RequestContext,
    owner: &str,
    bucket_owner: Option<&str>,
) -> Result<Option<Acl>, AwsError> {
    let mut grants = Vec::new();
    for (header, permission) in [
        ("x-amz-grant-read", Permission::Read),
        ("x-amz-grant-write", Permission::Write),
        ("x-amz-grant-read-acp", Permission::ReadAcp),
        ("x-amz-grant-write-acp", Permission::WriteAcp),
        ("x-amz-grant-full-control", Permission::FullControl),
    ] {
        for grantee in request.header(header).into_iter().flat_map(|value| value.split(',')) {
            grants.push(Grant { grantee: parse_grantee(request, grantee.trim())?, permission });
        }
    }
    match (request.header("x-amz-acl"), grants.is_empty()) {
        (Some(_), false) => Err(AwsError::new(
            400,
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
        )),
        (Some(name), true) => Acl::canned(name, owner, bucket_owner).map(Some),
        (None, false) => Ok(Some(Acl { owner: owner.to_owned(), grants })),
        (None, true) => Ok(None),
    }
}

fn parse_grantee(request: &RequestContext, text: &str) -> Result<Grantee, AwsError> {
    let invalid = || {
        AwsError::new(400, "InvalidArgument", "Argument format not recognized").detail("ArgumentValue", text)
    };
    let (kind, value) = text.split_once('=').ok_or_else(invalid)?;
    let value = value.trim_matches('"');
    match kind.trim().to_ascii_lowercase().as_str() {
        "id" => check_account(request, value).map(|()| Grantee::Account(value.to_owned())),
        "uri" => check_group(value).map(|()| Grantee::Group(value.to_owned())),
        _ => Err(invalid()),
    }
}

/// A canonical id must be an account's.
pub(crate) fn check_account(request: &RequestContext, canonical: &str) -> Result<(), AwsError> {
    if request.identities.accounts.keys().any(|account| ids::canonical_user_id(account) == canonical) {
        return Ok(());
    }
    Err(AwsError::new(400, "InvalidArgument", "Invalid id")
        .detail("ArgumentName", "CanonicalUser/ID")
        .detail("ArgumentValue", canonical))
}

/// A group must be one S3 knows.
pub(crate) fn check_group(uri: &str) -> Result<(), AwsError> {
    if [ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY].contains(&uri) {
        return Ok(());
    }
    Err(AwsError::new(400, "InvalidArgument", "Invalid group uri")
        .detail("ArgumentName", "Group/URI")
        .detail("ArgumentValue", uri))
}

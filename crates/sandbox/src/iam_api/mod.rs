//! The IAM API, one file for each family of calls.

mod access_keys;
mod holder_policies;
mod holders;
mod instance_profiles;
mod names;
mod oidc;
mod policies;
mod roles;
mod simulate;
mod tags;
mod users;

use crate::authorize::allow_query_call;
use crate::error::AwsError;
use crate::identity::session::SessionHolder;
use crate::query_api::{Call, unknown_action};
use crate::xml::Xml;

/// Runs a call.
pub(crate) fn run(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    refuse_bare_sessions(call)?;
    match action {
        "CreateRole" => roles::create(call, out),
        "GetRole" => roles::get(call, out),
        "ListRoles" => roles::list(call, out),
        "UpdateRole" => roles::update(call),
        "UpdateRoleDescription" => roles::update_description(call, out),
        "UpdateAssumeRolePolicy" => roles::update_trust(call),
        "DeleteRole" => roles::delete(call),
        "CreateUser" => users::create(call, out),
        "GetUser" => users::get(call, out),
        "ListUsers" => users::list(call, out),
        "UpdateUser" => users::update(call),
        "DeleteUser" => users::delete(call),
        "ListGroupsForUser" => users::empty_list(call, action, "Groups", out),
        "ListMFADevices" => users::empty_list(call, action, "MFADevices", out),
        "ListSigningCertificates" => users::empty_list(call, action, "Certificates", out),
        "ListSSHPublicKeys" => users::empty_list(call, action, "SSHPublicKeys", out),
        "ListServiceSpecificCredentials" => {
            users::empty_list(call, action, "ServiceSpecificCredentials", out)
        }
        "GetLoginProfile" | "DeleteLoginProfile" => users::login_profile(call, action),
        "CreateAccessKey" => access_keys::create(call, out),
        "ListAccessKeys" => access_keys::list(call, out),
        "UpdateAccessKey" => access_keys::update(call),
        "DeleteAccessKey" => access_keys::delete(call),
        "GetAccessKeyLastUsed" => access_keys::last_used(call, out),
        "CreatePolicy" => policies::create(call, out),
        "GetPolicy" => policies::get(call, out),
        "ListPolicies" => policies::list(call, out),
        "DeletePolicy" => policies::delete(call),
        "CreatePolicyVersion" => policies::create_version(call, out),
        "GetPolicyVersion" => policies::get_version(call, out),
        "ListPolicyVersions" => policies::list_versions(call, out),
        "DeletePolicyVersion" => policies::delete_version(call),
        "SetDefaultPolicyVersion" => policies::set_default_version(call),
        "ListEntitiesForPolicy" => policies::list_entities(call, out),
        "AttachRolePolicy" | "AttachUserPolicy" => holder_policies::attach(call, action),
        "DetachRolePolicy" | "DetachUserPolicy" => holder_policies::detach(call, action),
        "ListAttachedRolePolicies" | "ListAttachedUserPolicies" => {
            holder_policies::list_attached(call, action, out)
        }
        "PutRolePolicy" | "PutUserPolicy" => holder_policies::put_inline(call, action),
        "GetRolePolicy" | "GetUserPolicy" => holder_policies::get_inline(call, action, out),
        "ListRolePolicies" | "ListUserPolicies" => holder_policies::list_inline(call, action, out),
        "DeleteRolePolicy" | "DeleteUserPolicy" => holder_policies::delete_inline(call, action),
        "PutRolePermissionsBoundary" | "PutUserPermissionsBoundary" => {
            holder_policies::put_boundary(call, action)
        }
        "DeleteRolePermissionsBoundary" | "DeleteUserPermissionsBoundary" => {
            holder_policies::delete_boundary(call, action)
        }
        "TagRole" | "TagUser" | "TagPolicy" => tags::tag(call, action),
        "UntagRole" | "UntagUser" | "UntagPolicy" => tags::untag(call, action),
        "ListRoleTags" | "ListUserTags" | "ListPolicyTags" => tags::list(call, action, out),
        "ListInstanceProfilesForRole" => instance_profiles::list_for_role(call, out),
        "ListInstanceProfiles" => instance_profiles::list(call, out),
        "GetInstanceProfile" => instance_profiles::get(call),
        "SimulatePrincipalPolicy" => simulate::principal_policy(call, out),
        "SimulateCustomPolicy" => simulate::custom_policy(call, out),
        "CreateOpenIDConnectProvider" => oidc::create(call, out),
        "GetOpenIDConnectProvider" => oidc::get(call, out),
        "ListOpenIDConnectProviders" => oidc::list(call, out),
        "DeleteOpenIDConnectProvider" => oidc::delete(call),
        "AddClientIDToOpenIDConnectProvider" => oidc::add_client(call),
        "RemoveClientIDFromOpenIDConnectProvider" => oidc::remove_client(call),
        "UpdateOpenIDConnectProviderThumbprint" => oidc::update_thumbprints(call),
        "TagOpenIDConnectProvider" => oidc::tag(call),
        "UntagOpenIDConnectProvider" => oidc::untag(call),
        "ListOpenIDConnectProviderTags" => oidc::list_tags(call, out),
        "ListAccountAliases" => {
            allow(call, "ListAccountAliases", "*")?;
            out.nested("AccountAliases", |_| {}).text("IsTruncated", "false");
            Ok(())
        }
        _ => Err(unknown_action(action, "2010-05-08")),
    }
}

/// Temporary keys that no role and no second factor stands behind are not taken by IAM.
fn refuse_bare_sessions(call: &Call<'_>) -> Result<(), AwsError> {
    match call.request.caller.session.as_deref().map(|session| &session.holder) {
        None | Some(SessionHolder::Role { .. }) => Ok(()),
        Some(_) => Err(AwsError::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
        )),
    }
}

/// Calls whose answer has no result element.
pub(crate) fn answers_nothing(action: &str) -> bool {
    match action {
        "DeletePolicyVersion" | "SetDefaultPolicyVersion" | "DeletePolicy" | "DeleteUser" | "UpdateUser" => {
            true
        }
        "DeleteRole" | "UpdateAssumeRolePolicy" | "UpdateAccessKey" | "DeleteAccessKey" => true,
        "AddClientIDToOpenIDConnectProvider"
        | "RemoveClientIDFromOpenIDConnectProvider"
        | "UpdateOpenIDConnectProviderThumbprint" => true,
        "UpdateRole" => false,
        "AttachRolePolicy" | "AttachUserPolicy" | "DetachRolePolicy" | "DetachUserPolicy" => true,
        other => {
            let quiet = ["Put", "Tag", "Untag"].iter().any(|verb| other.starts_with(verb));
            quiet || (other.starts_with("Delete") && !other.ends_with("Result"))
        }
    }
}

/// Authorizes a call on a resource.
fn allow(call: &Call<'_>, action: &str, resource: &str) -> Result<(), AwsError> {
    allow_query_call(call.request, &format!("iam:{action}"), resource, |_| {})
}

/// Authorizes a call with condition keys of its own.
fn allow_with(
    call: &Call<'_>,
    action: &str,
    resource: &str,
    extra: impl FnOnce(&mut iam::Context),
) -> Result<(), AwsError> {
    allow_query_call(call.request, &format!("iam:{action}"), resource, extra)
}

/// The caller's account.
fn account<'a>(call: &'a Call<'_>) -> &'a str {
    &call.request.caller.account
}

/// The page of a list that `Marker` and `MaxItems` ask for; writes what says whether there is more.
fn page<'a, T>(call: &Call<'_>, items: &'a [T], out: &mut Xml) -> Result<&'a [T], AwsError> {
    let size = match call.params.number("MaxItems")? {
        None => 100,
        Some(number) if (1..=1000).contains(&number) => usize::try_from(number).unwrap_or(100),
        Some(number) => {
            let constraint =
                if number < 1 { "greater than or equal to 1" } else { "less than or equal to 1000" };
            return Err(crate::query_api::validation(format!(
                "1 validation error detected: Value '{number}' at 'maxItems' failed to satisfy constraint: Member must have value {constraint}"
            )));
        }
    };
    let start = match call.params.get("Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("page-")
            .and_then(|text| text.parse::<usize>().ok())
            .ok_or_else(|| crate::query_api::validation("Invalid Marker."))?,
    };
    let start = start.min(items.len());
    let end = (start + size).min(items.len());
    out.text("IsTruncated", if end < items.len() { "true" } else { "false" });
    if end < items.len() {
        out.text("Marker", format!("page-{end}"));
    }
    Ok(&items[start..end])
}

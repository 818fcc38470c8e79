//! Managed policies and their versions.

use std::sync::Arc;

use super::names::{self, already_exists, check_name, delete_conflict, no_such_entity, percent_encoded};
use super::{account, allow, allow_with, page};
use crate::authorize::context_keys::add_request_tags;
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::managed;
use crate::identity::state::{IdentityState, ManagedPolicy, PolicyVersion};
use crate::ids;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const VERSIONS_MAX: usize = 5;

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = call.params.required("PolicyName")?;
    check_name("policyName", name, 128)?;
    let path = names::path(call.params.get("Path"))?;
    let arn = format!("arn:aws:iam::{}:policy{path}{name}", account(call));
    let tags = names::tags(call.params.tags("Tags"))?;
    allow_with(call, "CreatePolicy", &arn, |context| {
        add_request_tags(context, "aws:RequestTag", "aws:TagKeys", &tags);
    })?;
    let text = call.params.required("PolicyDocument")?;
    let document = names::identity_document(text, iam::limits::MANAGED_POLICY_CHARACTERS_MAX)?;
    let now = call.request.now;
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path,
        id: ids::unique_id("ANPA"),
        arn: arn.clone(),
        description: call.params.get("Description").map(str::to_owned),
        tags,
        created: now,
        updated: now,
        versions: vec![PolicyVersion { number: 1, document, created: now }],
        default_version: 1,
        next_version: 2,
    };
    call.cloud.identities.change(now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(AwsError::access_denied)?;
        if account.policies.values().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        account.policies.insert(arn.clone(), policy.clone());
        Ok(())
    })?;
    let state = call.cloud.identities.latest();
    out.nested("Policy", |xml| write(call, &state, &policy, true, xml));
    Ok(())
}

fn write(call: &Call<'_>, state: &IdentityState, policy: &ManagedPolicy, full: bool, xml: &mut Xml) {
    let (attached, bounding) = uses(call, state, &policy.arn);
    xml.text("PolicyName", &policy.name)
        .text("PolicyId", &policy.id)
        .text("Arn", &policy.arn)
        .text("Path", &policy.path)
        .text("DefaultVersionId", format!("v{}", policy.default_version))
        .text("AttachmentCount", attached.to_string())
        .text("PermissionsBoundaryUsageCount", bounding.to_string())
        .text("IsAttachable", "true")
        .text("CreateDate", iso_seconds(policy.created))
        .text("UpdateDate", iso_seconds(policy.updated));
    if full {
        xml.optional("Description", policy.description.as_ref());
        super::tags::write(&policy.tags, xml);
    }
}

/// How many users and roles a policy is attached to, and how many it bounds.
fn uses(call: &Call<'_>, state: &IdentityState, arn: &str) -> (usize, usize) {
    let Some(account) = state.account(account(call)) else { return (0, 0) };
    let holders = account
        .roles
        .values()
        .map(|role| &role.holder)
        .chain(account.users.values().map(|user| &user.holder));
    holders.fold((0, 0), |(attached, bounding), holder| {
        (
            attached + usize::from(holder.attached.iter().any(|known| known == arn)),
            bounding + usize::from(holder.boundary.as_deref() == Some(arn)),
        )
    })
}

/// The policy a call names.
fn named(call: &Call<'_>, action: &str) -> Result<(Arc<IdentityState>, String), AwsError> {
    let arn = call.params.required("PolicyArn")?.to_owned();
    check_arn(&arn)?;
    allow(call, action, &arn)?;
    let state = call.cloud.identities.latest();
    if state.policy(account(call), &arn).is_none() {
        return Err(missing(&arn));
    }
    Ok((state, arn))
}

/// The ARN of a managed policy.
pub(super) fn check_arn(arn: &str) -> Result<(), AwsError> {
    let valid = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(_, resource)| resource.starts_with("policy/") && resource.len() > "policy/".len());
    if valid {
        return Ok(());
    }
    Err(validation(format!("ARN {arn} is not valid.")))
}

/// A managed policy that is not there.
pub(super) fn missing(arn: &str) -> AwsError {
    no_such_entity(format!("Policy {arn} was not found."))
}

pub(super) fn get(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let (state, arn) = named(call, "GetPolicy")?;
    let policy = state.policy(account(call), &arn).ok_or_else(|| missing(&arn))?;
    out.nested("Policy", |xml| write(call, &state, policy, true, xml));
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    allow(call, "ListPolicies", &format!("arn:aws:iam::{}:policy/", account(call)))?;
    let scope = call.params.get("Scope").unwrap_or("All");
    let prefix = call.params.get("PathPrefix").unwrap_or("/");
    let only_attached = call.params.get("OnlyAttached") == Some("true");
    let state = call.cloud.identities.latest();
    let mut policies: Vec<&ManagedPolicy> = Vec::new();
    if let Some(account) = state.account(account(call)).filter(|_| scope != "AWS") {
        policies.extend(account.policies.values());
    }
    if scope != "Local" {
        for policy in managed::all() {
            policies.push(policy);
        }
    }
    policies.retain(|policy| {
        policy.path.starts_with(prefix) && (!only_attached || uses(call, &state, &policy.arn).0 > 0)
    });
    let shown = page(call, &policies, out)?;
    out.members("Policies", shown, |xml, policy| write(call, &state, policy, false, xml));
    Ok(())
}

fn change<T>(
    call: &Call<'_>,
    arn: &str,
    change: impl FnOnce(&mut ManagedPolicy) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    if arn.starts_with("arn:aws:iam::aws:") {
        return Err(AwsError::new(
            403,
            "AccessDenied",
            "User is not authorized to perform this action on a policy of AWS",
        ));
    }
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| missing(arn))?;
        change(account.policies.get_mut(arn).ok_or_else(|| missing(arn))?)
    })
}

pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let (state, arn) = named(call, "DeletePolicy")?;
    if uses(call, &state, &arn) != (0, 0) {
        return Err(delete_conflict("Cannot delete a policy attached to entities."));
    }
    change(call, &arn, |policy| {
        if policy.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        Ok(())
    })?;
    call.cloud.identities.change(call.request.now, |state| {
        if let Some(account) = state.accounts.get_mut(account(call)) {
            account.policies.remove(&arn);
        }
        Ok(())
    })
}

pub(super) fn create_version(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let (_, arn) = named(call, "CreatePolicyVersion")?;
    let text = call.params.required("PolicyDocument")?;
    let document = names::identity_document(text, iam::limits::MANAGED_POLICY_CHARACTERS_MAX)?;
    let as_default = call.params.get("SetAsDefault") == Some("true");
    let now = call.request.now;
    let number = change(call, &arn, |policy| {
        if policy.versions.len() >= VERSIONS_MAX {
            return Err(AwsError::new(
                409,
                "LimitExceeded",
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
            ));
        }
        let number = policy.next_version;
        policy.next_version += 1;
        policy.versions.push(PolicyVersion { number, document, created: now });
        policy.updated = now;
        if as_default {
            policy.default_version = number;
        }
        Ok(number)
    })?;
    out.nested("PolicyVersion", |xml| {
        xml.text("VersionId", format!("v{number}"))
            .text("IsDefaultVersion", as_default.to_string())
            .text("CreateDate", iso_seconds(now));
    });
    Ok(())
}

fn version_number(call: &Call<'_>, arn: &str) -> Result<u32, AwsError> {
    let id = call.params.required("VersionId")?;
    id.strip_prefix('v').and_then(|number| number.parse().ok()).ok_or_else(|| missing_version(arn, id))
}

fn missing_version(arn: &str, id: &str) -> AwsError {
    no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

pub(super) fn get_version(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let (state, arn) = named(call, "GetPolicyVersion")?;
    let number = version_number(call, &arn)?;
    let policy = state.policy(account(call), &arn).ok_or_else(|| missing(&arn))?;
    let version = policy
        .versions
        .iter()
        .find(|version| version.number == number)
        .ok_or_else(|| missing_version(&arn, &format!("v{number}")))?;
    out.nested("PolicyVersion", |xml| {
        xml.text("Document", percent_encoded(version.document.text()));
        write_version(policy, version, xml);
    });
    Ok(())
}

fn write_version(policy: &ManagedPolicy, version: &PolicyVersion, xml: &mut Xml) {
    xml.text("VersionId", format!("v{}", version.number))
        .text("IsDefaultVersion", (version.number == policy.default_version).to_string())
        .text("CreateDate", iso_seconds(version.created));
}

pub(super) fn list_versions(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let (state, arn) = named(call, "ListPolicyVersions")?;
    let policy = state.policy(account(call), &arn).ok_or_else(|| missing(&arn))?;
    let versions: Vec<&PolicyVersion> = policy.versions.iter().rev().collect();
    let shown = page(call, &versions, out)?;
    out.members("Versions", shown, |xml, version| write_version(policy, version, xml));
    Ok(())
}

pub(super) fn delete_version(call: &Call<'_>) -> Result<(), AwsError> {
    let (_, arn) = named(call, "DeletePolicyVersion")?;
    let number = version_number(call, &arn)?;
    change(call, &arn, |policy| {
        if !policy.versions.iter().any(|version| version.number == number) {
            return Err(missing_version(&arn, &format!("v{number}")));
        }
        if policy.default_version == number {
            return Err(delete_conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|version| version.number != number);
        Ok(())
    })
}

pub(super) fn set_default_version(call: &Call<'_>) -> Result<(), AwsError> {
    let (_, arn) = named(call, "SetDefaultPolicyVersion")?;
    let number = version_number(call, &arn)?;
    change(call, &arn, |policy| {
        if !policy.versions.iter().any(|version| version.number == number) {
            return Err(missing_version(&arn, &format!("v{number}")));
        }
        policy.default_version = number;
        policy.updated = call.request.now;
        Ok(())
    })
}

pub(super) fn list_entities(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let (state, arn) = named(call, "ListEntitiesForPolicy")?;
    let bounding = call.params.get("PolicyUsageFilter") == Some("PermissionsBoundary");
    let holds = |holder: &crate::identity::state::Holder| {
        if bounding { holder.boundary.as_deref() == Some(&*arn) } else { holder.attached.contains(&arn) }
    };
    let Some(account) = state.account(account(call)) else { return Ok(()) };
    out.nested("PolicyGroups", |_| {});
    out.members("PolicyUsers", account.users.values().filter(|user| holds(&user.holder)), |xml, user| {
        xml.text("UserName", &user.holder.name).text("UserId", &user.holder.id);
    });
    out.members("PolicyRoles", account.roles.values().filter(|role| holds(&role.holder)), |xml, role| {
        xml.text("RoleName", &role.holder.name).text("RoleId", &role.holder.id);
    });
    out.text("IsTruncated", "false");
    Ok(())
}

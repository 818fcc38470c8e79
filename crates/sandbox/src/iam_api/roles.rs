//! Roles.

use super::holders::{self, HolderKind};
use super::names::{self, already_exists, check_name, delete_conflict, percent_encoded};
use super::{account, allow_with, page};
use crate::authorize::context_keys::add_request_tags;
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::state::{Holder, IamRole, IdentityState};
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const DEFAULT_SESSION_SECONDS: u32 = 3600;

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = call.params.required("RoleName")?;
    check_name("roleName", name, 64)?;
    let path = names::path(call.params.get("Path"))?;
    let trust = call.params.required("AssumeRolePolicyDocument")?;
    let boundary = call.params.get("PermissionsBoundary").map(str::to_owned);
    let tags = names::tags(call.params.tags("Tags"))?;
    let arn = format!("arn:aws:iam::{}:role{path}{name}", account(call));
    allow_with(call, "CreateRole", &arn, |context| {
        if let Some(boundary) = &boundary {
            context.set("iam:PermissionsBoundary", boundary.as_str());
        }
        add_request_tags(context, "aws:RequestTag", "aws:TagKeys", &tags);
    })?;
    let max_session_seconds = max_session(call)?.unwrap_or(DEFAULT_SESSION_SECONDS);
    let description = call.params.get("Description").map(str::to_owned);
    let role = call.cloud.identities.change(call.request.now, |state| {
        let trust = names::trust_document(trust, state)?;
        check_boundary(call, state, boundary.as_deref())?;
        let account = state.accounts.get_mut(account(call)).ok_or_else(AwsError::access_denied)?;
        if account.roles.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!("Role with name {name} already exists.")));
        }
        let mut holder = Holder::new("AROA", name, &path, call.request.now);
        holder.tags = tags;
        holder.boundary = boundary;
        let role = IamRole { holder, trust, description, max_session_seconds };
        account.roles.insert(name.to_owned(), role.clone());
        Ok(role)
    })?;
    out.nested("Role", |xml| write(call, &call.cloud.identities.latest(), &role, xml));
    Ok(())
}

/// A boundary must be a managed policy that exists.
pub(super) fn check_boundary(
    call: &Call<'_>,
    state: &IdentityState,
    arn: Option<&str>,
) -> Result<(), AwsError> {
    match arn {
        Some(arn) if state.policy(account(call), arn).is_none() => {
            Err(names::no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
        }
        _ => Ok(()),
    }
}

fn max_session(call: &Call<'_>) -> Result<Option<u32>, AwsError> {
    let Some(seconds) = call.params.number("MaxSessionDuration")? else { return Ok(None) };
    let constraint = match seconds {
        ..3600 => "greater than or equal to 3600",
        43_201.. => "less than or equal to 43200",
        _ => return Ok(u32::try_from(seconds).ok()),
    };
    Err(validation(format!(
        "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value {constraint}"
    )))
}

fn write(call: &Call<'_>, state: &IdentityState, role: &IamRole, xml: &mut Xml) {
    let holder = &role.holder;
    xml.text("Path", &holder.path)
        .text("RoleName", &holder.name)
        .text("RoleId", &holder.id)
        .text("Arn", role.arn(account(call)))
        .text("CreateDate", iso_seconds(holder.created))
        .text("AssumeRolePolicyDocument", percent_encoded(&role.trust.shown_text(state)))
        .optional("Description", role.description.as_ref())
        .text("MaxSessionDuration", role.max_session_seconds.to_string());
    write_boundary(holder, xml);
    super::tags::write(&holder.tags, xml);
}

/// The boundary of a user or role, if it has one.
pub(super) fn write_boundary(holder: &Holder, xml: &mut Xml) {
    if let Some(arn) = &holder.boundary {
        xml.nested("PermissionsBoundary", |xml| {
            xml.text("PermissionsBoundaryType", "Policy").text("PermissionsBoundaryArn", arn);
        });
    }
}

pub(super) fn get(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "GetRole", HolderKind::Role, name, |_| {})?;
    let state = call.cloud.identities.latest();
    let role = state
        .account(account(call))
        .and_then(|account| account.roles.get(name))
        .ok_or_else(|| HolderKind::Role.missing(name))?;
    out.nested("Role", |xml| {
        write(call, &state, role, xml);
        xml.nested("RoleLastUsed", |_| {});
    });
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let resource = format!("arn:aws:iam::{}:role/", account(call));
    super::allow(call, "ListRoles", &resource)?;
    let prefix = call.params.get("PathPrefix").unwrap_or("/");
    let state = call.cloud.identities.latest();
    let roles: Vec<&IamRole> = state
        .account(account(call))
        .map(|account| account.roles.values().filter(|role| role.holder.path.starts_with(prefix)).collect())
        .unwrap_or_default();
    let shown = page(call, &roles, out)?;
    out.members("Roles", shown, |xml, role| {
        // listings leave tags and boundaries out
        let mut bare = IamRole::clone(role);
        bare.holder.tags.clear();
        bare.holder.boundary = None;
        write(call, &state, &bare, xml);
    });
    Ok(())
}

pub(super) fn update(call: &Call<'_>) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "UpdateRole", HolderKind::Role, name, |_| {})?;
    let seconds = max_session(call)?;
    let description = call.params.get("Description").map(str::to_owned);
    change(call, name, |role| {
        role.max_session_seconds = seconds.unwrap_or(DEFAULT_SESSION_SECONDS);
        role.description = description;
    })
}

pub(super) fn update_description(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "UpdateRoleDescription", HolderKind::Role, name, |_| {})?;
    let description = call.params.required("Description")?.to_owned();
    change(call, name, |role| role.description = Some(description))?;
    let state = call.cloud.identities.latest();
    if let Some(role) = state.account(account(call)).and_then(|account| account.roles.get(name)) {
        out.nested("Role", |xml| write(call, &state, role, xml));
    }
    Ok(())
}

fn change(call: &Call<'_>, name: &str, change: impl FnOnce(&mut IamRole)) -> Result<(), AwsError> {
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| HolderKind::Role.missing(name))?;
        change(account.roles.get_mut(name).ok_or_else(|| HolderKind::Role.missing(name))?);
        Ok(())
    })
}

pub(super) fn update_trust(call: &Call<'_>) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "UpdateAssumeRolePolicy", HolderKind::Role, name, |_| {})?;
    let text = call.params.required("PolicyDocument")?;
    call.cloud.identities.change(call.request.now, |state| {
        let trust = names::trust_document(text, state)?;
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| HolderKind::Role.missing(name))?;
        account.roles.get_mut(name).ok_or_else(|| HolderKind::Role.missing(name))?.trust = trust;
        Ok(())
    })
}

pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "DeleteRole", HolderKind::Role, name, |_| {})?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(account(call)).ok_or_else(|| HolderKind::Role.missing(name))?;
        let role = account.roles.get(name).ok_or_else(|| HolderKind::Role.missing(name))?;
        if !role.holder.attached.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must detach all policies first."));
        }
        if !role.holder.inline.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete policies first."));
        }
        account.roles.remove(name);
        Ok(())
    })
}

//! Users.

use super::holders::{self, HolderKind};
use super::names::{self, already_exists, check_name, delete_conflict, no_such_entity};
use super::{account, allow_with, page};
use crate::authorize::context_keys::add_request_tags;
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::state::{Holder, User};
use crate::query_api::Call;
use crate::xml::Xml;

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = call.params.required("UserName")?;
    check_name("userName", name, 64)?;
    let path = names::path(call.params.get("Path"))?;
    let boundary = call.params.get("PermissionsBoundary").map(str::to_owned);
    let tags = names::tags(call.params.tags("Tags"))?;
    let arn = format!("arn:aws:iam::{}:user{path}{name}", account(call));
    allow_with(call, "CreateUser", &arn, |context| {
        if let Some(boundary) = &boundary {
            context.set("iam:PermissionsBoundary", boundary.as_str());
        }
        add_request_tags(context, "aws:RequestTag", "aws:TagKeys", &tags);
    })?;
    let user = call.cloud.identities.change(call.request.now, |state| {
        super::roles::check_boundary(call, state, boundary.as_deref())?;
        let account = state.accounts.get_mut(account(call)).ok_or_else(AwsError::access_denied)?;
        if account.users.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!("User with name {name} already exists.")));
        }
        let mut holder = Holder::new("AIDA", name, &path, call.request.now);
        holder.tags = tags;
        holder.boundary = boundary;
        let user = User { holder };
        account.users.insert(name.to_owned(), user.clone());
        Ok(user)
    })?;
    out.nested("User", |xml| write(call, &user, xml));
    Ok(())
}

fn write(call: &Call<'_>, user: &User, xml: &mut Xml) {
    xml.text("Path", &user.holder.path)
        .text("UserName", &user.holder.name)
        .text("UserId", &user.holder.id)
        .text("Arn", user.arn(account(call)))
        .text("CreateDate", iso_seconds(user.holder.created));
    super::roles::write_boundary(&user.holder, xml);
    super::tags::write(&user.holder.tags, xml);
}

/// The user a call names, or the caller.
pub(super) fn named_or_caller(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    match call.params.get("UserName") {
        Some(name) => {
            check_name("userName", name, 128)?;
            Ok(Some(name.to_owned()))
        }
        None if call.request.caller.is_root() => Ok(None),
        None => match &call.request.caller.user_name {
            Some(name) => Ok(Some(name.clone())),
            None => Err(crate::query_api::validation(
                "Must specify userName when calling with non-User credentials",
            )),
        },
    }
}

pub(super) fn get(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let Some(name) = named_or_caller(call)? else {
        let number = account(call);
        out.nested("User", |xml| {
            xml.text("Path", "/").text("UserId", number).text("Arn", format!("arn:aws:iam::{number}:root"));
            xml.text("CreateDate", "2015-01-01T00:00:00Z");
        });
        return Ok(());
    };
    holders::allow(call, "GetUser", HolderKind::User, &name, |_| {})?;
    let state = call.cloud.identities.latest();
    let user = state
        .account(account(call))
        .and_then(|account| account.users.get(&name))
        .ok_or_else(|| HolderKind::User.missing(&name))?;
    out.nested("User", |xml| write(call, user, xml));
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    super::allow(call, "ListUsers", &format!("arn:aws:iam::{}:user/", account(call)))?;
    let prefix = call.params.get("PathPrefix").unwrap_or("/");
    let state = call.cloud.identities.latest();
    let users: Vec<User> = state
        .account(account(call))
        .map(|account| {
            account.users.values().filter(|user| user.holder.path.starts_with(prefix)).cloned().collect()
        })
        .unwrap_or_default();
    let shown = page(call, &users, out)?;
    out.members("Users", shown, |xml, user| {
        let mut bare = user.clone();
        bare.holder.tags.clear();
        bare.holder.boundary = None;
        write(call, &bare, xml);
    });
    Ok(())
}

pub(super) fn update(call: &Call<'_>) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::User)?;
    holders::allow(call, "UpdateUser", HolderKind::User, name, |_| {})?;
    let new_path = call.params.get("NewPath").map(|path| names::path(Some(path))).transpose()?;
    let new_name = call.params.get("NewUserName");
    if let Some(new_name) = new_name {
        check_name("newUserName", new_name, 64)?;
    }
    call.cloud.identities.change(call.request.now, |state| {
        let number = account(call);
        let account = state.accounts.get_mut(number).ok_or_else(|| HolderKind::User.missing(name))?;
        let mut user = account.users.get(name).cloned().ok_or_else(|| HolderKind::User.missing(name))?;
        if let Some(path) = new_path {
            user.holder.path = path;
        }
        if let Some(new_name) = new_name {
            if new_name != name && account.users.keys().any(|known| known.eq_ignore_ascii_case(new_name)) {
                return Err(already_exists(format!("User with name {new_name} already exists.")));
            }
            new_name.clone_into(&mut user.holder.name);
        }
        account.users.remove(name);
        let renamed = user.holder.name.clone();
        account.users.insert(renamed.clone(), user);
        for key in state.access_keys.values_mut() {
            if key.account == number && key.user.as_deref() == Some(name) {
                key.user = Some(renamed.clone());
            }
        }
        Ok(())
    })
}

pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::User)?;
    holders::allow(call, "DeleteUser", HolderKind::User, name, |_| {})?;
    call.cloud.identities.change(call.request.now, |state| {
        let number = account(call);
        let has_keys =
            state.access_keys.values().any(|key| key.account == number && key.user.as_deref() == Some(name));
        let account = state.accounts.get_mut(number).ok_or_else(|| HolderKind::User.missing(name))?;
        let user = account.users.get(name).ok_or_else(|| HolderKind::User.missing(name))?;
        if has_keys {
            return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        if !user.holder.attached.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must detach all policies first."));
        }
        if !user.holder.inline.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete policies first."));
        }
        account.users.remove(name);
        Ok(())
    })
}

/// Lists of things the sandbox has none of.
pub(super) fn empty_list(
    call: &Call<'_>,
    action: &str,
    element: &str,
    out: &mut Xml,
) -> Result<(), AwsError> {
    let name = named_or_caller(call)?.unwrap_or_default();
    holders::allow(call, action, HolderKind::User, &name, |_| {})?;
    out.nested(element, |_| {}).text("IsTruncated", "false");
    Ok(())
}

/// Users of the sandbox have no password.
pub(super) fn login_profile(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let name = named_or_caller(call)?.unwrap_or_default();
    holders::allow(call, action, HolderKind::User, &name, |_| {})?;
    Err(no_such_entity(format!("Login Profile for User {name} cannot be found.")))
}

//! Access keys of users and of root.

use super::holders::{self, HolderKind};
use super::names::no_such_entity;
use super::users::named_or_caller;
use super::{account, page};
use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::state::AccessKey;
use crate::ids;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const KEYS_MAX: usize = 2;
const ROOT: &str = "root";

fn allow(call: &Call<'_>, action: &str, user: Option<&str>) -> Result<(), AwsError> {
    match user {
        Some(name) => holders::allow(call, action, HolderKind::User, name, |_| {}),
        None => super::allow(call, action, &format!("arn:aws:iam::{}:root", account(call))),
    }
}

pub(super) fn create(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let user = named_or_caller(call)?;
    allow(call, "CreateAccessKey", user.as_deref())?;
    let key = call.cloud.identities.change(call.request.now, |state| {
        if let Some(name) = &user
            && state.account(account(call)).is_none_or(|account| !account.users.contains_key(name))
        {
            return Err(HolderKind::User.missing(name));
        }
        let owned =
            state.access_keys.values().filter(|key| key.account == account(call) && key.user == user).count();
        if owned >= KEYS_MAX {
            return Err(AwsError::new(
                409,
                "LimitExceeded",
                format!("Cannot exceed quota for AccessKeysPerUser: {KEYS_MAX}"),
            ));
        }
        let key = AccessKey {
            id: ids::access_key_id("AKIA"),
            secret: ids::secret_access_key(),
            account: account(call).to_owned(),
            user: user.clone(),
            active: true,
            created: call.request.now,
        };
        state.access_keys.insert(key.id.clone(), key.clone());
        Ok(key)
    })?;
    out.nested("AccessKey", |xml| {
        xml.text("UserName", user.as_deref().unwrap_or(ROOT))
            .text("AccessKeyId", &key.id)
            .text("Status", "Active")
            .text("SecretAccessKey", &key.secret)
            .text("CreateDate", iso_seconds(key.created));
    });
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let user = named_or_caller(call)?;
    allow(call, "ListAccessKeys", user.as_deref())?;
    let state = call.cloud.identities.latest();
    if let Some(name) = &user
        && state.account(account(call)).is_none_or(|account| !account.users.contains_key(name))
    {
        return Err(HolderKind::User.missing(name));
    }
    let keys: Vec<&AccessKey> =
        state.access_keys.values().filter(|key| key.account == account(call) && key.user == user).collect();
    let shown = page(call, &keys, out)?;
    out.text("UserName", user.as_deref().unwrap_or(ROOT));
    out.members("AccessKeyMetadata", shown, |xml, key| {
        xml.text("UserName", user.as_deref().unwrap_or(ROOT))
            .text("AccessKeyId", &key.id)
            .text("Status", if key.active { "Active" } else { "Inactive" })
            .text("CreateDate", iso_seconds(key.created));
    });
    Ok(())
}

fn missing(id: &str) -> AwsError {
    no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

pub(super) fn update(call: &Call<'_>) -> Result<(), AwsError> {
    let user = named_or_caller(call)?;
    allow(call, "UpdateAccessKey", user.as_deref())?;
    let id = call.params.required("AccessKeyId")?;
    let active = match call.params.required("Status")? {
        "Active" => true,
        "Inactive" => false,
        other => {
            return Err(validation(format!(
                "1 validation error detected: Value '{other}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"
            )));
        }
    };
    call.cloud.identities.change(call.request.now, |state| {
        let key = state
            .access_keys
            .get_mut(id)
            .filter(|key| key.account == account(call) && key.user == user)
            .ok_or_else(|| missing(id))?;
        key.active = active;
        Ok(())
    })
}

pub(super) fn delete(call: &Call<'_>) -> Result<(), AwsError> {
    let user = named_or_caller(call)?;
    allow(call, "DeleteAccessKey", user.as_deref())?;
    let id = call.params.required("AccessKeyId")?;
    call.cloud.identities.change(call.request.now, |state| {
        let known =
            state.access_keys.get(id).is_some_and(|key| key.account == account(call) && key.user == user);
        if !known {
            return Err(missing(id));
        }
        state.access_keys.remove(id);
        Ok(())
    })
}

pub(super) fn last_used(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let id = call.params.required("AccessKeyId")?;
    let state = call.cloud.identities.latest();
    let key = state.access_keys.get(id).filter(|key| key.account == account(call));
    let user = key.and_then(|key| key.user.clone());
    allow(call, "GetAccessKeyLastUsed", user.as_deref())?;
    key.ok_or_else(|| missing(id))?;
    out.text("UserName", user.as_deref().unwrap_or(ROOT));
    out.nested("AccessKeyLastUsed", |xml| {
        xml.text("Region", "N/A").text("ServiceName", "N/A");
    });
    Ok(())
}

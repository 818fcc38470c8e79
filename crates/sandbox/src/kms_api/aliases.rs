//! Names for keys.

use serde_json::{Value, json};

use super::{Call, not_found, validation};
use crate::authorize::allow_query_call;
use crate::error::AwsError;
use crate::identity::kms_key::{S3_ALIAS, s3_key_id};

fn checked_name<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    let name = call.required("AliasName")?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "/_-".contains(character);
    let bare = name.strip_prefix("alias/").filter(|bare| !bare.is_empty() && bare.chars().all(allowed));
    match bare {
        None => Err(AwsError::new(
            400,
            "InvalidAliasNameException",
            "Alias must start with the prefix \"alias/\".",
        )),
        Some(bare) if bare.starts_with("aws/") => Err(AwsError::new(
            400,
            "NotAuthorizedException",
            "The name of an alias must not start with alias/aws/.",
        )),
        Some(_) => Ok(name),
    }
}

fn alias_arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:kms:{}:{}:{name}", call.region(), call.account())
}

fn allow_alias(call: &Call<'_>, action: &str, name: &str) -> Result<(), AwsError> {
    allow_query_call(call.request, action, &alias_arn(call, name), |_| {})
}

/// The alias's target: a key of the caller's account.
fn target(call: &Call<'_>, action: &str) -> Result<String, AwsError> {
    let name = call.required("TargetKeyId")?;
    if name.contains("alias/") {
        return Err(validation("Aliases must refer to keys. Not aliases"));
    }
    let (owner, key) = call.key(action, name)?;
    if owner.number == call.account() { Ok(key.id.clone()) } else { Err(not_found(name)) }
}

fn set(call: &Call<'_>, action: &str, replaces: bool) -> Result<Value, AwsError> {
    let name = checked_name(call)?;
    allow_alias(call, action, name)?;
    let id = target(call, action)?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(call.account()).ok_or_else(AwsError::access_denied)?;
        match (account.kms_aliases.contains_key(name), replaces) {
            (true, false) => Err(AwsError::new(
                400,
                "AlreadyExistsException",
                format!("An alias with the name {} already exists", alias_arn(call, name)),
            )),
            (false, true) => Err(absent(call, name)),
            _ => {
                account.kms_aliases.insert(name.to_owned(), id);
                Ok(Value::Null)
            }
        }
    })
}

fn absent(call: &Call<'_>, name: &str) -> AwsError {
    AwsError::new(400, "NotFoundException", format!("Alias {} is not found.", alias_arn(call, name)))
}

pub(super) fn create(call: &Call<'_>) -> Result<Value, AwsError> {
    set(call, "kms:CreateAlias", false)
}

pub(super) fn update(call: &Call<'_>) -> Result<Value, AwsError> {
    set(call, "kms:UpdateAlias", true)
}

pub(super) fn delete(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = checked_name(call)?;
    allow_alias(call, "kms:DeleteAlias", name)?;
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(call.account()).ok_or_else(AwsError::access_denied)?;
        account.kms_aliases.remove(name).map(|_| Value::Null).ok_or_else(|| absent(call, name))
    })
}

pub(super) fn list(call: &Call<'_>) -> Result<Value, AwsError> {
    allow_query_call(call.request, "kms:ListAliases", "*", |_| {})?;
    let wanted = call.text("KeyId").map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    let own = s3_key_id(call.account());
    let state = &call.request.identities;
    let aliases: Vec<Value> = state
        .account(call.account())
        .into_iter()
        .flat_map(|account| &account.kms_aliases)
        .map(|(name, id)| (name.as_str(), id.as_str()))
        .chain([(S3_ALIAS, own.as_str())])
        .filter(|(_, id)| wanted.as_deref().is_none_or(|wanted| wanted == *id))
        .map(|(name, id)| json!({ "AliasName": name, "AliasArn": alias_arn(call, name), "TargetKeyId": id }))
        .collect();
    Ok(json!({ "Aliases": aliases, "Truncated": false }))
}

//! Making keys, and saying who may use them.

use std::collections::BTreeMap;

use rand::Rng as _;
use serde_json::{Value, json};

use super::{Call, validation};
use crate::authorize::allow_query_call;
use crate::error::AwsError;
use crate::identity::document::{Document, DocumentError, DocumentKind};
use crate::identity::kms_key::KmsKey;

const POLICY_BYTES_MAX: usize = 32 * 1024;
const DELETION_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const DELETION_DAYS_DEFAULT: i64 = 30;

/// The policy of a key that was made without one: the account decides.
fn default_policy(account: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

fn parse_policy(call: &Call<'_>, text: &str) -> Result<Document, AwsError> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(AwsError::new(400, "LimitExceededException", "The key policy is too long"));
    }
    let state = &call.request.identities;
    Document::parse_with_principals(DocumentKind::Bucket, text, state).map_err(|error| match error {
        DocumentError::Malformed(reason) => AwsError::new(400, "MalformedPolicyDocumentException", reason),
        DocumentError::Principal(..) => AwsError::new(
            400,
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ),
    })
}

fn tags(list: Option<&Value>) -> BTreeMap<String, String> {
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.map(|tag| (text(tag, "TagKey"), text(tag, "TagValue"))).collect()
}

pub(super) fn create(call: &Call<'_>) -> Result<Value, AwsError> {
    let usage = call.text("KeyUsage").unwrap_or("ENCRYPT_DECRYPT");
    let spec =
        call.text("KeySpec").or_else(|| call.text("CustomerMasterKeySpec")).unwrap_or("SYMMETRIC_DEFAULT");
    if usage != "ENCRYPT_DECRYPT" || spec != "SYMMETRIC_DEFAULT" {
        return Err(AwsError::new(
            400,
            "UnsupportedOperationException",
            "only symmetric keys for encryption exist here",
        ));
    }
    allow_query_call(call.request, "kms:CreateKey", "*", |_| {})?;
    let account = call.account().to_owned();
    let policy = match call.text("Policy") {
        Some(text) => parse_policy(call, text)?,
        None => parse_policy(call, &default_policy(&account))?,
    };
    let mut material = [0_u8; 32];
    rand::rng().fill(&mut material[..]);
    let key = KmsKey {
        id: uuid::Uuid::new_v4().to_string(),
        region: call.region().to_owned(),
        description: call.text("Description").unwrap_or_default().to_owned(),
        enabled: true,
        deleted_at: None,
        policy,
        tags: tags(call.input.get("Tags")),
        rotates: false,
        material: hex::encode(material),
        created: call.request.now,
    };
    let answer = json!({ "KeyMetadata": metadata(&key, &account) });
    call.cloud.identities.change(call.request.now, |state| {
        let account = state.accounts.get_mut(&account).ok_or_else(AwsError::access_denied)?;
        account.kms_keys.insert(key.id.clone(), key);
        Ok(())
    })?;
    Ok(answer)
}

fn metadata(key: &KmsKey, account: &str) -> Value {
    let mut metadata = json!({
        "AWSAccountId": account,
        "KeyId": key.id,
        "Arn": key.arn(account),
        "CreationDate": key.created.unix_timestamp(),
        "Enabled": key.state() == "Enabled",
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state(),
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    if let (Some(date), Some(metadata)) = (key.deleted_at, metadata.as_object_mut()) {
        metadata.insert("DeletionDate".to_owned(), json!(date.unix_timestamp()));
    }
    metadata
}

pub(super) fn describe(call: &Call<'_>) -> Result<Value, AwsError> {
    let (owner, key) = call.key("kms:DescribeKey", call.required("KeyId")?)?;
    Ok(json!({ "KeyMetadata": metadata(key, &owner.number) }))
}

pub(super) fn list(call: &Call<'_>) -> Result<Value, AwsError> {
    allow_query_call(call.request, "kms:ListKeys", "*", |_| {})?;
    let state = &call.request.identities;
    let account = call.account();
    let keys: Vec<Value> = state
        .account(account)
        .into_iter()
        .flat_map(|state| state.kms_keys.values())
        .filter(|key| key.region == call.region())
        .map(|key| json!({ "KeyId": key.id, "KeyArn": key.arn(account) }))
        .collect();
    Ok(json!({ "Keys": keys, "Truncated": false }))
}

pub(super) fn get_policy(call: &Call<'_>) -> Result<Value, AwsError> {
    let (_, key) = call.key("kms:GetKeyPolicy", call.required("KeyId")?)?;
    Ok(json!({ "Policy": key.policy.shown_text(&call.request.identities), "PolicyName": "default" }))
}

pub(super) fn put_policy(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = parse_policy(call, call.required("Policy")?)?;
    call.change_key("kms:PutKeyPolicy", |key| {
        key.policy = policy;
        Ok(Value::Null)
    })
}

pub(super) fn list_policies(call: &Call<'_>) -> Result<Value, AwsError> {
    call.key("kms:ListKeyPolicies", call.required("KeyId")?)?;
    Ok(json!({ "PolicyNames": ["default"], "Truncated": false }))
}

pub(super) fn set_enabled(call: &Call<'_>, action: &str, enabled: bool) -> Result<Value, AwsError> {
    call.change_key(action, |key| {
        if key.deleted_at.is_some() {
            return Err(AwsError::new(
                400,
                "KMSInvalidStateException",
                format!("{} is pending deletion.", key.id),
            ));
        }
        key.enabled = enabled;
        Ok(Value::Null)
    })
}

pub(super) fn schedule_deletion(call: &Call<'_>) -> Result<Value, AwsError> {
    let days = call.input.get("PendingWindowInDays").and_then(Value::as_i64).unwrap_or(DELETION_DAYS_DEFAULT);
    if !DELETION_DAYS.contains(&days) {
        return Err(validation("PendingWindowInDays must be between 7 and 30"));
    }
    let at = call.request.now + time::Duration::days(days);
    let account = call.account().to_owned();
    call.change_key("kms:ScheduleKeyDeletion", |key| {
        key.deleted_at = Some(at);
        Ok(json!({
            "KeyId": key.arn(&account),
            "DeletionDate": at.unix_timestamp(),
            "KeyState": "PendingDeletion",
            "PendingWindowInDays": days,
        }))
    })
}

pub(super) fn cancel_deletion(call: &Call<'_>) -> Result<Value, AwsError> {
    let account = call.account().to_owned();
    call.change_key("kms:CancelKeyDeletion", |key| {
        key.deleted_at = None;
        key.enabled = false;
        Ok(json!({ "KeyId": key.arn(&account) }))
    })
}

pub(super) fn update_description(call: &Call<'_>) -> Result<Value, AwsError> {
    let description = call.required("Description")?.to_owned();
    call.change_key("kms:UpdateKeyDescription", |key| {
        key.description = description;
        Ok(Value::Null)
    })
}

pub(super) fn rotation_status(call: &Call<'_>) -> Result<Value, AwsError> {
    let (_, key) = call.key("kms:GetKeyRotationStatus", call.required("KeyId")?)?;
    Ok(json!({ "KeyRotationEnabled": key.rotates }))
}

pub(super) fn set_rotation(call: &Call<'_>, action: &str, rotates: bool) -> Result<Value, AwsError> {
    call.change_key(action, |key| {
        key.rotates = rotates;
        Ok(Value::Null)
    })
}

pub(super) fn tag(call: &Call<'_>) -> Result<Value, AwsError> {
    let tags = tags(call.input.get("Tags"));
    call.change_key("kms:TagResource", |key| {
        key.tags.extend(tags);
        Ok(Value::Null)
    })
}

pub(super) fn untag(call: &Call<'_>) -> Result<Value, AwsError> {
    let names: Vec<&str> = call
        .input
        .get("TagKeys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    call.change_key("kms:UntagResource", |key| {
        key.tags.retain(|name, _| !names.contains(&name.as_str()));
        Ok(Value::Null)
    })
}

pub(super) fn list_tags(call: &Call<'_>) -> Result<Value, AwsError> {
    let (_, key) = call.key("kms:ListResourceTags", call.required("KeyId")?)?;
    let tags: Vec<Value> =
        key.tags.iter().map(|(name, value)| json!({ "TagKey": name, "TagValue": value })).collect();
    Ok(json!({ "Tags": tags, "Truncated": false }))
}

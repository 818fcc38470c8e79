//! Encrypting and decrypting: AES-256-GCM with the key's material, and the encryption context as what is
//! authenticated beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::{Value, json};

use super::{Call, not_found, validation};
use crate::error::AwsError;
use crate::identity::kms_key::KmsKey;

/// The most that is encrypted in one call.
const PLAINTEXT_BYTES_MAX: usize = 4096;
/// Characters of a key's id, which stands before what the key has encrypted.
const KEY_ID_BYTES: usize = 36;

fn encryption_context(call: &Call<'_>) -> Vec<(String, String)> {
    let map = call.input.get("EncryptionContext").and_then(Value::as_object);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    map.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn add_context(context: &mut iam::Context, pairs: &[(String, String)]) {
    for (name, value) in pairs {
        context.set(&format!("kms:EncryptionContext:{name}"), value.as_str());
    }
    context.set_many("kms:EncryptionContextKeys", pairs.iter().map(|(name, _)| name.as_str()));
    context.set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
}

fn usable(key: &KmsKey, arn: &str) -> Result<(), AwsError> {
    match key.state() {
        "Enabled" => Ok(()),
        "Disabled" => Err(AwsError::new(400, "DisabledException", format!("{arn} is disabled."))),
        _ => Err(AwsError::new(400, "KMSInvalidStateException", format!("{arn} is pending deletion."))),
    }
}

fn cipher(key: &KmsKey) -> Result<LessSafeKey, AwsError> {
    let material = hex::decode(&key.material).map_err(AwsError::internal)?;
    UnboundKey::new(&AES_256_GCM, &material)
        .map(LessSafeKey::new)
        .map_err(|_| AwsError::internal("a key's material has a wrong length"))
}

/// Pairs in one order, each told apart from its neighbours.
fn authenticated(pairs: &[(String, String)]) -> Vec<u8> {
    let mut sorted = pairs.to_vec();
    sorted.sort();
    json!(sorted).to_string().into_bytes()
}

fn seal(key: &KmsKey, pairs: &[(String, String)], plaintext: &[u8]) -> Result<String, AwsError> {
    let mut nonce = [0_u8; NONCE_LEN];
    rand::rng().fill(&mut nonce[..]);
    let mut text = plaintext.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(authenticated(pairs)),
            &mut text,
        )
        .map_err(|_| AwsError::internal("encryption failed"))?;
    Ok(STANDARD.encode([key.id.as_bytes(), &nonce, &text].concat()))
}

pub(super) fn encrypt(call: &Call<'_>) -> Result<Value, AwsError> {
    let pairs = encryption_context(call);
    let name = call.required("KeyId")?;
    let (owner, key) = call.key_with("kms:Encrypt", name, |context| add_context(context, &pairs))?;
    let arn = key.arn(&owner.number);
    usable(key, &arn)?;
    let plaintext =
        STANDARD.decode(call.required("Plaintext")?).map_err(|_| validation("Plaintext is no base64"))?;
    if plaintext.is_empty() || plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(validation("Plaintext must have length between 1 and 4096"));
    }
    let sealed = seal(key, &pairs, &plaintext)?;
    Ok(json!({ "CiphertextBlob": sealed, "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
}

pub(super) fn decrypt(call: &Call<'_>) -> Result<Value, AwsError> {
    let invalid = || AwsError::new(400, "InvalidCiphertextException", "");
    let pairs = encryption_context(call);
    let blob = STANDARD.decode(call.required("CiphertextBlob")?).map_err(|_| invalid())?;
    let (id, rest) = blob.split_at_checked(KEY_ID_BYTES).ok_or_else(invalid)?;
    let id = std::str::from_utf8(id).map_err(|_| invalid())?;
    // the text names its key, in whichever account it is
    let state = &call.request.identities;
    let found = state.accounts.values().find_map(|account| Some((account, account.kms_keys.get(id)?)));
    let (owner, key) = found.ok_or_else(invalid)?;
    let arn = key.arn(&owner.number);
    let (_, named) = call.key_with("kms:Decrypt", &arn, |context| add_context(context, &pairs))?;
    usable(named, &arn)?;
    if let Some(given) = call.text("KeyId") {
        let (_, given) = call.key("kms:Decrypt", given).map_err(|_| not_found(given))?;
        if given.id != key.id {
            return Err(AwsError::new(
                400,
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            ));
        }
    }
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or_else(invalid)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid())?;
    let mut text = sealed.to_vec();
    let clear = cipher(key)?
        .open_in_place(nonce, Aad::from(authenticated(&pairs)), &mut text)
        .map_err(|_| invalid())?;
    Ok(
        json!({ "Plaintext": STANDARD.encode(clear), "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }),
    )
}

pub(super) fn generate_data_key(call: &Call<'_>, shown: bool) -> Result<Value, AwsError> {
    let pairs = encryption_context(call);
    let action = if shown { "kms:GenerateDataKey" } else { "kms:GenerateDataKeyWithoutPlaintext" };
    let (owner, key) =
        call.key_with(action, call.required("KeyId")?, |context| add_context(context, &pairs))?;
    let arn = key.arn(&owner.number);
    usable(key, &arn)?;
    let bytes = match (call.text("KeySpec"), call.input.get("NumberOfBytes").and_then(Value::as_u64)) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(number)) => usize::try_from(number)
            .ok()
            .filter(|number| (1..=1024).contains(number))
            .ok_or_else(|| validation("NumberOfBytes must be between 1 and 1024"))?,
        _ => return Err(validation("Please specify either number of bytes or key spec.")),
    };
    let mut data_key = vec![0_u8; bytes];
    rand::rng().fill(data_key.as_mut_slice());
    let mut answer = json!({ "CiphertextBlob": seal(key, &pairs, &data_key)?, "KeyId": arn });
    if let (true, Some(answer)) = (shown, answer.as_object_mut()) {
        answer.insert("Plaintext".to_owned(), json!(STANDARD.encode(&data_key)));
    }
    Ok(answer)
}

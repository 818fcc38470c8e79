//! What a request needs of KMS for an object that is encrypted with one of its keys.

use super::encryption::Encryption;
use crate::authorize;
use crate::error::AwsError;
use crate::identity::kms_key::{NamedKey, S3_ALIAS, s3_key_id};
use crate::request::RequestContext;

/// The permission that an operation needs on the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// writing an object
    Write,
    /// reading one, and going on with an upload
    Read,
}

impl Use {
    fn action(self) -> &'static str {
        match self {
            Self::Write => "kms:GenerateDataKey",
            Self::Read => "kms:Decrypt",
        }
    }
}

/// The ARN by which an object remembers its key: an alias may mean another one tomorrow.
pub(crate) fn remembered_name(request: &RequestContext, region: &str, name: Option<&str>) -> String {
    let account = &request.caller.account;
    let name = name.unwrap_or(S3_ALIAS);
    match request.identities.kms_key(account, region, name) {
        NamedKey::Key(owner, key) => key.arn(&owner.number),
        NamedKey::OfS3 => format!("arn:aws:kms:{region}:{account}:key/{}", s3_key_id(account)),
        NamedKey::Absent | NamedKey::Believed if name.starts_with("arn:") => name.to_owned(),
        NamedKey::Absent | NamedKey::Believed => format!("arn:aws:kms:{region}:{account}:key/{name}"),
    }
}

/// The caller may use the key of an object, if it has one of KMS.
pub(crate) fn allow(
    request: &RequestContext,
    region: &str,
    encryption: &Encryption,
    (bucket, key): (&str, &str),
    wanted: Use,
) -> Result<(), AwsError> {
    let is_kms = encryption.algorithm.as_deref().is_some_and(|algorithm| algorithm.starts_with("aws:kms"));
    let Some(name) = encryption.kms_key.as_deref().filter(|_| is_kms) else { return Ok(()) };
    let refused = |code: &str, message: String| Err(AwsError::new(400, code, message));
    let (owner, kms_key) = match request.identities.kms_key(&request.caller.account, region, name) {
        NamedKey::Key(owner, kms_key) => (owner, kms_key),
        NamedKey::Believed => return Ok(()),
        NamedKey::OfS3 => return allow_key_of_s3(request, name),
        NamedKey::Absent => return refused("KMS.NotFoundException", format!("Key '{name}' does not exist")),
    };
    let arn = kms_key.arn(&owner.number);
    let number = owner.number.as_str();
    authorize::kms::allow(request, wanted.action(), number, kms_key, |context| {
        context.set("kms:ViaService", format!("s3.{region}.amazonaws.com"));
        context.set("aws:ViaAWSService", "true");
        // with a bucket key, KMS is asked about the bucket and not about each object
        let about = if encryption.bucket_key {
            format!("arn:aws:s3:::{bucket}")
        } else {
            format!("arn:aws:s3:::{bucket}/{key}")
        };
        context.set("kms:EncryptionContext:aws:s3:arn", about);
        context.set_many("kms:EncryptionContextKeys", ["aws:s3:arn"]);
        context.set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    })?;
    match kms_key.state() {
        "Enabled" => Ok(()),
        "Disabled" => refused("KMS.DisabledException", format!("{arn} is disabled.")),
        _ => refused("KMS.KMSInvalidStateException", format!("{arn} is pending deletion.")),
    }
}

/// S3's own key is for everybody in its account, by S3, and for nobody else.
fn allow_key_of_s3(request: &RequestContext, name: &str) -> Result<(), AwsError> {
    let account = name.strip_prefix("arn:aws:kms:").and_then(|rest| rest.split(':').nth(1));
    if account.is_none_or(|account| account == request.caller.account) {
        return Ok(());
    }
    Err(AwsError::access_denied())
}

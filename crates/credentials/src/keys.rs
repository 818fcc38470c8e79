//! Keys, inside this crate only.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use object_store::aws::AwsCredential;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Keys as a customer types them, on their way to being sealed. They cannot be read back.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CustomerKeys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl CustomerKeys {
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token,
        }
    }
}

impl CustomerKeys {
    /// To sign requests to S3 with.
    pub(crate) fn credential(&self) -> AwsCredential {
        AwsCredential {
            key_id: self.access_key_id.clone(),
            secret_key: self.secret_access_key.clone(),
            token: self.session_token.clone(),
        }
    }
}

impl fmt::Debug for CustomerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKeys(redacted)")
    }
}

/// Keys of a role session, with the times that rule their use.
pub(crate) struct TemporaryKeys {
    /// Tells these keys from those issued before and after for the same session.
    pub(crate) serial: u64,
    pub(crate) credential: Arc<AwsCredential>,
    pub(crate) issued_at: SystemTime,
    /// From then on they are renewed at the next use, while they still work.
    pub(crate) renew_at: SystemTime,
    /// From then on nobody starts with them if others can be had.
    pub(crate) stale_at: SystemTime,
    pub(crate) expires_at: SystemTime,
}

impl fmt::Debug for TemporaryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryKeys").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// Keys that sign a call to STS.
#[derive(Clone)]
pub(crate) struct SigningKeys(pub(crate) aws_credential_types::Credentials);

impl SigningKeys {
    pub(crate) fn from_customer(keys: &CustomerKeys) -> Self {
        Self(aws_credential_types::Credentials::new(
            keys.access_key_id.as_str(),
            keys.secret_access_key.as_str(),
            keys.session_token.clone(),
            None,
            "connection",
        ))
    }

    pub(crate) fn from_credential(credential: &AwsCredential) -> Self {
        Self(aws_credential_types::Credentials::new(
            credential.key_id.as_str(),
            credential.secret_key.as_str(),
            credential.token.clone(),
            None,
            "principal",
        ))
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys(redacted)")
    }
}

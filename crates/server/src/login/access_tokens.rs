//! Access tokens: passwords that the server made, each for one client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::Owner;
use engine::Identity;
use sha2::{Digest, Sha256};

use super::{Logins, catalog_failed};
use crate::errors::ApiError;

/// How access tokens begin, so that scanners of source code find those that got lost.
const ACCESS_TOKEN_PREFIX: &str = "sdt_";

impl Logins {
    /// Whether what stands for the password is an access token of the user. One that is not is a wrong password.
    pub(super) async fn is_access_token(&self, identity: &Identity, text: &str) -> Result<bool, ApiError> {
        if !text.starts_with(ACCESS_TOKEN_PREFIX) {
            return Ok(false);
        }
        let owner = Owner { organization: &identity.organization, user: &identity.user };
        let used = self.catalog.use_access_token(owner, &digest_of_access_token(text)).await;
        let is_good = used.map_err(|error| catalog_failed(&error))?;
        Ok(is_good && self.user(identity).await?.is_some_and(|user| !user.disabled))
    }
}

/// A new token.
pub(crate) fn new_access_token() -> String {
    let secret: [u8; 32] = rand::random();
    format!("{ACCESS_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(secret))
}

/// What the catalog keeps of a token.
pub(crate) fn digest_of_access_token(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

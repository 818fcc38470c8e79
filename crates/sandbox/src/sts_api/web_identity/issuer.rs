//! Asking an issuer for its public keys, as STS does: the discovery document names where they are.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use super::invalid_token;
use super::signature::Key;
use crate::error::AwsError;
use crate::identity::state::OidcProvider;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// The most an issuer's document may hold.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// The HTTP client for issuers, made when the first is asked.
#[derive(Default)]
pub(crate) struct IssuerReader {
    client: OnceLock<Option<reqwest::Client>>,
}

impl IssuerReader {
    /// The keys that the provider's issuer publishes now.
    pub(super) async fn keys(&self, provider: &OidcProvider) -> Result<Vec<Key>, AwsError> {
        let scheme = if provider.plain_http { "http" } else { "https" };
        let issuer = format!("{scheme}://{}", provider.url);
        let document = self.read(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let named = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if named.trim_end_matches('/') != issuer {
            return Err(unreadable(&format!("its document names the issuer `{named}`")));
        }
        let url = document
            .get("jwks_uri")
            .and_then(Value::as_str)
            .filter(|url| url.starts_with("https://") || provider.plain_http)
            .ok_or_else(|| unreadable("its document names no jwks_uri"))?;
        let set = self.read(url).await?;
        let keys = set.get("keys").and_then(Value::as_array);
        Ok(keys.into_iter().flatten().filter_map(Key::read).collect())
    }

    async fn read(&self, url: &str) -> Result<Value, AwsError> {
        let Some(client) = self.client.get_or_init(new_client) else {
            return Err(AwsError::internal("no HTTP client"));
        };
        let failed = |error: reqwest::Error| unreadable(&error.without_url().to_string());
        let mut response = client.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(unreadable(&format!("it answers {}", response.status().as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > DOCUMENT_BYTES_MAX {
                return Err(unreadable("its answer is too long"));
            }
        }
        serde_json::from_slice(&body).map_err(|_| unreadable("its answer is no JSON"))
    }
}

fn new_client() -> Option<reqwest::Client> {
    // Does nothing where the process has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(READ_TIMEOUT)
        .no_proxy()
        .build()
        .ok()
}

/// STS tells little; the log has the cause.
fn unreadable(cause: &str) -> AwsError {
    tracing::info!(cause, "cannot read the keys of an issuer");
    invalid_token(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    )
}

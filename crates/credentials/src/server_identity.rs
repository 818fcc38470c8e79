//! The server's own identity: found at first use, never at start, and used to sign STS calls only.

use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError as ProviderError;
use aws_sdk_sts::config::Region;

use crate::keys::SigningKeys;
use crate::options::IdentitySource;
use crate::sts::Sts;
use crate::{Clock, CredentialsError};

/// Keys that end sooner than that are fetched again.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// One source may take that long: an address that nobody answers at must not.
const SOURCE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it is remembered that no source has keys: looking everywhere may take seconds.
const FAILURE_LIFE: Duration = Duration::from_secs(3);
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// Who the server is at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// As STS says: for a role, the ARN of the session.
    pub arn: String,
    pub account: String,
    /// Which source of the chain has the keys: `environment`, `profile`, `web identity`, `container`, `instance`.
    pub provider_name: &'static str,
    /// When the keys end; `None` for keys that stay.
    pub expires_at: Option<SystemTime>,
}

impl ServerIdentity {
    /// The ARN to write into a trust policy: the role behind a session.
    pub fn trust_arn(&self) -> String {
        trust_arn(&self.arn).unwrap_or_else(|| self.arn.clone())
    }

    /// A session's ARN does not show the path of its role: then `trust_arn` may lack it.
    pub fn path_unknown(&self) -> bool {
        trust_arn(&self.arn).is_some()
    }
}

/// `arn:aws:sts::A:assumed-role/R/S` → `arn:aws:iam::A:role/R`.
pub(crate) fn trust_arn(arn: &str) -> Option<String> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":sts::")?;
    let (account, resource) = rest.split_once(":assumed-role/")?;
    let (role, _session) = resource.split_once('/')?;
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

/// The server's keys, fetched when needed.
pub(crate) struct ServerKeys {
    source: IdentitySource,
    region: String,
    clock: Clock,
    sts: Sts,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    loaded: Option<Loaded>,
    /// The identity of the loaded keys, asked for once.
    identity: Option<ServerIdentity>,
    /// That there are no keys, and until when it is believed.
    failed: Option<(CredentialsError, SystemTime)>,
}

#[derive(Clone)]
struct Loaded {
    keys: SigningKeys,
    provider_name: &'static str,
}

impl ServerKeys {
    pub(crate) fn new(source: IdentitySource, region: String, clock: Clock, sts: Sts) -> Self {
        Self { source, region, clock, sts, state: tokio::sync::Mutex::default() }
    }

    /// Keys to sign an STS call with.
    pub(crate) async fn keys(&self) -> Result<SigningKeys, CredentialsError> {
        let mut state = self.state.lock().await;
        Ok(self.loaded(&mut state).await?.keys)
    }

    /// The same, with the name of the source they are from.
    pub(crate) async fn keys_with_source(&self) -> Result<(SigningKeys, &'static str), CredentialsError> {
        let mut state = self.state.lock().await;
        let loaded = self.loaded(&mut state).await?;
        Ok((loaded.keys, loaded.provider_name))
    }

    /// AWS does not take the keys any more: the next call fetches them anew.
    pub(crate) async fn forget(&self) {
        *self.state.lock().await = State::default();
    }

    /// Who the keys belong to; asked once for each set of keys. Others may sign while STS is asked.
    pub(crate) async fn identity(&self) -> Result<ServerIdentity, CredentialsError> {
        let loaded = {
            let mut state = self.state.lock().await;
            let loaded = self.loaded(&mut state).await?;
            if let Some(identity) = &state.identity {
                return Ok(identity.clone());
            }
            loaded
        };
        let caller = self.sts.caller_identity(&loaded.keys).await;
        let caller = caller.map_err(|refusal| match refusal.status {
            Some(400..=403) => CredentialsError::ServerIdentityRefused(Box::new(refusal)),
            _ => CredentialsError::IdentityUnknown(Box::new(refusal)),
        })?;
        let identity = ServerIdentity {
            arn: caller.arn,
            account: caller.account,
            provider_name: loaded.provider_name,
            expires_at: loaded.keys.0.expiry(),
        };
        let mut state = self.state.lock().await;
        if state.loaded.as_ref().is_some_and(|now| now.keys.0 == loaded.keys.0) {
            state.identity = Some(identity.clone());
        }
        Ok(identity)
    }

    async fn loaded(&self, state: &mut State) -> Result<Loaded, CredentialsError> {
        let now = self.clock.now();
        let ends = |loaded: &Loaded| loaded.keys.0.expiry();
        if let Some(loaded) = state.loaded.clone().filter(|l| ends(l).is_none_or(|end| end > now + FRESH_FOR))
        {
            return Ok(loaded);
        }
        let failed = state.failed.clone().filter(|(_, until)| *until > now);
        let fetched = match failed {
            Some((error, _)) => Err(error),
            None => self.fetch().await,
        };
        match fetched {
            Ok(loaded) => {
                state.failed = None;
                state.loaded = Some(loaded.clone());
                state.identity = None;
                Ok(loaded)
            }
            // A source that fails for a moment hurts nobody while the old keys work.
            Err(error) => {
                if state.failed.as_ref().is_none_or(|(_, until)| *until <= now) {
                    state.failed = Some((error.clone(), self.clock.now() + FAILURE_LIFE));
                }
                state.loaded.clone().filter(|l| ends(l).is_none_or(|end| end > now)).ok_or(error)
            }
        }
    }

    async fn fetch(&self) -> Result<Loaded, CredentialsError> {
        match &self.source {
            IdentitySource::Nothing => {
                Err(CredentialsError::NoServerIdentity { reason: "none is configured".to_owned() })
            }
            IdentitySource::Keys(keys) => {
                Ok(Loaded { keys: SigningKeys::from_customer(keys), provider_name: "configuration" })
            }
            IdentitySource::DefaultChain => self.fetch_from_chain().await,
        }
    }

    /// The sources of the SDKs' default chain in their order. The first that has keys, or that is set up and
    /// fails, decides.
    async fn fetch_from_chain(&self) -> Result<Loaded, CredentialsError> {
        let setup = ProviderConfig::without_region().with_region(Some(Region::new(self.region.clone())));
        let instance = aws_config::imds::Client::builder()
            .configure(&setup)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT)
            .max_attempts(2)
            .build();
        let sources: [(&'static str, Box<dyn ProvideCredentials>); 5] = [
            ("environment", Box::new(EnvironmentVariableCredentialsProvider::new())),
            ("profile", Box::new(ProfileFileCredentialsProvider::builder().configure(&setup).build())),
            (
                "web identity",
                Box::new(WebIdentityTokenCredentialsProvider::builder().configure(&setup).build()),
            ),
            ("container", Box::new(EcsCredentialsProvider::builder().configure(&setup).build())),
            (
                "instance",
                Box::new(ImdsCredentialsProvider::builder().configure(&setup).imds_client(instance).build()),
            ),
        ];
        for (provider_name, source) in sources {
            let reason = match tokio::time::timeout(SOURCE_TIMEOUT, source.provide_credentials()).await {
                Ok(Ok(credentials)) => {
                    tracing::info!(provider_name, "the server has an AWS identity");
                    return Ok(Loaded { keys: SigningKeys(credentials), provider_name });
                }
                Ok(Err(ProviderError::CredentialsNotLoaded(_))) => continue,
                Ok(Err(error)) => {
                    tracing::warn!(provider_name, error = %chain_text(&error), "a source of the server's identity failed");
                    "it failed, see the server's log"
                }
                Err(_) => "it does not answer",
            };
            // Off EC2 there is no metadata service: that is not a failure of it.
            if provider_name != "instance" {
                return Err(CredentialsError::NoServerIdentity {
                    reason: format!("source `{provider_name}`: {reason}"),
                });
            }
        }
        let reason = "nothing in the environment, profile, web identity, container or instance metadata";
        Err(CredentialsError::NoServerIdentity { reason: reason.to_owned() })
    }
}

fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_trusted_by_its_role() {
        let of = |arn: &str| trust_arn(arn);
        assert_eq!(of("arn:aws:sts::1:assumed-role/r/s").as_deref(), Some("arn:aws:iam::1:role/r"));
        assert_eq!(of("arn:aws-cn:sts::1:assumed-role/r/s").as_deref(), Some("arn:aws-cn:iam::1:role/r"));
        assert_eq!(of("arn:aws:iam::1:user/u"), None);
    }
}

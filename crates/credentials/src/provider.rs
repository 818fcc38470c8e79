//! The keys of one opened bucket, asked for at every request.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;

use crate::CredentialsError;
use crate::chain::Chain;
use crate::keys::TemporaryKeys;
use crate::session_cache::SessionPlan;

/// Where the keys of a bucket come from.
#[derive(Clone)]
pub(crate) enum KeySource {
    Unsigned,
    /// The customer's own keys.
    Fixed(Arc<AwsCredential>),
    Session(SessionHandle),
}

impl KeySource {
    /// Which keys a request that starts now would be signed with.
    pub(crate) fn serial(&self) -> Option<u64> {
        match self {
            Self::Session(session) => session.chain.current_serial(&session.plan),
            _ => None,
        }
    }

    /// Forgets the keys of that serial; `false` when renewing is of no use.
    pub(crate) fn invalidate(&self, serial: Option<u64>) -> bool {
        match self {
            Self::Session(session) => {
                session.chain.invalidate(&session.plan, serial);
                true
            }
            _ => false,
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "Unsigned",
            Self::Fixed(_) => "Fixed(redacted)",
            Self::Session(_) => "Session(redacted)",
        })
    }
}

/// One role session, whichever keys it has at the moment.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(crate) plan: Arc<SessionPlan>,
    pub(crate) chain: Arc<Chain>,
    /// For messages.
    pub(crate) connection: Option<String>,
}

impl SessionHandle {
    /// Keys that work now.
    pub(crate) async fn current(&self) -> Result<Arc<TemporaryKeys>, CredentialsError> {
        let keys = self.chain.keys(&self.plan).await;
        keys.map_err(|error| error.for_connection(self.connection.as_deref()))
    }
}

#[async_trait]
impl CredentialProvider for KeySource {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let failed =
            |error: CredentialsError| object_store::Error::Generic { store: "S3", source: Box::new(error) };
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::Session(session) => Ok(Arc::clone(&session.current().await.map_err(failed)?.credential)),
            Self::Unsigned => {
                Err(failed(CredentialsError::Internal { reason: "an unsigned bucket was asked for keys" }))
            }
        }
    }
}

//! The keys of one opened bucket, asked for at every request.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;

use crate::CredentialsError;
use crate::chain::Chain;
use crate::keys::TemporaryKeys;
use crate::request_log::{RequestOrigin, for_origin};
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
    /// The keys that a request that starts now would be signed with, if they are of a session.
    pub(crate) fn of_session(&self) -> Option<Arc<TemporaryKeys>> {
        match self {
            Self::Session(session) => session.chain.current(&session.plan),
            _ => None,
        }
    }

    /// The keys that come after those that were invalidated, if they are of a session.
    pub(crate) async fn renewed(&self) -> object_store::Result<Option<Arc<TemporaryKeys>>> {
        match self {
            Self::Session(session) => session.current().await.map(Some).map_err(failed),
            _ => Ok(None),
        }
    }

    /// The same keys, asked for by somebody else.
    pub(crate) fn for_origin(&self, origin: Arc<RequestOrigin>) -> Self {
        match self {
            Self::Session(session) => {
                Self::Session(SessionHandle { origin: Some(origin), ..session.clone() })
            }
            other => other.clone(),
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
    /// For whom STS is asked, for the request log.
    pub(crate) origin: Option<Arc<RequestOrigin>>,
}

impl SessionHandle {
    /// Keys that work now.
    pub(crate) async fn current(&self) -> Result<Arc<TemporaryKeys>, CredentialsError> {
        let keys = for_origin(self.origin.clone(), self.chain.keys(&self.plan)).await;
        keys.map_err(|error| error.for_connection(self.connection.as_deref()))
    }
}

fn failed(error: CredentialsError) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: Box::new(error) }
}

#[async_trait]
impl CredentialProvider for KeySource {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        match self {
            Self::Fixed(credential) => Ok(Arc::clone(credential)),
            Self::Session(session) => Ok(Arc::clone(&session.current().await.map_err(failed)?.credential)),
            Self::Unsigned => {
                Err(failed(CredentialsError::Internal { reason: "an unsigned bucket was asked for keys" }))
            }
        }
    }
}

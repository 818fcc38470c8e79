//! Temporary keys: what STS has handed out.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::document::Document;
use crate::error::{AwsError, SandboxError};
use crate::storage::files::{read_json_directory, write_json};

/// Temporary keys and what they stand for. (A SQL session is something else and not known here.)
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TemporaryKeys {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) account: String,
    pub(crate) holder: SessionHolder,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) issued: OffsetDateTime,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires: OffsetDateTime,
    /// inline session policy and managed session policies, by name
    pub(crate) policies: Vec<(String, Document)>,
    /// true when session policies were given, even if all of them are gone
    pub(crate) scoped: bool,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) transitive_tags: Vec<String>,
    pub(crate) source_identity: Option<String>,
}

/// Whose session it is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum SessionHolder {
    /// AssumeRole and AssumeRoleWithWebIdentity
    Role {
        role_name: String,
        role_id: String,
        role_arn: String,
        session_name: String,
        provider: Option<String>,
    },
    /// GetSessionToken of a user
    User { user_name: String, user_id: String, user_arn: String },
    /// GetSessionToken of root
    Root,
    /// GetFederationToken of a user
    Federated { name: String, user_name: String },
}

/// All sessions, by access key id.
pub(crate) struct Sessions {
    by_key: RwLock<HashMap<String, Arc<TemporaryKeys>>>,
    directory: Option<PathBuf>,
}

impl Sessions {
    pub(crate) fn load(directory: Option<PathBuf>, now: OffsetDateTime) -> Result<Self, SandboxError> {
        let mut by_key = HashMap::new();
        if let Some(directory) = &directory {
            for (file, keys) in read_json_directory::<TemporaryKeys>(directory)? {
                // long expired keys read as unknown, as they do at AWS after a while
                if keys.expires + time::Duration::days(1) < now {
                    let _ = std::fs::remove_file(file);
                } else {
                    by_key.insert(keys.access_key_id.clone(), Arc::new(keys));
                }
            }
        }
        Ok(Self { by_key: RwLock::new(by_key), directory })
    }

    pub(crate) fn get(&self, access_key_id: &str) -> Option<Arc<TemporaryKeys>> {
        self.by_key.read().get(access_key_id).cloned()
    }

    pub(crate) fn insert(&self, keys: TemporaryKeys) -> Result<(), AwsError> {
        if let Some(directory) = &self.directory {
            let file = directory.join(format!("{}.json", keys.access_key_id));
            write_json(&file, &keys).map_err(AwsError::internal)?;
        }
        self.by_key.write().insert(keys.access_key_id.clone(), Arc::new(keys));
        Ok(())
    }
}

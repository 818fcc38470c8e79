//! Who exists: accounts, users, roles, managed policies, keys and sessions.
//!
//! The state is immutable behind an `Arc` and replaced by every change, so that a reader holds one moment of
//! it and late visibility is a matter of handing out an older moment.

pub(crate) mod document;
pub(crate) mod kms_key;
pub(crate) mod managed;
pub(crate) mod session;
pub(crate) mod state;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use time::OffsetDateTime;

use crate::error::{AwsError, SandboxError};
use crate::storage::files::{read_json, write_json};
use session::Sessions;
use state::IdentityState;

/// All identities of the sandbox.
pub(crate) struct Identities {
    latest: RwLock<Arc<IdentityState>>,
    earlier: Mutex<VecDeque<(OffsetDateTime, Arc<IdentityState>)>>,
    delay: Mutex<Duration>,
    file: Option<PathBuf>,
    pub(crate) sessions: Sessions,
}

impl Identities {
    /// Reads what an earlier run left, or starts with nobody.
    pub(crate) fn load(data: Option<&std::path::Path>, now: OffsetDateTime) -> Result<Self, SandboxError> {
        let file = data.map(|directory| directory.join("identities.json"));
        let state = match &file {
            Some(file) => read_json::<IdentityState>(file)?.unwrap_or_default(),
            None => IdentityState::default(),
        };
        Ok(Self {
            latest: RwLock::new(Arc::new(state)),
            earlier: Mutex::new(VecDeque::new()),
            delay: Mutex::new(Duration::ZERO),
            sessions: Sessions::load(data.map(|directory| directory.join("sessions")), now)?,
            file,
        })
    }

    /// The state as the IAM API shows it: every change at once.
    pub(crate) fn latest(&self) -> Arc<IdentityState> {
        self.latest.read().clone()
    }

    /// The state as requests are decided by: changes become visible after the delay that a test has set.
    pub(crate) fn visible(&self, now: OffsetDateTime) -> Arc<IdentityState> {
        let delay = *self.delay.lock();
        if delay.is_zero() {
            return self.latest();
        }
        let earlier = self.earlier.lock();
        // each entry is the state that was replaced at that time
        earlier
            .iter()
            .find(|(replaced, _)| *replaced + delay > now)
            .map_or_else(|| self.latest(), |(_, state)| state.clone())
    }

    /// Applies a change; nothing of it is kept when it fails.
    pub(crate) fn change<T>(
        &self,
        now: OffsetDateTime,
        change: impl FnOnce(&mut IdentityState) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let mut latest = self.latest.write();
        let mut next = IdentityState::clone(&latest);
        let result = change(&mut next)?;
        if let Some(file) = &self.file {
            write_json(file, &next).map_err(AwsError::internal)?;
        }
        let previous = std::mem::replace(&mut *latest, Arc::new(next));
        let delay = *self.delay.lock();
        let mut earlier = self.earlier.lock();
        if delay.is_zero() {
            earlier.clear();
        } else {
            earlier.push_back((now, previous));
            while earlier.front().is_some_and(|(replaced, _)| *replaced + delay <= now) {
                earlier.pop_front();
            }
        }
        Ok(result)
    }

    /// From now on, changes become visible to decisions only after `delay`.
    pub(crate) fn set_delay(&self, delay: Duration) {
        *self.delay.lock() = delay;
        if delay.is_zero() {
            self.earlier.lock().clear();
        }
    }
}

//! Failed logins, counted by user and address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use engine::Identity;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Pairs of user and address that are counted; beyond that the oldest windows are dropped.
const PAIRS_MAX: usize = 10_000;

/// Refuses a user's logins from an address where too many have failed.
pub(super) struct FailedAttempts {
    attempts_max: u32,
    window: Duration,
    pairs: Mutex<HashMap<(Identity, IpAddr), Window>>,
}

struct Window {
    began_at: Instant,
    failures: u32,
}

impl FailedAttempts {
    pub(super) fn new(attempts_max: u32, window_secs: u64) -> Self {
        Self { attempts_max, window: Duration::from_secs(window_secs), pairs: Mutex::default() }
    }

    /// Fails with the seconds to wait.
    pub(super) fn check(&self, identity: &Identity, peer: IpAddr) -> Result<(), u64> {
        let pairs = self.pairs.lock();
        let Some(window) = pairs.get(&(identity.clone(), peer)) else {
            return Ok(());
        };
        let left = self.window.saturating_sub(window.began_at.elapsed());
        if window.failures < self.attempts_max || left.is_zero() { Ok(()) } else { Err(left.as_secs() + 1) }
    }

    pub(super) fn add(&self, identity: &Identity, peer: IpAddr) {
        let mut pairs = self.pairs.lock();
        if pairs.len() >= PAIRS_MAX {
            pairs.retain(|_, window| window.began_at.elapsed() < self.window);
        }
        if pairs.len() >= PAIRS_MAX {
            pairs.clear();
        }
        let window = pairs
            .entry((identity.clone(), peer))
            .or_insert_with(|| Window { began_at: Instant::now(), failures: 0 });
        if window.began_at.elapsed() >= self.window {
            *window = Window { began_at: Instant::now(), failures: 0 };
        }
        window.failures += 1;
    }

    pub(super) fn forget(&self, identity: &Identity, peer: IpAddr) {
        let mut pairs = self.pairs.lock();
        if !pairs.is_empty() {
            pairs.remove(&(identity.clone(), peer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn too_many_failures_wait_for_the_window_to_pass() {
        let attempts = FailedAttempts::new(2, 60);
        let user = Identity { organization: "default".into(), user: "a".into() };
        let here = IpAddr::from([127, 0, 0, 1]);
        attempts.add(&user, here);
        assert_eq!(attempts.check(&user, here), Ok(()));
        attempts.add(&user, here);
        assert_eq!(attempts.check(&user, here), Err(61));
        assert_eq!(attempts.check(&user, IpAddr::from([127, 0, 0, 2])), Ok(()));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(attempts.check(&user, here), Ok(()));
        attempts.add(&user, here);
        assert_eq!(attempts.check(&user, here), Ok(()));
        attempts.forget(&user, here);
        attempts.add(&user, here);
        assert_eq!(attempts.check(&user, here), Ok(()));
    }
}

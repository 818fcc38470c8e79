//! Passwords that were verified lately, so that Argon2 does not run for every request.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use engine::Identity;
use hmac::{Hmac, Mac};
use parking_lot::Mutex;
use sha2::Sha256;
use tokio::sync::Semaphore;

/// Users remembered; beyond that all are forgotten and verified anew.
const USERS_MAX: usize = 10_000;
/// Users who verify at the same time; two that share a turn wait for each other.
const TURNS: usize = 64;

/// Remembers a keyed digest of each user's password. A changed password changes the user's fingerprint,
/// and with it what is remembered counts no more.
pub(super) struct VerifiedPasswords {
    key: [u8; 32],
    hasher: RandomState,
    users: Mutex<HashMap<Identity, Verified>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

struct Verified {
    fingerprint: String,
    digest: Hmac<Sha256>,
}

impl VerifiedPasswords {
    pub(super) fn new() -> Self {
        Self {
            key: rand::random(),
            hasher: RandomState::new(),
            users: Mutex::default(),
            turns: std::array::from_fn(|_| Default::default()),
        }
    }

    /// Waits until nobody verifies a password of this user.
    pub(super) async fn turn_of(&self, identity: &Identity) -> tokio::sync::MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one(identity);
        self.turns[(hash % TURNS as u64) as usize].lock().await
    }

    /// Whether this password was verified against this fingerprint. Compares in constant time.
    pub(super) fn holds(&self, identity: &Identity, fingerprint: &str, password: &str) -> bool {
        let known = {
            let users = self.users.lock();
            match users.get(identity) {
                Some(verified) if verified.fingerprint == fingerprint => verified.digest.clone().finalize(),
                _ => return false,
            }
        };
        self.digest(password).is_some_and(|digest| digest.verify_slice(known.into_bytes().as_slice()).is_ok())
    }

    pub(super) fn add(&self, identity: &Identity, fingerprint: &str, password: &str) {
        let Some(digest) = self.digest(password) else {
            return;
        };
        let mut users = self.users.lock();
        if users.len() >= USERS_MAX {
            users.clear();
        }
        users.insert(identity.clone(), Verified { fingerprint: fingerprint.to_owned(), digest });
    }

    fn digest(&self, password: &str) -> Option<Hmac<Sha256>> {
        let mut digest = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        digest.update(password.as_bytes());
        Some(digest)
    }
}

/// Does the work of a verification for a user that does not exist, so that time does not tell.
pub(super) async fn take_as_long_as_a_verification(password: &str) {
    static TURNS: Semaphore = Semaphore::const_new(2);
    let Ok(_turn) = TURNS.acquire().await else {
        return;
    };
    let password = password.to_owned();
    let _ = tokio::task::spawn_blocking(move || catalog::take_as_long_as_a_verification(&password)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Identity {
        Identity { organization: "default".into(), user: name.into() }
    }

    #[test]
    fn a_verified_password_holds_until_the_fingerprint_changes() {
        let verified = VerifiedPasswords::new();
        assert!(!verified.holds(&user("a"), "1", "secret"));
        verified.add(&user("a"), "1", "secret");
        assert!(verified.holds(&user("a"), "1", "secret"));
        assert!(!verified.holds(&user("a"), "1", "Secret"));
        assert!(!verified.holds(&user("a"), "2", "secret"));
        assert!(!verified.holds(&user("b"), "1", "secret"));
    }
}

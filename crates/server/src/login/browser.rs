//! Logins of browsers: what a cookie names. They live in this process: after a restart people log in again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use engine::Identity;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::limits::Limits;

/// Longest name of a browser that is remembered.
const AGENT_BYTES_MAX: usize = 200;

/// A cookie's digest: the cookies themselves are not kept.
type CookieDigest = [u8; 32];

/// All logins of browsers.
pub(crate) struct BrowserLogins {
    limits: Arc<Limits>,
    table: Mutex<HashMap<CookieDigest, BrowserLogin>>,
}

/// One browser that is logged in.
#[derive(Debug, Clone)]
pub(crate) struct BrowserLogin {
    /// For its user, who may end it.
    pub(crate) id: String,
    pub(crate) identity: Identity,
    /// Of the password that the login was made with.
    pub(crate) fingerprint: String,
    pub(crate) address: IpAddr,
    pub(crate) agent: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) used_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    idle_since: Instant,
    ends_at: Instant,
}

impl BrowserLogins {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, table: Mutex::default() }
    }

    /// Makes a login and gives its cookie.
    pub(crate) fn create(
        &self,
        identity: &Identity,
        fingerprint: &str,
        address: IpAddr,
        agent: &str,
    ) -> (String, BrowserLogin) {
        let secret: [u8; 32] = rand::random();
        let cookie = URL_SAFE_NO_PAD.encode(secret);
        let (now, clock) = (Utc::now(), Instant::now());
        let lifetime = Duration::from_secs(self.limits.web_login_secs_max);
        let login = BrowserLogin {
            id: uuid::Uuid::now_v7().simple().to_string(),
            identity: identity.clone(),
            fingerprint: fingerprint.to_owned(),
            address,
            agent: agent.chars().take(AGENT_BYTES_MAX).collect(),
            created_at: now,
            used_at: now,
            expires_at: now + lifetime,
            idle_since: clock,
            ends_at: clock + lifetime,
        };
        let mut table = self.table.lock();
        if table.len() >= self.limits.web_logins_max {
            self.make_room(&mut table);
        }
        table.insert(digest(&cookie), login.clone());
        (cookie, login)
    }

    /// The login of a cookie, which is used by this.
    pub(crate) fn find(&self, cookie: &str) -> Option<BrowserLogin> {
        let mut table = self.table.lock();
        let key = digest(cookie);
        let login = table.get_mut(&key)?;
        if !self.is_alive(login) {
            table.remove(&key);
            return None;
        }
        login.idle_since = Instant::now();
        login.used_at = Utc::now();
        Some(login.clone())
    }

    /// Ends the login of a cookie.
    pub(crate) fn remove(&self, cookie: &str) {
        self.table.lock().remove(&digest(cookie));
    }

    /// The logins of a user, newest first.
    pub(crate) fn of_user(&self, identity: &Identity) -> Vec<BrowserLogin> {
        let table = self.table.lock();
        let alive = table.values().filter(|login| login.identity == *identity && self.is_alive(login));
        let mut logins: Vec<BrowserLogin> = alive.cloned().collect();
        logins.sort_by(|left, right| right.id.cmp(&left.id));
        logins
    }

    /// Ends one of a user's logins; `false` when there is none of that id.
    pub(crate) fn remove_of_user(&self, identity: &Identity, id: &str) -> bool {
        let mut table = self.table.lock();
        let before = table.len();
        table.retain(|_, login| login.identity != *identity || login.id != id);
        table.len() < before
    }

    fn is_alive(&self, login: &BrowserLogin) -> bool {
        let idle_max = Duration::from_secs(self.limits.web_login_idle_secs_max);
        login.ends_at > Instant::now() && login.idle_since.elapsed() < idle_max
    }

    /// Forgets what has expired; if that is not enough, a tenth of those that were not used for longest.
    fn make_room(&self, table: &mut HashMap<CookieDigest, BrowserLogin>) {
        table.retain(|_, login| self.is_alive(login));
        if table.len() < self.limits.web_logins_max {
            return;
        }
        let mut by_use: Vec<(Instant, CookieDigest)> =
            table.iter().map(|(key, login)| (login.idle_since, *key)).collect();
        by_use.sort_unstable();
        for (_, key) in by_use.into_iter().take(table.len() / 10 + 1) {
            table.remove(&key);
        }
    }
}

fn digest(cookie: &str) -> CookieDigest {
    Sha256::digest(cookie.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(limits: Limits) -> BrowserLogins {
        BrowserLogins::new(Arc::new(limits))
    }

    fn user(name: &str) -> Identity {
        Identity { organization: "default".into(), user: name.into() }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test(start_paused = true)]
    async fn a_login_ends_by_rest_and_by_age() {
        let logins =
            logins(Limits { web_login_idle_secs_max: 100, web_login_secs_max: 250, ..Limits::default() });
        let (rested, _) = logins.create(&user("a"), "1", HERE, "browser");
        let (used, _) = logins.create(&user("a"), "1", HERE, "browser");
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(80)).await;
            assert_eq!(logins.find(&used).unwrap().identity, user("a"));
        }
        assert!(logins.find(&rested).is_none());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(logins.find(&used).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_ends_only_logins_of_their_own() {
        let logins = logins(Limits::default());
        let (cookie, login) = logins.create(&user("a"), "1", HERE, "browser");
        assert!(!logins.remove_of_user(&user("b"), &login.id));
        assert!(logins.find(&cookie).is_some());
        assert_eq!(logins.of_user(&user("b")).len(), 0);
        assert!(logins.remove_of_user(&user("a"), &login.id));
        assert!(logins.find(&cookie).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_logins_has_a_limit() {
        let logins = logins(Limits { web_logins_max: 10, ..Limits::default() });
        let (first, _) = logins.create(&user("a"), "1", HERE, "browser");
        for _ in 0..30 {
            tokio::time::advance(Duration::from_secs(1)).await;
            logins.create(&user("a"), "1", HERE, "browser");
        }
        assert!(logins.find(&first).is_none());
        assert!(logins.of_user(&user("a")).len() <= 10);
    }
}

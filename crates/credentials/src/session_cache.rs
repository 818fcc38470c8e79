//! The process's one cache of temporary keys.
//!
//! One flight for each session: whoever needs its keys waits for the same call, which goes on when those
//! who wait go away. Nobody waits for a renewal while the old keys work.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use object_store::aws::AwsCredential;
use parking_lot::Mutex;
use rand::Rng;
use tokio::sync::oneshot;

use crate::keys::{CustomerKeys, TemporaryKeys};
use crate::request_log::{current_origin, for_origin};
use crate::{Clock, CredentialsError, FailureClass};

/// Sessions held at most.
const SESSIONS_MAX: usize = 10_000;
/// Fewer are never swept.
const SESSIONS_SWEPT_FROM: usize = 64;
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How long a refusal is remembered: long enough to spare STS a query's many openings, short enough that a
/// role put right just now works.
const REFUSAL_LIFE: Duration = Duration::from_secs(3);
/// How long an STS that cannot be reached is left alone.
const OUTAGE_LIFE: Duration = Duration::from_secs(1);
/// Renewal starts at this part of the keys' life, give or take the jitter.
const RENEW_AT: f64 = 0.75;
const RENEW_JITTER: f64 = 0.05;
/// The last part of their life in which keys are not handed out if others can be had.
const STALE_PART: f64 = 0.1;
const STALE_MAX: Duration = Duration::from_secs(60);
/// How long somebody waits for new keys while the old ones still work: they may end on their way to S3, and an STS
/// that is gone must not hold up what they can still read.
const STALE_WAIT: Duration = Duration::from_millis(250);
/// Longest pause after a renewal that failed while the old keys work.
const RENEWAL_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Everything that makes two sessions' keys differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    pub(crate) organization: String,
    pub(crate) base: Base,
    pub(crate) role_arn: String,
    pub(crate) external_id: Option<String>,
    pub(crate) session_name: String,
    pub(crate) policy: Option<String>,
    /// Session tags, by name.
    pub(crate) tags: Vec<(&'static str, String)>,
    pub(crate) region: String,
}

/// Who assumes the role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Base {
    Server,
    /// The organization's principal, which the server assumes first.
    Principal(String),
    /// Keys of the customer's, told apart by a digest.
    CustomerKeys(String),
    /// An identity token of ours with this subject.
    WebIdentity(String),
}

/// A session to have: its key, and what is needed to get it.
#[derive(Debug)]
pub(crate) struct SessionPlan {
    pub(crate) key: SessionKey,
    pub(crate) customer_keys: Option<CustomerKeys>,
    /// The role is the organization's principal, not a customer's.
    pub(crate) is_principal: bool,
}

/// Keys fresh from STS.
pub(crate) struct Issued {
    pub(crate) credential: AwsCredential,
    /// What STS says.
    pub(crate) expires_at: SystemTime,
    /// What was asked for and granted.
    pub(crate) duration: Duration,
}

/// Gets keys from STS.
pub(crate) trait Issuer: Send + Sync + 'static {
    fn issue(self: Arc<Self>, plan: Arc<SessionPlan>)
    -> BoxFuture<'static, Result<Issued, CredentialsError>>;
}

type Outcome = Result<Arc<TemporaryKeys>, CredentialsError>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

pub(crate) struct SessionCache {
    entries: Mutex<Entries>,
    clock: Clock,
    serials: AtomicU64,
}

struct Entries {
    by_key: HashMap<SessionKey, Arc<Entry>>,
    swept_at: SystemTime,
}

struct Entry {
    plan: Arc<SessionPlan>,
    state: Mutex<State>,
}

struct State {
    keys: Option<Arc<TemporaryKeys>>,
    flight: Option<Flight>,
    refusal: Option<(CredentialsError, SystemTime)>,
    /// Not before then after a renewal that failed.
    renewal_pause_until: Option<SystemTime>,
    used_at: SystemTime,
}

enum Next {
    Use(Arc<TemporaryKeys>),
    Refuse(CredentialsError),
    /// And what to fall back to: keys near their end.
    Wait(Flight, Option<Arc<TemporaryKeys>>),
}

impl SessionCache {
    pub(crate) fn new(clock: Clock) -> Self {
        let entries = Entries { by_key: HashMap::new(), swept_at: clock.now() };
        Self { entries: Mutex::new(entries), clock, serials: AtomicU64::new(1) }
    }

    /// Keys of the session that work now.
    pub(crate) async fn get<I: Issuer>(
        self: &Arc<Self>,
        plan: &Arc<SessionPlan>,
        issuer: &Arc<I>,
    ) -> Outcome {
        let entry = self.entry(plan);
        match self.next(&entry, issuer) {
            Next::Use(keys) => Ok(keys),
            Next::Refuse(error) => Err(error),
            Next::Wait(flight, None) => flight.await,
            Next::Wait(flight, Some(ending)) => {
                match tokio::time::timeout(STALE_WAIT, flight.clone()).await {
                    Ok(Ok(keys)) => Ok(keys),
                    _ if ending.expires_at > self.clock.now() => Ok(ending),
                    Ok(Err(error)) => Err(error),
                    Err(_) => flight.await,
                }
            }
        }
    }

    /// The keys that the session has at the moment.
    pub(crate) fn current(&self, plan: &SessionPlan) -> Option<Arc<TemporaryKeys>> {
        let entry = self.entries.lock().by_key.get(&plan.key).cloned()?;
        entry.state.lock().keys.clone()
    }

    /// AWS does not take the keys of that serial any more. Newer ones stay.
    pub(crate) fn invalidate(&self, plan: &SessionPlan, serial: Option<u64>) {
        let Some(entry) = self.entries.lock().by_key.get(&plan.key).cloned() else { return };
        let mut state = entry.state.lock();
        if state.keys.as_ref().map(|keys| keys.serial) == serial {
            state.keys = None;
        }
    }

    /// Forgets the refusals of an organization: something was changed that may have cured them.
    pub(crate) fn forget_refusals(&self, organization: &str) {
        let entries: Vec<Arc<Entry>> = self.entries.lock().by_key.values().cloned().collect();
        for entry in entries.iter().filter(|entry| entry.plan.key.organization == organization) {
            entry.state.lock().refusal = None;
        }
    }

    /// Forgets keys and refusals of one role: it may have been deleted and made anew, and keys of the old one do nothing.
    pub(crate) fn forget_role(&self, organization: &str, role_arn: &str) {
        let entries: Vec<Arc<Entry>> = self.entries.lock().by_key.values().cloned().collect();
        let of_role = |key: &SessionKey| key.organization == organization && key.role_arn == role_arn;
        for entry in entries.iter().filter(|entry| of_role(&entry.plan.key)) {
            let mut state = entry.state.lock();
            state.keys = None;
            state.refusal = None;
        }
    }

    /// What time it is for the cache.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// The organization's sessions that have keys.
    pub(crate) fn sessions(&self, organization: &str) -> Vec<(SessionKey, Arc<TemporaryKeys>)> {
        let entries: Vec<Arc<Entry>> = self.entries.lock().by_key.values().cloned().collect();
        let now = self.clock.now();
        let of_organization = entries.iter().filter(|entry| entry.plan.key.organization == organization);
        of_organization
            .filter_map(|entry| {
                let keys = entry.state.lock().keys.clone().filter(|keys| keys.expires_at > now)?;
                Some((entry.plan.key.clone(), keys))
            })
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.lock().by_key.len()
    }

    fn entry(&self, plan: &Arc<SessionPlan>) -> Arc<Entry> {
        let now = self.clock.now();
        let mut entries = self.entries.lock();
        if let Some(entry) = entries.by_key.get(&plan.key) {
            return Arc::clone(entry);
        }
        entries.sweep(now);
        let state =
            State { keys: None, flight: None, refusal: None, renewal_pause_until: None, used_at: now };
        let entry = Arc::new(Entry { plan: Arc::clone(plan), state: Mutex::new(state) });
        entries.by_key.insert(plan.key.clone(), Arc::clone(&entry));
        entry
    }

    fn next<I: Issuer>(self: &Arc<Self>, entry: &Arc<Entry>, issuer: &Arc<I>) -> Next {
        let now = self.clock.now();
        let mut state = entry.state.lock();
        state.used_at = now;
        let keys = state.keys.clone().filter(|keys| keys.expires_at > now);
        if let Some(keys) = &keys
            && keys.stale_at > now
        {
            let paused = state.renewal_pause_until.is_some_and(|until| until > now);
            if keys.renew_at <= now && state.flight.is_none() && !paused {
                state.flight = Some(self.start_flight(entry, issuer));
            }
            return Next::Use(Arc::clone(keys));
        }
        if let Some(flight) = &state.flight {
            return Next::Wait(flight.clone(), keys);
        }
        if let Some((error, _)) = state.refusal.as_ref().filter(|(_, until)| *until > now) {
            return match keys {
                Some(keys) => Next::Use(keys),
                None => Next::Refuse(error.clone()),
            };
        }
        let flight = self.start_flight(entry, issuer);
        state.flight = Some(flight.clone());
        Next::Wait(flight, keys)
    }

    /// The call runs in a task of its own: it does not end when those who wait for it go away. The entry is
    /// locked while this runs, so that the task cannot end before its flight is noted.
    fn start_flight<I: Issuer>(self: &Arc<Self>, entry: &Arc<Entry>, issuer: &Arc<I>) -> Flight {
        let (send, receive) = oneshot::channel();
        let (cache, entry, issuer) = (Arc::clone(self), Arc::clone(entry), Arc::clone(issuer));
        // Whoever comes first answers for the call, though others wait for it too.
        let origin = current_origin();
        tokio::spawn(async move {
            let work = for_origin(origin, issuer.issue(Arc::clone(&entry.plan)));
            let issued = AssertUnwindSafe(work).catch_unwind().await;
            let issued = issued
                .unwrap_or(Err(CredentialsError::Internal { reason: "fetching temporary keys broke off" }));
            let outcome = cache.land(&entry, issued);
            let _ = send.send(outcome);
        });
        async move {
            receive.await.unwrap_or(Err(CredentialsError::Internal { reason: "the server is shutting down" }))
        }
        .boxed()
        .shared()
    }

    fn land(&self, entry: &Entry, issued: Result<Issued, CredentialsError>) -> Outcome {
        let now = self.clock.now();
        let mut state = entry.state.lock();
        state.flight = None;
        match issued {
            Ok(issued) => {
                let keys = Arc::new(self.date(issued, now));
                state.keys = Some(Arc::clone(&keys));
                state.refusal = None;
                state.renewal_pause_until = None;
                Ok(keys)
            }
            Err(error) => {
                let life = match error.class() {
                    FailureClass::Unavailable | FailureClass::Internal => OUTAGE_LIFE,
                    _ => REFUSAL_LIFE,
                };
                state.refusal = Some((error.clone(), now + life));
                if let Some(keys) = &state.keys {
                    let rest = keys.expires_at.duration_since(now).unwrap_or_default();
                    state.renewal_pause_until = Some(now + (rest / 20).min(RENEWAL_PAUSE_MAX));
                }
                tracing::warn!(
                    role = %entry.plan.key.role_arn,
                    session = %entry.plan.key.session_name,
                    code = error.aws().and_then(|aws| aws.code.as_deref()).unwrap_or_default(),
                    request_id = error.aws().and_then(|aws| aws.request_id.as_deref()).unwrap_or_default(),
                    "no temporary keys: {error}",
                );
                Err(error)
            }
        }
    }

    /// The times that rule the keys' use, by our clock: STS's may differ, so the length that was granted
    /// caps what its date says.
    fn date(&self, issued: Issued, now: SystemTime) -> TemporaryKeys {
        let told = issued.expires_at.duration_since(now).unwrap_or_default();
        let life = if told.is_zero() { issued.duration } else { told.min(issued.duration) };
        let renew_part = RENEW_AT + rand::rng().random_range(-RENEW_JITTER..RENEW_JITTER);
        TemporaryKeys {
            serial: self.serials.fetch_add(1, Ordering::Relaxed),
            credential: Arc::new(issued.credential),
            issued_at: now,
            renew_at: now + life.mul_f64(renew_part),
            stale_at: now + life.saturating_sub(life.mul_f64(STALE_PART).min(STALE_MAX)),
            expires_at: now + life,
        }
    }
}

impl Entries {
    /// Drops what is of no more use; above the limit, also what was used least lately.
    fn sweep(&mut self, now: SystemTime) {
        let due = now.duration_since(self.swept_at).is_ok_and(|since| since >= SWEEP_INTERVAL);
        let full = self.by_key.len() >= SESSIONS_MAX;
        if !full && (self.by_key.len() < SESSIONS_SWEPT_FROM || !due) {
            return;
        }
        self.swept_at = now;
        self.by_key.retain(|_, entry| {
            let state = entry.state.lock();
            state.flight.is_some()
                || state.keys.as_ref().is_some_and(|keys| keys.expires_at > now)
                || state.refusal.as_ref().is_some_and(|(_, until)| *until > now)
        });
        if self.by_key.len() < SESSIONS_MAX {
            return;
        }
        let mut uses: Vec<SystemTime> =
            self.by_key.values().map(|entry| entry.state.lock().used_at).collect();
        let tenth = uses.len() / 10;
        let (_, cut, _) = uses.select_nth_unstable(tenth);
        let cut = *cut;
        self.by_key.retain(|_, entry| entry.state.lock().used_at > cut);
    }
}

#[cfg(test)]
#[path = "session_cache_tests.rs"]
mod tests;

//! Faults by rule: what a test wants to go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Which requests a rule is about; what is `None` matches everything.
#[derive(Clone, Debug, Default)]
pub struct FaultMatch {
    /// `s3`, `sts` or `iam`.
    pub service: Option<String>,
    /// The operation, such as `GetObject` or `AssumeRole`.
    pub action: Option<String>,
    /// The bucket's name.
    pub bucket: Option<String>,
    /// What the key starts with.
    pub key_prefix: Option<String>,
    /// A part of the caller's ARN.
    pub principal_contains: Option<String>,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The answer comes later.
    Latency(Duration),
    /// The answer comes when a test says so: [`Faults::release`].
    Hold,
    /// 503 SlowDown (Throttling from STS and IAM).
    SlowDown,
    /// The connection closes without an answer.
    Reset,
    /// The connection closes after so many bytes of the answer's body.
    ResetAfter(u64),
    /// The keys are said to have expired.
    ExpiredToken,
    /// Any error.
    Error {
        /// HTTP status.
        status: u16,
        /// AWS code.
        code: String,
        /// Message.
        message: String,
    },
}

/// A fault, the requests it is for, and how often it happens.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// The requests it is for.
    pub matches: FaultMatch,
    /// What goes wrong.
    pub fault: Fault,
    /// How many requests it hits; `None` is all of them.
    pub times: Option<u32>,
}

type SetDelay = Box<dyn Fn(Duration) + Send + Sync>;

/// The rules in force.
#[derive(Default)]
pub struct Faults {
    rules: Mutex<Vec<FaultRule>>,
    iam_delay: Mutex<Option<SetDelay>>,
    session_life: Mutex<Option<Duration>>,
    release: watch::Sender<u64>,
    held: AtomicUsize,
}

/// A request that is held.
struct Held<'a>(&'a AtomicUsize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What a rule is held against.
pub(crate) struct FaultSubject<'a> {
    pub(crate) service: &'a str,
    pub(crate) action: &'a str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) principal: &'a str,
}

impl Faults {
    pub(crate) fn with_iam_delay(set: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { iam_delay: Mutex::new(Some(Box::new(set))), ..Self::default() }
    }

    /// Adds a rule behind those that are there.
    pub fn add(&self, rule: FaultRule) {
        self.rules.lock().push(rule);
    }

    /// Takes all rules away, the delay of IAM changes, and the life of sessions; held requests go on.
    pub fn clear(&self) {
        self.rules.lock().clear();
        self.release();
        self.set_session_life(None);
        self.set_iam_delay(Duration::ZERO);
    }

    /// Lets the requests go on that are held now. Later ones are held as long as their rule is there.
    pub fn release(&self) {
        self.release.send_modify(|releases| *releases += 1);
    }

    /// How many requests are held now; one whose connection was closed is not.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    /// Comes back at the next release.
    pub(crate) async fn released(&self) {
        let mut releases = self.release.subscribe();
        self.held.fetch_add(1, Ordering::SeqCst);
        let _held = Held(&self.held);
        // An error would mean that the sandbox is gone, and who waits with it.
        let _ = releases.changed().await;
    }

    /// From now on, decisions see changes of IAM only after `delay` on the sandbox's clock.
    pub fn set_iam_delay(&self, delay: Duration) {
        if let Some(set) = &*self.iam_delay.lock() {
            set(delay);
        }
    }

    /// From now on, temporary keys end after `life` on the sandbox's clock, in whole seconds, if they would live
    /// longer. AWS gives none below 15 minutes; a test cannot wait for those.
    pub fn set_session_life(&self, life: Option<Duration>) {
        *self.session_life.lock() = life;
    }

    /// How long temporary keys live when `seconds` were granted.
    pub(crate) fn session_seconds(&self, seconds: i64) -> i64 {
        let life = self.session_life.lock().map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX));
        life.map_or(seconds, |life| life.min(seconds))
    }

    /// All faults that hit a request, in the order of their rules. One that waits lets later rules hit as well.
    pub(crate) fn hit(&self, subject: &FaultSubject<'_>) -> Vec<Fault> {
        let mut rules = self.rules.lock();
        let mut faults = Vec::new();
        for rule in rules.iter_mut() {
            if rule.times == Some(0) || !rule.matches.fits(subject) {
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            let last = !matches!(rule.fault, Fault::Latency(_) | Fault::Hold);
            faults.push(rule.fault.clone());
            if last {
                break;
            }
        }
        rules.retain(|rule| rule.times != Some(0));
        faults
    }
}

impl FaultMatch {
    fn fits(&self, subject: &FaultSubject<'_>) -> bool {
        self.service.as_deref().is_none_or(|service| service == subject.service)
            && self.action.as_deref().is_none_or(|action| action == subject.action)
            && self.bucket.as_deref().is_none_or(|bucket| subject.bucket == Some(bucket))
            && self
                .key_prefix
                .as_deref()
                .is_none_or(|prefix| subject.key.is_some_and(|key| key.starts_with(prefix)))
            && self.principal_contains.as_deref().is_none_or(|part| subject.principal.contains(part))
    }
}

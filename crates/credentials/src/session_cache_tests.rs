use std::sync::atomic::AtomicUsize;
use std::time::UNIX_EPOCH;

use tokio::sync::Semaphore;

use super::*;
use crate::{AwsRefusal, RoleFailure};

/// STS in a test: counts calls, answers when told to, refuses when told to.
struct FakeIssuer {
    calls: AtomicUsize,
    /// One permit lets one call answer.
    gate: Semaphore,
    refuse: Mutex<Option<CredentialsError>>,
    clock: Clock,
    life: Duration,
}

impl Issuer for FakeIssuer {
    fn issue(
        self: Arc<Self>,
        plan: Arc<SessionPlan>,
    ) -> BoxFuture<'static, Result<Issued, CredentialsError>> {
        async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            self.gate.acquire().await.unwrap().forget();
            if let Some(error) = self.refuse.lock().clone() {
                return Err(error);
            }
            let credential = AwsCredential {
                key_id: format!("ASIA{}{call}", plan.key.role_arn),
                secret_key: "secret".into(),
                token: Some("token".into()),
            };
            Ok(Issued { credential, expires_at: self.clock.now() + self.life, duration: self.life })
        }
        .boxed()
    }
}

struct World {
    cache: Arc<SessionCache>,
    issuer: Arc<FakeIssuer>,
    seconds: Arc<AtomicU64>,
}

impl World {
    fn new(open_gates: usize) -> Self {
        let seconds = Arc::new(AtomicU64::new(0));
        let hand = Arc::clone(&seconds);
        let clock = Clock::from_fn(move || {
            UNIX_EPOCH + Duration::from_millis(hand.load(Ordering::SeqCst) + 1_000_000)
        });
        let issuer = FakeIssuer {
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(open_gates),
            refuse: Mutex::new(None),
            clock: clock.clone(),
            life: Duration::from_secs(3600),
        };
        Self { cache: Arc::new(SessionCache::new(clock)), issuer: Arc::new(issuer), seconds }
    }

    fn advance(&self, seconds: u64) {
        self.seconds.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    async fn get(&self, plan: &Arc<SessionPlan>) -> Outcome {
        self.cache.get(plan, &self.issuer).await
    }

    fn calls(&self) -> usize {
        self.issuer.calls.load(Ordering::SeqCst)
    }

    /// Lets tasks run until the session has other keys than these.
    async fn until_renewed(&self, plan: &SessionPlan, old: u64) {
        while self.cache.current(plan).is_none_or(|keys| keys.serial == old) {
            tokio::task::yield_now().await;
        }
    }
}

fn plan(role: &str) -> Arc<SessionPlan> {
    Arc::new(SessionPlan {
        key: SessionKey {
            organization: "acme".into(),
            base: Base::Server,
            role_arn: role.into(),
            external_id: Some("id".into()),
            session_name: "acme.root".into(),
            policy: None,
            tags: Vec::new(),
            region: "us-east-1".into(),
        },
        customer_keys: None,
        is_principal: false,
    })
}

fn refusal(status: Option<u16>) -> CredentialsError {
    let failure = Box::new(RoleFailure {
        organization: "acme".into(),
        connection: None,
        role_arn: "r".into(),
        caller: None,
        caller_path_unknown: false,
        external_id: None,
        shown: None,
        aws: AwsRefusal {
            action: "sts:AssumeRole",
            status,
            code: None,
            message: "no".into(),
            request_id: None,
        },
    });
    if status.is_some() {
        CredentialsError::RoleRefused(failure)
    } else {
        CredentialsError::StsUnreachable(failure)
    }
}

#[tokio::test]
async fn many_callers_share_one_flight() {
    let world = World::new(0);
    let plan = plan("r");
    let callers: Vec<_> = (0..64).map(|_| world.get(&plan)).collect();
    let all = futures::future::join_all(callers);
    let (outcomes, ()) = tokio::join!(all, async {
        while world.calls() == 0 {
            tokio::task::yield_now().await;
        }
        world.issuer.gate.add_permits(10);
    });
    assert_eq!(world.calls(), 1);
    let serials: Vec<u64> = outcomes.into_iter().map(|keys| keys.unwrap().serial).collect();
    assert!(serials.iter().all(|serial| *serial == serials[0]));
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_end_the_flight() {
    let world = World::new(0);
    let plan = plan("r");
    let (cache, issuer, first_plan) =
        (Arc::clone(&world.cache), Arc::clone(&world.issuer), Arc::clone(&plan));
    let first = tokio::spawn(async move { cache.get(&first_plan, &issuer).await });
    while world.calls() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    world.issuer.gate.add_permits(1);
    world.get(&plan).await.unwrap();
    assert_eq!(world.calls(), 1);
}

#[tokio::test]
async fn renewal_is_in_the_background_and_only_on_use() {
    let world = World::new(1);
    let plan = plan("r");
    let first = world.get(&plan).await.unwrap();
    world.advance(2000);
    assert_eq!(world.get(&plan).await.unwrap().serial, first.serial);
    assert_eq!(world.calls(), 1);
    // Past 80 %: every caller still gets the old keys at once, though STS does not answer; one call starts.
    world.advance(1000);
    for _ in 0..8 {
        assert_eq!(world.get(&plan).await.unwrap().serial, first.serial);
        tokio::task::yield_now().await;
    }
    assert_eq!(world.calls(), 2);
    world.issuer.gate.add_permits(1);
    world.until_renewed(&plan, first.serial).await;
    assert_ne!(world.get(&plan).await.unwrap().serial, first.serial);
    // Idle: nothing is renewed.
    world.advance(10 * 3600);
    tokio::task::yield_now().await;
    assert_eq!(world.calls(), 2);
}

#[tokio::test]
async fn an_outage_of_sts_hurts_nobody_whose_keys_work() {
    let world = World::new(100);
    let plan = plan("r");
    let first = world.get(&plan).await.unwrap();
    *world.issuer.refuse.lock() = Some(refusal(None));
    for minute in 45..60 {
        world.seconds.store(minute * 60_000, Ordering::SeqCst);
        assert_eq!(world.get(&plan).await.unwrap().serial, first.serial, "minute {minute}");
        tokio::task::yield_now().await;
    }
    assert!(world.calls() > 2, "it is tried again and again: {}", world.calls());
    world.seconds.store(3_600_000, Ordering::SeqCst);
    assert!(world.get(&plan).await.is_err());
    *world.issuer.refuse.lock() = None;
    world.advance(2);
    assert!(world.get(&plan).await.is_ok());
}

#[tokio::test]
async fn a_refusal_is_remembered_for_seconds_or_until_forgotten() {
    let world = World::new(100);
    let plan = plan("r");
    *world.issuer.refuse.lock() = Some(refusal(Some(403)));
    for _ in 0..5 {
        assert_eq!(world.get(&plan).await.unwrap_err(), refusal(Some(403)));
    }
    assert_eq!(world.calls(), 1);
    *world.issuer.refuse.lock() = None;
    world.cache.forget_refusals("globex");
    assert!(world.get(&plan).await.is_err());
    world.cache.forget_refusals("acme");
    assert!(world.get(&plan).await.is_ok());

    let other = self::plan("other");
    *world.issuer.refuse.lock() = Some(refusal(Some(403)));
    assert!(world.get(&other).await.is_err());
    *world.issuer.refuse.lock() = None;
    world.advance(4);
    assert!(world.get(&other).await.is_ok());
}

#[tokio::test]
async fn invalidated_keys_are_fetched_anew_once() {
    let world = World::new(100);
    let plan = plan("r");
    let first = world.get(&plan).await.unwrap();
    // Two readers found the same keys expired: the second must not throw away the first's renewal.
    world.cache.invalidate(&plan, Some(first.serial));
    let second = world.get(&plan).await.unwrap();
    world.cache.invalidate(&plan, Some(first.serial));
    assert_eq!(world.get(&plan).await.unwrap().serial, second.serial);
    assert_eq!(world.calls(), 2);
}

#[tokio::test]
async fn each_part_of_the_key_separates() {
    let world = World::new(100);
    let base = plan("r").key.clone();
    let variants = [
        base.clone(),
        SessionKey { organization: "globex".into(), ..base.clone() },
        SessionKey { base: Base::Principal("p".into()), ..base.clone() },
        SessionKey { base: Base::CustomerKeys("k".into()), ..base.clone() },
        SessionKey { role_arn: "other".into(), ..base.clone() },
        SessionKey { external_id: None, ..base.clone() },
        SessionKey { session_name: "acme.ann".into(), ..base.clone() },
        SessionKey { policy: Some("{}".into()), ..base.clone() },
        SessionKey { tags: vec![("stagedoor:user", "ann".into())], ..base.clone() },
        SessionKey { region: "eu-west-1".into(), ..base },
    ];
    for key in variants.clone() {
        let plan = Arc::new(SessionPlan { key, customer_keys: None, is_principal: false });
        world.get(&plan).await.unwrap();
    }
    assert_eq!(world.calls(), variants.len());
    assert_eq!(world.cache.sessions("globex").len(), 1);
    assert_eq!(world.cache.sessions("acme").len(), variants.len() - 1);
}

#[tokio::test]
async fn the_cache_is_bounded_and_drops_what_ended() {
    let world = World::new(1_000_000);
    for number in 0..200 {
        world.get(&plan(&format!("r{number}"))).await.unwrap();
    }
    world.advance(2 * 3600);
    world.get(&plan("last")).await.unwrap();
    assert_eq!(world.cache.len(), 1);
    for number in 0..(SESSIONS_MAX + 100) {
        world.advance(1);
        world.get(&plan(&format!("x{number}"))).await.unwrap();
    }
    assert!(world.cache.len() <= SESSIONS_MAX, "{}", world.cache.len());
}

#[tokio::test]
async fn a_panic_in_a_flight_is_an_error_and_not_the_end() {
    struct Panics(AtomicUsize);
    impl Issuer for Panics {
        fn issue(
            self: Arc<Self>,
            _: Arc<SessionPlan>,
        ) -> BoxFuture<'static, Result<Issued, CredentialsError>> {
            async move {
                assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
                Err(refusal(Some(403)))
            }
            .boxed()
        }
    }
    let world = World::new(0);
    let issuer = Arc::new(Panics(AtomicUsize::new(0)));
    let error = world.cache.get(&plan("r"), &issuer).await.unwrap_err();
    assert!(matches!(error, CredentialsError::Internal { .. }));
    world.advance(4);
    assert_eq!(world.cache.get(&plan("r"), &issuer).await.unwrap_err(), refusal(Some(403)));
}

#[tokio::test]
async fn short_sessions_have_short_margins() {
    let cache = SessionCache::new(Clock::from_fn(|| UNIX_EPOCH + Duration::from_secs(1000)));
    let now = UNIX_EPOCH + Duration::from_secs(1000);
    let credential = || AwsCredential { key_id: "k".into(), secret_key: "s".into(), token: None };
    let of = |ends_in: u64, asked: u64| {
        cache.date(
            Issued {
                credential: credential(),
                expires_at: now + Duration::from_secs(ends_in),
                duration: Duration::from_secs(asked),
            },
            now,
        )
    };
    let short = of(3, 3600);
    assert_eq!(short.expires_at, now + Duration::from_secs(3));
    assert_eq!(short.stale_at, now + Duration::from_millis(2700));
    assert!(short.renew_at > now + Duration::from_secs(2) && short.renew_at < short.stale_at);
    // STS's clock runs ahead of ours: what was granted rules.
    assert_eq!(of(2 * 3600, 3600).expires_at, now + Duration::from_secs(3600));
    let long = of(3600, 3600);
    assert_eq!(long.stale_at, now + Duration::from_secs(3540));
}

//! 503 SlowDown is met by all requests for a prefix together: S3 gives a rate to a prefix, and who asks on
//! as before is refused on.
//!
//! A refusal puts time between the requests for the first folder of that bucket, of all statements; a later one
//! doubles it, and each answer takes some of it away. Repeating the refused request is the object store's affair.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpResponse, HttpService};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Between two requests after the first refusal.
const INTERVAL_FIRST: Duration = Duration::from_millis(20);
/// And never more: a queue of requests must get through before they give up.
const INTERVAL_MAX: Duration = Duration::from_millis(200);
/// Less than this is none.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
/// What an answer leaves of the interval.
const EASE: f64 = 0.85;
/// Prefixes whose pace is remembered; of more, those are forgotten that were not refused lately.
const PREFIXES_MAX: usize = 10_000;
const REFUSAL_LIFE: Duration = Duration::from_secs(60);

/// The pace of each prefix that was refused. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paces(Arc<Mutex<HashMap<String, Pace>>>);

#[derive(Debug, Clone, Copy)]
struct Pace {
    interval: Duration,
    /// When the next request may go.
    next: Instant,
    refused_at: Instant,
}

impl Paces {
    /// When a request for that prefix may go; `None` for at once.
    fn reserve(&self, prefix: &str, now: Instant) -> Option<Instant> {
        let mut paces = self.0.lock();
        let pace = paces.get_mut(prefix)?;
        let mine = pace.next.max(now);
        pace.next = mine + pace.interval;
        (mine > now).then_some(mine)
    }

    /// S3 refused a request that was sent then. What was sent before an earlier refusal says nothing new.
    fn refused(&self, prefix: &str, sent: Instant, now: Instant) {
        let mut paces = self.0.lock();
        if paces.len() >= PREFIXES_MAX {
            paces.retain(|_, pace| now.duration_since(pace.refused_at) < REFUSAL_LIFE);
        }
        let interval = match paces.get(prefix) {
            Some(pace) if sent < pace.refused_at => return,
            Some(pace) => (pace.interval * 2).min(INTERVAL_MAX),
            None => INTERVAL_FIRST,
        };
        tracing::warn!(prefix, ?interval, "S3 asks for fewer requests");
        paces.insert(prefix.to_owned(), Pace { interval, next: now + interval, refused_at: now });
    }

    fn answered(&self, prefix: &str) {
        let mut paces = self.0.lock();
        let Some(pace) = paces.get_mut(prefix) else { return };
        pace.interval = pace.interval.mul_f64(EASE);
        if pace.interval < INTERVAL_MIN {
            paces.remove(prefix);
        }
    }
}

/// Lets requests go at the pace of their prefix.
#[derive(Debug)]
pub(crate) struct PacedService {
    pub(crate) inner: HttpClient,
    pub(crate) paces: Paces,
    /// The bucket, if the path does not begin with it.
    pub(crate) bucket_in_host: bool,
}

#[async_trait]
impl HttpService for PacedService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let prefix = prefix_of(request.uri(), self.bucket_in_host);
        if let Some(turn) = self.paces.reserve(&prefix, Instant::now()) {
            tokio::time::sleep_until(turn).await;
        }
        let sent = Instant::now();
        let response = self.inner.execute(request).await?;
        match response.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                self.paces.refused(&prefix, sent, Instant::now());
            }
            status if status.is_success() => self.paces.answered(&prefix),
            _ => {}
        }
        Ok(response)
    }
}

/// Host, bucket and the first folder of the key, or of the prefix that is listed.
fn prefix_of(uri: &http::Uri, bucket_in_host: bool) -> String {
    let host = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = if bucket_in_host { ("", path) } else { path.split_once('/').unwrap_or((path, "")) };
    let listed = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("prefix="));
    let key = match listed {
        Some(listed) if key.is_empty() => listed.replace("%2F", "/"),
        _ => key.to_owned(),
    };
    let folder = key.split_once('/').map_or("", |(folder, _)| folder);
    format!("{host}/{bucket}/{folder}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_puts_time_between_all_requests_of_its_prefix() {
        let (paces, now) = (Paces::default(), Instant::now());
        assert_eq!(paces.reserve("a", now), None);
        paces.refused("a", now, now);
        // Others that were under way say nothing new.
        paces.refused("a", now - Duration::from_millis(5), now);
        let turns: Vec<_> = (0..3).map(|_| paces.clone().reserve("a", now)).collect();
        assert_eq!(turns, (1..4).map(|turn| Some(now + INTERVAL_FIRST * turn)).collect::<Vec<_>>());
        assert_eq!(paces.reserve("b", now), None);
        let later = now + Duration::from_secs(1);
        paces.refused("a", later, later);
        assert_eq!(paces.reserve("a", later), Some(later + INTERVAL_FIRST * 2));
        for _ in 0..100 {
            paces.answered("a");
        }
        assert_eq!(paces.reserve("a", later), None, "answers bring it back to its pace");
        for _ in 0..20 {
            let later = Instant::now();
            paces.refused("a", later, later);
        }
        assert!(paces.0.lock()["a"].interval <= INTERVAL_MAX);
    }

    #[test]
    fn the_prefix_is_the_first_folder() {
        let of = |uri: &str, in_host| prefix_of(&uri.parse().unwrap(), in_host);
        assert_eq!(of("http://h:1/bucket/days/dt=1/f", false), "h:1/bucket/days");
        assert_eq!(of("http://h:1/bucket/f", false), "h:1/bucket/");
        assert_eq!(of("http://h:1/bucket?list-type=2&prefix=days%2Fdt", false), "h:1/bucket/days");
        assert_eq!(of("https://b.s3.test/days/f", true), "b.s3.test//days");
    }
}

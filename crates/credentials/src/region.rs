//! In which region a bucket is: asked by an unsigned HEAD, which needs no right of the role.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};
use parking_lot::Mutex;

use crate::Clock;
use crate::location::Location;
use crate::transport::REGION_HEADER;

const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a region is believed.
const REGION_LIFE: Duration = Duration::from_secs(3600);
/// How long the default stands in for a region that could not be learnt.
const UNKNOWN_LIFE: Duration = Duration::from_secs(30);
const REGIONS_MAX: usize = 10_000;

/// Regions by endpoint and bucket. They are public knowledge, the same for every organization.
#[derive(Debug)]
pub(crate) struct Regions {
    known: Mutex<HashMap<String, Known>>,
    default_region: String,
    clock: Clock,
}

#[derive(Debug, Clone)]
struct Known {
    region: String,
    until: SystemTime,
}

impl Regions {
    pub(crate) fn new(default_region: String, clock: Clock) -> Self {
        Self { known: Mutex::new(HashMap::new()), default_region, clock }
    }

    /// The bucket's region. What cannot be learnt is the default: the first signed request will tell.
    pub(crate) async fn find(&self, location: &Location, bucket: &str, client: &HttpClient) -> String {
        if let Some(region) = location.region_in_host() {
            return region;
        }
        let probe = location.region_probe(bucket, &self.default_region);
        let now = self.clock.now();
        if let Some(known) = self.known.lock().get(&probe).filter(|known| known.until > now) {
            return known.region.clone();
        }
        let answer = tokio::time::timeout(PROBE_TIMEOUT, ask(&probe, client)).await.ok().flatten();
        let life = if answer.is_some() { REGION_LIFE } else { UNKNOWN_LIFE };
        let region = answer.unwrap_or_else(|| self.default_region.clone());
        self.remember(probe, region.clone(), now + life);
        region
    }

    /// Takes note of the region S3 named when a request went to another.
    pub(crate) fn correct(&self, location: &Location, bucket: &str, region: &str) {
        let probe = location.region_probe(bucket, &self.default_region);
        self.remember(probe, region.to_owned(), self.clock.now() + REGION_LIFE);
    }

    fn remember(&self, probe: String, region: String, until: SystemTime) {
        let mut known = self.known.lock();
        if known.len() >= REGIONS_MAX {
            let now = self.clock.now();
            known.retain(|_, known| known.until > now);
            if known.len() >= REGIONS_MAX {
                known.clear();
            }
        }
        known.insert(probe, Known { region, until });
    }
}

async fn ask(probe: &str, client: &HttpClient) -> Option<String> {
    let request: HttpRequest =
        http::Request::builder().method(http::Method::HEAD).uri(probe).body(HttpRequestBody::empty()).ok()?;
    let response = match client.execute(request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(probe, error = %error, "the region of a bucket cannot be asked for");
            return None;
        }
    };
    let region = response.headers().get(REGION_HEADER)?.to_str().ok()?;
    is_region_like(region).then(|| region.to_owned())
}

/// A region goes into host names and signatures.
pub(crate) fn is_region_like(region: &str) -> bool {
    (1..=40).contains(&region.len()) && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

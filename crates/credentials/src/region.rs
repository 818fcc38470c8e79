//! In which region a bucket is: asked by an unsigned HEAD, which needs no right of the role.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::Clock;
use crate::location::Location;
use crate::transport::REGION_HEADER;

const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a region is believed.
const REGION_LIFE: Duration = Duration::from_secs(3600);
/// How long the default stands in for a region that could not be learnt.
const UNKNOWN_LIFE: Duration = Duration::from_secs(30);
const REGIONS_MAX: usize = 10_000;

/// Regions by organization, endpoint and bucket. They are public knowledge; that somebody has opened a bucket is
/// not, and a first opening that is quicker than it should be would tell.
#[derive(Debug)]
pub(crate) struct Regions {
    /// Who needs a region that is being asked for waits for that answer.
    known: Mutex<HashMap<Asked, Arc<OnceCell<Known>>>>,
    default_region: String,
    clock: Clock,
}

/// The organization that asks, and the URL that is asked.
type Asked = (String, String);

/// The regions as one organization learnt them.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationRegions {
    all: Arc<Regions>,
    organization: String,
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

    pub(crate) fn of(self: &Arc<Self>, organization: &str) -> OrganizationRegions {
        OrganizationRegions { all: Arc::clone(self), organization: organization.to_owned() }
    }

    fn place(&self, asked: Asked) -> Arc<OnceCell<Known>> {
        let now = self.clock.now();
        let is_good = |place: &Arc<OnceCell<Known>>| place.get().is_none_or(|known| known.until > now);
        let mut known = self.known.lock();
        if let Some(place) = known.get(&asked).filter(|place| is_good(place)) {
            return Arc::clone(place);
        }
        if known.len() >= REGIONS_MAX {
            known.retain(|_, place| is_good(place));
        }
        if known.len() >= REGIONS_MAX {
            known.clear();
        }
        let place = Arc::new(OnceCell::new());
        known.insert(asked, Arc::clone(&place));
        place
    }
}

impl OrganizationRegions {
    /// The bucket's region. What cannot be learnt is the default: the first signed request will tell.
    pub(crate) async fn find(&self, location: &Location, bucket: &str, client: &HttpClient) -> String {
        if let Some(region) = location.region_in_host() {
            return region;
        }
        let all = &self.all;
        let probe = location.region_probe(bucket, &all.default_region);
        let place = all.place((self.organization.clone(), probe.clone()));
        let known = place.get_or_init(|| async {
            let answer = tokio::time::timeout(PROBE_TIMEOUT, ask(&probe, client)).await.ok().flatten();
            let life = if answer.is_some() { REGION_LIFE } else { UNKNOWN_LIFE };
            let region = answer.unwrap_or_else(|| all.default_region.clone());
            Known { region, until: all.clock.now() + life }
        });
        known.await.region.clone()
    }

    /// Takes note of the region S3 named when a request went to another.
    pub(crate) fn correct(&self, location: &Location, bucket: &str, region: &str) {
        let all = &self.all;
        let probe = location.region_probe(bucket, &all.default_region);
        let known = Known { region: region.to_owned(), until: all.clock.now() + REGION_LIFE };
        let place = Arc::new(OnceCell::new_with(Some(known)));
        all.known.lock().insert((self.organization.clone(), probe), place);
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

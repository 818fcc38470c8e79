//! Starting, holding and stopping a sandbox.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::error::{AwsError, SandboxError};
use crate::faults::Faults;
use crate::http;
use crate::identity::Identities;
use crate::identity::state::{AccessKey, AccountState, is_account_number};
use crate::ids;
use crate::request_log::{RequestLog, RequestRecord};
use crate::s3::backend::{Access, Backend, SignaturesAreCheckedBefore};
use crate::s3::store::BucketStore;
use crate::storage::BlobStore;
use crate::sts_api::IssuerReader;

/// How long `stop` waits for requests that are being answered.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// How to start a sandbox.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Address to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Directory that keeps everything; in memory without one.
    pub data: Option<PathBuf>,
    /// The clock that decides about signatures, expiry and conditions.
    pub clock: Clock,
    /// Accounts that must exist.
    pub accounts: Vec<AccountSeed>,
    /// The region clients are told to use.
    pub region: String,
    /// Domains below which a host name's first part is a bucket, besides `localhost` and Amazon's own.
    pub base_domains: Vec<String>,
    /// How much later every answer comes, as if the network were that long.
    pub latency: Duration,
    /// The bytes per second that one connection carries to its client; as many as it can when `None`.
    pub bandwidth: Option<u64>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        let seed = |name: &str, number: &str| AccountSeed {
            name: name.to_owned(),
            number: number.to_owned(),
            keys: None,
        };
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: None,
            clock: Clock::system(),
            accounts: vec![seed("provider", "123456789012"), seed("customer", "987654321987")],
            region: "us-east-1".to_owned(),
            base_domains: Vec::new(),
            latency: Duration::ZERO,
            bandwidth: None,
        }
    }
}

/// An account that must exist.
#[derive(Clone, Debug)]
pub struct AccountSeed {
    /// A name for people.
    pub name: String,
    /// Twelve digits.
    pub number: String,
    /// Access key id and secret of its root; random when `None`.
    pub keys: Option<(String, String)>,
}

/// An account with the keys of its root.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// A name for people.
    pub name: String,
    /// Twelve digits.
    pub number: String,
    /// Root's access key id.
    pub access_key_id: String,
    /// Root's secret.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Account")
            .field("name", &self.name)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Everything the requests share.
pub(crate) struct Cloud {
    pub(crate) region: String,
    pub(crate) base_domains: Vec<String>,
    pub(crate) clock: Clock,
    pub(crate) identities: Arc<Identities>,
    pub(crate) buckets: BucketStore,
    pub(crate) blobs: BlobStore,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
    pub(crate) issuers: IssuerReader,
    pub(crate) latency: Duration,
    pub(crate) bandwidth: Option<u64>,
}

/// A running sandbox. Dropping it stops it at once; `stop` lets requests end first.
pub struct Sandbox {
    cloud: Arc<Cloud>,
    address: SocketAddr,
    accounts: Vec<Account>,
    shutdown: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts listening; requests are answered from here on.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        let data = options.data.as_deref();
        if let Some(directory) = data {
            std::fs::create_dir_all(directory).map_err(|error| SandboxError::Data {
                path: directory.to_owned(),
                reason: error.to_string(),
            })?;
        }
        let blobs = BlobStore::open(data)?;
        let identities = Arc::new(Identities::load(data, options.clock.now())?);
        let accounts = seed_accounts(&identities, &options)?;
        let for_delay = identities.clone();
        let cloud = Arc::new(Cloud {
            region: options.region,
            base_domains: options.base_domains,
            clock: options.clock,
            buckets: BucketStore::load(data, &blobs)?,
            identities,
            blobs,
            faults: Faults::with_iam_delay(move |delay| for_delay.set_delay(delay)),
            log: RequestLog::default(),
            issuers: IssuerReader::default(),
            latency: options.latency,
            bandwidth: options.bandwidth,
        });
        let failed = |source| SandboxError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (shutdown, stopped) = watch::channel(false);
        let server = tokio::spawn(http::serve(cloud.clone(), s3_service(&cloud), listener, stopped));
        Ok(Self { cloud, address, accounts, shutdown, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS:PORT`, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The region clients are told to use.
    pub fn region(&self) -> &str {
        &self.cloud.region
    }

    /// The accounts and the keys of their roots.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account with a name or number.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name || account.number == name)
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> &Clock {
        &self.cloud.clock
    }

    /// All requests answered so far.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.cloud.log.all()
    }

    /// How many requests wait for their answer now.
    pub fn requests_under_way(&self) -> usize {
        self.cloud.log.under_way()
    }

    /// Forgets the requests answered so far.
    pub fn clear_requests(&self) {
        self.cloud.log.clear();
    }

    /// The policies of an AWS organization over the accounts, and a VPC endpoint.
    pub fn guardrails(&self) -> crate::Guardrails {
        crate::Guardrails(Arc::clone(&self.cloud))
    }

    /// What is to go wrong.
    pub fn faults(&self) -> &Faults {
        &self.cloud.faults
    }

    /// The text `stagedoor sandbox` shows: each account with the variables that act as its root.
    pub fn banner(&self) -> String {
        let mut text = format!(
            "a small AWS (S3, STS, IAM) on {endpoint}\n\nAWS_ENDPOINT_URL={endpoint}\nAWS_REGION={region}\nAWS_DEFAULT_REGION={region}\n",
            endpoint = self.endpoint(),
            region = self.cloud.region,
        );
        for account in &self.accounts {
            text.push_str(&format!(
                "\naccount {} ({})\nAWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
                account.number, account.name, account.access_key_id, account.secret_access_key
            ));
        }
        text
    }

    /// Lets the requests under way end, then stops.
    pub async fn stop(mut self) {
        let _ = self.shutdown.send(true);
        let _ = tokio::time::timeout(STOP_WAIT, &mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // contents that are dropped from now on must leave their files
        self.cloud.blobs.keep_files();
        let _ = self.shutdown.send(true);
        self.server.abort();
    }
}

fn s3_service(cloud: &Arc<Cloud>) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Backend { cloud: cloud.clone() });
    builder.set_auth(SignaturesAreCheckedBefore);
    builder.set_access(Access { cloud: cloud.clone() });
    builder.set_validation(PlausibleNames);
    builder.build()
}

/// Names are judged by the operations; s3s need not.
struct PlausibleNames;

impl s3s::validation::NameValidation for PlausibleNames {
    fn validate_bucket_name(&self, name: &str) -> bool {
        crate::s3::bucket_names::is_plausible(name)
    }
}

/// Adds the accounts that are not there yet; gives all that were asked for.
fn seed_accounts(identities: &Identities, options: &SandboxOptions) -> Result<Vec<Account>, SandboxError> {
    let now = options.clock.now();
    for seed in &options.accounts {
        if !is_account_number(&seed.number) {
            return Err(SandboxError::AccountNumber(seed.number.clone()));
        }
    }
    let seeded = identities.change(now, |state| {
        let mut accounts = Vec::new();
        for seed in &options.accounts {
            state.accounts.entry(seed.number.clone()).or_insert_with(|| AccountState {
                number: seed.number.clone(),
                name: seed.name.clone(),
                users: Default::default(),
                roles: Default::default(),
                policies: Default::default(),
                oidc_providers: Default::default(),
                kms_keys: Default::default(),
                kms_aliases: Default::default(),
                sts_is_off: false,
                service_control: None,
                resource_control: None,
            });
            let root = |key: &&AccessKey| key.account == seed.number && key.user.is_none() && key.active;
            let wanted = seed.keys.as_ref().map(|(id, _)| id.clone());
            let existing = state
                .access_keys
                .values()
                .find(|key| root(key) && wanted.as_ref().is_none_or(|id| key.id == *id))
                .cloned();
            let key = existing.unwrap_or_else(|| {
                let (id, secret) = seed
                    .keys
                    .clone()
                    .unwrap_or_else(|| (ids::access_key_id("AKIA"), ids::secret_access_key()));
                AccessKey { id, secret, account: seed.number.clone(), user: None, active: true, created: now }
            });
            accounts.push(Account {
                name: seed.name.clone(),
                number: seed.number.clone(),
                access_key_id: key.id.clone(),
                secret_access_key: key.secret.clone(),
            });
            state.access_keys.insert(key.id.clone(), key);
        }
        Ok::<_, AwsError>(accounts)
    });
    seeded.map_err(|error| SandboxError::Data {
        path: options.data.clone().unwrap_or_default(),
        reason: error.message,
    })
}

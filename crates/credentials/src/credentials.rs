//! The front door: open a bucket.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use iam::texts::{DENY_EVERYTHING, StageScope, session_policy, web_identity_subject};
use lru::LruCache;
use parking_lot::Mutex;
use url::Url;

use crate::access::{AssumedRole, ConnectionAccess, Grant, OpenRequest};
use crate::bucket::{BucketParts, OpenedBucket};
use crate::chain::Chain;
use crate::issuer::TokenIssuer;
use crate::keys::CustomerKeys;
use crate::location::{Location, check_bucket, server_endpoint};
use crate::provider::{KeySource, SessionHandle};
use crate::region::Regions;
use crate::request_log::{
    RequestLog, RequestOrigin, RequestRecord, RequestSink, StatementOrigin, current_origin, for_origin,
};
use crate::seal::{SealedKeys, Sealer};
use crate::server_identity::{ServerIdentity, ServerKeys};
use crate::session_cache::{Base, SessionCache, SessionKey, SessionPlan};
use crate::session_name::{session_name, session_tags};
use crate::sts::Sts;
use crate::transport::{Transport, allowed_addresses};
use crate::worked::WhatWorked;
use crate::{Clock, CredentialsError, CredentialsOptions, EndpointRules};

/// Opened buckets kept for the next query.
const BUCKETS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
const REGION_DEFAULT: &str = "us-east-1";

/// The credential layer of one process. Cheap to clone.
#[derive(Clone)]
pub struct Credentials(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) chain: Arc<Chain>,
    pub(crate) sealer: Sealer,
    pub(crate) rules: EndpointRules,
    web_rules: EndpointRules,
    pub(crate) transport: Transport,
    pub(crate) requests: Arc<RequestLog>,
    pub(crate) regions: Arc<Regions>,
    pub(crate) server_region: String,
    pub(crate) server_s3_endpoint: Option<Url>,
    pub(crate) clock: Clock,
    buckets: Mutex<LruCache<String, Arc<OpenedBucket>>>,
    /// How long VALIDATE waits for a change of IAM to be seen.
    pub(crate) validation_patience: Duration,
}

/// A role session that has keys at the moment; the keys are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSession {
    pub role_arn: String,
    pub session_name: String,
    /// The principal behind it; `None`: the server's own identity, or keys of the connection.
    pub principal: Option<String>,
    pub external_id: Option<String>,
    pub issued_at: SystemTime,
    pub expires_at: SystemTime,
}

impl Credentials {
    /// Sets the layer up. Reads the environment, the AWS profile and the key file; makes no request: the
    /// server's identity is looked for when it is first needed.
    pub async fn load(options: CredentialsOptions) -> Result<Self, CredentialsError> {
        install_crypto_provider();
        let CredentialsOptions {
            key_file,
            endpoint_rules,
            web_rules,
            server,
            issuer,
            session_duration,
            validation_patience,
            clock,
        } = options;
        let issuer = issuer
            .map(|issuer| TokenIssuer::load(&issuer.url, issuer.key_file.as_deref(), clock.clone()))
            .transpose()?;
        let (shared, region) = load_shared_config(server.region).await;
        let s3_endpoint = server
            .s3_endpoint
            .or_else(|| std::env::var("AWS_ENDPOINT_URL_S3").ok().filter(|endpoint| !endpoint.is_empty()))
            .or_else(|| shared.endpoint_url().map(str::to_owned));
        let sts = Sts::new(&shared, server.sts_endpoint.as_deref());
        let chain = Chain {
            server: ServerKeys::new(server.identity, region.clone(), clock.clone(), sts.clone()),
            issuer,
            sts,
            sessions: Arc::new(SessionCache::new(clock.clone())),
            duration: session_duration,
            worked: WhatWorked::default(),
        };
        Ok(Self(Arc::new(Inner {
            chain: Arc::new(chain),
            sealer: Sealer::load(key_file.as_deref())?,
            transport: Transport::new(&endpoint_rules, &web_rules)?,
            requests: Arc::default(),
            rules: endpoint_rules,
            web_rules,
            regions: Arc::new(Regions::new(region.clone(), clock.clone())),
            server_region: region,
            server_s3_endpoint: s3_endpoint.as_deref().map(server_endpoint).transpose()?,
            clock,
            buckets: Mutex::new(LruCache::new(BUCKETS_MAX)),
            validation_patience,
        })))
    }

    /// Opens a bucket. A role is assumed here, so that a refusal is told here and not in the middle of a read.
    pub async fn open_bucket(&self, request: OpenRequest) -> Result<Arc<OpenedBucket>, CredentialsError> {
        self.open_bucket_for(request, &StatementOrigin::default()).await
    }

    /// The same for one statement, which the request log then names.
    pub async fn open_bucket_for(
        &self,
        request: OpenRequest,
        statement: &StatementOrigin,
    ) -> Result<Arc<OpenedBucket>, CredentialsError> {
        check_bucket(&request.bucket)?;
        let connection = request.connection.as_ref().and_then(|connection| connection.name.clone());
        let (organization, user) = (request.organization.clone(), request.user.clone());
        let origin = RequestOrigin::new(&self.0.requests, organization, user, connection, statement);
        let id = bucket_id(&request);
        let known = self.0.buckets.lock().get(&id).cloned();
        let shared = match known {
            Some(shared) => shared,
            None => {
                let built =
                    for_origin(Some(Arc::clone(&origin)), self.build_bucket(&request, &origin)).await?;
                let shared = Arc::new(built);
                self.0.buckets.lock().put(id, Arc::clone(&shared));
                shared
            }
        };
        let bucket = shared.for_origin(origin)?;
        if let KeySource::Session(session) = bucket.keys() {
            session.current().await?;
        }
        Ok(Arc::new(bucket))
    }

    /// The requests made for the organization, oldest first, as far as they are remembered.
    pub fn requests(&self, organization: &str) -> Vec<Arc<RequestRecord>> {
        self.0.requests.records(organization)
    }

    /// Adds requests that were made before this process began.
    pub fn restore_requests(&self, past: Vec<RequestRecord>) {
        self.0.requests.restore(past);
    }

    /// From now on the sink is told of each request, whosever it is.
    pub fn tell_requests(&self, sink: Box<RequestSink>) {
        self.0.requests.tell(sink);
    }

    /// Seals keys that a customer typed, for the catalog.
    pub fn seal(&self, keys: &CustomerKeys) -> Result<SealedKeys, CredentialsError> {
        self.0.sealer.seal(keys)
    }

    /// Who the server is at AWS. Asked at the first call.
    pub async fn server_identity(&self) -> Result<ServerIdentity, CredentialsError> {
        self.0.chain.server.identity().await
    }

    /// The issuer of this server's identity tokens, as a customer names it to AWS; `None`: it issues none.
    pub fn issuer(&self) -> Option<&str> {
        self.0.chain.issuer.as_ref().map(TokenIssuer::url)
    }

    /// What `/.well-known/openid-configuration` answers, as JSON.
    pub fn issuer_document(&self) -> Option<String> {
        self.0.chain.issuer.as_ref().map(TokenIssuer::discovery_document)
    }

    /// What `/.well-known/jwks.json` answers, as JSON: public keys and no others.
    pub fn issuer_keys(&self) -> Option<String> {
        self.0.chain.issuer.as_ref().map(TokenIssuer::key_set)
    }

    /// Whether a user may type this endpoint, as far as can be told on paper.
    pub fn check_endpoint(&self, endpoint_url: &str) -> Result<(), CredentialsError> {
        self.0.rules.check_url(endpoint_url).map(|_| ())
    }

    /// Whether a file may be read by URL from that address, as far as can be told on paper.
    pub fn check_web(&self, url: &str) -> Result<(), CredentialsError> {
        self.0.web_rules.check_url(url).map(|_| ())
    }

    /// Whether the administrator lets files be read by `https` URL from anywhere.
    pub fn reads_the_web(&self) -> bool {
        !self.0.web_rules.allow_nothing()
    }

    /// Whether a role lets itself be assumed by a principal, in a session that may do nothing.
    pub async fn try_role(
        &self,
        organization: &str,
        user: &str,
        principal: &str,
        role: &AssumedRole,
    ) -> Result<(), CredentialsError> {
        let session = SessionHandle {
            plan: Arc::new(SessionPlan {
                key: SessionKey {
                    organization: organization.to_owned(),
                    base: Base::Principal(check_role(principal)?.as_str().to_owned()),
                    role_arn: check_role(&role.arn)?.as_str().to_owned(),
                    external_id: role.external_id.clone(),
                    session_name: session_name(organization, user),
                    policy: Some(DENY_EVERYTHING.to_owned()),
                    tags: Vec::new(),
                    region: self.0.server_region.clone(),
                },
                customer_keys: None,
                is_principal: false,
            }),
            chain: Arc::clone(&self.0.chain),
            connection: None,
            origin: None,
        };
        session.current().await.map(|_| ())
    }

    /// Forgets what was refused to an organization: call it when a connection was changed.
    pub fn forget_refusals(&self, organization: &str) {
        self.0.chain.sessions.forget_refusals(organization);
    }

    /// The organization's role sessions that have keys, by role and name.
    pub fn role_sessions(&self, organization: &str) -> Vec<RoleSession> {
        let sessions = self.0.chain.sessions.sessions(organization).into_iter();
        let mut sessions: Vec<RoleSession> = sessions
            .map(|(key, keys)| RoleSession {
                role_arn: key.role_arn,
                session_name: key.session_name,
                principal: match key.base {
                    Base::Principal(principal) => Some(principal),
                    _ => None,
                },
                external_id: key.external_id,
                issued_at: keys.issued_at,
                expires_at: keys.expires_at,
            })
            .collect();
        sessions.sort_by(|a, b| (&a.role_arn, &a.session_name).cmp(&(&b.role_arn, &b.session_name)));
        sessions
    }

    async fn build_bucket(
        &self,
        request: &OpenRequest,
        origin: &Arc<RequestOrigin>,
    ) -> Result<OpenedBucket, CredentialsError> {
        let inner = &self.0;
        let connection = request.connection.as_ref();
        let typed = connection.and_then(|connection| connection.endpoint_url.as_deref());
        let location = match connection.map(|connection| &connection.grant) {
            Some(Grant::Web) => Location::web(typed.unwrap_or_default(), &inner.web_rules)?,
            _ => Location::find(
                typed,
                inner.server_s3_endpoint.as_ref(),
                connection.is_some_and(|connection| connection.virtual_host_style),
                &inner.rules,
            )?,
        };
        self.check_resolved(&location).await?;
        let client = inner.transport.observed(&location, &request.bucket, Arc::clone(origin));
        let regions = inner.regions.of(&request.organization);
        let typed_region =
            connection.and_then(|connection| connection.region.clone()).filter(|r| !r.is_empty());
        // Side by side: neither needs what the other brings.
        let region = async {
            match typed_region {
                Some(region) => region,
                None => regions.find(&location, &request.bucket, &client).await,
            }
        };
        let (keys, region) = tokio::join!(self.find_keys(request), region);
        let (keys, warnings) = keys?;
        OpenedBucket::new(BucketParts {
            bucket: request.bucket.clone(),
            prefix: request.prefix.clone(),
            access: request.access,
            binding_id: binding_id(request),
            warnings,
            location,
            region,
            keys,
            transport: inner.transport.clone(),
            regions,
            clock: inner.clock.clone(),
        })
    }

    // INVARIANT: what opens the bucket is the connection's role, the connection's keys, or nothing. The
    // server's identity is only ever the signer of AssumeRole.
    async fn find_keys(&self, request: &OpenRequest) -> Result<(KeySource, Vec<String>), CredentialsError> {
        let Some(connection) = &request.connection else { return Ok((KeySource::Unsigned, Vec::new())) };
        match &connection.grant {
            Grant::Unsigned | Grant::Web => Ok((KeySource::Unsigned, Vec::new())),
            Grant::Keys { sealed, role: None } => {
                let keys = self.unseal(connection, sealed)?;
                Ok((KeySource::Fixed(Arc::new(keys.credential())), Vec::new()))
            }
            Grant::Keys { sealed, role: Some(role) } => {
                let keys = self.unseal(connection, sealed)?;
                let base = Base::CustomerKeys(digest(&["keys", sealed.as_stored()]));
                self.plan_session(request, connection, role, base, Some(keys)).await
            }
            Grant::WebIdentity { role_arn } => {
                let Some(name) = &connection.name else {
                    return Err(CredentialsError::Internal {
                        reason: "an identity token needs a connection's name",
                    });
                };
                let base = Base::WebIdentity(web_identity_subject(&request.organization, name));
                // The token's subject stands in the place of an external id.
                let role = AssumedRole { arn: role_arn.clone(), external_id: None };
                self.plan_session(request, connection, &role, base, None).await
            }
            Grant::Role(role) => {
                let base = match &request.principal {
                    Some(principal) => Base::Principal(check_role(principal)?.as_str().to_owned()),
                    None => Base::Server,
                };
                self.plan_session(request, connection, role, base, None).await
            }
        }
    }

    fn unseal(
        &self,
        connection: &ConnectionAccess,
        sealed: &SealedKeys,
    ) -> Result<CustomerKeys, CredentialsError> {
        self.0.sealer.open(sealed).map_err(|error| error.for_connection(connection.name.as_deref()))
    }

    /// Plans a session scoped to the prefix; to the bucket, with a warning, when that is too much text for AWS.
    async fn plan_session(
        &self,
        request: &OpenRequest,
        connection: &ConnectionAccess,
        role: &AssumedRole,
        base: Base,
        customer_keys: Option<CustomerKeys>,
    ) -> Result<(KeySource, Vec<String>), CredentialsError> {
        let role_arn = check_role(&role.arn)?;
        let policy_for = |prefix: &str| {
            session_policy(&StageScope {
                partition: role_arn.partition(),
                bucket: &request.bucket,
                prefix,
                access: request.access,
                kms_key: connection.kms_key.as_deref(),
            })
        };
        let tags = session_tags(&request.organization, &request.user, connection);
        let session = |policy: String| SessionHandle {
            plan: Arc::new(SessionPlan {
                key: SessionKey {
                    organization: request.organization.clone(),
                    base: base.clone(),
                    role_arn: role_arn.as_str().to_owned(),
                    external_id: role.external_id.clone(),
                    session_name: session_name(&request.organization, &request.user),
                    policy: Some(policy),
                    tags: tags.clone(),
                    region: self.0.server_region.clone(),
                },
                customer_keys: customer_keys.clone(),
                is_principal: false,
            }),
            chain: Arc::clone(&self.0.chain),
            connection: connection.name.clone(),
            origin: current_origin(),
        };
        let widened_warning = || {
            vec![format!(
                "the session policy for prefix `{}` is too long for AWS: the temporary keys reach all of bucket `{}`",
                request.prefix, request.bucket
            )]
        };
        let scoped = policy_for(&request.prefix);
        let handle = session(scoped.json);
        match handle.current().await {
            Err(CredentialsError::PolicyTooLarge(_)) if !scoped.widened && !request.prefix.is_empty() => {
                Ok((KeySource::Session(session(policy_for("").json)), widened_warning()))
            }
            Err(error) => Err(error),
            Ok(_) => {
                let warnings = if scoped.widened { widened_warning() } else { Vec::new() };
                Ok((KeySource::Session(handle), warnings))
            }
        }
    }

    /// Checks what the name of a user's endpoint resolves to, to tell it early; the connection checks again.
    async fn check_resolved(&self, location: &Location) -> Result<(), CredentialsError> {
        let Some(url) = location.endpoint.as_ref().filter(|_| location.typed_by_user) else { return Ok(()) };
        let Some(url::Host::Domain(host)) = url.host() else { return Ok(()) };
        let port = url.port_or_known_default().unwrap_or(443);
        // A name that does not resolve is told by the request that needs it.
        let Ok(found) = tokio::net::lookup_host((host, port)).await else { return Ok(()) };
        let found: Vec<_> = found.collect();
        let rules = if location.web { &self.0.web_rules } else { &self.0.rules };
        allowed_addresses(rules, host, &found)
            .map(|_| ())
            .map_err(|reason| CredentialsError::EndpointRefused { endpoint: url.to_string(), reason })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

/// Makes one TLS provider the process's default. Two are linked (one by the AWS SDK, one by the object
/// store), and TLS code that asks for the default would stop at the choice. Does nothing the second time.
pub fn install_crypto_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Region without asking the instance metadata: that may take seconds where there is none.
async fn load_shared_config(region: Option<String>) -> (aws_config::SdkConfig, String) {
    use aws_config::environment::region::EnvironmentVariableRegionProvider;
    use aws_config::meta::region::RegionProviderChain;
    use aws_config::profile::region::ProfileFileRegionProvider;
    use aws_sdk_sts::config::Region;

    let regions = RegionProviderChain::first_try(region.map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(Region::new(REGION_DEFAULT));
    let shared = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(regions)
        .no_credentials()
        .load()
        .await;
    let region =
        shared.region().map_or_else(|| REGION_DEFAULT.to_owned(), |region| region.as_ref().to_owned());
    (shared, region)
}

pub(crate) fn check_role(role_arn: &str) -> Result<iam::RoleArn, CredentialsError> {
    iam::parse_role_arn(role_arn).map_err(|error| CredentialsError::InvalidRoleArn {
        role_arn: role_arn.to_owned(),
        reason: error.to_string(),
    })
}

/// Everything that separates two opened buckets, and the user, whose name the session bears.
fn bucket_id(request: &OpenRequest) -> String {
    digest(&["bucket", &request.user, &binding_id(request)])
}

/// Everything that separates what two openings can see, but the user.
fn binding_id(request: &OpenRequest) -> String {
    let access = format!("{:?}", request.access);
    let mut parts = vec!["binding", &request.organization, &request.bucket, &request.prefix, &access];
    let absent = "\u{0}";
    parts.push(request.principal.as_deref().unwrap_or(absent));
    let version;
    if let Some(connection) = &request.connection {
        version = connection.version.to_string();
        parts.extend(["connection", connection.name.as_deref().unwrap_or(absent), &version]);
        parts.push(connection.region.as_deref().unwrap_or(absent));
        parts.push(connection.endpoint_url.as_deref().unwrap_or(absent));
        parts.push(if connection.virtual_host_style { "virtual" } else { "path" });
        parts.push(connection.kms_key.as_deref().unwrap_or(absent));
        parts.push(if connection.session_tags { "tags" } else { "no tags" });
        let (kind, sealed, role) = match &connection.grant {
            Grant::Role(role) => ("role", absent, Some(role)),
            Grant::Keys { sealed, role } => ("keys", sealed.as_stored(), role.as_ref()),
            Grant::WebIdentity { role_arn } => ("web identity", role_arn.as_str(), None),
            Grant::Unsigned => ("unsigned", absent, None),
            Grant::Web => ("web", absent, None),
        };
        parts.extend([kind, sealed]);
        if let Some(role) = role {
            parts.extend([role.arn.as_str(), role.external_id.as_deref().unwrap_or(absent)]);
        }
    }
    digest(&parts)
}

/// A digest that keeps apart lists that would read alike when joined.
fn digest(parts: &[&str]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

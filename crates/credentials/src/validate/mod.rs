//! VALIDATE: the climb from the server's identity to a byte of the bucket, one rung at a time, each with what
//! AWS said, the cause, and what to paste.
//!
//! Where AWS does not say why, a cause is looked for by further requests that change one thing each. What such
//! a request proves is stated; what it only suggests has `likely` before it. Nothing that exists is written to
//! or deleted: the one object that is written has a name of its own.

mod assume;
mod bare;
mod bucket;
mod command;
mod denial;
mod external_id;
mod inputs;
mod kms;
mod ladder;
mod list;
mod list_suspects;
mod patience;
mod reach;
mod read;
mod read_suspects;
mod reasons;
mod s3_probe;
mod server;
mod session;
mod sts_probe;
mod suspects;
mod web_identity;
mod write;
mod write_suspects;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use object_store::aws::AwsCredential;

use ladder::{Fallen, Ladder};
pub use ladder::{Step, StepStatus};
use patience::Patience;
use s3_probe::S3Probe;

use crate::credentials::Inner;
use crate::{Access, ConnectionAccess, Credentials, Grant};

/// What is validated.
#[derive(Debug, Clone)]
pub struct ValidateRequest {
    pub organization: String,
    /// The SQL user; the sessions bear the name that its queries have.
    pub user: String,
    /// ARN of the organization's principal. `None`: the server's own identity assumes the role.
    pub principal: Option<String>,
    /// The principal after the next rotation.
    pub next_principal: Option<String>,
    pub connection: ConnectionAccess,
    /// `None`: the climb ends with the session.
    pub place: Option<ValidatePlace>,
    pub access: Access,
    /// Other external ids that the organization owns, each with words for whose it is: a trust policy may name
    /// one of them by mistake.
    pub other_external_ids: Vec<(String, String)>,
    /// Names of the organization's other connections that the user may see.
    pub other_connections: Vec<String>,
    /// The roles of those connections with their external ids: a slip may be in the path or in the account, and one
    /// of the same account that works tells what is not the cause.
    pub other_roles: Vec<(String, String)>,
    /// Pairs of role and external id that serve other organizations, which are never tried.
    pub pairs_of_others: Vec<(String, String)>,
    /// Whether slips in the role's name may be undone for a trial: not where the operator lists the roles.
    pub may_try_other_roles: bool,
}

/// Where the bucket's rungs are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatePlace {
    pub bucket: String,
    /// Without a leading `/`; empty for the whole bucket.
    pub prefix: String,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Validation {
    pub steps: Vec<Step>,
    /// A file that can be read, for whoever knows formats; there is none when a rung below failed.
    pub sample: Option<SampleFile>,
}

/// A file below the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFile {
    pub key: String,
    pub size: u64,
}

impl Validation {
    /// The climb that ends before it begins, at something typed.
    pub fn of_wrong_input(cause: &str, fix: &str, write: bool) -> Self {
        let mut ladder = Ladder::default();
        let advice = ladder::Advice::new(cause, fix);
        let _fallen = ladder.climb(Step::failed(ladder::rung::INPUTS, "", advice));
        Self { steps: ladder.finish(write), sample: None }
    }
}

/// One climb.
pub(super) struct Climb<'a> {
    inner: &'a Inner,
    request: &'a ValidateRequest,
    patience: Patience,
    ladder: Ladder,
    /// Guesses at what a trust policy may say that were tried so far.
    guessed: AtomicUsize,
}

/// What opens the bucket.
#[derive(Clone, Default)]
pub(super) struct Held {
    /// As queries have it: scoped to the place. `None`: requests are not signed.
    pub(super) scoped: Option<Arc<AwsCredential>>,
    /// The same without a session policy: what the role itself may do.
    pub(super) whole: Option<Arc<AwsCredential>>,
    /// The account the keys belong to.
    pub(super) account: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) role_name: Option<String>,
}

impl Credentials {
    /// Climbs the ladder. It may take some seconds: a role changed moments ago is given time to be seen.
    pub async fn validate(&self, request: &ValidateRequest) -> Validation {
        let mut climb = Climb {
            inner: &self.0,
            request,
            patience: Patience::new(self.0.validation_patience),
            ladder: Ladder::default(),
            guessed: AtomicUsize::new(0),
        };
        let mut sample = None;
        let _ended_early = climb.run(&mut sample).await;
        Validation { steps: climb.ladder.finish(request.access == Access::Write), sample }
    }
}

impl Climb<'_> {
    /// The key of the objects, which the session policy names where the connection does.
    fn kms_key(&self) -> Option<&str> {
        self.request.connection.kms_key.as_deref()
    }

    async fn run(&mut self, sample: &mut Option<SampleFile>) -> Result<(), Fallen> {
        self.inputs()?;
        let held = match &self.request.connection.grant {
            Grant::Unsigned | Grant::Web => {
                self.skip_identity("not needed: requests are not signed")?;
                Held::default()
            }
            Grant::Keys { sealed, role } => self.hold_customer_keys(sealed, role.as_ref()).await?,
            Grant::Role(role) => self.hold_role(role).await?,
            Grant::WebIdentity { role_arn } => self.hold_web_identity(role_arn).await?,
        };
        let Some(place) = &self.request.place else {
            self.ladder.stays_below = Some(format!(
                "no stage uses the connection: VALIDATE CONNECTION {} ON 's3://bucket/folder/'",
                self.name()
            ));
            return Ok(());
        };
        let bucket = self.climb_bucket(place, &held).await?;
        let keys = self.climb_list(&bucket, place, &held).await?;
        let read = self.climb_read(&bucket, place, &held, &keys).await?;
        if self.request.access == Access::Write {
            self.climb_write(&bucket, place, &held).await?;
        }
        *sample = read;
        self.climb_reach(&bucket, place, &held).await
    }

    /// How the place is called in an S3 URL.
    fn url(place: &ValidatePlace) -> String {
        format!("s3://{}/{}", place.bucket, place.prefix)
    }

    fn is_insecure(bucket: &S3Probe) -> bool {
        bucket.location.endpoint.as_ref().is_some_and(|url| url.scheme() == "http")
    }

    /// ` --endpoint-url …` where the user typed one.
    fn endpoint(&self) -> Option<&str> {
        self.request.connection.endpoint_url.as_deref()
    }

    fn name(&self) -> String {
        self.request.connection.name.clone().unwrap_or_else(|| "c".to_owned())
    }
}

//! How the credential layer of one process is set up.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Clock, CustomerKeys, EndpointRules};

/// Session length asked for unless configured: what every role allows, also when roles are chained.
const SESSION_DURATION_DEFAULT: Duration = Duration::from_secs(3600);

/// IAM's changes are seen within seconds, as a rule.
const VALIDATION_PATIENCE_DEFAULT: Duration = Duration::from_secs(6);

/// Everything the crate takes from outside.
#[derive(Debug, Clone)]
pub struct CredentialsOptions {
    /// File of the key that seals customers' keys; made (mode 0600) when absent. `None`: a key that lasts
    /// as long as the process.
    pub key_file: Option<PathBuf>,
    pub endpoint_rules: EndpointRules,
    /// Which hosts files are read from by `https` URL: none unless the administrator lists some.
    pub web_rules: EndpointRules,
    pub server: ServerSettings,
    /// The server as an issuer of identity tokens; `None`: it issues none.
    pub issuer: Option<IssuerOptions>,
    /// How long role sessions shall last. Shorter ones are taken where AWS grants no more.
    pub session_duration: Duration,
    /// How long VALIDATE goes on asking what was refused: a change of IAM needs seconds to be seen.
    pub validation_patience: Duration,
    pub clock: Clock,
}

impl Default for CredentialsOptions {
    fn default() -> Self {
        Self {
            key_file: None,
            endpoint_rules: EndpointRules::aws_only(),
            web_rules: EndpointRules::no_web(),
            server: ServerSettings::default(),
            issuer: None,
            session_duration: SESSION_DURATION_DEFAULT,
            validation_patience: VALIDATION_PATIENCE_DEFAULT,
            clock: Clock::system(),
        }
    }
}

/// The server as an issuer of identity tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerOptions {
    /// The public URL under which AWS finds `/.well-known/openid-configuration`.
    pub url: String,
    /// File of the keys that sign tokens; made (mode 0600) when absent, written again at each rotation. `None`: keys
    /// that last as long as the process.
    pub key_file: Option<PathBuf>,
}

/// The server's own side of AWS. What is `None` follows the standard variables and the profile:
/// `AWS_REGION`, `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    pub identity: IdentitySource,
    pub region: Option<String>,
    pub sts_endpoint: Option<String>,
    /// Where buckets are when a connection names no endpoint. `None`, also in the environment: AWS.
    pub s3_endpoint: Option<String>,
}

/// Where the server's own identity comes from.
#[derive(Debug, Clone, Default)]
pub enum IdentitySource {
    /// Environment, profile, web identity, ECS or EKS Pod Identity, EC2 instance metadata: looked for at
    /// first use, in that order.
    #[default]
    DefaultChain,
    /// These keys, and the environment is not asked: for the demo and tests.
    Keys(CustomerKeys),
    /// None: roles cannot be assumed.
    Nothing,
}

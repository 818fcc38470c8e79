//! Why a bucket could not be opened: what refused, on what, and what to do.

use std::fmt;
use std::path::PathBuf;

/// What AWS answered, for logs and for validation. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRefusal {
    /// `sts:AssumeRole`, `sts:GetCallerIdentity`.
    pub action: &'static str,
    /// `None`: no answer came.
    pub status: Option<u16>,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's words; without an answer, ours about why.
    pub message: String,
    pub request_id: Option<String>,
}

/// An identity token that was shown to AWS: who issued it, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownIdentity {
    pub issuer: String,
    pub subject: String,
}

/// An attempt to assume a role that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFailure {
    pub organization: String,
    /// The connection that names the role; `None` for one given inline, or for the organization's principal.
    pub connection: Option<String>,
    pub role_arn: String,
    /// Who tried, as a trust policy names it. `None`: not known.
    pub caller: Option<String>,
    /// The caller's ARN was made from a session's, which does not show the path of the role.
    pub caller_path_unknown: bool,
    pub external_id: Option<String>,
    /// The identity token that was shown, where no keys signed.
    pub shown: Option<ShownIdentity>,
    pub aws: AwsRefusal,
}

/// One variant a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialsError {
    /// No source of the default chain has keys for the server.
    NoServerIdentity { reason: String },
    /// AWS does not accept the server's own keys: expired, deleted, mistyped.
    ServerIdentityRefused(Box<AwsRefusal>),
    /// STS did not say who the server is: it cannot be reached, or failed.
    IdentityUnknown(Box<AwsRefusal>),
    /// The server's identity may not assume the organization's principal: the operator's side.
    PrincipalRefused(Box<RoleFailure>),
    /// The caller's own policies do not allow sts:AssumeRole on the role: the operator's side.
    CallerNotAllowed(Box<RoleFailure>),
    /// AWS refused without saying why: trust policy, external id, or the role does not exist. The customer's side.
    RoleRefused(Box<RoleFailure>),
    /// AWS does not accept our identity token: it knows no provider for the issuer, another audience, or cannot read
    /// our public keys.
    TokenRefused(Box<RoleFailure>),
    /// The connection wants an identity token, and the server issues none.
    NoTokenIssuer { role_arn: String, connection: Option<String> },
    /// The issuer's URL is none that AWS could use.
    InvalidIssuer { issuer: String, reason: String },
    /// The trust policy does not let the session be tagged, which the connection asks for. The customer's side.
    TagsRefused(Box<RoleFailure>),
    /// AWS does not accept the keys in the connection.
    CustomerKeysRefused(Box<RoleFailure>),
    /// AWS takes the request for malformed.
    InvalidRequest(Box<RoleFailure>),
    /// The session policy is too large for AWS, also when widened to the bucket.
    PolicyTooLarge(Box<RoleFailure>),
    /// STS is switched off in that region for the account.
    RegionDisabled(Box<RoleFailure>),
    /// STS asks for fewer calls, and went on to after our retries.
    Throttled(Box<RoleFailure>),
    /// STS could not be reached.
    StsUnreachable(Box<RoleFailure>),
    /// STS failed, or answered something we do not know.
    StsFailed(Box<RoleFailure>),
    /// The text is no role ARN.
    InvalidRoleArn { role_arn: String, reason: String },
    /// The text is no bucket name.
    InvalidBucket { bucket: String, reason: &'static str },
    /// The endpoint rules do not allow the URL.
    EndpointRefused { endpoint: String, reason: String },
    /// The sealed keys were sealed with another key file, or are damaged.
    CannotUnseal { connection: Option<String> },
    /// The key file cannot be read or made.
    KeyFile { path: PathBuf, reason: String },
    /// The key is outside the prefix that was opened.
    OutsidePrefix { key: String, bucket: String, prefix: String },
    /// No request can name the key: it has a part `.` or `..`, or a control character.
    UnnameableKey { key: String, bucket: String },
    /// The bucket was opened for reading.
    ReadOnly { bucket: String },
    /// An unsigned opening has nothing to sign a URL with.
    CannotPresign { bucket: String },
    /// A fault of ours; the log has more.
    Internal { reason: &'static str },
}

/// The rough kind of a failure, for those who map it to codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    NoServerIdentity,
    /// AWS said no.
    Denied,
    /// Nobody said no, but it did not work: try later.
    Unavailable,
    /// What was asked for cannot be.
    Invalid,
    Internal,
}

impl CredentialsError {
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NoServerIdentity { .. } => FailureClass::NoServerIdentity,
            Self::NoTokenIssuer { .. } | Self::InvalidIssuer { .. } => FailureClass::Invalid,
            Self::ServerIdentityRefused(_)
            | Self::PrincipalRefused(_)
            | Self::CallerNotAllowed(_)
            | Self::RoleRefused(_)
            | Self::TokenRefused(_)
            | Self::TagsRefused(_)
            | Self::CustomerKeysRefused(_)
            | Self::RegionDisabled(_)
            | Self::OutsidePrefix { .. }
            | Self::ReadOnly { .. } => FailureClass::Denied,
            Self::IdentityUnknown(_) | Self::Throttled(_) | Self::StsUnreachable(_) | Self::StsFailed(_) => {
                FailureClass::Unavailable
            }
            Self::InvalidRequest(_)
            | Self::PolicyTooLarge(_)
            | Self::UnnameableKey { .. }
            | Self::InvalidRoleArn { .. }
            | Self::InvalidBucket { .. }
            | Self::EndpointRefused { .. }
            | Self::CannotUnseal { .. }
            | Self::CannotPresign { .. } => FailureClass::Invalid,
            Self::KeyFile { .. } | Self::Internal { .. } => FailureClass::Internal,
        }
    }

    /// What AWS answered, if it was asked.
    pub fn aws(&self) -> Option<&AwsRefusal> {
        match self {
            Self::ServerIdentityRefused(refusal) | Self::IdentityUnknown(refusal) => Some(refusal),
            _ => self.role_failure().map(|failure| &failure.aws),
        }
    }

    /// The attempt to assume a role, if that is what failed.
    pub fn role_failure(&self) -> Option<&RoleFailure> {
        match self {
            Self::PrincipalRefused(failure)
            | Self::CallerNotAllowed(failure)
            | Self::RoleRefused(failure)
            | Self::TokenRefused(failure)
            | Self::TagsRefused(failure)
            | Self::CustomerKeysRefused(failure)
            | Self::InvalidRequest(failure)
            | Self::PolicyTooLarge(failure)
            | Self::RegionDisabled(failure)
            | Self::Throttled(failure)
            | Self::StsUnreachable(failure)
            | Self::StsFailed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The next action.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoServerIdentity { .. } => Some(
                "the operator gives the server an AWS identity: environment variables, a profile, web identity, \
                 ECS, EKS Pod Identity or an EC2 instance role"
                    .to_owned(),
            ),
            Self::ServerIdentityRefused(_) => {
                Some("the operator renews the keys the server runs with".to_owned())
            }
            Self::PrincipalRefused(failure) => Some(format!(
                "the operator lets {} assume it: sts:AssumeRole in the caller's policy, and the caller in the \
                 principal's trust policy",
                caller_text(failure)
            )),
            Self::CallerNotAllowed(failure) => Some(format!(
                "the operator allows {} on `{}` in the policies of {}; the customer's trust policy \
                 is not the cause",
                refused_action(failure),
                failure.role_arn,
                caller_text(failure)
            )),
            Self::RoleRefused(failure) => Some(role_refused_hint(failure)),
            Self::TokenRefused(failure) => Some(token_refused_hint(failure)),
            Self::NoTokenIssuer { .. } => Some(
                "the operator sets `issuer` in `[web_identity]` of the configuration, or the connection is made \
                 without IDENTITY"
                    .to_owned(),
            ),
            Self::InvalidIssuer { .. } => {
                Some("write the public address of this server, as `https://stage.example.com`".to_owned())
            }
            Self::TagsRefused(failure) => Some(tags_refused_hint(failure)),
            Self::CustomerKeysRefused(_) => {
                Some("replace the connection with keys that are active".to_owned())
            }
            Self::InvalidRequest(failure) => Some(format!("AWS said: {}", failure.aws.message)),
            Self::PolicyTooLarge(_) => Some("use a shorter prefix".to_owned()),
            Self::RegionDisabled(_) => {
                Some("the operator sets AWS_REGION to a region where STS is active".to_owned())
            }
            Self::Throttled(_) => Some("try again in a moment".to_owned()),
            Self::IdentityUnknown(_) | Self::StsUnreachable(_) => {
                Some("the operator checks the server's network and AWS_ENDPOINT_URL_STS".to_owned())
            }
            Self::StsFailed(failure) => Some(format!("AWS said: {}", failure.aws.message)),
            Self::InvalidRoleArn { .. } => {
                Some("a role ARN looks like `arn:aws:iam::123456789012:role/name`".to_owned())
            }
            Self::InvalidBucket { .. } => None,
            Self::EndpointRefused { .. } => {
                Some("the server's administrator may allow the host or its addresses".to_owned())
            }
            Self::CannotUnseal { .. } => {
                Some("create the connection again, with the keys: the server's key file has changed".to_owned())
            }
            Self::KeyFile { .. } | Self::OutsidePrefix { .. } | Self::Internal { .. } => None,
            Self::UnnameableKey { .. } => {
                Some("rename the object, or leave it out: name a narrower path, FILES or a PATTERN".to_owned())
            }
            Self::ReadOnly { .. } => None,
            Self::CannotPresign { .. } => Some("use a connection with a role".to_owned()),
        }
    }

    /// Puts the name of the connection into a failure that many connections may share.
    pub(crate) fn for_connection(mut self, connection: Option<&str>) -> Self {
        match &mut self {
            Self::CallerNotAllowed(failure)
            | Self::RoleRefused(failure)
            | Self::TokenRefused(failure)
            | Self::TagsRefused(failure)
            | Self::CustomerKeysRefused(failure)
            | Self::InvalidRequest(failure)
            | Self::PolicyTooLarge(failure)
            | Self::RegionDisabled(failure)
            | Self::Throttled(failure)
            | Self::StsUnreachable(failure)
            | Self::StsFailed(failure) => failure.connection = connection.map(str::to_owned),
            Self::CannotUnseal { connection: name } | Self::NoTokenIssuer { connection: name, .. } => {
                *name = connection.map(str::to_owned)
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServerIdentity { reason } => {
                write!(f, "cannot assume a role: the server has no AWS identity ({reason})")
            }
            Self::ServerIdentityRefused(refusal) => write!(
                f,
                "cannot assume a role: AWS does not accept the server's own keys ({})",
                code_text(refusal)
            ),
            Self::IdentityUnknown(refusal) => {
                write!(f, "cannot ask AWS STS who the server is: {}", code_text(refusal))
            }
            Self::PrincipalRefused(failure) => write!(
                f,
                "cannot assume the principal `{}` of organization `{}`: AWS refused sts:AssumeRole ({})",
                failure.role_arn,
                failure.organization,
                code_text(&failure.aws)
            ),
            Self::CallerNotAllowed(failure) => write!(
                f,
                "{}: {} is not allowed {} by its own policies",
                cannot_assume(failure),
                caller_text(failure),
                refused_action(failure)
            ),
            Self::RoleRefused(failure) => {
                write!(f, "{}: AWS refused {}", cannot_assume(failure), failure.aws.action)
            }
            Self::TokenRefused(failure) => write!(
                f,
                "{}: AWS does not accept the server's identity token ({})",
                cannot_assume(failure),
                code_text(&failure.aws)
            ),
            Self::NoTokenIssuer { role_arn, connection } => {
                write!(
                    f,
                    "{}: this server issues no identity tokens",
                    cannot_assume_role(role_arn, connection)
                )
            }
            Self::InvalidIssuer { issuer, reason } => {
                write!(f, "issuer `{issuer}` is not valid: {reason}")
            }
            Self::TagsRefused(failure) => {
                write!(f, "{}: AWS refused sts:TagSession", cannot_assume(failure))
            }
            Self::CustomerKeysRefused(failure) => write!(
                f,
                "{}: AWS does not accept the keys of the connection ({})",
                cannot_assume(failure),
                code_text(&failure.aws)
            ),
            Self::InvalidRequest(failure) => write!(
                f,
                "{}: AWS takes the request for invalid ({})",
                cannot_assume(failure),
                code_text(&failure.aws)
            ),
            Self::PolicyTooLarge(failure) => {
                write!(f, "{}: the session policy is too large for AWS", cannot_assume(failure))
            }
            Self::RegionDisabled(failure) => {
                write!(f, "{}: STS is not active in the server's region", cannot_assume(failure))
            }
            Self::Throttled(failure) => write!(f, "{}: AWS STS asks for fewer calls", cannot_assume(failure)),
            Self::StsUnreachable(failure) => {
                write!(f, "{}: AWS STS cannot be reached ({})", cannot_assume(failure), failure.aws.message)
            }
            Self::StsFailed(failure) => {
                write!(f, "{}: AWS STS failed ({})", cannot_assume(failure), code_text(&failure.aws))
            }
            Self::InvalidRoleArn { role_arn, reason } => {
                write!(f, "role ARN `{role_arn}` is not valid: {reason}")
            }
            Self::InvalidBucket { bucket, reason } => {
                write!(f, "bucket name `{bucket}` is not valid: {reason}")
            }
            Self::EndpointRefused { endpoint, reason } => {
                write!(f, "endpoint `{endpoint}` is not allowed: {reason}")
            }
            Self::CannotUnseal { connection: Some(name) } => {
                write!(f, "cannot open the keys of connection `{name}`")
            }
            Self::CannotUnseal { connection: None } => f.write_str("cannot open the keys of the connection"),
            Self::KeyFile { path, reason } => {
                write!(f, "cannot use key file `{}`: {reason}", path.display())
            }
            Self::OutsidePrefix { key, bucket, prefix } => {
                write!(f, "`{key}` in bucket `{bucket}` is outside the opened prefix `{prefix}`")
            }
            Self::UnnameableKey { key, bucket } => write!(
                f,
                "the key {key:?} in bucket `{bucket}` cannot be asked for: URLs have no parts `.` and `..` and no control \
                 characters"
            ),
            Self::ReadOnly { bucket } => write!(f, "bucket `{bucket}` is opened for reading only"),
            Self::CannotPresign { bucket } => {
                write!(f, "cannot presign a URL in bucket `{bucket}`: it is opened without keys")
            }
            Self::Internal { reason } => write!(f, "the server failed: {reason}"),
        }
    }
}

impl std::error::Error for CredentialsError {}

fn cannot_assume(failure: &RoleFailure) -> String {
    cannot_assume_role(&failure.role_arn, &failure.connection)
}

fn cannot_assume_role(role_arn: &str, connection: &Option<String>) -> String {
    match connection {
        Some(connection) => format!("cannot assume role `{role_arn}` for connection `{connection}`"),
        None => format!("cannot assume role `{role_arn}`"),
    }
}

fn caller_text(failure: &RoleFailure) -> String {
    match &failure.caller {
        Some(caller) => format!("`{caller}`"),
        None => "the server's identity".to_owned(),
    }
}

fn code_text(refusal: &AwsRefusal) -> String {
    match (&refusal.code, refusal.status) {
        (Some(code), _) => code.clone(),
        (None, Some(status)) => format!("status {status}"),
        (None, None) => refusal.message.clone(),
    }
}

/// What stands between AWS and our token.
fn token_refused_hint(failure: &RoleFailure) -> String {
    let issuer = failure.shown.as_ref().map_or("the issuer", |shown| shown.issuer.as_str());
    format!(
        "AWS said: {}; the account of the role needs an identity provider for `{issuer}` with audience `{}`, and AWS \
         must reach `{issuer}/.well-known/openid-configuration`",
        failure.aws.message,
        iam::texts::WEB_IDENTITY_AUDIENCE
    )
}

/// Tags want a right of their own, also from the caller.
fn refused_action(failure: &RoleFailure) -> &'static str {
    if failure.aws.message.contains("sts:TagSession") { "sts:TagSession" } else { "sts:AssumeRole" }
}

fn tags_refused_hint(failure: &RoleFailure) -> String {
    let name = failure.connection.as_deref().unwrap_or("…");
    format!(
        "the connection has SESSION_TAGS: the trust policy of the role must allow `sts:TagSession` beside \
         `sts:AssumeRole`; or do without: `ALTER CONNECTION {name} SET SESSION_TAGS = FALSE`"
    )
}

fn role_refused_hint(failure: &RoleFailure) -> String {
    if let Some(shown) = &failure.shown {
        let name = iam::texts::issuer_name(&shown.issuer);
        let provider = iam::parse_role_arn(&failure.role_arn)
            .ok()
            .and_then(|role| iam::texts::oidc_provider_arn(role.partition(), role.account(), &shown.issuer))
            .unwrap_or_else(|| name.to_owned());
        return format!(
            "the role must exist, and its trust policy must allow sts:AssumeRoleWithWebIdentity to the federated \
             principal `{provider}` with `{name}:aud` = `{}` and `{name}:sub` = `{}`",
            iam::texts::WEB_IDENTITY_AUDIENCE,
            shown.subject
        );
    }
    let mut hint = format!("the role must exist, and its trust policy must allow {}", caller_text(failure));
    if failure.caller_path_unknown {
        hint.push_str(" (with the role's path, if it has one)");
    }
    if let Some(external_id) = &failure.external_id {
        hint.push_str(&format!(" with external id `{external_id}`"));
    }
    if let Some(connection) = &failure.connection {
        hint.push_str(&format!("; `SHOW ORGANIZATION` and `DESC CONNECTION {connection}` show both"));
    }
    hint
}

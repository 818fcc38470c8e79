//! The errors of the sandbox: `AwsError` is what a client is answered, `SandboxError` what a start can meet.

use std::path::PathBuf;

/// An error in AWS's own terms: an HTTP status, a code, a message and the elements some codes carry besides.
#[derive(Clone, Debug)]
pub struct AwsError {
    /// HTTP status of the answer.
    pub status: u16,
    /// AWS error code, such as `NoSuchKey`.
    pub code: String,
    /// Message, in AWS's words where they are known.
    pub message: String,
    /// Further elements of the error document, such as `Region`.
    pub details: Vec<(&'static str, String)>,
    /// Further headers of the answer, such as `x-amz-bucket-region`.
    pub headers: Vec<(&'static str, String)>,
}

impl AwsError {
    /// An error with its status, code and message.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    /// Adds an element to the error document.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// S3's refusal that names nobody.
    pub fn access_denied() -> Self {
        Self::new(403, "AccessDenied", "Access Denied")
    }

    /// A bug or a failing disk of the sandbox itself.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error of the sandbox");
        Self::new(500, "InternalError", "We encountered an internal error. Please try again.")
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The listening address is taken or not ours.
    #[error("cannot listen on `{address}`: {source}; choose another address")]
    Listen {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The data directory cannot be read or written.
    #[error("cannot use `{path}` in the sandbox's data directory: {reason}")]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An account number that AWS would not have.
    #[error("account number `{0}` is not 12 digits")]
    AccountNumber(String),
    /// A policy of an AWS organization or of a VPC endpoint, as AWS would refuse it.
    #[error("the policy cannot be set: {0}")]
    Guardrail(String),
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}

//! A small AWS on one port: S3, STS, IAM and keys of KMS, every request authenticated and decided by [`iam`].
//!
//! It promises what a client can observe of AWS: signatures, tokens and their expiry, policies of every kind
//! the two crates know, the codes and texts of refusals, and S3's protocol. It is for demos and tests, with a
//! clock that can run ahead, a log of requests, and faults by rule.
//!
//! It deliberately has no TLS, no service control policies, no organizations, no encryption at rest
//! (S3 answers as asked, and KMS decides who may read), no replication, no events, and no limits on how much a caller stores. It shares no code
//! with the `credentials` crate: the two are the ends of one wire, written apart so that each checks the other.

mod answer;
mod answer_body;
mod authenticate;
mod authorize;
pub mod client;
mod clock;
mod control;
mod encoding;
mod error;
mod faults;
mod http;
mod iam_api;
mod identity;
mod ids;
mod issued_secrets;
mod kms_api;
mod query_api;
mod request;
mod request_log;
mod s3;
mod s3_http;
mod sandbox;
mod storage;
mod sts_api;
mod throttle;
mod xml;

pub use authorize::guardrails::Guardrails;
pub use clock::Clock;
pub use error::SandboxError;
pub use faults::{Fault, FaultMatch, FaultRule, Faults};
pub use request_log::RequestRecord;
pub use sandbox::{Account, AccountSeed, Sandbox, SandboxOptions};

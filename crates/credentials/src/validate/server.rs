//! Rungs `server identity`, `clock` and `organization role`: the operator's side.

use std::time::{Duration, SystemTime};

use iam::texts::{allow_statement, trust_statement};

use super::Climb;
use super::assume::own_side;
use super::command::Command;
use super::denial::Denial;
use super::ladder::{Advice, Fallen, Step, rung};
use super::sts_probe::{self, Extras, ProbedCaller};
use crate::AwsRefusal;
use crate::keys::SigningKeys;
use crate::server_identity::trust_arn;
use crate::session_name::principal_session_name;
use crate::sts::AssumeRole;

/// Beyond that AWS refuses signatures.
const SKEW_MAX: Duration = Duration::from_secs(5 * 60);
/// Beyond that somebody should set the clock.
const SKEW_WARNED: Duration = Duration::from_secs(60);

/// Stands for the server's identity where STS does not tell it.
const UNKNOWN_ARN: &str = "arn:aws:iam::ACCOUNT:user/SERVER";

/// What AWS is shown by who assumes a role.
pub(super) enum Proof {
    Keys(SigningKeys),
    /// An identity token of ours; nothing is signed.
    Token(String),
}

/// Who assumes the customer's role.
pub(super) struct Assumer {
    pub(super) proof: Proof,
    /// As a trust policy names it.
    pub(super) trust_arn: String,
    /// The ARN was made from a session's, which does not show the path of the role.
    pub(super) path_unknown: bool,
    /// The server's own keys, where another one is the assumer.
    pub(super) server: Option<(Proof, String)>,
}

impl Climb<'_> {
    /// The rungs from the server's identity to the organization's principal.
    pub(super) async fn climb_to_principal(&mut self) -> Result<Assumer, Fallen> {
        let (keys, server_arn) = self.server_identity().await?;
        let server_trust = trust_arn(&server_arn);
        let path_unknown = server_trust.is_some();
        let server_trust = server_trust.unwrap_or_else(|| server_arn.clone());
        let Some(principal) = self.request.principal.clone() else {
            if server_arn.ends_with(":root") {
                let advice = Advice::new(
                    format!(
                        "the server runs as the root user `{server_arn}`, and AWS lets no root user assume roles"
                    ),
                    "run the server as an IAM user or role, or give the organization a principal of its own",
                );
                self.ladder.climb(Step::failed(rung::ORGANIZATION_ROLE, server_arn, advice))?;
            } else {
                let seen =
                    format!("none configured: the server's identity `{server_trust}` assumes the role");
                self.ladder.climb(Step::ok(rung::ORGANIZATION_ROLE, seen))?;
            }
            return Ok(Assumer {
                proof: Proof::Keys(keys),
                trust_arn: server_trust,
                path_unknown,
                server: None,
            });
        };
        let principal_keys = self.organization_role(&keys, &server_trust, &principal).await?;
        Ok(Assumer {
            proof: Proof::Keys(principal_keys),
            trust_arn: principal,
            path_unknown: false,
            server: Some((Proof::Keys(keys), server_trust)),
        })
    }

    async fn server_identity(&mut self) -> Result<(SigningKeys, String), Fallen> {
        let call = Command::new("sts", "get-caller-identity").text();
        let (keys, source) = match self.inner.chain.server.keys_with_source().await {
            Ok(found) => found,
            Err(error) => {
                let advice = Advice::new(
                    "the server has no AWS identity to assume roles with: this is the operator's side, the customer's \
                     role is not the cause",
                    error.hint().unwrap_or_default(),
                );
                let step = Step::failed(rung::SERVER_IDENTITY, error.to_string(), advice).call(call);
                self.ladder.climb(step)?;
                return Err(Fallen);
            }
        };
        let caller = sts_probe::caller_identity(&self.inner.chain.sts, &keys).await;
        self.note_caller(rung::SERVER_IDENTITY, &caller, Whose::Server { source })?;
        self.clock(&caller)?;
        match caller.result {
            Ok(caller) => Ok((keys, caller.arn)),
            Err(refusal) if is_unknown_call(&refusal) => Ok((keys, UNKNOWN_ARN.to_owned())),
            Err(_) => Err(Fallen),
        }
    }

    /// A rung that asked STS whose keys they are.
    pub(super) fn note_caller(
        &mut self,
        name: &'static str,
        caller: &ProbedCaller,
        whose: Whose,
    ) -> Result<(), Fallen> {
        let call = Command::new("sts", "get-caller-identity").text();
        let step = match &caller.result {
            Ok(found) => {
                let from = match whose {
                    Whose::Server { source } => format!(", keys from {source}"),
                    Whose::Connection => ", keys of the connection".to_owned(),
                };
                Step::ok(name, with_request_id(format!("{}{from}", found.arn), caller.request_id.as_deref()))
            }
            Err(refusal) if is_unknown_call(refusal) => Step::ok(
                name,
                format!("not tried: this STS does not tell whose keys they are ({})", refusal_seen(refusal)),
            ),
            // The clock's own rung says it.
            Err(refusal) if is_clock_refusal(refusal) => {
                let advice =
                    Advice::new("AWS did not look at the keys: the time of the signature is off", "");
                Step::warning(name, refusal_seen(refusal), advice)
            }
            Err(refusal) => Step::failed(name, refusal_seen(refusal), keys_refused(refusal, whose)),
        };
        self.ladder.climb(step.call(call))
    }

    /// The server's time against that of whoever answered.
    pub(super) fn clock(&mut self, caller: &ProbedCaller) -> Result<(), Fallen> {
        let date = caller.result.as_ref().err().and_then(told_time).or(caller.date);
        let is_refused = caller.result.as_ref().err().is_some_and(is_clock_refusal);
        // The machine's clock and no other signs the requests.
        let now = SystemTime::now();
        let (skew, direction) = match date.map(|date| now.duration_since(date).map_err(|e| e.duration())) {
            None => (Duration::ZERO, ""),
            Some(Ok(ahead)) => (ahead, "ahead of"),
            Some(Err(behind)) => (behind, "behind"),
        };
        let seen = match date {
            // A header has whole seconds.
            Some(_) if skew.as_secs() <= 1 => "the same time as AWS".to_owned(),
            Some(_) => format!("{} s {direction} AWS", skew.as_secs()),
            None => "AWS told no time".to_owned(),
        };
        let advice = || {
            Advice::new(
                format!(
                    "the server's clock is {} {direction} AWS's, and AWS takes no signature that is more than 5 to 15 \
                     minutes off: this is the operator's side",
                    duration_text(skew)
                ),
                "set the clock of the server's machine: `sudo chronyc makestep`, or turn NTP on: `sudo timedatectl \
                 set-ntp true`",
            )
        };
        let step = if is_refused && date.is_none() {
            let advice = Advice::new(
                "AWS refuses the time of the signature: the server's clock is off",
                "turn NTP on: `sudo timedatectl set-ntp true`",
            );
            Step::failed(rung::CLOCK, seen, advice)
        } else if is_refused || skew > SKEW_MAX {
            Step::failed(rung::CLOCK, seen, advice())
        } else if skew > SKEW_WARNED {
            Step::warning(rung::CLOCK, seen, advice())
        } else {
            Step::ok(rung::CLOCK, seen)
        };
        self.ladder.climb(step)
    }

    async fn organization_role(
        &mut self,
        server: &SigningKeys,
        server_arn: &str,
        principal: &str,
    ) -> Result<SigningKeys, Fallen> {
        let session_name = principal_session_name(&self.request.organization);
        let call = Command::new("sts", "assume-role")
            .option("role-arn", principal)
            .option("role-session-name", &session_name)
            .text();
        let mut attempts = 1;
        let answer = loop {
            let answer = self.assume_principal(server, principal, &session_name).await;
            let is_denied = answer.as_ref().err().is_some_and(is_access_denied);
            if !is_denied || !self.patience.wait().await {
                break answer;
            }
            attempts += 1;
        };
        match answer {
            Ok(session) => {
                let chain = &self.inner.chain;
                if chain.worked.note_principal(principal, session.role_id.as_deref()) {
                    chain.sessions.forget_role(&self.request.organization, principal);
                }
                let seen = with_request_id(session.arn.clone(), session.request_id.as_deref());
                self.ladder.climb(Step::ok(rung::ORGANIZATION_ROLE, seen).call(call))?;
                Ok(session.signing_keys())
            }
            Err(refusal) => {
                let advice = principal_refused(&refusal, server_arn, principal);
                let seen = format!("{}{}", refusal_seen(&refusal), self.patience.attempts_text(attempts));
                self.ladder.climb(Step::failed(rung::ORGANIZATION_ROLE, seen, advice).call(call))?;
                Err(Fallen)
            }
        }
    }

    pub(super) async fn assume_principal(
        &self,
        server: &SigningKeys,
        principal: &str,
        session_name: &str,
    ) -> Result<sts_probe::ProbedSession, AwsRefusal> {
        let request = AssumeRole {
            role_arn: principal,
            session_name,
            external_id: None,
            policy: None,
            tags: &[],
            duration: Duration::from_secs(3600),
        };
        sts_probe::assume_role(&self.inner.chain.sts, server, &request, Extras::default()).await
    }

    /// For connections that need none of the rungs between the inputs and the session.
    pub(super) fn skip_identity(&mut self, why: &str) -> Result<(), Fallen> {
        self.skip(
            &[
                rung::SERVER_IDENTITY,
                rung::CLOCK,
                rung::ORGANIZATION_ROLE,
                rung::ASSUME_ROLE,
                rung::EXTERNAL_ID,
                rung::SESSION_POLICY,
                rung::DURATION,
                rung::SESSION_IDENTITY,
            ],
            why,
        )
    }

    pub(super) fn skip(&mut self, rungs: &[&'static str], why: &str) -> Result<(), Fallen> {
        rungs.iter().try_for_each(|name| self.ladder.climb(Step::ok(name, why)))
    }
}

/// Whose keys STS was asked about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    Server { source: &'static str },
    Connection,
}

fn keys_refused(refusal: &AwsRefusal, whose: Whose) -> Advice {
    let (owner, renew) = match whose {
        Whose::Server { .. } => {
            ("the server's own keys", "the operator renews the keys that the server runs with")
        }
        Whose::Connection => (
            "the connection's keys",
            "the customer makes new keys and replaces those of the connection: `CREATE OR REPLACE CONNECTION …`",
        ),
    };
    let side = match whose {
        Whose::Server { .. } => ": this is the operator's side, the customer's role is not the cause",
        Whose::Connection => "",
    };
    match refusal.code.as_deref() {
        Some("InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId") => {
            Advice::new(format!("{owner} do not exist or were deactivated{side}"), renew)
        }
        Some("SignatureDoesNotMatch" | "IncompleteSignature") => {
            Advice::new(format!("{owner} have a wrong secret{side}"), renew)
        }
        Some("ExpiredToken" | "ExpiredTokenException") => {
            Advice::new(format!("{owner} have expired{side}"), renew)
        }
        Some("RegionDisabledException" | "RegionDisabled") => region_disabled(),
        _ if refusal.status.is_none() => sts_unreachable(refusal),
        _ => Advice::new(format!("AWS does not say who {owner} are{side}"), renew),
    }
}

pub(super) fn region_disabled() -> Advice {
    Advice::new(
        "AWS STS is not active in the server's region for the account: this is the operator's side",
        "activate STS in that region in the account settings of IAM, or set AWS_REGION to a region where it is",
    )
}

pub(super) fn sts_unreachable(refusal: &AwsRefusal) -> Advice {
    Advice::new(
        format!(
            "AWS STS cannot be reached from the server ({}): this is the operator's side",
            refusal.message
        ),
        "check the server's network, its proxy, and AWS_ENDPOINT_URL_STS",
    )
}

fn principal_refused(refusal: &AwsRefusal, server: &str, principal: &str) -> Advice {
    let operators = "this is the operator's side, the customer's role is not the cause";
    if server.ends_with(":root") {
        return Advice::new(
            format!(
                "the server runs as the root user `{server}`, and AWS lets no root user assume roles: {operators}"
            ),
            "run the server as an IAM user or role",
        );
    }
    if refusal.status.is_none() {
        return sts_unreachable(refusal);
    }
    if matches!(refusal.code.as_deref(), Some("RegionDisabledException" | "RegionDisabled")) {
        return region_disabled();
    }
    if !is_access_denied(refusal) {
        return Advice::new(
            format!(
                "AWS does not let the server assume the organization's principal `{principal}`: {operators}"
            ),
            refusal.message.clone(),
        );
    }
    let own_statement = allow_statement(&["sts:AssumeRole"], principal, None);
    if refusal.message.contains("identity-based policy") {
        if refusal.message.contains("explicit deny") {
            return Advice::new(
                format!(
                    "a Deny in the server's own policies forbids `{server}` sts:AssumeRole on `{principal}`: {operators}"
                ),
                format!("take `{principal}` out of the Deny in the policies of `{server}`"),
            );
        }
        return Advice::new(
            format!(
                "the policies of the server's identity `{server}` do not allow sts:AssumeRole on the organization's principal `{principal}`: {operators}"
            ),
            format!("add to the policies of `{server}`: {own_statement}"),
        );
    }
    let denial = Denial::read(crate::explain::parse_denial(&refusal.message), Some(&refusal.message));
    if let Some(advice) = own_side(server, principal, &denial, "sts:AssumeRole") {
        return advice;
    }
    if server == principal {
        return Advice::new(
            format!(
                "the server runs as the principal `{principal}` itself, which does not trust itself: {operators}"
            ),
            format!(
                "leave `principal` out of the configuration, or add to the principal's trust policy: {}",
                trust_statement(&[principal], None)
            ),
        );
    }
    Advice::new(
        format!(
            "the organization's principal `{principal}` does not trust the server's identity `{server}`, or does not \
             exist: {operators}"
        ),
        format!("put into the trust policy of `{principal}`: {}", trust_statement(&[server], None)),
    )
}

/// A cloud beside AWS that does not know the call, as Ceph's gateway does not know GetCallerIdentity.
pub(super) fn is_unknown_call(refusal: &AwsRefusal) -> bool {
    matches!(refusal.status, Some(404 | 405 | 501))
        || matches!(
            refusal.code.as_deref(),
            Some("InvalidAction" | "MethodNotAllowed" | "NotImplemented" | "UnknownOperationException")
        )
}

pub(super) fn is_access_denied(refusal: &AwsRefusal) -> bool {
    match refusal.code.as_deref() {
        Some(code) => matches!(code, "AccessDenied" | "AccessDeniedException"),
        // A gateway that words its errors otherwise than STS does.
        None => refusal.status == Some(403),
    }
}

/// `Signature expired: … is now earlier than …`, `Signature not yet current: …`.
fn is_clock_refusal(refusal: &AwsRefusal) -> bool {
    let code = refusal.code.as_deref().unwrap_or_default();
    matches!(code, "RequestTimeTooSkewed" | "RequestExpired")
        || (matches!(code, "SignatureDoesNotMatch" | "InvalidSignatureException")
            && ["Signature expired", "Signature not yet current"]
                .iter()
                .any(|words| refusal.message.contains(words)))
}

/// AWS's time in `… is now earlier than … (20261128T130500Z - 15 min.)`.
fn told_time(refusal: &AwsRefusal) -> Option<SystemTime> {
    if !is_clock_refusal(refusal) {
        return None;
    }
    let (_, rest) = refusal.message.rsplit_once('(')?;
    let time = rest.split(' ').next()?;
    let time = chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?;
    Some(SystemTime::from(time.and_utc()))
}

/// `403 AccessDenied: … (request id …)`.
pub(super) fn refusal_seen(refusal: &AwsRefusal) -> String {
    let text = match (refusal.status, &refusal.code) {
        (Some(status), Some(code)) => format!("{status} {code}: {}", refusal.message),
        (Some(status), None) => format!("{status}: {}", refusal.message),
        (None, _) => format!("no answer: {}", refusal.message),
    };
    with_request_id(text, refusal.request_id.as_deref())
}

pub(super) fn with_request_id(text: String, request_id: Option<&str>) -> String {
    match request_id {
        Some(id) => format!("{text} (request id {id})"),
        None => text,
    }
}

fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 120 { format!("{seconds} seconds") } else { format!("{} minutes", seconds / 60) }
}

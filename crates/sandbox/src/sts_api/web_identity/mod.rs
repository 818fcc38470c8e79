//! AssumeRoleWithWebIdentity: a token of an issuer that the role's account knows stands in the place of a signature.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

mod issuer;
mod signature;
mod token;

use std::collections::BTreeMap;

use iam::{Context, PolicyKind, Principal, PrincipalKind, Reason};

use super::assume_role::{self, Wanted};
use super::checks;
use crate::authenticate::caller::Caller;
use crate::authorize::context_keys::{self, add_request_tags};
use crate::authorize::{Question, decide};
use crate::error::AwsError;
use crate::identity::state::{AccountState, IamRole, OidcProvider};
use crate::query_api::{Call, validation};
use crate::xml::Xml;
pub(crate) use issuer::IssuerReader;
use token::Token;

const LONGEST_SESSION_SECONDS: i64 = 43_200;
const TOKEN_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=20_000;

pub(super) async fn assume_role(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let role_arn = assume_role::role_arn(call)?;
    let session_name = call.params.required("RoleSessionName")?;
    checks::session_name(session_name)?;
    let text = call.params.required("WebIdentityToken")?;
    if !TOKEN_CHARACTERS.contains(&text.len()) {
        return Err(validation(
            "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length between 4 and 20000",
        ));
    }
    let seconds = checks::duration(call, 3600, LONGEST_SESSION_SECONDS)?;
    let token = Token::parse(text)?;
    let state = &call.request.identities;
    let number = iam::parse_role_arn(role_arn).map(|role| role.account().to_owned()).unwrap_or_default();
    let provider = state
        .account(&number)
        .and_then(|account| account.oidc_providers.values().find(|provider| provider.issued(&token.issuer)))
        .ok_or_else(|| {
            invalid_token(format!("No OpenIDConnect provider found in your account for {}", token.issuer))
        })?;
    if !token.audiences.iter().any(|audience| provider.clients.contains(audience)) {
        return Err(invalid_token("Incorrect token audience"));
    }
    token.check_times(call.request.now)?;
    let keys = call.cloud.issuers.keys(provider).await?;
    token.verify(&keys)?;

    let (account, role) = state.role_by_arn(role_arn).ok_or_else(not_authorized)?;
    let context = context(call, provider, &token, session_name, account, role);
    allow(call, "sts:AssumeRoleWithWebIdentity", provider, account, role, &context)?;
    if !token.tags.is_empty() {
        allow(call, "sts:TagSession", provider, account, role, &context)?;
    }
    if seconds > i64::from(role.max_session_seconds) {
        return Err(validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let wanted = Wanted {
        role_arn,
        session_name,
        seconds,
        source_identity: None,
        tags: token.tags.clone(),
        transitive_tags: token.transitive_tags.clone(),
    };
    assume_role::issue(call, account, role, wanted, Some(provider.arn.clone()), out)?;
    out.text("SubjectFromWebIdentityToken", &token.subject).text("Provider", &provider.arn);
    out.optional("Audience", token.audiences.first().cloned());
    Ok(())
}

/// A token that is not what it should be.
fn invalid_token(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "InvalidIdentityToken", message)
}

/// The one refusal for a role that is absent, or does not trust the token.
fn not_authorized() -> AwsError {
    AwsError::new(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

/// What the trust policy may ask for: the token's claims, under the issuer's name.
fn context(
    call: &Call<'_>,
    provider: &OidcProvider,
    token: &Token,
    session_name: &str,
    account: &AccountState,
    role: &IamRole,
) -> Context {
    let mut context = context_keys::of_request(call.request);
    context.remove("aws:userid").remove("aws:PrincipalAccount").remove("aws:PrincipalArn");
    context.set("aws:PrincipalType", "FederatedUser");
    context.set("aws:ResourceAccount", account.number.as_str());
    context.set("aws:FederatedProvider", provider.arn.as_str());
    context.set("sts:RoleSessionName", session_name);
    let claim = |name: &str| format!("{}:{name}", provider.url);
    context.set(&claim("sub"), token.subject.as_str());
    context.set_many(&claim("aud"), token.audiences.iter().map(String::as_str));
    context.set_many(&claim("amr"), token.methods.iter().map(String::as_str));
    for (name, value) in &token.texts {
        context.set(&claim(name), value.as_str());
    }
    for (key, value) in &role.holder.tags {
        context.set(&format!("aws:ResourceTag/{key}"), value.as_str());
        context.set(&format!("iam:ResourceTag/{key}"), value.as_str());
    }
    let tags: &BTreeMap<String, String> = &token.tags;
    add_request_tags(&mut context, "aws:RequestTag", "aws:TagKeys", tags);
    context
}

fn allow(
    call: &Call<'_>,
    action: &str,
    provider: &OidcProvider,
    account: &AccountState,
    role: &IamRole,
    context: &Context,
) -> Result<(), AwsError> {
    let arn = role.arn(&account.number);
    let trust = role
        .trust
        .named_with_principals(arn.as_str(), &call.request.identities)
        .map_err(AwsError::internal)?;
    let principal = Principal {
        kind: PrincipalKind::FederatedWeb { provider: provider.arn.clone() },
        ..Principal::anonymous()
    };
    let bearer = Caller { principal, ..Caller::anonymous() };
    let question = Question {
        action,
        resource: &arn,
        resource_account: Some(&account.number),
        resource_policy: Some(&trust),
        context,
    };
    let decision = decide(&call.request.identities, &bearer, &question);
    if decision.allowed {
        return Ok(());
    }
    tracing::debug!(%arn, explicit = is_explicit(&decision.reason), "a web identity was refused");
    Err(not_authorized())
}

fn is_explicit(reason: &Reason) -> bool {
    matches!(reason, Reason::ExplicitDeny { kind: PolicyKind::Trust, .. })
}

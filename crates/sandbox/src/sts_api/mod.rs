//! The STS API, one file for each family of calls.

mod assume_role;
mod checks;
mod identity;
mod packed;
mod session_tokens;
mod web_identity;

use crate::error::AwsError;
use crate::query_api::{Call, unknown_action};
use crate::xml::Xml;

pub(crate) use web_identity::IssuerReader;

/// Runs a call.
pub(crate) async fn run(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    match action {
        "AssumeRole" => assume_role::assume_role(call, out),
        "AssumeRoleWithWebIdentity" => web_identity::assume_role(call, out).await,
        "GetCallerIdentity" => identity::get_caller_identity(call, out),
        "GetAccessKeyInfo" => identity::get_access_key_info(call, out),
        "GetSessionToken" => session_tokens::get_session_token(call, out),
        "GetFederationToken" => session_tokens::get_federation_token(call, out),
        _ => Err(unknown_action(action, "2011-06-15")),
    }
}

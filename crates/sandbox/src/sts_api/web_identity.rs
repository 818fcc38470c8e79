//! AssumeRoleWithWebIdentity: not answered with keys yet, since tokens are not verified here.

use super::{assume_role, checks};
use crate::error::AwsError;
use crate::query_api::Call;
use crate::xml::Xml;

pub(super) async fn assume_role(call: &Call<'_>, _out: &mut Xml) -> Result<(), AwsError> {
    assume_role::role_arn(call)?;
    checks::session_name(call.params.required("RoleSessionName")?)?;
    call.params.required("WebIdentityToken")?;
    Err(AwsError::new(
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for the issuer of the token",
    ))
}

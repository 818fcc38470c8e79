//! Who one is. Needs no permission.

use crate::error::AwsError;
use crate::query_api::Call;
use crate::xml::Xml;

pub(super) fn get_caller_identity(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let caller = &call.request.caller;
    out.text("Arn", &caller.principal.arn).text("UserId", caller.user_id()).text("Account", &caller.account);
    Ok(())
}

pub(super) fn get_access_key_info(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let id = call.params.required("AccessKeyId")?;
    crate::authorize::allow_query_call(call.request, "sts:GetAccessKeyInfo", "*", |_| {})?;
    let identities = &call.cloud.identities;
    let account = identities
        .latest()
        .access_keys
        .get(id)
        .map(|key| key.account.clone())
        .or_else(|| identities.sessions.get(id).map(|keys| keys.account.clone()))
        .ok_or_else(|| crate::query_api::validation("Not a valid access key id"))?;
    out.text("Account", account);
    Ok(())
}

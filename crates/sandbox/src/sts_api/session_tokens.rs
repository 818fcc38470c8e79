//! GetSessionToken and GetFederationToken: temporary keys without a role.

use super::{checks, packed};
use crate::authenticate::caller::user_principal;
use crate::error::AwsError;
use crate::identity::session::{SessionHolder, TemporaryKeys};
use crate::ids;
use crate::query_api::Call;
use crate::xml::Xml;

const LONGEST_SECONDS: i64 = 129_600;
const ROOT_SECONDS: i64 = 3600;

fn refuse_sessions(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    if call.request.caller.session.is_none() {
        return Ok(());
    }
    Err(AwsError::new(403, "AccessDenied", format!("Cannot call {action} with session credentials")))
}

fn duration(call: &Call<'_>) -> Result<i64, AwsError> {
    let seconds = checks::duration(call, 43_200, LONGEST_SECONDS)?;
    Ok(if call.request.caller.is_root() { seconds.min(ROOT_SECONDS) } else { seconds })
}

pub(super) fn get_session_token(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    refuse_sessions(call, "GetSessionToken")?;
    let caller = &call.request.caller;
    let holder = match &caller.user_name {
        None => SessionHolder::Root,
        Some(name) => {
            let principal = user_principal(&call.request.identities, &caller.account, name)
                .ok_or_else(AwsError::access_denied)?;
            SessionHolder::User {
                user_name: name.clone(),
                user_id: caller.user_id(),
                user_arn: principal.arn,
            }
        }
    };
    let keys = new_keys(call, holder, duration(call)?);
    checks::write_credentials(&keys, out);
    call.cloud.identities.sessions.insert(keys)
}

pub(super) fn get_federation_token(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    refuse_sessions(call, "GetFederationToken")?;
    let name = call.params.required("Name")?;
    checks::text(name, "name", (2, 32), "+=,.@-", "[\\w+=,.@-]*")?;
    let seconds = duration(call)?;
    let caller = &call.request.caller;
    let arn = format!("arn:aws:sts::{}:federated-user/{name}", caller.account);
    crate::authorize::allow_query_call(call.request, "sts:GetFederationToken", &arn, |_| {})?;
    let policies = checks::session_policies(call, &caller.account)?;
    let tags = checks::tags(call)?;
    let packed = packed::size(policies.inline.as_deref(), &policies.arns, &tags)?;
    let holder = SessionHolder::Federated {
        name: name.to_owned(),
        user_name: caller.user_name.clone().unwrap_or_default(),
    };
    let mut keys = new_keys(call, holder, seconds);
    keys.policies = policies.policies;
    // without a session policy, a federated user may do nothing
    keys.scoped = true;
    keys.tags = tags;
    checks::write_credentials(&keys, out);
    call.cloud.identities.sessions.insert(keys)?;
    out.nested("FederatedUser", |xml| {
        xml.text("FederatedUserId", format!("{}:{name}", caller.account)).text("Arn", arn);
    });
    out.optional("PackedPolicySize", packed.map(|percent| percent.to_string()));
    Ok(())
}

fn new_keys(call: &Call<'_>, holder: SessionHolder, seconds: i64) -> TemporaryKeys {
    TemporaryKeys {
        access_key_id: ids::access_key_id("ASIA"),
        secret: ids::secret_access_key(),
        token: ids::session_token(),
        account: call.request.caller.account.clone(),
        holder,
        issued: call.request.now,
        expires: checks::expiry(call, seconds),
        policies: Vec::new(),
        scoped: false,
        tags: Default::default(),
        transitive_tags: Vec::new(),
        source_identity: None,
    }
}

//! Instance profiles: the sandbox has no machines, so there are none.

use super::holders::{self, HolderKind};
use super::names::no_such_entity;
use super::{account, allow};
use crate::error::AwsError;
use crate::query_api::Call;
use crate::xml::Xml;

pub(super) fn list_for_role(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let name = holders::named(call, HolderKind::Role)?;
    holders::allow(call, "ListInstanceProfilesForRole", HolderKind::Role, name, |_| {})?;
    let state = call.cloud.identities.latest();
    let exists = state.account(account(call)).is_some_and(|account| account.roles.contains_key(name));
    if !exists {
        return Err(HolderKind::Role.missing(name));
    }
    empty(out);
    Ok(())
}

pub(super) fn list(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    allow(call, "ListInstanceProfiles", &format!("arn:aws:iam::{}:instance-profile/", account(call)))?;
    empty(out);
    Ok(())
}

pub(super) fn get(call: &Call<'_>) -> Result<(), AwsError> {
    let name = call.params.required("InstanceProfileName")?;
    allow(call, "GetInstanceProfile", &format!("arn:aws:iam::{}:instance-profile/{name}", account(call)))?;
    Err(no_such_entity(format!("Instance Profile {name} cannot be found.")))
}

fn empty(out: &mut Xml) {
    out.nested("InstanceProfiles", |_| {}).text("IsTruncated", "false");
}

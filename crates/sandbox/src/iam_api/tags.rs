//! Tags of users, roles and managed policies.

use std::collections::BTreeMap;

use super::holders::{self, HolderKind};
use super::names;
use super::policies::{check_arn, missing};
use super::{account, allow_with, page};
use crate::authorize::context_keys::add_request_tags;
use crate::error::AwsError;
use crate::query_api::Call;
use crate::xml::Xml;

/// The tags as answers show them; nothing when there are none.
pub(super) fn write(tags: &BTreeMap<String, String>, xml: &mut Xml) {
    if !tags.is_empty() {
        xml.members("Tags", tags, |xml, (key, value)| {
            xml.text("Key", key).text("Value", value);
        });
    }
}

/// What a call about tags is about.
enum Tagged {
    Holder(HolderKind, String),
    Policy(String),
}

fn tagged(call: &Call<'_>, action: &str) -> Result<Tagged, AwsError> {
    if action.contains("Policy") {
        let arn = call.params.required("PolicyArn")?;
        check_arn(arn)?;
        return Ok(Tagged::Policy(arn.to_owned()));
    }
    let kind = HolderKind::of_action(action);
    Ok(Tagged::Holder(kind, holders::named(call, kind)?.to_owned()))
}

fn allow(
    call: &Call<'_>,
    action: &str,
    tagged: &Tagged,
    extra: impl FnOnce(&mut iam::Context),
) -> Result<(), AwsError> {
    match tagged {
        Tagged::Holder(kind, name) => holders::allow(call, action, *kind, name, extra),
        Tagged::Policy(arn) => allow_with(call, action, arn, extra),
    }
}

fn change(
    call: &Call<'_>,
    tagged: &Tagged,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    match tagged {
        Tagged::Holder(kind, name) => holders::change(call, *kind, name, |holder| change(&mut holder.tags)),
        Tagged::Policy(arn) => call.cloud.identities.change(call.request.now, |state| {
            let account = state.accounts.get_mut(account(call)).ok_or_else(|| missing(arn))?;
            change(&mut account.policies.get_mut(arn).ok_or_else(|| missing(arn))?.tags)
        }),
    }
}

pub(super) fn tag(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let tagged = tagged(call, action)?;
    let new = names::tags(call.params.tags("Tags"))?;
    allow(call, action, &tagged, |context| {
        add_request_tags(context, "aws:RequestTag", "aws:TagKeys", &new);
    })?;
    change(call, &tagged, |tags| {
        for (key, value) in new {
            // keys are one whatever their case
            tags.retain(|known, _| !known.eq_ignore_ascii_case(&key));
            tags.insert(key, value);
        }
        names::tags(tags.clone().into_iter().collect()).map(|_| ())
    })
}

pub(super) fn untag(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let tagged = tagged(call, action)?;
    let keys = call.params.list("TagKeys");
    allow(call, action, &tagged, |context| {
        context.set_many("aws:TagKeys", keys.iter().copied());
    })?;
    change(call, &tagged, |tags| {
        tags.retain(|known, _| !keys.iter().any(|key| known.eq_ignore_ascii_case(key)));
        Ok(())
    })
}

pub(super) fn list(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    let tagged = tagged(call, action)?;
    allow(call, action, &tagged, |_| {})?;
    let state = call.cloud.identities.latest();
    let tags = match &tagged {
        Tagged::Holder(kind, name) => {
            let holder = state.account(account(call)).and_then(|account| kind.find(account, name));
            &holder.ok_or_else(|| kind.missing(name))?.tags
        }
        Tagged::Policy(arn) => &state.policy(account(call), arn).ok_or_else(|| missing(arn))?.tags,
    };
    let tags: Vec<(&String, &String)> = tags.iter().collect();
    let shown = page(call, &tags, out)?;
    out.members("Tags", shown, |xml, (key, value)| {
        xml.text("Key", key).text("Value", value);
    });
    Ok(())
}

//! Policies of users and roles: attached, inline, and the boundary.

use super::holders::{self, HolderKind};
use super::names::{self, check_name, no_such_entity, percent_encoded};
use super::policies::{check_arn, missing};
use super::{account, page};
use crate::error::AwsError;
use crate::query_api::Call;
use crate::xml::Xml;

const ATTACHED_MAX: usize = 10;

pub(super) fn attach(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let arn = call.params.required("PolicyArn")?;
    check_arn(arn)?;
    holders::allow(call, action, kind, name, |context| {
        context.set("iam:PolicyARN", arn);
    })?;
    let exists = call.cloud.identities.latest().policy(account(call), arn).is_some();
    holders::change(call, kind, name, |holder| {
        if !exists {
            return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
        }
        if holder.attached.iter().any(|known| known == arn) {
            return Ok(());
        }
        if holder.attached.len() >= ATTACHED_MAX {
            let word = if kind == HolderKind::Role { "Role" } else { "User" };
            return Err(AwsError::new(
                409,
                "LimitExceeded",
                format!("Cannot exceed quota for PoliciesPer{word}: {ATTACHED_MAX}"),
            ));
        }
        holder.attached.push(arn.to_owned());
        Ok(())
    })
}

pub(super) fn detach(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let arn = call.params.required("PolicyArn")?;
    check_arn(arn)?;
    holders::allow(call, action, kind, name, |context| {
        context.set("iam:PolicyARN", arn);
    })?;
    holders::change(call, kind, name, |holder| {
        if !holder.attached.iter().any(|known| known == arn) {
            return Err(missing(arn));
        }
        holder.attached.retain(|known| known != arn);
        Ok(())
    })
}

pub(super) fn list_attached(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    holders::allow(call, action, kind, name, |_| {})?;
    let state = call.cloud.identities.latest();
    let holder = state
        .account(account(call))
        .and_then(|account| kind.find(account, name))
        .ok_or_else(|| kind.missing(name))?;
    let prefix = call.params.get("PathPrefix").unwrap_or("/");
    let attached: Vec<(&str, &str)> = holder
        .attached
        .iter()
        .filter_map(|arn| state.policy(account(call), arn))
        .filter(|policy| policy.path.starts_with(prefix))
        .map(|policy| (policy.name.as_str(), policy.arn.as_str()))
        .collect();
    let shown = page(call, &attached, out)?;
    out.members("AttachedPolicies", shown, |xml, (name, arn)| {
        xml.text("PolicyName", name).text("PolicyArn", arn);
    });
    Ok(())
}

pub(super) fn put_inline(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let policy = call.params.required("PolicyName")?;
    check_name("policyName", policy, 128)?;
    holders::allow(call, action, kind, name, |_| {})?;
    let (max, quota) = match kind {
        HolderKind::Role => (iam::limits::ROLE_INLINE_POLICIES_CHARACTERS_MAX, "role"),
        HolderKind::User => (iam::limits::USER_INLINE_POLICIES_CHARACTERS_MAX, "user"),
    };
    let text = call.params.required("PolicyDocument")?;
    let document = names::identity_document(text, usize::MAX)?;
    holders::change(call, kind, name, |holder| {
        let others: usize = holder
            .inline
            .iter()
            .filter(|(known, _)| *known != policy)
            .map(|(_, document)| iam::limits::count_policy_characters(document.text()))
            .sum();
        if others + iam::limits::count_policy_characters(text) > max {
            return Err(AwsError::new(
                409,
                "LimitExceeded",
                format!("Maximum policy size of {max} bytes exceeded for {quota} {name}"),
            ));
        }
        holder.inline.insert(policy.to_owned(), document);
        Ok(())
    })
}

fn missing_inline(kind: HolderKind, policy: &str) -> AwsError {
    no_such_entity(format!("The {} policy with name {policy} cannot be found.", kind.word()))
}

pub(super) fn get_inline(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let policy = call.params.required("PolicyName")?;
    holders::allow(call, action, kind, name, |_| {})?;
    let state = call.cloud.identities.latest();
    let holder = state
        .account(account(call))
        .and_then(|account| kind.find(account, name))
        .ok_or_else(|| kind.missing(name))?;
    let document = holder.inline.get(policy).ok_or_else(|| missing_inline(kind, policy))?;
    out.text(kind.parameter(), name)
        .text("PolicyName", policy)
        .text("PolicyDocument", percent_encoded(document.text()));
    Ok(())
}

pub(super) fn list_inline(call: &Call<'_>, action: &str, out: &mut Xml) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    holders::allow(call, action, kind, name, |_| {})?;
    let state = call.cloud.identities.latest();
    let holder = state
        .account(account(call))
        .and_then(|account| kind.find(account, name))
        .ok_or_else(|| kind.missing(name))?;
    let policies: Vec<&String> = holder.inline.keys().collect();
    let shown = page(call, &policies, out)?;
    out.nested("PolicyNames", |xml| {
        for policy in shown {
            xml.text("member", policy);
        }
    });
    Ok(())
}

pub(super) fn delete_inline(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let policy = call.params.required("PolicyName")?;
    holders::allow(call, action, kind, name, |_| {})?;
    holders::change(call, kind, name, |holder| {
        holder.inline.remove(policy).map(|_| ()).ok_or_else(|| missing_inline(kind, policy))
    })
}

pub(super) fn put_boundary(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let arn = call.params.required("PermissionsBoundary")?;
    holders::allow(call, action, kind, name, |context| {
        context.set("iam:PermissionsBoundary", arn);
    })?;
    super::roles::check_boundary(call, &call.cloud.identities.latest(), Some(arn))?;
    holders::change(call, kind, name, |holder| {
        holder.boundary = Some(arn.to_owned());
        Ok(())
    })
}

pub(super) fn delete_boundary(call: &Call<'_>, action: &str) -> Result<(), AwsError> {
    let kind = HolderKind::of_action(action);
    let name = holders::named(call, kind)?;
    let state = call.cloud.identities.latest();
    let boundary = state
        .account(account(call))
        .and_then(|account| kind.find(account, name))
        .and_then(|holder| holder.boundary.clone());
    holders::allow(call, action, kind, name, |context| {
        if let Some(boundary) = &boundary {
            context.set("iam:PermissionsBoundary", boundary.as_str());
        }
    })?;
    holders::change(call, kind, name, |holder| {
        holder.boundary = None;
        Ok(())
    })
}

//! Decisions about keys of KMS. A key's own policy always has a say: what it does not give to the account, no
//! policy of the account's can give.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html>

use iam::{Context, PolicyKind, Reason};

use super::{Question, context_keys, decide, reason};
use crate::error::AwsError;
use crate::identity::kms_key::KmsKey;
use crate::request::RequestContext;

/// Authorizes the use of a key; the refusal is told in the words of KMS.
pub(crate) fn allow(
    request: &RequestContext,
    action: &str,
    owner: &str,
    key: &KmsKey,
    extra: impl FnOnce(&mut Context),
) -> Result<(), AwsError> {
    let arn = key.arn(owner);
    let mut context = context_keys::of_request(request);
    context.set("aws:ResourceAccount", owner);
    context.set("kms:CallerAccount", request.caller.account.as_str());
    for (name, value) in &key.tags {
        context.set(&format!("aws:ResourceTag/{name}"), value.as_str());
    }
    extra(&mut context);
    let policy =
        key.policy.named_with_principals("key policy", &request.identities).map_err(AwsError::internal)?;
    let ask = |resource_account: &str| {
        let question = Question {
            action,
            resource: &arn,
            resource_account: Some(resource_account),
            resource_policy: Some(&policy),
            context: &context,
        };
        decide(&request.identities, &request.caller, &question)
    };
    let decision = ask(owner);
    let by_key_policy =
        matches!(&decision.reason, Reason::Allowed { kind: PolicyKind::Resource, .. }) && decision.allowed;
    if by_key_policy {
        return Ok(());
    }
    // Without a direct grant both sides must allow, as they must between accounts.
    let nobodys = "";
    let decision = if decision.allowed { ask(nobodys) } else { decision };
    if decision.allowed {
        return Ok(());
    }
    Err(denied(request, action, owner, &arn, &decision.reason))
}

fn denied(request: &RequestContext, action: &str, owner: &str, arn: &str, why: &Reason) -> AwsError {
    let caller = &request.caller;
    if caller.is_anonymous() {
        return AwsError::access_denied();
    }
    let why = if caller.account == owner {
        reason(why)
    } else {
        "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access".to_owned()
    };
    AwsError::new(
        403,
        "AccessDenied",
        format!(
            "User: {} is not authorized to perform: {action} on resource: {arn} {why}",
            caller.principal.arn
        ),
    )
}

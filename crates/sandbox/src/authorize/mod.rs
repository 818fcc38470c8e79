//! May the caller do this? Gathers the policies that have a say and asks `iam`.

pub(crate) mod context_keys;
pub(crate) mod guardrails;
pub(crate) mod kms;
pub(crate) mod s3;
pub(crate) mod s3_actions;

use iam::{Decision, NamedPolicy, Policies, Reason, Request};

use crate::authenticate::caller::Caller;
use crate::error::AwsError;
use crate::identity::session::SessionHolder;
use crate::identity::state::{AccountState, Holder, IdentityState};
use crate::request::RequestContext;

/// The policies on the caller's side.
#[derive(Default)]
pub(crate) struct CallerPolicies {
    pub(crate) identity: Vec<NamedPolicy>,
    pub(crate) session: Vec<NamedPolicy>,
    pub(crate) has_session: bool,
    pub(crate) boundary: Option<NamedPolicy>,
    /// the boundary is missing: nothing may be allowed, not even by a resource
    unbounded: bool,
}

/// Collects the caller's policies as of `state`.
pub(crate) fn caller_policies(state: &IdentityState, caller: &Caller) -> CallerPolicies {
    let mut policies = CallerPolicies::default();
    let Some(account) = state.account(&caller.account) else { return policies };
    match caller.session.as_deref() {
        None => {
            if let Some(user) = caller.user_name.as_ref().and_then(|name| account.users.get(name)) {
                add_holder(&mut policies, state, account, &user.holder);
            }
        }
        Some(session) => {
            match &session.holder {
                // a role made anew under the same name is another role
                SessionHolder::Role { role_name, role_id, .. } => {
                    if let Some(role) = account.roles.get(role_name).filter(|role| role.holder.id == *role_id)
                    {
                        add_holder(&mut policies, state, account, &role.holder);
                    }
                }
                SessionHolder::User { user_name, user_id, .. } => {
                    if let Some(user) = account.users.get(user_name).filter(|user| user.holder.id == *user_id)
                    {
                        add_holder(&mut policies, state, account, &user.holder);
                    }
                }
                SessionHolder::Federated { user_name, .. } => {
                    if let Some(user) = account.users.get(user_name) {
                        add_holder(&mut policies, state, account, &user.holder);
                    }
                }
                SessionHolder::Root => {}
            }
            policies.has_session = session.scoped;
            policies.session = session.policies.iter().map(|(name, document)| document.named(name)).collect();
        }
    }
    policies
}

fn add_holder(policies: &mut CallerPolicies, state: &IdentityState, account: &AccountState, holder: &Holder) {
    policies.identity.extend(holder.inline.iter().map(|(name, document)| document.named(name)));
    policies.identity.extend(holder.attached.iter().filter_map(|arn| {
        let document = state.policy(&account.number, arn)?.default_document()?;
        Some(document.named(arn))
    }));
    if let Some(arn) = &holder.boundary {
        policies.boundary = boundary(state, account, arn);
        if policies.boundary.is_none() {
            policies.identity.clear();
            policies.unbounded = true;
        }
    }
}

/// The boundary with this ARN. Where it cannot be found, nothing may be allowed.
pub(crate) fn boundary(state: &IdentityState, account: &AccountState, arn: &str) -> Option<NamedPolicy> {
    let text = state.policy(&account.number, arn)?.default_document()?.text();
    let document = iam::PolicyDocument::parse(text, iam::PolicyKind::Boundary).ok()?;
    Some(NamedPolicy { name: arn.to_owned(), document })
}

/// One action on one resource.
pub(crate) struct Question<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) resource_account: Option<&'a str>,
    pub(crate) resource_policy: Option<&'a NamedPolicy>,
    pub(crate) context: &'a iam::Context,
}

/// Asks `iam`.
pub(crate) fn decide(state: &IdentityState, caller: &Caller, question: &Question<'_>) -> Decision {
    let policies = caller_policies(state, caller);
    let above = guardrails::over(state, &caller.account, question.resource_account);
    iam::evaluate(
        &Request {
            principal: &caller.principal,
            action: question.action,
            resource: question.resource,
            resource_account: question.resource_account,
            context: question.context,
        },
        &Policies {
            identity: &policies.identity,
            resource: question.resource_policy,
            session: if policies.unbounded { &[] } else { &policies.session },
            has_session: policies.has_session || policies.unbounded,
            boundary: policies.boundary.as_ref(),
            service_control: &above.service_control,
            resource_control: &above.resource_control,
            vpc_endpoint: above.vpc_endpoint.as_ref(),
        },
    )
}

/// Authorizes a call of the IAM or STS API on a resource of the caller's own account.
pub(crate) fn allow_query_call(
    request: &RequestContext,
    action: &str,
    resource: &str,
    extra: impl FnOnce(&mut iam::Context),
) -> Result<(), AwsError> {
    if request.caller.is_anonymous() {
        return Err(AwsError::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ));
    }
    let mut context = context_keys::of_request(request);
    context.set("aws:ResourceAccount", request.caller.account.as_str());
    extra(&mut context);
    let decision = decide(
        &request.identities,
        &request.caller,
        &Question {
            action,
            resource,
            resource_account: Some(&request.caller.account),
            resource_policy: None,
            context: &context,
        },
    );
    if decision.allowed {
        return Ok(());
    }
    Err(AwsError::new(
        403,
        "AccessDenied",
        format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {}",
            request.caller.principal.arn,
            reason(&decision.reason)
        ),
    ))
}

/// The end of AWS's sentence.
pub(crate) fn reason(reason: &Reason) -> String {
    reason.to_string()
}

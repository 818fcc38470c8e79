//! The decision over one request.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod statement;

use statement::{Asked, Slot};
pub use statement::{Finding, Mismatch};

use crate::document::{Grant, RequestAction, RequestResource, is_trust_action};
use crate::{
    Decision, Effect, NamedPolicy, Policies, PolicyKind, PolicyStatement, PrincipalKind, Reason, Request,
};

/// Decides a request. Explicit denies come first, wherever they stand; then whoever has a say must allow:
///
/// - within one account the caller's own policies or the resource's, across accounts both;
/// - for a role to assume its trust policy in any case, and the caller's own policies unless the trust policy
///   names the caller itself, or the role behind it, in the same account;
/// - permissions boundary and session policies, except where the same account's resource names the very user or
///   session, or everyone;
/// - nobody for the root user of the resource's own account, apart from trust policies;
/// - whatever stands over all of them: service control policies, and the policy of a VPC endpoint.
pub fn evaluate(request: &Request, policies: &Policies) -> Decision {
    match decide(request, policies) {
        Ok(reason) => Decision { allowed: true, reason },
        Err(reason) => Decision { allowed: false, reason },
    }
}

/// Tells, statement by statement, what applies to a request and what keeps the others from applying. Nothing is
/// told of a request that cannot be read.
pub fn explain(request: &Request, policies: &Policies) -> Vec<Finding> {
    let Ok(asked) = read(request) else { return Vec::new() };
    let mut findings = Vec::new();
    for (slot, policy) in all(policies) {
        for statement in policy.document.statements() {
            findings.push(Finding {
                kind: kind_in(slot, policy),
                policy: policy.name.clone(),
                statement: statement.id().clone(),
                effect: statement.effect(),
                mismatch: asked.mismatch(policy, slot, statement),
            });
        }
    }
    findings
}

/// The reason to allow, or the reason to deny.
fn decide(request: &Request, policies: &Policies) -> Result<Reason, Reason> {
    let asked = read(request)?;
    let own_account = owner(request, &asked).is_some_and(|owner| owner == request.principal.account);
    let is_rescue = own_account && is_rescue(&asked);
    if let Some(reason) = find_deny(&asked, policies, is_rescue) {
        return Err(reason);
    }
    outer_caps(&asked, policies)?;
    let by_resource = find_resource_allow(&asked, policies);
    let resource_kind = resource_kind(request, policies);
    let resource_lacks = || no_allow(request, resource_kind);

    match request.principal.kind {
        // They have no policies of their own.
        PrincipalKind::Anonymous | PrincipalKind::FederatedWeb { .. } => {
            let (reason, _) = by_resource.ok_or_else(resource_lacks)?;
            return caps(&asked, policies).map(|()| reason);
        }
        PrincipalKind::Root | PrincipalKind::User | PrincipalKind::AssumedRole => {}
    }

    if own_account {
        match by_resource {
            Some((reason, Grant::Direct)) => return Ok(reason),
            Some((reason, Grant::Role)) => return caps(&asked, policies).map(|()| reason),
            Some((_, Grant::Account)) | None => {}
        }
    }
    let by_identity = find_identity_allow(&asked, policies)?;
    if own_account && resource_kind == PolicyKind::Resource {
        return caps(&asked, policies).map(|()| by_identity);
    }
    // A role to assume, or another account's resource: its policy has to allow as well.
    caps(&asked, policies)?;
    let (reason, _) = by_resource.ok_or_else(resource_lacks)?;
    Ok(reason)
}

fn read<'a>(request: &'a Request<'a>) -> Result<Asked<'a>, Reason> {
    let unreadable = |part, text: &str| Reason::Unreadable { part, text: text.to_owned() };
    let action = RequestAction::read(request.action).ok_or_else(|| unreadable("action", request.action))?;
    let resource =
        RequestResource::read(request.resource).ok_or_else(|| unreadable("resource", request.resource))?;
    Ok(Asked { principal: request.principal, action, resource, context: request.context })
}

/// The account that owns the resource; `None` where nothing says, which counts as another account.
fn owner<'a>(request: &Request<'a>, asked: &'a Asked) -> Option<&'a str> {
    match (request.resource_account, &asked.resource) {
        (Some(account), _) => Some(account),
        // An action without a resource concerns the caller's own account.
        (None, RequestResource::None) => Some(asked.principal.account.as_str()),
        (None, resource) => resource.account(),
    }
    .filter(|account| !account.is_empty())
}

/// Whether a trust policy or a resource policy has the say over what is asked for.
fn resource_kind(request: &Request, policies: &Policies) -> PolicyKind {
    let is_trust = policies.resource.is_some_and(|policy| policy.document.kind() == PolicyKind::Trust);
    if is_trust || is_trust_action(request.action) { PolicyKind::Trust } else { PolicyKind::Resource }
}

/// The root user of a bucket's account can always look at, replace and delete the bucket policy, so that nobody
/// locks an account out of its bucket for ever.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html>
fn is_rescue(asked: &Asked) -> bool {
    let rescues = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
    asked.principal.kind == PrincipalKind::Root
        && rescues.iter().any(|action| action.eq_ignore_ascii_case(&asked.action.text))
}

fn find_deny(asked: &Asked, policies: &Policies, is_rescue: bool) -> Option<Reason> {
    for (slot, policy) in all(policies) {
        if is_rescue && slot == Slot::Resource {
            continue;
        }
        for statement in policy.document.statements() {
            if statement.effect() == Effect::Deny && asked.denied_by(policy, slot, statement) {
                return Some(Reason::ExplicitDeny {
                    kind: kind_in(slot, policy),
                    policy: policy.name.clone(),
                    statement: statement.id().clone(),
                });
            }
        }
    }
    None
}

/// The statement that grants most directly.
fn find_resource_allow(asked: &Asked, policies: &Policies) -> Option<(Reason, Grant)> {
    let policy = policies.resource?;
    let mut best: Option<(&PolicyStatement, Grant)> = None;
    for statement in policy.document.statements() {
        let Some(grant) = asked.granted_by(policy, statement) else { continue };
        if best.is_none_or(|(_, held)| grant > held) {
            best = Some((statement, grant));
        }
    }
    best.map(|(statement, grant)| (allowed(Slot::Resource, policy, statement), grant))
}

fn find_identity_allow(asked: &Asked, policies: &Policies) -> Result<Reason, Reason> {
    if asked.principal.kind == PrincipalKind::Root {
        return Ok(Reason::AllowedAsRoot { account: asked.principal.account.clone() });
    }
    find_allow(asked, Slot::Identity, policies.identity)
}

/// What stands over the account and on the way: it must allow, whoever else does.
fn outer_caps(asked: &Asked, policies: &Policies) -> Result<(), Reason> {
    if !policies.service_control.is_empty() {
        find_allow(asked, Slot::ServiceControl, policies.service_control)?;
    }
    let Some(endpoint) = policies.vpc_endpoint else { return Ok(()) };
    let mut statements = endpoint.document.statements().iter();
    if statements.any(|statement| asked.granted_by(endpoint, statement).is_some()) {
        return Ok(());
    }
    Err(Reason::NoAllow { kind: PolicyKind::VpcEndpoint, action: asked.action.text.clone() })
}

/// Permissions boundary and session policies: each that is there must allow.
fn caps(asked: &Asked, policies: &Policies) -> Result<(), Reason> {
    if let Some(boundary) = policies.boundary {
        find_allow(asked, Slot::Boundary, std::slice::from_ref(boundary))?;
    }
    if policies.has_session || !policies.session.is_empty() {
        find_allow(asked, Slot::Session, policies.session)?;
    }
    Ok(())
}

fn find_allow(asked: &Asked, slot: Slot, policies: &[NamedPolicy]) -> Result<Reason, Reason> {
    for policy in policies {
        for statement in policy.document.statements() {
            if statement.effect() == Effect::Allow && asked.allowed_by(policy, slot, statement) {
                return Ok(allowed(slot, policy, statement));
            }
        }
    }
    Err(Reason::NoAllow { kind: slot.kind(), action: asked.action.text.clone() })
}

fn allowed(slot: Slot, policy: &NamedPolicy, statement: &PolicyStatement) -> Reason {
    Reason::Allowed {
        kind: kind_in(slot, policy),
        policy: policy.name.clone(),
        statement: statement.id().clone(),
    }
}

fn no_allow(request: &Request, kind: PolicyKind) -> Reason {
    Reason::NoAllow { kind, action: request.action.to_owned() }
}

/// The kind a decision reports: the place the policy has in the request, not what it was parsed as.
fn kind_in(slot: Slot, policy: &NamedPolicy) -> PolicyKind {
    match (slot, policy.document.kind()) {
        (Slot::Resource, PolicyKind::Trust) => PolicyKind::Trust,
        (slot, _) => slot.kind(),
    }
}

/// Every policy with its place in the request.
fn all<'a>(policies: &Policies<'a>) -> impl Iterator<Item = (Slot, &'a NamedPolicy)> {
    let in_slot = |slot, policies: &'a [NamedPolicy]| policies.iter().map(move |policy| (slot, policy));
    policies
        .resource
        .into_iter()
        .map(|policy| (Slot::Resource, policy))
        .chain(in_slot(Slot::Identity, policies.identity))
        .chain(policies.boundary.into_iter().map(|policy| (Slot::Boundary, policy)))
        .chain(in_slot(Slot::Session, policies.session))
        .chain(in_slot(Slot::ServiceControl, policies.service_control))
        .chain(in_slot(Slot::ResourceControl, policies.resource_control))
        .chain(policies.vpc_endpoint.into_iter().map(|policy| (Slot::VpcEndpoint, policy)))
}

//! SimulatePrincipalPolicy and SimulateCustomPolicy: what `iam` would decide, without doing it.

use iam::{Context, Decision, NamedPolicy, Policies, Principal, PrincipalKind, Reason, Request};

use super::names::{malformed, no_such_entity};
use super::{account, allow};
use crate::authenticate::caller::user_principal;
use crate::authorize::boundary;
use crate::error::AwsError;
use crate::identity::document::{Document, DocumentKind};
use crate::identity::state::{AccountState, Holder, IdentityState};
use crate::query_api::{Call, validation};
use crate::xml::Xml;

/// The policies that a simulation holds requests against.
struct Subject {
    principal: Principal,
    identity: Vec<NamedPolicy>,
    boundary: Option<NamedPolicy>,
}

pub(super) fn principal_policy(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    let arn = call.params.required("PolicySourceArn")?;
    allow(call, "SimulatePrincipalPolicy", arn)?;
    let state = call.cloud.identities.latest();
    let mut subject = subject(call, &state, arn)?;
    subject.identity.extend(input_policies(call, "PolicyInputList")?);
    simulate(call, &subject, out)
}

pub(super) fn custom_policy(call: &Call<'_>, out: &mut Xml) -> Result<(), AwsError> {
    allow(call, "SimulateCustomPolicy", "*")?;
    let principal = Principal {
        arn: format!("arn:aws:iam::{}:user/simulated", account(call)),
        account: account(call).to_owned(),
        role_arn: None,
        unique_ids: Vec::new(),
        kind: PrincipalKind::User,
    };
    let subject = Subject { principal, identity: input_policies(call, "PolicyInputList")?, boundary: None };
    simulate(call, &subject, out)
}

fn subject(call: &Call<'_>, state: &IdentityState, arn: &str) -> Result<Subject, AwsError> {
    let own = |account_state: &AccountState| account_state.number == account(call);
    if let Some((account_state, user)) = state.user_by_arn(arn).filter(|(account, _)| own(account)) {
        let principal =
            user_principal(state, &account_state.number, &user.holder.name).ok_or_else(|| not_found(arn))?;
        return Ok(with_policies(state, account_state, &user.holder, principal));
    }
    if let Some((account_state, role)) = state.role_by_arn(arn).filter(|(account, _)| own(account)) {
        let name = &role.holder.name;
        let principal = Principal {
            arn: format!("arn:aws:sts::{}:assumed-role/{name}/simulated", account_state.number),
            account: account_state.number.clone(),
            role_arn: Some(arn.to_owned()),
            unique_ids: vec![role.holder.id.clone()],
            kind: PrincipalKind::AssumedRole,
        };
        return Ok(with_policies(state, account_state, &role.holder, principal));
    }
    Err(not_found(arn))
}

fn not_found(arn: &str) -> AwsError {
    no_such_entity(format!("The principal {arn} cannot be found."))
}

fn with_policies(
    state: &IdentityState,
    account: &AccountState,
    holder: &Holder,
    principal: Principal,
) -> Subject {
    let inline = holder.inline.iter().map(|(name, document)| document.named(name));
    let attached = holder
        .attached
        .iter()
        .filter_map(|arn| Some(state.policy(&account.number, arn)?.default_document()?.named(arn)));
    let bound = holder.boundary.as_ref().map(|arn| boundary(state, account, arn));
    let missing = matches!(bound, Some(None));
    Subject {
        principal,
        identity: if missing { Vec::new() } else { inline.chain(attached).collect() },
        boundary: bound.flatten(),
    }
}

fn input_policies(call: &Call<'_>, name: &str) -> Result<Vec<NamedPolicy>, AwsError> {
    call.params
        .list(name)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let document = Document::parse(DocumentKind::Identity, text).map_err(malformed)?;
            Ok(document.named(format!("{name}.{}", index + 1)))
        })
        .collect()
}

fn context(call: &Call<'_>, subject: &Subject) -> Context {
    let mut context = subject.principal.context();
    for index in 1.. {
        let prefix = format!("ContextEntries.member.{index}");
        let Some(key) = call.params.get(&format!("{prefix}.ContextKeyName")) else { break };
        context.set_many(key, call.params.list(&format!("{prefix}.ContextKeyValues")));
    }
    context
}

fn simulate(call: &Call<'_>, subject: &Subject, out: &mut Xml) -> Result<(), AwsError> {
    let actions = call.params.list("ActionNames");
    if actions.is_empty() {
        return Err(validation(
            "1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: Member must not be null",
        ));
    }
    let mut resources = call.params.list("ResourceArns");
    if resources.is_empty() {
        resources.push("*");
    }
    let context = context(call, subject);
    let resource_policy = match call.params.get("ResourcePolicy") {
        None => None,
        Some(text) => {
            Some(Document::parse(DocumentKind::Bucket, text).map_err(malformed)?.named("ResourcePolicy"))
        }
    };
    let mut results = Vec::new();
    for action in &actions {
        for resource in &resources {
            let decision = iam::evaluate(
                &Request {
                    principal: &subject.principal,
                    action,
                    resource,
                    resource_account: Some(&subject.principal.account),
                    context: &context,
                },
                &Policies {
                    identity: &subject.identity,
                    resource: resource_policy.as_ref(),
                    session: &[],
                    has_session: false,
                    boundary: subject.boundary.as_ref(),
                    ..iam::Policies::default()
                },
            );
            results.push((*action, *resource, decision));
        }
    }
    let shown = super::page(call, &results, out)?;
    out.members("EvaluationResults", shown, |xml, (action, resource, decision)| {
        write(action, resource, decision, subject, xml);
    });
    Ok(())
}

fn write(action: &str, resource: &str, decision: &Decision, subject: &Subject, xml: &mut Xml) {
    let outcome = match (&decision.reason, decision.allowed) {
        (_, true) => "allowed",
        (Reason::ExplicitDeny { .. }, _) => "explicitDeny",
        _ => "implicitDeny",
    };
    xml.text("EvalActionName", action).text("EvalResourceName", resource).text("EvalDecision", outcome);
    xml.nested("MatchedStatements", |xml| {
        if let Some((policy, _)) = decision.reason.statement() {
            xml.nested("member", |xml| {
                xml.text("SourcePolicyId", policy).text("SourcePolicyType", "IAM Policy");
            });
        }
    });
    xml.nested("MissingContextValues", |_| {});
    if subject.boundary.is_some() {
        let bounded = matches!(&decision.reason, Reason::NoAllow { kind: iam::PolicyKind::Boundary, .. });
        xml.nested("PermissionsBoundaryDecisionDetail", |xml| {
            xml.text("AllowedByPermissionsBoundary", (!bounded).to_string());
        });
    }
}

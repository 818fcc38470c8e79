//! One file of `testdata/` a topic: policies, and requests held against them with the whole answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use iam::{
    Context, Decision, NamedPolicy, Policies, PolicyDocument, PolicyKind, Reason, Request, evaluate, explain,
};
use serde_json::Value;

use crate::principals::principal;

/// The owner of what is asked for, unless a case says otherwise.
const OWNER: &str = "111122223333";

macro_rules! decisions {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { check(stringify!($name)); })*
    };
}

decisions! {
    actions
    anonymous
    arn_operators
    bool_binary_null
    bucket_policy_across_accounts
    bucket_policy_alone_across_accounts
    bucket_policy_same_account
    caps_across_accounts
    caps_in_one_account
    conditions_together
    date_operators
    deny_conditions
    deny_in_every_kind
    deny_wins
    forms
    if_exists
    ip_operators
    list_on_the_wrong_arn
    not_action
    not_principal
    not_resource
    nothing_allows
    numeric_operators
    object_wildcard
    one_service_only
    resources
    resource_control
    root
    service_control
    session_policies
    session_without_text
    set_operators
    string_operators
    trust_across_accounts
    trust_across_accounts_alone
    trust_always_asked
    trust_by_account
    trust_by_unique_id
    trust_deny
    trust_missing
    trust_same_account
    trust_session_only
    tutorial_role
    unknown_owner
    unreadable_requests
    unresolved_variables
    variables
    version_2008
    vpc_endpoint
    web_identity
    wrong_place
}

#[test]
fn every_file_is_named() {
    let files: BTreeSet<String> = std::fs::read_dir(testdata())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, NAMES.iter().map(|name| (*name).to_owned()).collect());
}

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The policies of a file, by the place they have in a request.
#[derive(Default)]
struct World {
    identity: Vec<NamedPolicy>,
    resource: Option<NamedPolicy>,
    session: Vec<NamedPolicy>,
    has_session: bool,
    boundary: Option<NamedPolicy>,
    service_control: Vec<NamedPolicy>,
    resource_control: Vec<NamedPolicy>,
    vpc_endpoint: Option<NamedPolicy>,
}

impl World {
    fn read(policies: &Value) -> Self {
        let mut world = Self::default();
        let list = |value: &Value, name: &str, kind| {
            let documents = value.as_array().unwrap().iter().enumerate();
            documents
                .map(|(index, document)| named(&format!("{name} {}", index + 1), document, kind))
                .collect()
        };
        for (place, value) in policies.as_object().unwrap() {
            match place.as_str() {
                "identity" => world.identity = list(value, "identity", PolicyKind::Identity),
                "resource" => world.resource = Some(named("resource", value, PolicyKind::Resource)),
                "trust" => world.resource = Some(named("trust", value, PolicyKind::Trust)),
                "boundary" => world.boundary = Some(named("boundary", value, PolicyKind::Boundary)),
                "service control" => {
                    world.service_control = list(value, "service control", PolicyKind::ServiceControl);
                }
                "resource control" => {
                    world.resource_control = list(value, "resource control", PolicyKind::ResourceControl);
                }
                "vpc endpoint" => {
                    world.vpc_endpoint = Some(named("vpc endpoint", value, PolicyKind::VpcEndpoint));
                }
                "session" => {
                    world.session = list(value, "session", PolicyKind::Session);
                    world.has_session = true;
                }
                "misplaced" => {
                    let (kind, document) = (value["identity"][0].as_str().unwrap(), &value["identity"][1]);
                    world.identity = vec![named("identity 1", document, kind_named(kind))];
                    let (kind, document) = (value["resource"][0].as_str().unwrap(), &value["resource"][1]);
                    world.resource = Some(named("resource", document, kind_named(kind)));
                }
                other => panic!("no place for policies is called {other}"),
            }
        }
        world
    }

    fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            session: &self.session,
            has_session: self.has_session,
            boundary: self.boundary.as_ref(),
            service_control: &self.service_control,
            resource_control: &self.resource_control,
            vpc_endpoint: self.vpc_endpoint.as_ref(),
        }
    }
}

fn named(name: &str, document: &Value, kind: PolicyKind) -> NamedPolicy {
    NamedPolicy {
        name: name.to_owned(),
        document: PolicyDocument::parse(&document.to_string(), kind).unwrap(),
    }
}

pub(crate) fn kind_named(name: &str) -> PolicyKind {
    match name {
        "Identity" => PolicyKind::Identity,
        "Trust" => PolicyKind::Trust,
        "Resource" => PolicyKind::Resource,
        "Session" => PolicyKind::Session,
        "Boundary" => PolicyKind::Boundary,
        "ServiceControl" => PolicyKind::ServiceControl,
        "ResourceControl" => PolicyKind::ResourceControl,
        "VpcEndpoint" => PolicyKind::VpcEndpoint,
        other => panic!("no kind of policy is called {other}"),
    }
}

fn check(name: &str) {
    let text = std::fs::read_to_string(testdata().join(format!("{name}.json"))).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let world = World::read(&file["policies"]);
    let mut failures = Vec::new();
    for case in file["cases"].as_array().unwrap() {
        let principal = principal(case["as"].as_str().unwrap());
        let context = read_context(principal.context(), &case["context"]);
        let request = Request {
            principal: &principal,
            action: case["action"].as_str().unwrap(),
            resource: case["resource"].as_str().unwrap(),
            resource_account: case.get("owner").map_or(Some(OWNER), Value::as_str),
            context: &context,
        };
        let decision = evaluate(&request, &world.policies());
        check_against_explanation(&decision, &request, &world.policies());
        let answer = print(&decision);
        let expected = case["expect"].as_str().unwrap();
        if answer != expected {
            failures.push(format!("{case}\n  answer: {answer}"));
        }
    }
    assert!(failures.is_empty(), "{name}: {}\n{}", file["about"], failures.join("\n"));
}

fn read_context(mut context: Context, values: &Value) -> Context {
    for (key, value) in values.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => context.set(key, text.as_str()),
            Value::Array(texts) => context.set_many(key, texts.iter().map(|text| text.as_str().unwrap())),
            other => panic!("{other} is no value of a request"),
        };
    }
    context
}

fn print(decision: &Decision) -> String {
    let Decision { allowed, reason } = decision;
    let verdict = if *allowed { "allowed" } else { "denied" };
    match (reason, reason.statement()) {
        (Reason::ExplicitDeny { .. }, Some((policy, statement))) => {
            format!("{verdict} {reason}: {statement} of `{policy}`")
        }
        _ => format!("{verdict} {reason}"),
    }
}

/// The statement that decided must be among those that `explain` says apply.
fn check_against_explanation(decision: &Decision, request: &Request, policies: &Policies) {
    let Some((policy, statement)) = decision.reason.statement() else { return };
    let findings = explain(request, policies);
    let finding = findings.iter().find(|found| found.policy == policy && found.statement == *statement);
    assert_eq!(finding.unwrap().mismatch, None, "{decision:?}");
}

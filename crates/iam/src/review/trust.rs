//! A pasted trust policy: would it let the organization assume the role?

use super::document::{self, read};
use super::trust_condition::{self, Holds};
use super::trust_principal::explain_principal;
use super::{Finding, ReviewStatus, ReviewStep};
use crate::texts::{external_id_condition, trust_policy};
use crate::{
    Context, Effect, NamedPolicy, Policies, PolicyDocument, PolicyKind, PolicyStatement, Principal,
    PrincipalKind, Request, evaluate,
};

/// Who will assume the role.
#[derive(Debug, Clone)]
pub enum Assumer {
    /// An IAM role (the organization's principal) in a session of that name, or an IAM user.
    Iam { arn: String, session_name: String },
    /// A bearer of a token, by AssumeRoleWithWebIdentity.
    Web {
        /// ARN of the OIDC provider in the customer's account.
        provider_arn: String,
        /// The issuer without `https://`, as condition keys begin with it.
        issuer: String,
        subject: String,
        audience: String,
    },
}

/// What the trust policy has to allow.
#[derive(Debug, Clone)]
pub struct TrustWanted {
    pub assumer: Assumer,
    /// The principal after the next rotation.
    pub next_principal: Option<String>,
    /// The server's own identity, where the organization has a principal of its own: named by mistake.
    pub server_identity: Option<String>,
    pub role_arn: String,
    /// `RoleSessionName` of the session.
    pub role_session_name: String,
    pub external_id: Option<String>,
    /// Other external ids of the organization, with words for whose they are.
    pub other_external_ids: Vec<(String, String)>,
    /// The time now, `2026-11-28T12:00:00Z`; conditions on time depend without it.
    pub now: Option<String>,
}

const PRINCIPAL: &str = "principal";
const ACTION: &str = "action";
const EXTERNAL_ID: &str = "external id";
const CONDITIONS: &str = "other conditions";
const DENY: &str = "deny";
const REQUIRED: &str = "external id required";
const DECISION: &str = "decision";

impl TrustWanted {
    pub(super) fn action(&self) -> &'static str {
        match self.assumer {
            Assumer::Iam { .. } => "sts:AssumeRole",
            Assumer::Web { .. } => "sts:AssumeRoleWithWebIdentity",
        }
    }

    /// The principal as it stands in the policy.
    pub(super) fn principal_text(&self) -> &str {
        match &self.assumer {
            Assumer::Iam { arn, .. } => arn,
            Assumer::Web { provider_arn, .. } => provider_arn,
        }
    }

    pub(super) fn principal_element(&self) -> String {
        match &self.assumer {
            Assumer::Iam { arn, .. } => format!(r#""Principal": {{"AWS": "{arn}"}}"#),
            Assumer::Web { provider_arn, .. } => format!(r#""Principal": {{"Federated": "{provider_arn}"}}"#),
        }
    }

    fn right_document(&self) -> String {
        match &self.assumer {
            Assumer::Iam { arn, .. } => trust_policy(&[arn], self.external_id.as_deref()),
            Assumer::Web { provider_arn, issuer, subject, audience } => format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{provider_arn}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"{issuer}:sub":"{subject}","{issuer}:aud":"{audience}"}}}}}}]}}"#
            ),
        }
    }

    fn caller(&self) -> Principal {
        match &self.assumer {
            Assumer::Iam { arn, session_name } => iam_principal(arn, session_name),
            Assumer::Web { provider_arn, .. } => Principal {
                arn: String::new(),
                account: String::new(),
                role_arn: None,
                unique_ids: Vec::new(),
                kind: PrincipalKind::FederatedWeb { provider: provider_arn.clone() },
            },
        }
    }

    fn context(&self, external_id: Option<&str>) -> Context {
        let caller = self.caller();
        let mut context = caller.context();
        context.set("sts:RoleSessionName", self.role_session_name.as_str());
        if let Some(account) = self.role_arn.split(':').nth(4) {
            context.set("aws:ResourceAccount", account);
        }
        match &self.assumer {
            Assumer::Iam { .. } => {
                if let Some(id) = external_id {
                    context.set("sts:ExternalId", id);
                }
                if caller.kind == PrincipalKind::AssumedRole {
                    context.set("aws:MultiFactorAuthPresent", "false");
                }
            }
            Assumer::Web { issuer, subject, audience, .. } => {
                context.set(&format!("{issuer}:sub"), subject.as_str());
                context.set(&format!("{issuer}:aud"), audience.as_str());
            }
        }
        context.set("aws:SecureTransport", "true");
        context.set("aws:ViaAWSService", "false");
        if let Some(now) = &self.now {
            context.set("aws:CurrentTime", now.as_str());
        }
        context
    }
}

fn iam_principal(arn: &str, session_name: &str) -> Principal {
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    match crate::parse_role_arn(arn) {
        Ok(role) => Principal {
            arn: role.session_arn(session_name),
            account,
            role_arn: Some(arn.to_owned()),
            unique_ids: Vec::new(),
            kind: PrincipalKind::AssumedRole,
        },
        Err(_) => Principal {
            arn: arn.to_owned(),
            account,
            role_arn: None,
            unique_ids: Vec::new(),
            kind: PrincipalKind::User,
        },
    }
}

/// Says part by part whether the pasted trust policy lets the assumer in, and what to change.
pub fn review_trust_policy(text: &str, wanted: &TrustWanted) -> Vec<ReviewStep> {
    let parts = [PRINCIPAL, ACTION, EXTERNAL_ID, CONDITIONS, DENY, REQUIRED, DECISION];
    let text = document::unwrap(text);
    let document = match read(&text, PolicyKind::Trust, &wanted.right_document()) {
        Ok(document) => document,
        Err(step) => {
            return std::iter::once(step).chain(parts.map(ReviewStep::not_reached)).collect();
        }
    };
    let count = document.statements().len();
    let plural = if count == 1 { "statement" } else { "statements" };
    let mut steps = vec![ReviewStep::ok(document::PART, format!("{count} {plural}"))];
    let caller = wanted.caller();
    let context = wanted.context(wanted.external_id.as_deref());
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    let best =
        allows.map(|statement| Held::of(statement, wanted, &caller, &context)).min_by_key(Held::faults);
    match &best {
        None => steps.push(ReviewStep::failed(
            PRINCIPAL,
            "no statement allows anything",
            Finding::new("the document has no Allow", wanted.right_document()),
        )),
        Some(held) => held.tell(wanted, &mut steps),
    }
    steps.push(deny(&document, wanted, &caller, &context));
    let decision = decide(&document, wanted, wanted.external_id.as_deref());
    let depends = steps.iter().any(|step| step.status == ReviewStatus::Warning);
    let failed = steps.iter().any(|step| step.status == ReviewStatus::Failed);
    steps.push(if failed || !(decision || depends) {
        ReviewStep::not_reached(REQUIRED)
    } else {
        required(&document, wanted)
    });
    steps.push(verdict(decision, failed, depends, wanted));
    steps
}

/// How one Allow statement fits, element by element.
struct Held<'a> {
    statement: &'a PolicyStatement,
    principal: bool,
    action: bool,
    conditions: Vec<Holds>,
}

impl<'a> Held<'a> {
    fn of(
        statement: &'a PolicyStatement,
        wanted: &TrustWanted,
        caller: &Principal,
        context: &Context,
    ) -> Self {
        Self {
            statement,
            principal: statement
                .principal
                .as_ref()
                .is_some_and(|principal| principal.allows(caller).is_some()),
            action: statement.speaks_of(wanted.action()),
            conditions: statement
                .conditions
                .iter()
                .map(|condition| trust_condition::judge(condition, wanted, context))
                .collect(),
        }
    }

    /// The statement with the fewest is the one that was meant.
    fn faults(&self) -> (usize, usize, usize) {
        let conditions = self.conditions.iter().filter(|holds| holds.status == ReviewStatus::Failed).count();
        (usize::from(!self.action), usize::from(!self.principal), conditions)
    }

    fn tell(&self, wanted: &TrustWanted, steps: &mut Vec<ReviewStep>) {
        let seen = self.statement.principal_texts();
        steps.push(match self.principal {
            true => ReviewStep::ok(PRINCIPAL, seen),
            false => ReviewStep::failed(
                PRINCIPAL,
                seen,
                explain_principal(&self.statement.principal_list(), wanted),
            ),
        });
        let actions: Vec<&str> = self.statement.actions().collect();
        let seen = actions.join(", ");
        steps.push(if self.action {
            ReviewStep::ok(ACTION, seen)
        } else {
            let cause = format!(
                "Action has `{seen}`, which is not {}: the role can be assumed in other ways only",
                wanted.action()
            );
            let fix = format!(r#""Action": "{}""#, wanted.action());
            ReviewStep::failed(ACTION, seen, Finding::new(cause, fix))
        });
        self.tell_conditions(EXTERNAL_ID, true, steps);
        self.tell_conditions(CONDITIONS, false, steps);
    }

    fn tell_conditions(&self, part: &'static str, of_external_id: bool, steps: &mut Vec<ReviewStep>) {
        let mut own =
            self.conditions.iter().filter(|holds| holds.is_external_id == of_external_id).peekable();
        if own.peek().is_none() {
            let seen = if of_external_id { "no condition on it" } else { "none" };
            steps.push(ReviewStep::ok(part, seen));
            return;
        }
        for holds in own {
            steps.push(ReviewStep {
                part,
                status: holds.status,
                seen: holds.seen.clone(),
                cause: holds.cause.clone(),
                fix: holds.fix.clone(),
            });
        }
    }
}

fn deny(
    document: &PolicyDocument,
    wanted: &TrustWanted,
    caller: &Principal,
    context: &Context,
) -> ReviewStep {
    let denies = document.statements().iter().filter(|statement| statement.effect() == Effect::Deny);
    let mut seen_any = false;
    let mut depends = None;
    for statement in denies {
        seen_any = true;
        let is_meant = statement.principal.as_ref().is_none_or(|principal| principal.denies(caller));
        if !is_meant || !statement.speaks_of(wanted.action()) {
            continue;
        }
        let conditions: Vec<Holds> = statement
            .conditions
            .iter()
            .map(|condition| trust_condition::judge_deny(condition, wanted, context))
            .collect();
        if conditions.iter().any(|holds| holds.status == ReviewStatus::Failed) {
            continue;
        }
        let texts: Vec<&str> = conditions.iter().map(|holds| holds.seen.as_str()).collect();
        let why = if texts.is_empty() { String::new() } else { format!(" when {}", texts.join(" and ")) };
        let finding = Finding::new(
            format!(
                "{} denies `{}`{why}: a Deny wins over every Allow",
                statement.id(),
                wanted.principal_text()
            ),
            format!(
                r#"take {} out, or exempt the principal: "Condition": {{"ArnNotEquals": {{"aws:PrincipalArn": "{}"}}}}"#,
                statement.id(),
                wanted.principal_text()
            ),
        );
        if conditions.iter().any(|holds| holds.status == ReviewStatus::Warning) {
            depends = Some(ReviewStep::warning(DENY, why, finding));
            continue;
        }
        return ReviewStep::failed(DENY, format!("Deny in {}{why}", statement.id()), finding);
    }
    depends.unwrap_or_else(|| {
        ReviewStep::ok(DENY, if seen_any { "Deny statements do not apply" } else { "no Deny" })
    })
}

/// Whether it lets the assumer in, conditions that depend counted as met.
fn decide(document: &PolicyDocument, wanted: &TrustWanted, external_id: Option<&str>) -> bool {
    let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let Ok(everything) = PolicyDocument::parse(everything, PolicyKind::Identity) else { return false };
    let caller = wanted.caller();
    let context = wanted.context(external_id);
    let trust = NamedPolicy { name: wanted.role_arn.clone(), document: document.clone() };
    let request = Request {
        principal: &caller,
        action: wanted.action(),
        resource: &wanted.role_arn,
        resource_account: None,
        context: &context,
    };
    let identity = [NamedPolicy { name: "all".to_owned(), document: everything }];
    evaluate(&request, &Policies { identity: &identity, resource: Some(&trust), ..Policies::default() })
        .allowed
}

/// The negative test on paper.
fn required(document: &PolicyDocument, wanted: &TrustWanted) -> ReviewStep {
    if let Assumer::Web { issuer, subject, .. } = &wanted.assumer {
        return subject_required(document, wanted, issuer, subject);
    }
    let Some(id) = &wanted.external_id else {
        return ReviewStep::ok(REQUIRED, "the connection sends none");
    };
    let mut near: String = id.chars().take(id.chars().count().saturating_sub(1)).collect();
    near.push(if id.ends_with('0') { '1' } else { '0' });
    let without = decide(document, wanted, None);
    let near = decide(document, wanted, Some(&near));
    let far = decide(document, wanted, Some("negative-test-of-an-external-id"));
    let fix = external_id_condition(id);
    let warn =
        |seen: &str, cause: &str| ReviewStep::warning(REQUIRED, seen, Finding::new(cause, fix.clone()));
    match (without, near, far) {
        (false, false, false) => ReviewStep::ok(REQUIRED, "refuses without an external id, and wrong ones"),
        (true, _, true) => warn(
            "lets in without an external id, and with a wrong one",
            "the trust policy has no sts:ExternalId condition that binds (the confused deputy)",
        ),
        (true, _, false) => warn(
            "lets in without an external id",
            "the condition on sts:ExternalId lets in whoever sends none: an operator that ends in IfExists or begins \
             with ForAllValues does, and so does a second statement without the condition",
        ),
        (false, _, true) => warn(
            "lets in with any external id",
            "the condition on sts:ExternalId takes any id: StringLike with `*`, StringNotEquals, or Null",
        ),
        (false, true, false) => warn(
            "lets in with another external id that looks like the right one",
            "the condition on sts:ExternalId takes more than one id: StringLike with a wildcard does, use StringEquals",
        ),
    }
}

/// A token for another connection of the same issuer must be refused.
fn subject_required(
    document: &PolicyDocument,
    wanted: &TrustWanted,
    issuer: &str,
    right: &str,
) -> ReviewStep {
    let mut other = wanted.clone();
    if let Assumer::Web { subject, .. } = &mut other.assumer {
        subject.push_str("-negative-test");
    }
    if !decide(document, &other, None) {
        return ReviewStep::ok(REQUIRED, "not used with tokens; a token for another subject is refused");
    }
    let finding = Finding::new(
        "the trust policy does not bind the subject of the token: every organization and connection of the server can \
         use the role",
        format!(r#"{{"Condition": {{"StringEquals": {{"{issuer}:sub": "{right}"}}}}}}"#),
    );
    ReviewStep::warning(REQUIRED, "lets in a token for another connection", finding)
}

fn verdict(decision: bool, failed: bool, depends: bool, wanted: &TrustWanted) -> ReviewStep {
    let who = wanted.principal_text();
    if failed || (!decision && !depends) {
        let finding = Finding::new(
            format!("with this trust policy AWS refuses `{who}`: change the parts that failed"),
            wanted.right_document(),
        );
        return ReviewStep::failed(DECISION, "refused", finding);
    }
    if !decision {
        let finding = Finding::new(
            format!("whether AWS lets `{who}` in depends on what this document does not tell"),
            wanted.right_document(),
        );
        return ReviewStep::warning(DECISION, "depends", finding);
    }
    ReviewStep::ok(DECISION, format!("`{who}` may assume the role"))
}

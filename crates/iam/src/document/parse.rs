//! From JSON to statements, element by element.

use std::collections::HashSet;

use super::error::PolicyError;
use super::json::Json;
use super::{
    ActionPattern, Effect, Listed, PolicyKind, PolicyStatement, PrincipalElement, PrincipalPattern,
    ResourcePattern,
};
use crate::StatementId;
use crate::condition::{Condition, Fault, Operator};

const DOCUMENT: &str = "the policy document";

pub(super) fn parse_statements(json: &str, kind: PolicyKind) -> Result<Vec<PolicyStatement>, PolicyError> {
    let document = parse_json(json)?;
    let Json::Object(members) = &document else {
        return Err(PolicyError::NotAnObject { place: DOCUMENT.to_owned() });
    };
    let mut variables = false;
    let mut statements = None;
    for (element, value) in members {
        match element.as_str() {
            "Version" => variables = parse_version(value)?,
            "Id" => {
                text(value, DOCUMENT, element)?;
            }
            "Statement" => statements = Some(value),
            _ => return Err(unknown(DOCUMENT, element)),
        }
    }
    let Some(statements) = statements else {
        return Err(PolicyError::MissingElement { place: DOCUMENT.to_owned(), element: "Statement" });
    };
    let statements = statements.one_or_many();
    if statements.is_empty() {
        return Err(wrong_type(DOCUMENT, "Statement", "an object or a list of at least one object"));
    }
    let mut parsed = Vec::with_capacity(statements.len());
    for (index, statement) in statements.iter().enumerate() {
        let place = format!("statement {}", index + 1);
        parsed.push(StatementParser { kind, variables, place: &place }.parse(statement, index)?);
    }
    check_sids(&parsed, kind)?;
    Ok(parsed)
}

fn parse_json(json: &str) -> Result<Json, PolicyError> {
    let document: Json =
        serde_json::from_str(json).map_err(|error| PolicyError::NotJson { detail: error.to_string() })?;
    match document.duplicate_key() {
        Some(key) => Err(PolicyError::DuplicateElement { element: key.to_owned() }),
        None => Ok(document),
    }
}

/// Whether this version of the language has policy variables.
fn parse_version(value: &Json) -> Result<bool, PolicyError> {
    match text(value, DOCUMENT, "Version")? {
        "2012-10-17" => Ok(true),
        "2008-10-17" => Ok(false),
        version => Err(PolicyError::BadVersion { version: version.to_owned() }),
    }
}

/// Sids are IAM's to restrict in its own policies; S3 takes them as they are.
fn check_sids(statements: &[PolicyStatement], kind: PolicyKind) -> Result<(), PolicyError> {
    if kind == PolicyKind::Resource {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for statement in statements {
        let Some(sid) = statement.id.sid.as_deref() else { continue };
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let place = format!("statement {}", statement.id.index + 1);
            return Err(PolicyError::BadSid { place, sid: sid.to_owned() });
        }
        if !seen.insert(sid) {
            return Err(PolicyError::RepeatedSid { sid: sid.to_owned() });
        }
    }
    Ok(())
}

/// What the elements of one statement need to know about the rest.
struct StatementParser<'a> {
    kind: PolicyKind,
    variables: bool,
    place: &'a str,
}

impl StatementParser<'_> {
    fn parse(&self, statement: &Json, index: usize) -> Result<PolicyStatement, PolicyError> {
        let Json::Object(members) = statement else {
            return Err(PolicyError::NotAnObject { place: self.place.to_owned() });
        };
        let (mut sid, mut effect, mut principal) = (None, None, None);
        let (mut actions, mut resources, mut conditions) = (None, None, Vec::new());
        for (element, value) in members {
            match element.as_str() {
                "Sid" => sid = Some(text(value, self.place, element)?),
                "Effect" => effect = Some(self.parse_effect(value)?),
                "Principal" => {
                    let patterns = self.parse_principals("Principal", value)?;
                    self.put(&mut principal, PrincipalElement::Is(patterns), ["Principal", "NotPrincipal"])?;
                }
                "NotPrincipal" => {
                    let patterns = self.parse_principals("NotPrincipal", value)?;
                    self.put(
                        &mut principal,
                        PrincipalElement::IsNot(patterns),
                        ["Principal", "NotPrincipal"],
                    )?;
                }
                "Action" | "NotAction" => {
                    let listed = self.parse_actions(element, value)?;
                    self.put(&mut actions, listed, ["Action", "NotAction"])?;
                }
                "Resource" => {
                    let listed = self.parse_resources("Resource", value)?;
                    self.put(&mut resources, listed, ["Resource", "NotResource"])?;
                }
                "NotResource" => {
                    let listed = self.parse_resources("NotResource", value)?;
                    self.put(&mut resources, listed, ["Resource", "NotResource"])?;
                }
                "Condition" => conditions = self.parse_conditions(value)?,
                _ => return Err(unknown(self.place, element)),
            }
        }
        let effect = effect.ok_or_else(|| self.missing("Effect"))?;
        if self.kind.names_principals() && principal.is_none() {
            return Err(self.missing("Principal"));
        }
        let actions = actions.ok_or_else(|| self.missing("Action"))?;
        if self.kind != PolicyKind::Trust && resources.is_none() {
            return Err(self.missing("Resource"));
        }
        let allows_by_exception =
            effect == Effect::Allow && matches!(principal, Some(PrincipalElement::IsNot(_)));
        if self.kind == PolicyKind::Trust && allows_by_exception {
            return Err(PolicyError::AllowByNotPrincipal { place: self.place.to_owned() });
        }
        let sid = sid.filter(|sid| !sid.is_empty()).map(str::to_owned);
        let id = StatementId { sid, index };
        Ok(PolicyStatement { id, effect, principal, actions, resources, conditions })
    }

    fn put<T>(
        &self,
        slot: &mut Option<T>,
        value: T,
        [one, other]: [&'static str; 2],
    ) -> Result<(), PolicyError> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(PolicyError::ConflictingElements { place: self.place.to_owned(), one, other }),
        }
    }

    fn parse_effect(&self, value: &Json) -> Result<Effect, PolicyError> {
        match text(value, self.place, "Effect")? {
            "Allow" => Ok(Effect::Allow),
            "Deny" => Ok(Effect::Deny),
            effect => Err(PolicyError::BadEffect { place: self.place.to_owned(), effect: effect.to_owned() }),
        }
    }

    fn parse_actions(&self, element: &str, value: &Json) -> Result<Listed<ActionPattern>, PolicyError> {
        let texts = texts(value, self.place, element)?;
        if texts.is_empty() {
            return Err(self.missing("Action"));
        }
        let is_negated = element == "NotAction";
        let mut patterns = Vec::with_capacity(texts.len());
        for text in texts {
            let pattern = ActionPattern::parse(text).map_err(|cause| PolicyError::BadAction {
                place: self.place.to_owned(),
                action: text.to_owned(),
                cause,
            })?;
            if self.kind == PolicyKind::Trust && (is_negated || !pattern.is_trust_action()) {
                return Err(PolicyError::NotATrustAction {
                    place: self.place.to_owned(),
                    action: text.to_owned(),
                });
            }
            patterns.push(pattern);
        }
        Ok(Listed { is_negated, patterns })
    }

    fn parse_resources(
        &self,
        element: &'static str,
        value: &Json,
    ) -> Result<Listed<ResourcePattern>, PolicyError> {
        if self.kind == PolicyKind::Trust {
            return Err(self.forbidden(element));
        }
        let texts = texts(value, self.place, element)?;
        if texts.is_empty() {
            return Err(self.missing("Resource"));
        }
        let mut patterns = Vec::with_capacity(texts.len());
        for text in texts {
            patterns.push(ResourcePattern::parse(text, self.variables, self.place)?);
        }
        Ok(Listed { is_negated: element == "NotResource", patterns })
    }

    fn parse_principals(
        &self,
        element: &'static str,
        value: &Json,
    ) -> Result<Vec<PrincipalPattern>, PolicyError> {
        if !self.kind.names_principals() {
            return Err(self.forbidden(element));
        }
        let members = match value {
            Json::Text(text) if text == "*" => return Ok(vec![PrincipalPattern::Everyone]),
            Json::Object(members) if !members.is_empty() => members,
            _ => return Err(wrong_type(self.place, element, "`*` or an object such as {\"AWS\": …}")),
        };
        let mut patterns = Vec::new();
        for (principal_type, value) in members {
            let texts = texts(value, self.place, principal_type)?;
            if texts.is_empty() {
                return Err(self.missing("Principal"));
            }
            for text in texts {
                let pattern = PrincipalPattern::parse(principal_type, text).and_then(|pattern| {
                    let is_canonical = matches!(pattern, PrincipalPattern::CanonicalUser(_));
                    if is_canonical && self.kind == PolicyKind::Trust {
                        return Err("canonical user ids are for bucket policies");
                    }
                    Ok(pattern)
                });
                patterns.push(pattern.map_err(|cause| PolicyError::BadPrincipal {
                    place: self.place.to_owned(),
                    principal_type: principal_type.clone(),
                    principal: text.to_owned(),
                    cause,
                })?);
            }
        }
        Ok(patterns)
    }

    fn parse_conditions(&self, value: &Json) -> Result<Vec<Condition>, PolicyError> {
        let Json::Object(blocks) = value else {
            return Err(wrong_type(self.place, "Condition", "an object"));
        };
        let mut conditions = Vec::new();
        for (operator_text, block) in blocks {
            let operator = Operator::parse(operator_text).ok_or_else(|| PolicyError::BadOperator {
                place: self.place.to_owned(),
                operator: operator_text.clone(),
            })?;
            let Json::Object(keys) = block else {
                return Err(wrong_type(self.place, operator_text, "an object"));
            };
            let mut seen = HashSet::new();
            for (key, values) in keys {
                if !seen.insert(key.to_ascii_lowercase()) {
                    return Err(PolicyError::DuplicateElement { element: key.clone() });
                }
                conditions.push(self.parse_condition(&operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    fn parse_condition(
        &self,
        operator: &Operator,
        key: &str,
        values: &Json,
    ) -> Result<Condition, PolicyError> {
        let is_key =
            key.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !is_key {
            return Err(PolicyError::BadConditionKey { place: self.place.to_owned(), key: key.to_owned() });
        }
        let mut wanted = Vec::new();
        for value in values.one_or_many() {
            wanted.push(match value {
                Json::Text(text) | Json::Number(text) => text.clone(),
                Json::Bool(value) => value.to_string(),
                Json::Null | Json::List(_) | Json::Object(_) => {
                    return Err(wrong_type(
                        self.place,
                        key,
                        "a string, a number, a Boolean or a list of them",
                    ));
                }
            });
        }
        Condition::new(operator, key, wanted, self.variables).map_err(|fault| match fault {
            Fault::Value { value, wanted } => PolicyError::BadConditionValue {
                place: self.place.to_owned(),
                operator: operator.text.clone(),
                key: key.to_owned(),
                value,
                wanted,
            },
            Fault::Variable { value, cause } => {
                PolicyError::BadVariable { place: self.place.to_owned(), text: value, cause }
            }
        })
    }

    fn missing(&self, element: &'static str) -> PolicyError {
        PolicyError::MissingElement { place: self.place.to_owned(), element }
    }

    fn forbidden(&self, element: &'static str) -> PolicyError {
        PolicyError::ForbiddenElement { place: self.place.to_owned(), element, kind: self.kind }
    }
}

fn text<'a>(value: &'a Json, place: &str, element: &str) -> Result<&'a str, PolicyError> {
    match value {
        Json::Text(text) => Ok(text),
        _ => Err(wrong_type(place, element, "a string")),
    }
}

fn texts<'a>(value: &'a Json, place: &str, element: &str) -> Result<Vec<&'a str>, PolicyError> {
    let wrong = || wrong_type(place, element, "a string or a list of strings");
    let items = value.one_or_many();
    items
        .iter()
        .map(|item| if let Json::Text(text) = item { Ok(text.as_str()) } else { Err(wrong()) })
        .collect()
}

fn unknown(place: &str, element: &str) -> PolicyError {
    PolicyError::UnknownElement { place: place.to_owned(), element: element.to_owned() }
}

fn wrong_type(place: &str, element: &str, wanted: &'static str) -> PolicyError {
    PolicyError::WrongType { place: place.to_owned(), element: element.to_owned(), wanted }
}

/// Rewrites the `AWS` principals but `*` in a document's text; everything else keeps its order. Returns the text
/// unchanged when `replace` has nothing to say, compact JSON otherwise.
pub fn replace_aws_principals(
    json: &str,
    mut replace: impl FnMut(&str) -> Option<String>,
) -> Result<String, PolicyError> {
    let mut document = parse_json(json)?;
    let mut is_changed = false;
    for statement in document.member_mut("Statement").into_iter().flat_map(Json::one_or_many_mut) {
        for element in ["Principal", "NotPrincipal"] {
            let values = statement.member_mut(element).and_then(|principal| principal.member_mut("AWS"));
            for value in values.into_iter().flat_map(Json::one_or_many_mut) {
                let Json::Text(text) = value else { continue };
                let replacement = if text == "*" { None } else { replace(text) };
                if let Some(replacement) = replacement.filter(|replacement| replacement != text) {
                    *text = replacement;
                    is_changed = true;
                }
            }
        }
    }
    Ok(if is_changed { document.to_string() } else { json.to_owned() })
}

//! The actions of a statement: `service:name` with wildcards in the name, or `*`.

use super::error::ActionFault;
use crate::pattern::{Pattern, Syntax};

/// The actions that a trust policy can grant: those that make a session, and those that go along with one.
const TRUST_ACTIONS: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setcontext",
    "sts:setsourceidentity",
    "sts:tagsession",
];

/// Whether a trust policy has the say over this action.
pub(crate) fn is_trust_action(action: &str) -> bool {
    TRUST_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(action))
}

/// One entry of `Action` or `NotAction`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActionPattern {
    text: String,
    /// In lower case; `None` for every service.
    service: Option<String>,
    name: Pattern,
}

/// The action of a request, in lower case and cut at its colon.
pub(crate) struct RequestAction {
    /// As asked.
    pub(crate) text: String,
    service: String,
    name: Vec<char>,
}

impl RequestAction {
    /// `None` unless it reads `service:name`.
    pub(crate) fn read(action: &str) -> Option<Self> {
        let (service, name) = action.split_once(':')?;
        if service.is_empty() || name.is_empty() || name.contains(':') {
            return None;
        }
        let name = name.chars().map(|character| character.to_ascii_lowercase()).collect();
        Some(Self { text: action.to_owned(), service: service.to_ascii_lowercase(), name })
    }
}

impl ActionPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, ActionFault> {
        let (service, name) = match text.split_once(':') {
            None if text == "*" => ("*", "*"),
            None => return Err(ActionFault::NoService),
            Some(parts) => parts,
        };
        if name.contains(':') {
            return Err(ActionFault::TwoColons);
        }
        let service = match service {
            "*" => None,
            "" => return Err(ActionFault::NoService),
            service if service.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) => {
                Some(service.to_ascii_lowercase())
            }
            _ => return Err(ActionFault::BadService),
        };
        if name.is_empty() {
            return Err(ActionFault::NoName);
        }
        let syntax = Syntax { wildcards: true, variables: false };
        let name = Pattern::parse(&name.to_ascii_lowercase(), syntax).map_err(|_| ActionFault::NoName)?;
        Ok(Self { text: text.to_owned(), service, name })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn matches(&self, action: &RequestAction) -> bool {
        self.service.as_ref().is_none_or(|service| *service == action.service)
            && self.name.matches(&action.name, &crate::Context::new()) == Some(true)
    }

    /// Whether it names sts and at least one action of trust policies.
    pub(crate) fn is_trust_action(&self) -> bool {
        self.service.as_deref() == Some("sts")
            && TRUST_ACTIONS
                .iter()
                .filter_map(|action| RequestAction::read(action))
                .any(|action| self.matches(&action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, action: &str) -> bool {
        ActionPattern::parse(pattern).unwrap().matches(&RequestAction::read(action).unwrap())
    }

    #[test]
    fn case_does_not_count() {
        assert!(matches("S3:getOBJECT", "s3:GetObject"));
        assert!(matches("s3:Get*", "S3:GETOBJECT"));
        assert!(matches("*", "s3:GetObject"));
        assert!(matches("*:GetObject", "s3:GetObject"));
        assert!(!matches("s3:GetObject", "s3:GetObjectVersion"));
        assert!(!matches("s3:*", "s3express:CreateSession"));
    }

    #[test]
    fn the_tutorials_wildcard_takes_exactly_the_object_actions() {
        for action in ["GetObject", "PutObject", "DeleteObject", "RestoreObject", "ReplicateObject"] {
            assert!(matches("s3:*Object", &format!("s3:{action}")), "{action}");
        }
        for action in
            ["GetObjectVersion", "GetObjectAcl", "AbortMultipartUpload", "ListBucket", "GetBucketLocation"]
        {
            assert!(!matches("s3:*Object", &format!("s3:{action}")), "{action}");
        }
    }

    #[test]
    fn malformed_actions_are_refused() {
        for (text, fault) in [
            ("GetObject", ActionFault::NoService),
            ("", ActionFault::NoService),
            (":GetObject", ActionFault::NoService),
            ("s3:Get:Object", ActionFault::TwoColons),
            ("s*:GetObject", ActionFault::BadService),
            ("s 3:GetObject", ActionFault::BadService),
            ("s3:", ActionFault::NoName),
            ("**", ActionFault::NoService),
        ] {
            assert_eq!(ActionPattern::parse(text).unwrap_err(), fault, "{text}");
        }
    }

    #[test]
    fn trust_actions() {
        for text in ["sts:AssumeRole", "sts:*", "STS:assume*", "sts:TagSession"] {
            assert!(ActionPattern::parse(text).unwrap().is_trust_action(), "{text}");
        }
        for text in ["*", "sts:TagSessions", "sts:GetCallerIdentity", "s3:GetObject"] {
            assert!(!ActionPattern::parse(text).unwrap().is_trust_action(), "{text}");
        }
    }
}

//! The resources of a statement: ARNs with wildcards and variables, or `*`.

use super::error::{PolicyError, ResourceFault};
use crate::arn::is_partition;
use crate::pattern::{Pattern, Syntax};
use crate::{Arn, Context};

/// One entry of `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResourcePattern {
    text: String,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// `*` alone.
    Any,
    /// Partition, service, region, account, and the rest. Each is matched by itself, so that a wildcard in one
    /// part does not reach over a colon into the next.
    Arn { head: [Pattern; 4], rest: Pattern },
}

/// The resource of a request.
pub(crate) enum RequestResource {
    /// `*`: the action has no resource.
    None,
    Arn {
        head: [Vec<char>; 4],
        rest: Vec<char>,
        account: String,
    },
}

impl RequestResource {
    /// `None` when the text is neither `*` nor an ARN.
    pub(crate) fn read(resource: &str) -> Option<Self> {
        if resource == "*" {
            return Some(Self::None);
        }
        let Arn { partition, service, region, account, resource } = resource.parse().ok()?;
        let head = [&partition, &service, &region, &account].map(|part| part.chars().collect());
        Some(Self::Arn { head, rest: resource.chars().collect(), account })
    }

    /// The account that the ARN names, where it names one.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Arn { account, .. } if !account.is_empty() => Some(account),
            _ => None,
        }
    }
}

impl ResourcePattern {
    /// `variables` is whether the document's version has them; `place` is for the error.
    pub(crate) fn parse(text: &str, variables: bool, place: &str) -> Result<Self, PolicyError> {
        let bad =
            |cause| PolicyError::BadResource { place: place.to_owned(), resource: text.to_owned(), cause };
        if text == "*" {
            return Ok(Self { text: text.to_owned(), form: Form::Any });
        }
        let [partition, service, region, account, rest] = split(text).map_err(bad)?;
        if [partition, service, region, account].iter().any(|part| variables && part.contains("${")) {
            return Err(bad(ResourceFault::VariableTooEarly));
        }
        if !is_partition(partition) && !partition.contains(['*', '?']) {
            return Err(bad(ResourceFault::BadPartition));
        }
        if service.is_empty() || service.contains(['*', '?']) {
            return Err(bad(ResourceFault::BadService));
        }
        let parse = |part: &str, variables| {
            Pattern::parse(part, Syntax { wildcards: true, variables }).map_err(|cause| {
                PolicyError::BadVariable { place: place.to_owned(), text: text.to_owned(), cause }
            })
        };
        let head =
            [parse(partition, false)?, parse(service, false)?, parse(region, false)?, parse(account, false)?];
        let rest = parse(rest, variables)?;
        Ok(Self { text: text.to_owned(), form: Form::Arn { head, rest } })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the resource fits; `None` where a variable has no value.
    pub(crate) fn matches(&self, resource: &RequestResource, context: &Context) -> Option<bool> {
        let Form::Arn { head, rest } = &self.form else { return Some(true) };
        let RequestResource::Arn { head: asked_head, rest: asked_rest, .. } = resource else {
            return Some(false);
        };
        for (pattern, asked) in head.iter().zip(asked_head) {
            if pattern.matches(asked, context) != Some(true) {
                return Some(false);
            }
        }
        rest.matches(asked_rest, context)
    }
}

/// The five parts behind `arn:`. A shorter text that ends in a part `*` stands for all parts that follow, as
/// AWS reads it.
fn split(text: &str) -> Result<[&str; 5], ResourceFault> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, service, region, account, rest] if !rest.is_empty() => {
            Ok([partition, service, region, account, rest])
        }
        ["arn", partition, service, region, "*"] => Ok([partition, service, region, "*", "*"]),
        ["arn", partition, service, "*"] => Ok([partition, service, "*", "*", "*"]),
        ["arn", ..] => Err(ResourceFault::TooFewParts),
        _ => Err(ResourceFault::NotAnArn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, resource: &str) -> Option<bool> {
        let mut context = Context::new();
        context.set("aws:username", "ann*");
        let resource = RequestResource::read(resource).unwrap();
        ResourcePattern::parse(pattern, true, "statement 1").unwrap().matches(&resource, &context)
    }

    #[test]
    fn wildcards_stay_in_their_part() {
        for (pattern, resource, fits) in [
            ("*", "*", true),
            ("*", "arn:aws:s3:::b/k", true),
            ("arn:aws:s3:::*", "arn:aws:s3:::b/k:x", true),
            ("arn:aws:s3:::*", "arn:aws:iam::123456789012:role/x", false),
            ("arn:aws:s3:::*", "*", false),
            ("arn:aws:s3:::b", "arn:aws:s3:::b/k", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", true),
            ("arn:aws:s3:::B/*", "arn:aws:s3:::b/k", false),
            ("arn:aws:s3:::b/????", "arn:aws:s3:::b/k/ä:", true),
            ("arn:*:s3:::b", "arn:aws-cn:s3:::b", true),
            ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", true),
            ("arn:aws:iam::*:role/x", "arn:aws:iam::123456789012:role/x", true),
            ("arn:aws:iam::*:role/x", "arn:aws:iam::123456789012:user/a:role/x", false),
            ("arn:aws:s3:*", "arn:aws:s3:::b/k", true),
            ("arn:aws:s3:*", "arn:aws:sqs:eu-west-1:123456789012:q", false),
            ("arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ann*/k", true),
            ("arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::anna/k", false),
        ] {
            assert_eq!(check(pattern, resource), Some(fits), "{pattern} on {resource}");
        }
        assert_eq!(check("arn:aws:s3:::${aws:nobody}", "arn:aws:s3:::b"), None);
        assert_eq!(check("arn:aws:iam::123456789012:${aws:nobody}", "arn:aws:s3:::b"), Some(false));
    }

    #[test]
    fn malformed_resources_are_refused() {
        for (text, wanted) in [
            ("bucket", ResourceFault::NotAnArn),
            ("", ResourceFault::NotAnArn),
            ("**", ResourceFault::NotAnArn),
            ("s3://bucket/", ResourceFault::NotAnArn),
            ("arn:aws", ResourceFault::TooFewParts),
            ("arn:aws:s3::bucket", ResourceFault::TooFewParts),
            ("arn:aws:sqs:*:q", ResourceFault::TooFewParts),
            ("arn:aws:s3:::", ResourceFault::TooFewParts),
            ("arn:error:s3:::b", ResourceFault::BadPartition),
            ("arn:aws:*:::b", ResourceFault::BadService),
            ("arn:aws::::b", ResourceFault::BadService),
            ("arn:aws:s3:${aws:x:y:z}", ResourceFault::VariableTooEarly),
        ] {
            let error = ResourcePattern::parse(text, true, "statement 1").unwrap_err();
            assert!(matches!(&error, PolicyError::BadResource { cause, .. } if *cause == wanted), "{error}");
        }
        assert!(matches!(
            ResourcePattern::parse("arn:aws:s3:::b/${x", true, "statement 1"),
            Err(PolicyError::BadVariable { .. })
        ));
        assert!(ResourcePattern::parse("arn:aws:s3:::b/${x", false, "statement 1").is_ok());
    }
}

//! Amazon Resource Names: six parts between colons, of which the last may hold colons of its own.

use std::fmt;
use std::str::FromStr;

/// `arn:partition:service:region:account:resource`, kept part by part; prints exactly what was parsed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    /// Empty for global services and for S3.
    pub region: String,
    /// Empty for S3 buckets and objects.
    pub account: String,
    /// Everything after the fifth colon.
    pub resource: String,
}

/// Why a text is not the ARN that was wanted. Every message quotes the text and names the part at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// Nothing was given.
    #[error("the ARN is empty; a role ARN reads `arn:aws:iam::123456789012:role/NAME`")]
    Empty,
    /// White space anywhere in the text; the usual trace of a paste.
    #[error("`{arn}` contains white space; remove it and try again")]
    WhiteSpace { arn: String },
    /// The text does not start with `arn:`.
    #[error("`{arn}` is no ARN: it must start with `arn:`")]
    NoPrefix { arn: String },
    /// Fewer than six parts between colons.
    #[error("`{arn}` is no ARN: it has {parts} parts between colons and needs 6")]
    TooFewParts { arn: String, parts: usize },
    /// The partition, the service or the resource is empty.
    #[error("`{arn}` is no ARN: its {part} is empty")]
    EmptyPart { arn: String, part: &'static str },
    /// A partition AWS does not have.
    #[error(
        "`{arn}` names the partition `{partition}`, which AWS does not have; use `aws`, `aws-cn` or `aws-us-gov`"
    )]
    UnknownPartition { arn: String, partition: String },
    /// An ARN of another service where a role's was wanted.
    #[error(
        "`{arn}` belongs to the service `{service}`, not to `iam`; a role ARN reads `arn:aws:iam::123456789012:role/NAME`"
    )]
    WrongService { arn: String, service: String },
    /// The temporary name of a session where the role's own ARN was wanted.
    #[error(
        "`{arn}` is a session of a role; give the role itself, as in `arn:aws:iam::123456789012:role/NAME`"
    )]
    SessionArn { arn: String },
    /// IAM is global, so a role ARN has no region.
    #[error("`{arn}` names the region `{region}`; a role ARN leaves it empty")]
    RegionGiven { arn: String, region: String },
    /// The account is not made of twelve digits.
    #[error(
        "`{arn}` has the account `{account}`; an account number has 12 digits, this has {length} characters"
    )]
    BadAccount { arn: String, account: String, length: usize },
    /// A user, group, policy or root where a role was wanted.
    #[error("`{arn}` names `{resource}`, which is no role; a role ARN ends in `role/NAME`")]
    NotARole { arn: String, resource: String },
    /// `role/` with nothing behind it, or ending in a slash.
    #[error("`{arn}` has no role name behind its last `/`")]
    EmptyName { arn: String },
    /// A role name or path with characters, or of a length, that IAM does not allow.
    #[error("`{arn}` has the role {part} `{value}`, which IAM does not allow: {rule}")]
    BadName { arn: String, part: &'static str, value: String, rule: &'static str },
    /// Longer than STS takes.
    #[error("the ARN is {length} characters long; STS takes at most {maximum}")]
    TooLong { length: usize, maximum: usize },
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text.is_empty() {
            return Err(ArnError::Empty);
        }
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return Err(ArnError::NoPrefix { arn: text.to_owned() });
        }
        let (Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ArnError::TooFewParts { arn: text.to_owned(), parts: text.split(':').count() });
        };
        for (part, value) in [("partition", partition), ("service", service), ("resource", resource)] {
            if value.is_empty() {
                return Err(ArnError::EmptyPart { arn: text.to_owned(), part });
            }
        }
        Ok(Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(formatter, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// Whether AWS has this partition.
pub(crate) fn is_partition(text: &str) -> bool {
    matches!(
        text,
        "aws" | "aws-cn" | "aws-us-gov" | "aws-iso" | "aws-iso-b" | "aws-iso-e" | "aws-iso-f" | "aws-eusc"
    )
}

/// Whether the text is an account number: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_parsed() {
        for text in [
            "arn:aws:s3:::bucket/a/b:c::d",
            "arn:aws:iam::123456789012:role/x",
            "arn:aws-cn:sqs:cn-north-1:123456789012:queue",
            "arn:aws:s3:::*",
        ] {
            assert_eq!(text.parse::<Arn>().map(|arn| arn.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn refuses_what_has_no_six_parts() {
        assert_eq!("".parse::<Arn>(), Err(ArnError::Empty));
        assert!(matches!("bucket".parse::<Arn>(), Err(ArnError::NoPrefix { .. })));
        assert!(matches!("arn:aws:s3".parse::<Arn>(), Err(ArnError::TooFewParts { parts: 3, .. })));
        assert!(matches!("arn::s3:::b".parse::<Arn>(), Err(ArnError::EmptyPart { part: "partition", .. })));
        assert!(matches!("arn:aws:s3:::".parse::<Arn>(), Err(ArnError::EmptyPart { part: "resource", .. })));
    }
}

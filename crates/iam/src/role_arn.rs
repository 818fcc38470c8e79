//! The ARN of an IAM role, checked as far as paper goes, with messages for the usual slips of a paste.

use std::fmt;
use std::str::FromStr;

use crate::arn::{Arn, ArnError, is_account, is_partition};

const ROLE_ARN_CHARACTERS_MAX: usize = 2_048;
const ROLE_NAME_CHARACTERS_MAX: usize = 64;
const ROLE_PATH_CHARACTERS_MAX: usize = 512;

/// The ARN of an IAM role. It exists only if its syntax is right; whether the role exists, AWS alone knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn {
    text: String,
    partition: String,
    account: String,
    path: String,
    name: String,
}

impl RoleArn {
    /// The ARN as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The twelve digits of the account the role lives in.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// `/`, or `/a/b/` with a slash at both ends.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name without its path; a session's ARN shows only this.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ARN that a session of this role acts under.
    pub fn session_arn(&self, session_name: &str) -> String {
        let Self { partition, account, name, .. } = self;
        format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}")
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for RoleArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        parse_role_arn(text)
    }
}

/// Reads a role ARN and says what is wrong with any other text: spaces, a user's ARN, eleven digits, a session.
pub fn parse_role_arn(text: &str) -> Result<RoleArn, ArnError> {
    let arn = || text.to_owned();
    if text.is_empty() {
        return Err(ArnError::Empty);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(ArnError::WhiteSpace { arn: arn() });
    }
    let length = text.chars().count();
    if length > ROLE_ARN_CHARACTERS_MAX {
        return Err(ArnError::TooLong { length, maximum: ROLE_ARN_CHARACTERS_MAX });
    }
    let Arn { partition, service, region, account, resource } = text.parse()?;
    if !is_partition(&partition) {
        return Err(ArnError::UnknownPartition { arn: arn(), partition });
    }
    if service == "sts" && resource.starts_with("assumed-role/") {
        return Err(ArnError::SessionArn { arn: arn() });
    }
    if service != "iam" {
        return Err(ArnError::WrongService { arn: arn(), service });
    }
    if !region.is_empty() {
        return Err(ArnError::RegionGiven { arn: arn(), region });
    }
    if !is_account(&account) {
        let length = account.chars().count();
        return Err(ArnError::BadAccount { arn: arn(), account, length });
    }
    let Some(path_and_name) = resource.strip_prefix("role/") else {
        return Err(ArnError::NotARole { arn: arn(), resource });
    };
    let (path, name) = match path_and_name.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
        None => ("/".to_owned(), path_and_name.to_owned()),
    };
    check_name(text, &name)?;
    check_path(text, &path)?;
    Ok(RoleArn { text: arn(), partition, account, path, name })
}

fn check_name(text: &str, name: &str) -> Result<(), ArnError> {
    if name.is_empty() {
        return Err(ArnError::EmptyName { arn: text.to_owned() });
    }
    let bad = |rule| ArnError::BadName { arn: text.to_owned(), part: "name", value: name.to_owned(), rule };
    if name.chars().count() > ROLE_NAME_CHARACTERS_MAX {
        return Err(bad("at most 64 characters"));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)) {
        return Err(bad("letters, digits and `_+=,.@-` only"));
    }
    Ok(())
}

fn check_path(text: &str, path: &str) -> Result<(), ArnError> {
    let bad = |rule| ArnError::BadName { arn: text.to_owned(), part: "path", value: path.to_owned(), rule };
    if path.chars().count() > ROLE_PATH_CHARACTERS_MAX {
        return Err(bad("at most 512 characters"));
    }
    if !path.chars().all(|character| ('\u{21}'..='\u{7e}').contains(&character)) {
        return Err(bad("printable ASCII only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_path_and_name() {
        let role = parse_role_arn("arn:aws:iam::123456789012:role/stagedoor/tn3/stagedoor-tn3").unwrap();
        assert_eq!((role.path(), role.name()), ("/stagedoor/tn3/", "stagedoor-tn3"));
        assert_eq!(role.session_arn("me"), "arn:aws:sts::123456789012:assumed-role/stagedoor-tn3/me");
        let plain = parse_role_arn("arn:aws-cn:iam::123456789012:role/x").unwrap();
        assert_eq!((plain.path(), plain.name(), plain.partition()), ("/", "x", "aws-cn"));
        assert_eq!(plain.to_string(), "arn:aws-cn:iam::123456789012:role/x");
    }

    #[test]
    fn names_the_slip() {
        for (text, phrase) in [
            ("", "the ARN is empty"),
            (" arn:aws:iam::123456789012:role/x", "contains white space"),
            ("arn:aws:iam::123456789012:role/x\n", "contains white space"),
            ("my-role", "must start with `arn:`"),
            ("arn:aws:iam::123456789012", "has 5 parts between colons and needs 6"),
            ("arn:aws:iam::12345678901:role/x", "has 12 digits, this has 11 characters"),
            ("arn:aws:iam:::role/x", "this has 0 characters"),
            ("arn:aws:iam::123456789012:user/x", "names `user/x`, which is no role"),
            ("arn:aws:iam::123456789012:root", "names `root`, which is no role"),
            ("arn:aws:iam::123456789012:x", "a role ARN ends in `role/NAME`"),
            ("arn:aws:iam::123456789012:role/", "has no role name"),
            ("arn:aws:iam::123456789012:role/a/", "has no role name"),
            ("arn:aws:iam::123456789012:role/a*", "letters, digits and `_+=,.@-` only"),
            ("arn:aws:s3:::bucket", "belongs to the service `s3`"),
            ("arn:aws:iam:us-east-1:123456789012:role/x", "names the region `us-east-1`"),
            ("arn:aws:sts::123456789012:assumed-role/x/s", "is a session of a role"),
            ("arn:amazon:iam::123456789012:role/x", "the partition `amazon`"),
        ] {
            let message = parse_role_arn(text).unwrap_err().to_string();
            assert!(message.contains(phrase), "{text}: {message}");
        }
        let long = format!("arn:aws:iam::123456789012:role/{}", "x".repeat(65));
        assert!(parse_role_arn(&long).unwrap_err().to_string().contains("at most 64 characters"));
    }
}

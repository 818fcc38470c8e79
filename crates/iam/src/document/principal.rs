//! The principals of a statement in a trust or bucket policy.

use crate::arn::{is_account, is_partition};
use crate::{Arn, Principal, PrincipalKind};

/// `Principal` or `NotPrincipal` of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PrincipalElement {
    Is(Vec<PrincipalPattern>),
    IsNot(Vec<PrincipalPattern>),
}

/// One principal. What it can match follows from its form alone: wildcards inside do not exist.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PrincipalPattern {
    /// `*`, also written `{"AWS": "*"}`.
    Everyone,
    Aws(AwsPrincipal),
    /// A service such as `ec2.amazonaws.com`. No service is ever a caller here.
    Service(String),
    Federated(String),
    /// The canonical user id of an account.
    CanonicalUser(String),
}

/// A value under `AWS` other than `*`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AwsPrincipal {
    pub(crate) text: String,
    form: AwsForm,
}

#[derive(Clone, Debug, PartialEq)]
enum AwsForm {
    /// The account's number or the ARN of its root: everybody in the account, as far as the account lets them.
    Account(String),
    Role,
    User,
    /// One session of a role, or a federated user.
    Session,
    /// `AIDA…`, `AROA…`: what IAM keeps in place of an ARN.
    UniqueId,
}

/// How directly a statement names a caller; it decides which of the caller's own policies still have a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// By the account: the account's own policies must allow too.
    Account,
    /// By the role behind the session: permissions boundary and session policies still cap.
    Role,
    /// The user or session itself, or everyone: nothing of the same account caps but an explicit deny.
    Direct,
}

impl AwsPrincipal {
    /// Reads a value under `AWS`; the error is the cause.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let form = if is_account(text) {
            AwsForm::Account(text.to_owned())
        } else if is_unique_id(text) {
            AwsForm::UniqueId
        } else {
            parse_principal_arn(text)?
        };
        Ok(Self { text: text.to_owned(), form })
    }

    fn matches(&self, principal: &Principal) -> Option<Grant> {
        let (fits, grant) = match &self.form {
            AwsForm::Account(account) => {
                (!principal.account.is_empty() && principal.account == *account, Grant::Account)
            }
            AwsForm::Role => (principal.role_arn.as_ref() == Some(&self.text), Grant::Role),
            AwsForm::User | AwsForm::Session => {
                (!principal.arn.is_empty() && principal.arn == self.text, Grant::Direct)
            }
            AwsForm::UniqueId => {
                let grant = if self.text.starts_with("AROA") { Grant::Role } else { Grant::Direct };
                (principal.unique_ids.contains(&self.text), grant)
            }
        };
        fits.then_some(grant)
    }
}

impl PrincipalPattern {
    /// Reads one value of the principal map; the error is the cause.
    pub(crate) fn parse(principal_type: &str, text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if principal_type == "AWS" {
            return if text == "*" { Ok(Self::Everyone) } else { AwsPrincipal::parse(text).map(Self::Aws) };
        }
        if text.contains(['*', '?']) {
            return Err("wildcards inside a principal are not possible");
        }
        match principal_type {
            "Service" => Ok(Self::Service(text.to_owned())),
            "Federated" => Ok(Self::Federated(text.to_owned())),
            "CanonicalUser" => Ok(Self::CanonicalUser(text.to_owned())),
            _ => Err("the types are `AWS`, `Service`, `Federated` and `CanonicalUser`"),
        }
    }

    fn matches(&self, principal: &Principal) -> Option<Grant> {
        match self {
            Self::Everyone => Some(Grant::Direct),
            Self::Aws(aws) => aws.matches(principal),
            Self::Service(_) => None,
            Self::Federated(provider) => match &principal.kind {
                PrincipalKind::FederatedWeb { provider: caller } => {
                    is_same_provider(provider, caller).then_some(Grant::Direct)
                }
                _ => None,
            },
            Self::CanonicalUser(id) => principal.unique_ids.contains(id).then_some(Grant::Account),
        }
    }
}

impl PrincipalElement {
    pub(crate) fn patterns(&self) -> &[PrincipalPattern] {
        match self {
            Self::Is(patterns) | Self::IsNot(patterns) => patterns,
        }
    }

    pub(crate) fn patterns_mut(&mut self) -> &mut [PrincipalPattern] {
        match self {
            Self::Is(patterns) | Self::IsNot(patterns) => patterns,
        }
    }

    /// The caller's grant if an `Allow` statement with this element speaks of the caller.
    pub(crate) fn allows(&self, principal: &Principal) -> Option<Grant> {
        match self {
            Self::Is(patterns) => patterns.iter().filter_map(|pattern| pattern.matches(principal)).max(),
            Self::IsNot(patterns) => {
                let is_named = patterns.iter().any(|pattern| pattern.matches(principal).is_some());
                // AWS does not say that such a grant passes the caller's own limits, so it does not.
                (!is_named).then_some(Grant::Role)
            }
        }
    }

    /// Whether a `Deny` statement with this element speaks of the caller.
    ///
    /// AWS may look at the account first, then at the role, then at the session, and asks for all of them to be
    /// named in `NotPrincipal`; so whoever is not named at every step is denied.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
    pub(crate) fn denies(&self, principal: &Principal) -> bool {
        match self {
            Self::Is(patterns) => patterns.iter().any(|pattern| pattern.matches(principal).is_some()),
            Self::IsNot(patterns) => !is_exempt(patterns, principal),
        }
    }
}

fn is_exempt(patterns: &[PrincipalPattern], principal: &Principal) -> bool {
    if patterns.contains(&PrincipalPattern::Everyone) {
        return true;
    }
    let grants: Vec<Grant> = patterns.iter().filter_map(|pattern| pattern.matches(principal)).collect();
    let needed: &[Grant] = match principal.kind {
        PrincipalKind::Anonymous => return false,
        PrincipalKind::Root => &[Grant::Account],
        PrincipalKind::User => &[Grant::Account, Grant::Direct],
        PrincipalKind::AssumedRole => &[Grant::Account, Grant::Role, Grant::Direct],
        PrincipalKind::FederatedWeb { .. } => &[Grant::Direct],
    };
    needed.iter().all(|grant| grants.contains(grant))
}

fn parse_principal_arn(text: &str) -> Result<AwsForm, &'static str> {
    if text.contains(['*', '?']) {
        return Err("wildcards inside a principal are not possible");
    }
    let Ok(Arn { partition, service, region, account, resource }) = text.parse() else {
        return Err("it is neither an ARN, nor an account number, nor a unique id");
    };
    if !is_partition(&partition) {
        return Err("AWS does not have this partition");
    }
    if !region.is_empty() {
        return Err("a principal has no region");
    }
    if !is_account(&account) {
        return Err("an account number has 12 digits");
    }
    let has_name = |name: &str| !name.is_empty() && !name.ends_with('/');
    match (service.as_str(), resource.split_once('/')) {
        ("iam", None) if resource == "root" => Ok(AwsForm::Account(account)),
        ("iam", Some(("role", name))) if has_name(name) => Ok(AwsForm::Role),
        ("iam", Some(("user", name))) if has_name(name) => Ok(AwsForm::User),
        ("sts", Some(("federated-user", name))) if has_name(name) => Ok(AwsForm::Session),
        ("sts", Some(("assumed-role", session)))
            if session.split('/').count() == 2 && session.split('/').all(has_name) =>
        {
            Ok(AwsForm::Session)
        }
        _ => Err("an account, role, user or session can be a principal, nothing else"),
    }
}

/// `AIDA…` and `AROA…` ids of IAM, at least 16 characters long.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Providers are known by host and path, or by the ARN that IAM gave them. Two ARNs must be the same one.
fn is_same_provider(one: &str, other: &str) -> bool {
    let host = |text: &str| text.split_once(":oidc-provider/").map(|(_, host)| host.to_owned());
    match (host(one), host(other)) {
        (Some(host), None) => host == other,
        (None, Some(host)) => host == one,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_aws_principals() {
        for text in [
            "123456789012",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/a/b/name",
            "arn:aws:iam::123456789012:user/name",
            "arn:aws:sts::123456789012:assumed-role/name/session",
            "arn:aws:sts::123456789012:federated-user/name",
            "AROADBQP57FF2AEXAMPLE",
            "AIDACKCEVSQ6C2EXAMPLE",
        ] {
            assert!(AwsPrincipal::parse(text).is_ok(), "{text}");
        }
        for text in [
            "12345678901",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::*:root",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:group/g",
            "arn:aws:iam::12345678901:root",
            "arn:aws:sts::123456789012:assumed-role/name",
            "arn:aws:sts::123456789012:assumed-role/name/*",
            "arn:aws:sts::123456789012:assumed-role/a/name/session",
            "arn:aws:s3:::bucket",
            "arn:nowhere:iam::123456789012:root",
            "AROA",
            "root",
        ] {
            assert!(AwsPrincipal::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn providers_by_host_or_arn() {
        let arn = "arn:aws:iam::123456789012:oidc-provider/idp.example.com/x";
        assert!(is_same_provider(arn, arn));
        assert!(is_same_provider(arn, "idp.example.com/x"));
        assert!(is_same_provider("idp.example.com/x", arn));
        assert!(!is_same_provider(arn, "arn:aws:iam::999999999999:oidc-provider/idp.example.com/x"));
        assert!(!is_same_provider("accounts.google.com", "graph.facebook.com"));
    }
}

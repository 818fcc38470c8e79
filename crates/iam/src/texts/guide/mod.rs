//! The setup guide: one role, told for a shell, for Terraform, for CloudFormation, for the AWS console and for
//! programs. What the role may do and who may assume it is decided once, in `setup`; here it is only written down.

mod cli;
mod cloudformation;
mod console;
mod json;
mod terraform;

use super::document::Node;
use super::setup::{role_document, trust_document};
use super::{ACCOUNT_PLACE, StageScope, Trust, WEB_IDENTITY_AUDIENCE, oidc_provider_arn};

/// Stands for the role's ARN in the statements of a [`Guide`]: each form puts in its place what it calls the ARN.
pub const ROLE_ARN_PLACE: &str = "\u{1}role-arn\u{1}";

/// AWS: 64 characters of `[\w+=,.@-]`.
const ROLE_NAME_CHARACTERS_MAX: usize = 64;
/// AWS: 128 characters of the same.
const POLICY_NAME_CHARACTERS_MAX: usize = 128;

/// What a customer's administrator is to make.
#[derive(Clone, Copy, Debug)]
pub struct Guide<'a> {
    /// `/`, or a path with a slash at both ends.
    pub role_path: &'a str,
    pub role_name: &'a str,
    /// The connection names the role, so it may exist already.
    pub role_is_named: bool,
    pub trust: Trust<'a>,
    pub scope: StageScope<'a>,
    /// What to run in SQL when the role is there, with [`ROLE_ARN_PLACE`] where its ARN belongs.
    pub statements: &'a str,
}

/// In which form the guide is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuideForm {
    /// Commands of the AWS CLI, for a POSIX shell.
    Cli,
    Terraform,
    CloudFormation,
    /// What to click in the AWS console, and what to paste there.
    Console,
    /// The two policies alone.
    Json,
}

/// One thing to do, and the text to paste for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideStep {
    pub title: String,
    /// `shell`, `terraform`, `yaml`, `json`, `sql` or `text`.
    pub language: &'static str,
    pub text: String,
}

impl Guide<'_> {
    /// The steps in order. All texts of one form belong together: pasted one after the other they are one script.
    pub fn steps(&self, form: GuideForm) -> Vec<GuideStep> {
        match form {
            GuideForm::Cli => cli::steps(self),
            GuideForm::Terraform => terraform::steps(self),
            GuideForm::CloudFormation => cloudformation::steps(self),
            GuideForm::Console => console::steps(self),
            GuideForm::Json => json::steps(self),
        }
    }

    fn trust_document(&self) -> Node {
        trust_document(&self.trust)
    }

    /// The issuer whose tokens the role takes, if it takes any: the account then needs a provider for it.
    fn issuer(&self) -> Option<&str> {
        match self.trust {
            Trust::WebIdentity { issuer, .. } => Some(issuer),
            Trust::Principals { .. } => None,
        }
    }

    /// The ARN of that provider.
    fn provider_arn(&self) -> Option<String> {
        match self.trust {
            Trust::WebIdentity { partition, account, issuer, .. } => {
                oidc_provider_arn(partition, account, issuer)
            }
            Trust::Principals { .. } => None,
        }
    }

    /// Whether the account is not known before somebody follows the guide in it.
    fn account_is_open(&self) -> bool {
        matches!(self.trust, Trust::WebIdentity { account, .. } if account == ACCOUNT_PLACE)
    }

    fn role_document(&self) -> Node {
        role_document(&self.scope)
    }

    /// Names the permissions after the place they are for, so that those for another place stay beside them.
    fn policy_name(&self) -> String {
        let place = format!("stagedoor-{}/{}", self.scope.bucket, self.scope.prefix.trim_end_matches('/'));
        name_from(place.trim_end_matches('/'), POLICY_NAME_CHARACTERS_MAX)
    }

    /// What to see to at the key itself, which the role's permissions alone may not open.
    fn key_note(&self) -> Option<String> {
        let key = self.scope.kms_key?;
        Some(format!(
            "The policy of key {key} must let IAM policies decide, as it does by default, or name the role."
        ))
    }

    fn statements(&self, role_arn: &str, escape: impl Fn(&str) -> String) -> String {
        let parts: Vec<String> = self.statements.split(ROLE_ARN_PLACE).map(escape).collect();
        parts.join(role_arn)
    }
}

/// A text about the identity provider with something else in the place of the account. It stands in the provider's ARN
/// and is the first that does: a connection may be called like it.
fn with_account(text: &str, account: &str) -> String {
    text.replacen(
        &format!("iam::{ACCOUNT_PLACE}:oidc-provider/"),
        &format!("iam::{account}:oidc-provider/"),
        1,
    )
}

/// A role name for a connection: `stagedoor-` and its name, as far as AWS takes it.
pub fn role_name_for(connection: &str) -> String {
    name_from(&format!("stagedoor-{connection}"), ROLE_NAME_CHARACTERS_MAX)
}

/// What AWS takes of a text as a name, with dots for slashes. Where more had to change, a digest keeps different
/// texts apart.
fn name_from(text: &str, characters_max: usize) -> String {
    const DIGEST_CHARACTERS: usize = 8;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,@-".contains(character);
    let is_told = text.chars().all(|character| allowed(character) || character == '/');
    let name = text.chars().map(|character| match character {
        '/' => '.',
        character if allowed(character) => character,
        _ => '-',
    });
    let name: String = name.collect();
    if is_told && name.len() <= characters_max {
        return name;
    }
    let kept: String = name.chars().take(characters_max - DIGEST_CHARACTERS - 1).collect();
    format!("{}-{:08x}", kept.trim_end_matches('-'), fingerprint(text))
}

/// FNV-1a, folded to 32 bits: names are told apart, nobody attacks them.
fn fingerprint(text: &str) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
    u32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::{PolicyDocument, PolicyKind};

    const PRINCIPALS: &[&str] = &["arn:aws:iam::123456789012:role/p", "arn:aws:iam::123456789012:role/next"];

    fn guide(prefix: &'static str) -> Guide<'static> {
        Guide {
            role_path: "/",
            role_name: "stagedoor-sales",
            role_is_named: false,
            trust: Trust::Principals {
                arns: PRINCIPALS,
                external_id: Some("sd-acme-7f3k"),
                session_tags: false,
            },
            scope: StageScope {
                partition: "aws",
                bucket: "acme-lake",
                prefix,
                access: Access::Read,
                kms_key: None,
            },
            statements: "CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '\u{1}role-arn\u{1}';",
        }
    }

    #[test]
    fn every_form_has_the_same_two_policies() {
        for prefix in ["", "raw/", "it's ${aws:username} */ \u{e9}\\/", "$(id)`id`/"] {
            let guide = guide(prefix);
            let (trust, role) =
                (print_compact(&guide.trust_document()), print_compact(&guide.role_document()));
            let json = guide.steps(GuideForm::Json);
            let documents: Vec<String> = json.iter().map(|step| compact(&step.text)).collect();
            assert_eq!(documents, [trust.clone(), role.clone()]);
            let console = guide.steps(GuideForm::Console);
            let pasted: Vec<String> = console
                .iter()
                .filter(|step| step.language == "json")
                .map(|step| compact(&step.text))
                .collect();
            assert_eq!(pasted, documents, "{prefix}");
            for (step, document) in guide.steps(GuideForm::Cli).iter().zip(&documents) {
                let quoted = step.text.split('\'').find(|part| part.starts_with('{')).unwrap();
                assert_eq!(compact(quoted), *document, "{prefix}");
            }
            let terraform = &guide.steps(GuideForm::Terraform)[0].text;
            let heredocs =
                terraform.split("<<JSON\n").skip(1).map(|part| part.split("\nJSON\n").next().unwrap());
            let heredocs: Vec<String> = heredocs.map(|text| compact(&text.replace("$${", "${"))).collect();
            assert_eq!(heredocs, documents, "{prefix}");
        }
    }

    #[test]
    fn the_documents_are_policies() {
        let [trust, role] = &guide("raw/").steps(GuideForm::Json)[..] else { panic!("two documents") };
        let trust = PolicyDocument::parse(&trust.text, PolicyKind::Trust).unwrap();
        assert_eq!(trust.aws_principals(), PRINCIPALS);
        assert!(PolicyDocument::parse(&role.text, PolicyKind::Identity).is_ok());
    }

    #[test]
    fn the_arn_stands_in_the_statement_as_each_form_knows_it() {
        let guide = guide("raw/");
        let text = |form| guide.steps(form).pop().unwrap().text;
        assert!(text(GuideForm::Cli).contains("ROLE_ARN = '$role_arn';"));
        assert!(text(GuideForm::Terraform).contains("ROLE_ARN = '${aws_iam_role.stagedoor-sales.arn}';"));
        assert!(text(GuideForm::CloudFormation).contains("ROLE_ARN = '${Role.Arn}';"));
        assert!(text(GuideForm::Console).contains("arn:aws:iam::<account>:role/stagedoor-sales"));
    }

    #[test]
    fn names_fit_and_stay_apart() {
        assert_eq!(role_name_for("sales"), "stagedoor-sales");
        assert_eq!(guide("raw/in/").policy_name(), "stagedoor-acme-lake.raw.in");
        assert_eq!(guide("").policy_name(), "stagedoor-acme-lake");
        let names = ["a.b", "a b", "a:b", &"x".repeat(80), &"x".repeat(81)].map(role_name_for);
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() <= ROLE_NAME_CHARACTERS_MAX && !names[..index].contains(name), "{name}");
            assert!(
                crate::parse_role_arn(&format!("arn:aws:iam::123456789012:role/{name}")).is_ok(),
                "{name}"
            );
        }
    }

    fn print_compact(document: &Node) -> String {
        document.compact().unwrap()
    }

    /// White space of the layout taken away.
    fn compact(json: &str) -> String {
        let lines: Vec<&str> = json.lines().map(str::trim_start).collect();
        lines.concat().replace("\": ", "\":").replace("\\u0027", "'")
    }
}

//! Commands of the AWS CLI. Every text can be pasted into a POSIX shell by itself, and all of them together; they
//! may be run again.

use super::super::document::Node;
use super::super::setup::print;
use super::{Guide, GuideStep, WEB_IDENTITY_AUDIENCE, with_account};

/// Leaves the single quotes, and enters them again.
const ACCOUNT: &str = "'\"$account\"'";

pub(super) fn steps(guide: &Guide) -> Vec<GuideStep> {
    let step = |title: String, text: String| GuideStep { title, language: "shell", text };
    let role = quote(guide.role_name);
    let trust = with_account(&quote_document(&guide.trust_document()), ACCOUNT);
    let find_account = match guide.account_is_open() {
        true => "account=$(aws sts get-caller-identity --query Account --output text)\n",
        false => "",
    };
    let path = match guide.role_path {
        "/" => String::new(),
        path => format!("    --path {} \\\n", quote(path)),
    };
    let make = format!(
        "{find_account}trust_policy={trust}\nif aws iam get-role --role-name {role} > /dev/null 2>&1\nthen\n  aws iam update-assume-role-policy \\\n    --role-name {role} \\\n    --policy-document \"$trust_policy\"\nelse\n  aws iam create-role \\\n    --role-name {role} \\\n{path}    --description 'Lends a folder to Stagedoor' \\\n    --assume-role-policy-document \"$trust_policy\"\nfi\n"
    );
    let note = guide.key_note().map(|note| format!("# {note}\n")).unwrap_or_default();
    let permissions = format!(
        "{note}aws iam put-role-policy \\\n    --role-name {role} \\\n    --policy-name {} \\\n    --policy-document {}\n",
        quote(&guide.policy_name()),
        quote_document(&guide.role_document())
    );
    let statements = guide.statements("$role_arn", escape_here_document);
    let tell = format!(
        "role_arn=$(aws iam get-role --role-name {role} --query Role.Arn --output text)\ncat <<END\n{statements}\nEND\n"
    );
    let provider = guide.provider_arn().map(|arn| {
        let arn = with_account(&quote(&arn), ACCOUNT);
        let url = quote(guide.issuer().unwrap_or_default());
        step(
            "Let identity tokens of Stagedoor be recognized in this account".to_owned(),
            format!(
                "{find_account}aws iam get-open-id-connect-provider --open-id-connect-provider-arn {arn} > /dev/null 2>&1 ||\n  aws iam create-open-id-connect-provider \\\n    --url {url} \\\n    --client-id-list {WEB_IDENTITY_AUDIENCE}\n"
            ),
        )
    });
    let mut steps: Vec<GuideStep> = provider.into_iter().collect();
    steps.extend([
        step(
            format!(
                "Make role `{}`, which we may assume; its trust policy is replaced if it exists",
                guide.role_name
            ),
            make,
        ),
        step("Say what the role may do".to_owned(), permissions),
        step("Print what to run in Stagedoor, with the role's ARN in it".to_owned(), tell),
    ]);
    steps
}

/// A document in single quotes. It is ASCII, and JSON can write the quote as an escape.
fn quote_document(document: &Node) -> String {
    format!("'{}'", print(document).replace('\'', "\\u0027"))
}

/// A word of the shell.
fn quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text inside `<<END`, where the shell reads `$`, backticks and backslashes.
fn escape_here_document(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '$' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

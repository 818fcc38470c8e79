//! A Terraform file, complete in itself.

use super::super::document::{Node, quoted};
use super::super::setup::print;
use super::{Guide, GuideStep, WEB_IDENTITY_AUDIENCE, with_account};

pub(super) fn steps(guide: &Guide) -> Vec<GuideStep> {
    let label = label(guide.role_name);
    let path = match guide.role_path {
        "/" => String::new(),
        path => format!("  path = {}\n", string(path)),
    };
    let note = guide.key_note().map(|note| format!("# {note}\n")).unwrap_or_default();
    let import = if guide.role_is_named {
        format!(
            "# If the role exists, bring it under Terraform first: `terraform import aws_iam_role.{label} {}`.\n",
            guide.role_name
        )
    } else {
        String::new()
    };
    let (name, policy_name) = (string(guide.role_name), string(&guide.policy_name()));
    let (trust, permissions) =
        (here_document(&guide.trust_document()), here_document(&guide.role_document()));
    let trust = with_account(&trust, "${data.aws_caller_identity.current.account_id}");
    let account = match guide.account_is_open() {
        true => "data \"aws_caller_identity\" \"current\" {}\n\n",
        false => "",
    };
    let statements = guide.statements(&format!("${{aws_iam_role.{label}.arn}}"), escape);
    let provider = guide.issuer().map_or_else(String::new, |issuer| {
        format!(
            "# One for the account: leave it out where it exists.\nresource \"aws_iam_openid_connect_provider\" \"{label}\" {{\n  url = {}\n  client_id_list = [\"{WEB_IDENTITY_AUDIENCE}\"]\n}}\n\n",
            string(issuer)
        )
    });
    let text = format!(
        r#"{account}{provider}{import}resource "aws_iam_role" "{label}" {{
  name = {name}
{path}  assume_role_policy = {trust}
}}

{note}resource "aws_iam_role_policy" "{label}" {{
  name = {policy_name}
  role = aws_iam_role.{label}.name
  policy = {permissions}
}}

output "{label}" {{
  description = "What to run in Stagedoor next"
  value = <<SQL
{statements}
SQL
}}
"#
    );
    let title = format!(
        "Save as `{}.tf` and run `terraform apply`: it prints what to run in Stagedoor",
        guide.role_name
    );
    vec![GuideStep { title, language: "terraform", text }]
}

/// A name of Terraform's for the resources.
fn label(role_name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let label: String =
        role_name.chars().map(|character| if fits(character) { character } else { '_' }).collect();
    match label.chars().next() {
        Some(first) if first.is_ascii_alphabetic() || first == '_' => label,
        _ => format!("_{label}"),
    }
}

fn here_document(document: &Node) -> String {
    format!("<<JSON\n{}\nJSON", escape(&print(document)))
}

/// A string of Terraform's.
fn string(text: &str) -> String {
    escape(&quoted(text))
}

/// Terraform reads `${` and `%{` in strings.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

//! What to click in the AWS console, and what to paste there.

use super::super::setup::print;
use super::{ACCOUNT_PLACE, Guide, GuideStep, WEB_IDENTITY_AUDIENCE};

pub(super) fn steps(guide: &Guide) -> Vec<GuideStep> {
    let step = |title: String, language: &'static str, text: String| GuideStep { title, language, text };
    let trust = print(&guide.trust_document());
    let role = guide.role_name;
    let mut steps = Vec::new();
    if let Some(issuer) = guide.issuer() {
        steps.push(step(
            format!(
                "IAM, Identity providers, Add provider, OpenID Connect, audience `{WEB_IDENTITY_AUDIENCE}`: paste this as the URL, unless the account has it"
            ),
            "text",
            issuer.to_owned(),
        ));
    }
    let existing = if guide.role_is_named {
        format!(" (if role `{role}` exists: its Trust relationships, Edit trust policy)")
    } else {
        String::new()
    };
    let account = match guide.account_is_open() {
        true => format!(", with the account's number in the place of `{ACCOUNT_PLACE}`,"),
        false => String::new(),
    };
    steps.push(step(
        format!(
            "IAM, Roles, Create role, Custom trust policy: paste this{account} and choose Next twice, without adding permissions{existing}"
        ),
        "json",
        trust,
    ));
    steps.push(step("Role name: paste this and choose Create role".to_owned(), "text", role.to_owned()));
    steps.push(step(
        format!(
            "IAM, Roles, `{role}`, Add permissions, Create inline policy, JSON: paste this and choose Next"
        ),
        "json",
        print(&guide.role_document()),
    ));
    steps.push(step(
        "Policy name: paste this and choose Create policy".to_owned(),
        "text",
        guide.policy_name(),
    ));
    steps.extend(guide.key_note().map(|note| step("See to the key".to_owned(), "text", note)));
    let arn = format!("arn:{}:iam::<account>:role{}{role}", guide.scope.partition, guide.role_path);
    steps.push(step(
        "In Stagedoor, with the ARN that the role's page shows".to_owned(),
        "sql",
        guide.statements(&arn, str::to_owned),
    ));
    steps
}

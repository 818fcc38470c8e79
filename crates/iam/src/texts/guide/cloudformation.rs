//! A CloudFormation template, complete in itself.

use super::super::document::Node;
use super::{Guide, GuideStep, WEB_IDENTITY_AUDIENCE, with_account};

pub(super) fn steps(guide: &Guide) -> Vec<GuideStep> {
    let text = |text: &str| Node::text(text);
    let policy = Node::map([
        ("PolicyName", Node::Text(guide.policy_name())),
        ("PolicyDocument", guide.role_document()),
    ]);
    let mut properties = vec![("RoleName", text(guide.role_name))];
    if guide.role_path != "/" {
        properties.push(("Path", text(guide.role_path)));
    }
    properties.push(("Description", text("Lends a folder to Stagedoor")));
    let trust = guide.trust_document();
    let trust = if guide.account_is_open() { with_account_of_the_stack(trust) } else { trust };
    properties.push(("AssumeRolePolicyDocument", trust));
    properties.push(("Policies", Node::List(vec![policy])));
    let role = Node::map([("Type", text("AWS::IAM::Role")), ("Properties", Node::map(properties))]);
    let arn = Node::map([("Fn::GetAtt", Node::List(vec![text("Role"), text("Arn")]))]);
    let statements = guide.statements("${Role.Arn}", |part| part.replace("${", "${!"));
    let outputs = Node::map([
        ("RoleArn", Node::map([("Value", arn)])),
        (
            "Statements",
            Node::map([
                ("Description", text("What to run in Stagedoor next")),
                ("Value", Node::map([("Fn::Sub", Node::Text(statements))])),
            ]),
        ),
    ]);
    let mut resources = Vec::new();
    if let Some(issuer) = guide.issuer() {
        let provider = Node::map([
            ("Url", text(issuer)),
            ("ClientIdList", Node::List(vec![text(WEB_IDENTITY_AUDIENCE)])),
        ]);
        resources.push((
            "Provider",
            Node::map([("Type", text("AWS::IAM::OIDCProvider")), ("Properties", provider)]),
        ));
    }
    resources.push(("Role", role));
    let template = Node::map([
        ("AWSTemplateFormatVersion", text("2010-09-09")),
        ("Description", text("A role that lends one folder of a bucket to Stagedoor")),
        ("Resources", Node::map(resources)),
        ("Outputs", outputs),
    ]);
    let note = guide.key_note().map(|note| format!("# {note}\n")).unwrap_or_default();
    let existing = if guide.role_is_named {
        "# If the role exists, import it into the stack: a stack makes no role whose name is taken.\n"
    } else {
        ""
    };
    let title = format!(
        "Save as `{0}.yaml` and create a stack of it, for example by `aws cloudformation deploy --stack-name {0} --template-file {0}.yaml --capabilities CAPABILITY_NAMED_IAM`: its outputs have what to run in Stagedoor",
        guide.role_name
    );
    vec![GuideStep { title, language: "yaml", text: format!("{existing}{note}{}", template.yaml(0)) }]
}

/// The principal of the trust policy, with the stack's account in its ARN.
fn with_account_of_the_stack(node: Node) -> Node {
    match node {
        Node::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, value)| match value {
                    Node::Text(arn) if key == "Federated" => {
                        let arn = with_account(&arn, "${AWS::AccountId}");
                        (key, Node::map([("Fn::Sub", Node::Text(arn))]))
                    }
                    value => (key, with_account_of_the_stack(value)),
                })
                .collect(),
        ),
        Node::List(items) => Node::List(items.into_iter().map(with_account_of_the_stack).collect()),
        text => text,
    }
}

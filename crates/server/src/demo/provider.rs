//! What the provider of the server did before any customer came: the organization's principal.

use anyhow::Context;
use sandbox::client::{AwsClient, Keys, keys_of};

use super::show::Show;

/// The provider's account.
pub(super) const ACCOUNT: &str = "123456789012";
/// The role that customers trust.
pub(super) const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/xxxxxxx/tnabcdefg/xxxxxxx-tnabcdefg";

const PRINCIPAL_PATH: &str = "/xxxxxxx/tnabcdefg/";
const PRINCIPAL_NAME: &str = "xxxxxxx-tnabcdefg";
const SERVER_USER: &str = "stagedoor-server";

const TRUST_IN_SERVER: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "AWS": "arn:aws:iam::123456789012:user/stagedoor-server" },
      "Action": "sts:AssumeRole"
    }
  ]
}"#;

const ASSUME_CUSTOMERS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [ { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } ]
}"#;

const ASSUME_PRINCIPAL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "sts:AssumeRole",
      "Resource": "arn:aws:iam::123456789012:role/xxxxxxx/tnabcdefg/xxxxxxx-tnabcdefg"
    }
  ]
}"#;

/// Makes the server's user and the principal; gives the server's keys.
pub(super) async fn set_up(aws: &AwsClient, show: &mut Show<'_>) -> anyhow::Result<Keys> {
    show.step("Ours, once: the principal that customers will trust")?;
    show.text(
        "The server has an identity of its own that can do one thing: assume the organization's principal. \
         The principal\ncan do one thing: assume the roles that customers open to it.",
    )?;
    show.command(&format!("aws iam create-user --user-name {SERVER_USER}"))?;
    aws.iam("CreateUser", &[("UserName", SERVER_USER)]).await.context("cannot make the server's user")?;
    show.command(&format!(
        "aws iam create-role --path {PRINCIPAL_PATH} --role-name {PRINCIPAL_NAME} \
         --assume-role-policy-document file://trust-in-server.json"
    ))?;
    let role = [
        ("Path", PRINCIPAL_PATH),
        ("RoleName", PRINCIPAL_NAME),
        ("AssumeRolePolicyDocument", TRUST_IN_SERVER),
    ];
    aws.iam("CreateRole", &role).await.context("cannot make the principal")?;
    show.command(&format!(
        "aws iam put-role-policy --role-name {PRINCIPAL_NAME} --policy-name assume-customers \
         --policy-document file://assume-customers.json"
    ))?;
    let policy = [
        ("RoleName", PRINCIPAL_NAME),
        ("PolicyName", "assume-customers"),
        ("PolicyDocument", ASSUME_CUSTOMERS),
    ];
    aws.iam("PutRolePolicy", &policy).await.context("cannot give the principal its policy")?;
    show.command(&format!(
        "aws iam put-user-policy --user-name {SERVER_USER} --policy-name assume-principal \
         --policy-document file://assume-principal.json"
    ))?;
    let policy =
        [("UserName", SERVER_USER), ("PolicyName", "assume-principal"), ("PolicyDocument", ASSUME_PRINCIPAL)];
    aws.iam("PutUserPolicy", &policy).await.context("cannot give the server's user its policy")?;
    show.command(&format!("aws iam create-access-key --user-name {SERVER_USER}"))?;
    let answer = aws
        .iam("CreateAccessKey", &[("UserName", SERVER_USER)])
        .await
        .context("cannot make the server's keys")?;
    show.text("\nNo ticket to find it out: it is one statement away.")?;
    Ok(keys_of(&answer))
}

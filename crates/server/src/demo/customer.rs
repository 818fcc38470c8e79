//! What the customer does: a policy, a role that trusts the principal, and three statements.

use anyhow::Context;
use sandbox::client::AwsClient;

use super::show::Show;

/// The customer's account.
pub(super) const ACCOUNT: &str = "987654321987";

const BUCKET: &str = "test-bucket-123";
const FILE_NAME: &str = "test.parquet";
const FILE: &[u8] = include_bytes!("test.parquet");
const POLICY_NAME: &str = "databend-test";
const POLICY_ARN: &str = "arn:aws:iam::987654321987:policy/databend-test";
const ROLE_NAME: &str = "databend-test";

const ROLE_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::test-bucket-123"
    },
    {
      "Effect": "Allow",
      "Action": "s3:*Object",
      "Resource": "arn:aws:s3:::test-bucket-123/*"
    }
  ]
}"#;

const TRUST_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::123456789012:role/xxxxxxx/tnabcdefg/xxxxxxx-tnabcdefg"
      },
      "Action": "sts:AssumeRole",
      "Condition": { "StringEquals": { "sts:ExternalId": "my-external-id-123" } }
    }
  ]
}"#;

/// From the role to the first row.
pub(super) const STATEMENTS: [&str; 3] = [
    "CREATE CONNECTION databend_test\n    STORAGE_TYPE = 's3'\n    \
     ROLE_ARN = 'arn:aws:iam::987654321987:role/databend-test'\n    EXTERNAL_ID = 'my-external-id-123';",
    "CREATE STAGE databend_test\n    URL = 's3://test-bucket-123'\n    \
     CONNECTION = (CONNECTION_NAME = 'databend_test');",
    "SELECT * FROM @databend_test/test.parquet LIMIT 5;",
];

/// The customer's data, in the customer's bucket, where it stays.
pub(super) async fn put_file_into_bucket(aws: &AwsClient, show: &mut Show<'_>) -> anyhow::Result<()> {
    show.step("The customer: data in a bucket of their own")?;
    show.command(&format!("aws s3 mb s3://{BUCKET}"))?;
    aws.s3("PUT", BUCKET, "", "", &[], "").await.context("cannot make the bucket")?;
    show.command(&format!("aws s3 cp {FILE_NAME} s3://{BUCKET}/"))?;
    aws.s3("PUT", BUCKET, FILE_NAME, "", &[], FILE).await.context("cannot put the file into the bucket")?;
    Ok(())
}

/// What may be done with the data.
pub(super) async fn create_policy(aws: &AwsClient, show: &mut Show<'_>) -> anyhow::Result<()> {
    show.step("The customer: a policy that says what may be done with it")?;
    show.file("role-policy.json", ROLE_POLICY)?;
    show.command(&format!(
        "aws iam create-policy --policy-name {POLICY_NAME} --policy-document file://role-policy.json"
    ))?;
    let policy = [("PolicyName", POLICY_NAME), ("PolicyDocument", ROLE_POLICY)];
    aws.iam("CreatePolicy", &policy).await.context("cannot make the policy")?;
    Ok(())
}

/// Who may do it: our principal, and only for this customer.
pub(super) async fn create_role(aws: &AwsClient, show: &mut Show<'_>) -> anyhow::Result<()> {
    show.step("The customer: a role with that policy, which trusts the principal")?;
    show.file("trust-policy.json", TRUST_POLICY)?;
    show.command(&format!(
        "aws iam create-role --role-name {ROLE_NAME} --assume-role-policy-document file://trust-policy.json"
    ))?;
    let role = [("RoleName", ROLE_NAME), ("AssumeRolePolicyDocument", TRUST_POLICY)];
    aws.iam("CreateRole", &role).await.context("cannot make the role")?;
    show.command(&format!("aws iam attach-role-policy --role-name {ROLE_NAME} --policy-arn {POLICY_ARN}"))?;
    let attachment = [("RoleName", ROLE_NAME), ("PolicyArn", POLICY_ARN)];
    aws.iam("AttachRolePolicy", &attachment).await.context("cannot attach the policy to the role")?;
    Ok(())
}

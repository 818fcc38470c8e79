//! A sandbox with the tutorial's two accounts, and short words for what tests do with it.

use sandbox::client::{AwsClient, AwsError, Keys, keys_of, text_of};
use sandbox::{Sandbox, SandboxOptions};

pub const PROVIDER: &str = "123456789012";
pub const CUSTOMER: &str = "987654321987";

/// Lets a role be assumed by its own account.
pub fn trust_account(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}]}}"#
    )
}

/// Allows some actions on everything.
pub fn allow_all(actions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#
    )
}

pub struct World {
    pub sandbox: Sandbox,
    pub provider: AwsClient,
    pub customer: AwsClient,
    pub anonymous: AwsClient,
}

impl World {
    pub async fn start() -> Self {
        Self::with(SandboxOptions::default()).await
    }

    pub async fn with(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let root = |number: &str| {
            let keys = Keys::from(sandbox.account(number).unwrap());
            AwsClient::new(sandbox.endpoint(), keys, "us-east-1").with_clock(sandbox.clock())
        };
        let (provider, customer) = (root(PROVIDER), root(CUSTOMER));
        let anonymous = AwsClient::anonymous(sandbox.endpoint(), "us-east-1").with_clock(sandbox.clock());
        Self { sandbox, provider, customer, anonymous }
    }

    pub async fn bucket(&self, name: &str) {
        self.customer.s3("PUT", name, "", "", &[], "").await.unwrap();
    }

    pub async fn object(&self, bucket: &str, key: &str, body: &'static str) {
        self.customer.s3("PUT", bucket, key, "", &[], body).await.unwrap();
    }

    /// Without Block Public Access, so that policies alone decide.
    pub async fn open_bucket(&self, name: &str) {
        self.bucket(name).await;
        self.customer.s3("DELETE", name, "", "publicAccessBlock", &[], "").await.unwrap();
    }

    pub async fn bucket_policy(&self, bucket: &str, policy: &str) {
        self.customer.s3("PUT", bucket, "", "policy", &[], policy.to_owned()).await.unwrap();
    }

    /// A user with one inline policy, and a client with its keys.
    pub async fn user(&self, root: &AwsClient, name: &str, policy: &str) -> AwsClient {
        root.iam("CreateUser", &[("UserName", name)]).await.unwrap();
        if !policy.is_empty() {
            let params = [("UserName", name), ("PolicyName", "inline"), ("PolicyDocument", policy)];
            root.iam("PutUserPolicy", &params).await.unwrap();
        }
        let document = root.iam("CreateAccessKey", &[("UserName", name)]).await.unwrap();
        root.with_keys(keys_of(&document))
    }

    /// A role with one inline policy; gives its ARN.
    pub async fn role(&self, root: &AwsClient, name: &str, trust: &str, policy: &str) -> String {
        let params = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
        let document = root.iam("CreateRole", &params).await.unwrap();
        if !policy.is_empty() {
            let params = [("RoleName", name), ("PolicyName", "inline"), ("PolicyDocument", policy)];
            root.iam("PutRolePolicy", &params).await.unwrap();
        }
        text_of(&document, "Arn").unwrap()
    }

    /// A user of an account who may assume any role.
    pub async fn assumer(&self, root: &AwsClient, name: &str) -> AwsClient {
        self.user(root, name, &allow_all(r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#))
            .await
    }
}

/// The code of a refusal, `ok` without one.
pub fn code<T>(result: Result<T, AwsError>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code,
    }
}

//! What an administrator does who pastes a `fix` and thinks no further.

use sandbox::client::AwsError;
use serde_json::{Value, json};

use super::aws::Administrators;

const ROLE: &str = "warehouse";

impl Administrators {
    /// Pastes a fix where it says: a document in the place of the old one, a statement beside the others, an element
    /// into the statement.
    pub async fn apply(&self, fix: &str) -> Result<(), AwsError> {
        if let Ok(json) = serde_json::from_str::<Value>(fix) {
            return self.apply_json(&json).await;
        }
        let Some((place, json)) = fix.split_once(": {") else { panic!("nothing to paste in `{fix}`") };
        let text = format!("{{{json}");
        let mut documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let statement = documents.next().unwrap().unwrap();
        match place {
            _ if place.starts_with("add to the policy of bucket") => {
                let bucket = place.split('`').nth(1).unwrap();
                self.add_to_bucket(bucket, statement).await
            }
            "add to the role's policy" => self.add_to_role("customer", ROLE, statement).await?,
            "add to the key policy" => self.add_to_key(statement).await?,
            _ if place.starts_with("add to the policies of") => {
                let arn = place.split('`').nth(1).unwrap();
                let name = arn.rsplit('/').next().unwrap();
                if arn.contains(":user/") {
                    self.add_to_user(name, statement).await?;
                } else {
                    self.add_to_role("provider", name, statement).await?;
                }
            }
            _ => panic!("where is that to be pasted: `{fix}`"),
        }
        match text[documents.byte_offset()..].strip_prefix(" and to the key policy: ") {
            Some(more) => self.add_to_key(serde_json::from_str(more).unwrap()).await,
            None => Ok(()),
        }
    }

    async fn apply_json(&self, json: &Value) -> Result<(), AwsError> {
        if let Some(statements) = json.get("Statement") {
            let first = statements.get(0).unwrap_or(statements);
            return match first.get("Principal") {
                Some(_) => self.set_trust(json).await,
                None => self.put_role_policy("customer", ROLE, "read", json).await,
            };
        }
        match (json.get("Effect"), json.get("Principal")) {
            (Some(_), Some(_)) => self.set_trust(&document(vec![json.clone()])).await,
            (Some(_), None) => self.add_to_role("customer", ROLE, json.clone()).await,
            (None, _) => {
                let mut trust: Value = serde_json::from_str(&self.text("@trust.json")).unwrap();
                let Some(Value::Array(statements)) = trust.get_mut("Statement") else { panic!("{trust}") };
                for statement in statements.iter_mut().filter(|statement| statement["Effect"] != "Deny") {
                    for (element, value) in json.as_object().unwrap() {
                        statement[element] = value.clone();
                    }
                }
                self.set_trust(&trust).await
            }
        }
    }

    async fn set_trust(&self, trust: &Value) -> Result<(), AwsError> {
        let text = trust.to_string();
        let set = [("RoleName", ROLE), ("PolicyDocument", text.as_str())];
        self.accounts["customer"].iam("UpdateAssumeRolePolicy", &set).await.map(drop)
    }

    async fn put_role_policy(
        &self,
        account: &str,
        role: &str,
        name: &str,
        policy: &Value,
    ) -> Result<(), AwsError> {
        let text = policy.to_string();
        let put = [("RoleName", role), ("PolicyName", name), ("PolicyDocument", text.as_str())];
        self.accounts[account].iam("PutRolePolicy", &put).await.map(drop)
    }

    /// In a policy of its own, named after what it allows.
    async fn add_to_role(&self, account: &str, role: &str, statement: Value) -> Result<(), AwsError> {
        let name: String =
            statement["Action"].to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        self.put_role_policy(account, role, &format!("added-{name}"), &document(vec![statement])).await
    }

    async fn add_to_user(&self, user: &str, statement: Value) -> Result<(), AwsError> {
        let text = document(vec![statement]).to_string();
        let put = [("UserName", user), ("PolicyName", "added"), ("PolicyDocument", text.as_str())];
        self.accounts["provider"].iam("PutUserPolicy", &put).await.map(drop)
    }

    async fn add_to_bucket(&self, bucket: &str, statement: Value) {
        for owner in ["customer", "other"] {
            let client = &self.accounts[owner];
            let known = client.s3("GET", bucket, "", "policy", &[], Vec::new()).await;
            let mut policy = match known {
                Ok(answer) => serde_json::from_str(&answer.text()).unwrap(),
                Err(error) if error.code == "NoSuchBucketPolicy" => document(Vec::new()),
                Err(_) => continue,
            };
            let Some(Value::Array(statements)) = policy.get_mut("Statement") else { panic!("{policy}") };
            statements.push(statement.clone());
            let text = policy.to_string().into_bytes();
            if client.s3("PUT", bucket, "", "policy", &[], text).await.is_ok() {
                return;
            }
        }
        panic!("nobody may write the policy of bucket `{bucket}`");
    }

    async fn add_to_key(&self, statement: Value) -> Result<(), AwsError> {
        let key = self.with_names("{kms_key}");
        let body = |policy: Option<String>| {
            let mut body = json!({"KeyId": key, "PolicyName": "default"});
            if let Some(policy) = policy {
                body["Policy"] = json!(policy);
            }
            body.to_string()
        };
        let client = &self.accounts["customer"];
        let known: Value = serde_json::from_str(&client.kms("GetKeyPolicy", body(None)).await?).unwrap();
        let mut policy: Value = serde_json::from_str(known["Policy"].as_str().unwrap()).unwrap();
        let Some(Value::Array(statements)) = policy.get_mut("Statement") else { panic!("{policy}") };
        statements.push(statement);
        client.kms("PutKeyPolicy", body(Some(policy.to_string()))).await.map(drop)
    }
}

fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

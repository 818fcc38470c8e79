//! Commands of the administrators: `ACCOUNT iam ACTION Name=value …` and `ACCOUNT s3 METHOD BUCKET [KEY]
//! [?query] [header:value] [@body]`, and `ACCOUNT kms ACTION [@policy]`: the key that CreateKey made is the one that
//! later calls are about, and `{kms_key}` anywhere is its ARN. A value `@file` is the content of a file of the case.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sandbox::client::{AwsClient, AwsError};
use sandbox::{Guardrails, Sandbox};
use serde_json::{Value, json};

const TEST_PARQUET: &[u8] = include_bytes!("../../../src/demo/test.parquet");

/// The root users of the accounts, and the files of the case.
#[derive(Clone)]
pub struct Administrators {
    pub accounts: HashMap<&'static str, AwsClient>,
    pub folder: PathBuf,
    /// ARN of the key that was made last.
    pub kms_key: Arc<Mutex<String>>,
    /// The administrators of the AWS organizations and of the network.
    pub guardrails: Guardrails,
    /// Host and port of the server, which AWS calls an issuer of tokens by; `{issuer}` in texts.
    pub issuer: String,
}

impl Administrators {
    /// Those of a sandbox.
    pub fn of(sandbox: &Sandbox, folder: &Path) -> Self {
        let client = |number: &str| {
            AwsClient::new(sandbox.endpoint(), sandbox.account(number).unwrap().into(), "us-east-1")
                .with_clock(sandbox.clock())
        };
        let accounts = HashMap::from([
            ("provider", client("123456789012")),
            ("customer", client("987654321987")),
            ("other", client("555555555555")),
        ]);
        Self {
            accounts,
            folder: folder.to_owned(),
            kms_key: Arc::default(),
            guardrails: sandbox.guardrails(),
            issuer: String::new(),
        }
    }

    /// Runs one command; the error is AWS's.
    pub async fn run(&self, command: &str) -> Result<String, AwsError> {
        let words = split(&self.with_names(command));
        let [account, service, operation, rest @ ..] = words.as_slice() else {
            panic!("`{command}` is no command")
        };
        let client = self.accounts.get(account.as_str()).unwrap_or_else(|| panic!("no account `{account}`"));
        match service.as_str() {
            "iam" => {
                let parameters: Vec<(String, String)> = rest
                    .iter()
                    .map(|word| word.split_once('=').unwrap_or_else(|| panic!("`{word}` in `{command}`")))
                    .map(|(name, value)| (name.to_owned(), self.text(value)))
                    .collect();
                let parameters: Vec<(&str, &str)> =
                    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                client.iam(operation, &parameters).await
            }
            "kms" => self.kms(client, operation, rest).await,
            "organizations" => {
                self.guardrail(account, operation, rest);
                Ok(String::new())
            }
            "s3" => self.s3(client, operation, rest).await,
            _ => panic!("`{command}`: no service `{service}`"),
        }
    }

    /// `scp` and `rcp` with a policy, or without one to take it away; `vpce ID [policy]`; `sts off` and
    /// `sts on` for STS in this region.
    fn guardrail(&self, account: &str, operation: &str, words: &[String]) {
        let number = match account {
            "provider" => "123456789012",
            "customer" => "987654321987",
            _ => "555555555555",
        };
        let text = |at: usize| words.get(at).map(|word| self.text(word));
        let set = match operation {
            "scp" => self.guardrails.set_service_control(number, text(0).as_deref()),
            "rcp" => self.guardrails.set_resource_control(number, text(0).as_deref()),
            "vpce" => {
                let policy = text(1);
                self.guardrails.set_vpc_endpoint(words.first().map(|id| (id.as_str(), policy.as_deref())))
            }
            "sts" => self.guardrails.set_sts_active(number, words.first().is_none_or(|word| word != "off")),
            other => panic!("`{other}` is no command of the administrators of an AWS organization"),
        };
        set.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }

    async fn kms(&self, client: &AwsClient, action: &str, words: &[String]) -> Result<String, AwsError> {
        let mut body = json!({});
        if action != "CreateKey" {
            body["KeyId"] = json!(self.kms_key.lock().unwrap().clone());
            body["PolicyName"] = json!("default");
        }
        if let Some(policy) = words.first() {
            body["Policy"] = json!(self.text(policy));
        }
        let answer = client.kms(action, body.to_string()).await?;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        if let Some(arn) = answer["KeyMetadata"]["Arn"].as_str() {
            *self.kms_key.lock().unwrap() = arn.to_owned();
        }
        Ok(answer.to_string())
    }

    /// The text with what stands behind the names `{kms_key}` and `{issuer}`.
    pub fn with_names(&self, text: &str) -> String {
        text.replace("{kms_key}", &self.kms_key.lock().unwrap()).replace("{issuer}", &self.issuer)
    }

    async fn s3(&self, client: &AwsClient, method: &str, words: &[String]) -> Result<String, AwsError> {
        let (mut names, mut query, mut headers, mut body) =
            (Vec::new(), String::new(), Vec::new(), Vec::new());
        for word in words {
            if let Some(text) = word.strip_prefix('?') {
                query = text.to_owned();
            } else if let Some(file) = word.strip_prefix('@') {
                body = if file.ends_with(".xml") { self.text(word).into_bytes() } else { self.bytes(file) };
            } else if let Some((name, value)) = word.split_once(':') {
                headers.push((name.to_owned(), value.to_owned()));
            } else {
                names.push(word.as_str());
            }
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let key = names.get(1).copied().unwrap_or_default();
        let region = headers.iter().find(|(name, _)| *name == "region").map(|(_, value)| *value);
        let client = match region {
            Some(region) => client.with_region(region),
            None => client.clone(),
        };
        let headers: Vec<(&str, &str)> = headers.into_iter().filter(|(name, _)| *name != "region").collect();
        client.s3(method, names[0], key, &query, &headers, body).await.map(|answer| answer.text())
    }

    /// A value, or the content of the file that `@` names.
    pub fn text(&self, value: &str) -> String {
        match value.strip_prefix('@') {
            Some(file) => self.with_names(&String::from_utf8(self.bytes(file)).unwrap()),
            None => value.to_owned(),
        }
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        if file == "test.parquet" {
            return TEST_PARQUET.to_vec();
        }
        read(&self.folder.join(file))
    }
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Words at blanks; `'…'` keeps blanks together.
fn split(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

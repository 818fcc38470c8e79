//! `tests/sql/*.slt`: what statements answer, over HTTP, with the sandbox as the cloud.
//!
//! Each file has a server of its own, a bucket `test-bucket-123` with `test.parquet` and some folders, and a
//! role `databend-test` that may read and write it, as the tutorial makes it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use catalog::Catalog;
use credentials::{CredentialsOptions, CustomerKeys, IdentitySource, ServerSettings};
use sandbox::client::{AwsClient, keys_of};
use sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use server::{Config, OrganizationConfig, RootPassword, RunningServer};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::world::{Client, PASSWORD};

const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3ftqihs/stagedoor-tn3ftqihs";
const TEST_PARQUET: &[u8] = include_bytes!("../../src/demo/test.parquet");

#[tokio::test]
async fn statements_answer_as_written_down() {
    let files = statement_files();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let world = SqlWorld::new().await;
        let client = world.client.clone();
        let mut runner = Runner::new(|| {
            let session = Session { client: client.clone(), state: Value::Null };
            async move { Ok(session) }
        });
        runner
            .run_file_async(&file)
            .await
            .unwrap_or_else(|failure| panic!("{}: {}", file.display(), failure.display(false)));
    }
}

fn statement_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "slt")).collect();
    files.sort();
    files
}

struct SqlWorld {
    _sandbox: Sandbox,
    _server: RunningServer,
    client: Client,
}

impl SqlWorld {
    async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let account = |number: &str| {
            AwsClient::new(sandbox.endpoint(), sandbox.account(number).unwrap().into(), "us-east-1")
        };
        let keys = prepare_provider(&account("123456789012")).await;
        prepare_customer(&account("987654321987")).await;

        let organization = OrganizationConfig { principal: Some(PRINCIPAL.into()), next_principal: None };
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            organizations: [("default".to_owned(), organization)].into(),
            ..Config::default()
        };
        let credentials = CredentialsOptions {
            server: ServerSettings {
                identity: IdentitySource::Keys(keys),
                region: Some("us-east-1".into()),
                sts_endpoint: Some(sandbox.endpoint()),
                s3_endpoint: Some(sandbox.endpoint()),
            },
            ..CredentialsOptions::default()
        };
        let catalog = Catalog::open(None).await.unwrap();
        let password = RootPassword::given(PASSWORD.to_owned(), config.listen).unwrap();
        let server = server::start_with_credentials(&config, &password, catalog, credentials).await.unwrap();
        let client = Client::new(&format!("http://{}", server.address()));
        Self { _sandbox: sandbox, _server: server, client }
    }
}

async fn prepare_provider(aws: &AwsClient) -> CustomerKeys {
    aws.iam("CreateUser", &[("UserName", "stagedoor-server")]).await.unwrap();
    let trust = allow(
        "sts:AssumeRole",
        json!({"Principal": {"AWS": "arn:aws:iam::123456789012:user/stagedoor-server"}}),
    );
    let role = [
        ("Path", "/stagedoor/tn3ftqihs/"),
        ("RoleName", "stagedoor-tn3ftqihs"),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    aws.iam("CreateRole", &role).await.unwrap();
    let assume = allow("sts:AssumeRole", json!({"Resource": "*"}));
    let policy =
        [("RoleName", "stagedoor-tn3ftqihs"), ("PolicyName", "assume"), ("PolicyDocument", assume.as_str())];
    aws.iam("PutRolePolicy", &policy).await.unwrap();
    let policy =
        [("UserName", "stagedoor-server"), ("PolicyName", "assume"), ("PolicyDocument", assume.as_str())];
    aws.iam("PutUserPolicy", &policy).await.unwrap();
    let keys = keys_of(&aws.iam("CreateAccessKey", &[("UserName", "stagedoor-server")]).await.unwrap());
    CustomerKeys::new(keys.access_key_id, keys.secret_access_key, None)
}

async fn prepare_customer(aws: &AwsClient) {
    aws.s3("PUT", "test-bucket-123", "", "", &[], "").await.unwrap();
    for key in ["test.parquet", "sales/2024/a.parquet", "sales/2024/b.parquet", "sales/2025/a.parquet"] {
        aws.s3("PUT", "test-bucket-123", key, "", &[], TEST_PARQUET).await.unwrap();
    }
    aws.s3("PUT", "test-bucket-123", "broken.parquet", "", &[], "PAR1 but nothing more PAR1").await.unwrap();
    let trust = allow("sts:AssumeRole", json!({"Principal": {"AWS": PRINCIPAL}}));
    aws.iam("CreateRole", &[("RoleName", "databend-test"), ("AssumeRolePolicyDocument", trust.as_str())])
        .await
        .unwrap();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::test-bucket-123"},
            {"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::test-bucket-123/*"},
        ]
    })
    .to_string();
    let policy = [("RoleName", "databend-test"), ("PolicyName", "read"), ("PolicyDocument", policy.as_str())];
    aws.iam("PutRolePolicy", &policy).await.unwrap();
}

/// A policy of one statement.
fn allow(action: &str, mut statement: Value) -> String {
    statement["Effect"] = json!("Allow");
    statement["Action"] = json!(action);
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A connection of a client: it carries the session from statement to statement.
struct Session {
    client: Client,
    state: Value,
}

/// `[code] message`, as the clients show it.
#[derive(Debug, thiserror::Error)]
#[error("[{code}] {message}")]
struct Refused {
    code: u64,
    message: String,
}

#[async_trait]
impl AsyncDB for Session {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        let mut body = json!({ "sql": sql });
        if !self.state.is_null() {
            body["session"] = self.state.clone();
        }
        let mut page = self.client.post("/v1/query", body).await.json();
        if !page["session"].is_null() {
            self.state = page["session"].clone();
        }
        let columns = page["schema"].as_array().map_or(0, Vec::len);
        let mut rows = Vec::new();
        loop {
            if let Some(code) = page["error"]["code"].as_u64() {
                let message = page["error"]["message"].as_str().unwrap_or_default().to_owned();
                return Err(Refused { code, message });
            }
            for row in page["data"].as_array().unwrap() {
                let cell = |cell: &Value| match cell.as_str() {
                    Some("") => "(empty)".to_owned(),
                    Some(text) => text.to_owned(),
                    None => "NULL".to_owned(),
                };
                rows.push(row.as_array().unwrap().iter().map(cell).collect());
            }
            let Some(next) = page["next_uri"].as_str() else { break };
            page = self.client.get(next).await.json();
        }
        if columns == 0 {
            return Ok(DBOutput::StatementComplete(0));
        }
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Text; columns], rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "stagedoor"
    }
}

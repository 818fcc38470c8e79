//! `tests/sql/*.slt`: what statements answer, over HTTP, with the sandbox as the cloud.
//!
//! Each file has a server of its own, a bucket `test-bucket-123` with `test.parquet` and some folders, and a
//! role `databend-test` that may read and write it, as the tutorial makes it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use catalog::Catalog;
use credentials::{CredentialsOptions, CustomerKeys, EndpointRules, IdentitySource, ServerSettings};
use sandbox::client::{AwsClient, keys_of};
use sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use server::{Config, EndpointConfig, EngineConfig, OrganizationConfig, RootPassword, RunningServer};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::world::{Client, PASSWORD};

/// The ARN of the role that customers trust.
pub const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3ftqihs/stagedoor-tn3ftqihs";
/// The ARN of the customer's role.
pub const ROLE: &str = "arn:aws:iam::987654321987:role/databend-test";
const TEST_PARQUET: &[u8] = include_bytes!("../../src/demo/test.parquet");

/// Small files of text for the statements that read them.
const TEXT_FILES: &[(&str, &str)] = &[
    ("text/people.csv", "id,name,born\n1,Ann,1980-02-29\n2,\"Bob, \"\"B\"\"\",\n3,,2001-01-01\n"),
    ("text/plain.csv", "1|a|x\n2|b\n3|\\N|z|more\n"),
    ("text/ragged.csv", "a,b\n1,2\n3\n"),
    ("text/mistyped.csv", "a,b\n1,2\n3,x\n"),
    ("text/open.csv", "a,b\n1,\"never closed\n2,3\n"),
    ("text/words.tsv", "a\\tb\tx\n\\N\ty\n"),
    (
        "text/events.ndjson",
        "{\"id\":1,\"user\":{\"name\":\"Ann\",\"tags\":[\"x\",\"y\"]},\"n\":1.5}\n{\"id\":2,\"user\":null,\"n\":2,\"late\":true}\n",
    ),
    ("text/mixed.ndjson", "{\"a\":1}\n{\"a\":\"one\"}\n"),
    ("text/broken.ndjson", "{\"a\":1}\n{\"a\":\n"),
    ("text/rows.json", "[ {\"b\": 2, \"a\": 1},\n  {\"a\": 3} ]"),
    ("text/many/1.csv", "id,x\n1,10\n"),
    ("text/many/2.csv", "x,id\n20,2\n"),
    ("text/unnamed", "p;q\n1;2\n"),
    ("text/days/dt=2024-01-01/a.csv", "id,x\n1,10\n"),
    ("text/days/dt=2024-01-02/a.csv", "id,x\n2,20\n3,30\n"),
    ("text/logs/host=a/1.ndjson", "{\"n\":1}\n"),
    ("text/logs/host=__HIVE_DEFAULT_PARTITION__/1.ndjson", "{\"n\":2}\n"),
];

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

/// A server and a sandbox with the tutorial's bucket and role.
pub struct SqlWorld {
    pub sandbox: Sandbox,
    server: RunningServer,
    pub catalog: Catalog,
    pub client: Client,
    start: Start,
}

/// What a server is started with, again and again.
#[derive(Clone)]
struct Start {
    config: Config,
    /// The server's own.
    keys: CustomerKeys,
    /// Where catalog and history are; in memory otherwise.
    folder: Option<PathBuf>,
}

impl SqlWorld {
    pub async fn new() -> Self {
        Self::with_organizations(&["default"], None).await
    }

    /// Organizations with one principal, all but `default` with the same list of roles that they may name.
    pub async fn with_organizations(names: &[&str], allowed_roles: Option<Vec<String>>) -> Self {
        Self::start(config_of(names, allowed_roles), None).await
    }

    /// The same with catalog and history in a folder, so that [`SqlWorld::restart`] finds them again.
    pub async fn kept_in(folder: &Path, names: &[&str]) -> Self {
        Self::start(config_of(names, None), Some(folder.to_owned())).await
    }

    /// One organization, whose users may name these hosts as endpoints, without TLS too.
    pub async fn with_endpoints(allowed: Vec<String>) -> Self {
        let endpoints = EndpointConfig { allowed, allow_http: true };
        Self::start(Config { endpoints, ..config_of(&["default"], None) }, None).await
    }

    /// Stops the server and starts another in its place.
    pub async fn restart(self) -> Self {
        self.server.stop().await;
        let (server, catalog) = self.start.serve(&self.sandbox).await;
        let client = Client::new(&format!("http://{}", server.address()));
        Self { server, catalog, client, ..self }
    }

    /// One organization, whose queries have so much memory together.
    pub async fn with_memory(bytes_max: usize) -> Self {
        let organization =
            OrganizationConfig { principal: Some(PRINCIPAL.into()), ..OrganizationConfig::default() };
        Self::start(
            Config {
                listen: "127.0.0.1:0".parse().unwrap(),
                organizations: [("default".to_owned(), organization)].into(),
                engine: EngineConfig { memory_bytes_max: bytes_max, ..EngineConfig::default() },
                ..Config::default()
            },
            None,
        )
        .await
    }

    /// One organization, whose administrators are the operators.
    pub async fn with_operator(name: &str) -> Self {
        let organization =
            OrganizationConfig { principal: Some(PRINCIPAL.into()), ..OrganizationConfig::default() };
        Self::start(
            Config {
                listen: "127.0.0.1:0".parse().unwrap(),
                organizations: [(name.to_owned(), organization)].into(),
                operator_organization: Some(name.to_owned()),
                ..Config::default()
            },
            None,
        )
        .await
    }

    async fn start(config: Config, folder: Option<PathBuf>) -> Self {
        crate::evidence::keep_log();
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let keys = prepare_provider(&account(&sandbox, "123456789012")).await;
        prepare_customer(&account(&sandbox, "987654321987")).await;
        let start = Start { config, keys, folder };
        let (server, catalog) = start.serve(&sandbox).await;
        let client = Client::new(&format!("http://{}", server.address()));
        Self { sandbox, server, catalog, client, start }
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Lets the customer's role be assumed by the principal with this external id alone.
    pub async fn trust_external_id(&self, external_id: &str) {
        let condition = json!({"StringEquals": {"sts:ExternalId": external_id}});
        self.trust(json!({"Principal": {"AWS": PRINCIPAL}, "Condition": condition})).await;
    }

    /// Lets the customer's role be assumed by the principal, whatever the external id.
    pub async fn trust_anybody_with_the_principal(&self, principal: &str) {
        self.trust(json!({"Principal": {"AWS": principal}})).await;
    }

    async fn trust(&self, statement: Value) {
        let policy = allow("sts:AssumeRole", statement);
        let parameters = [("RoleName", "databend-test"), ("PolicyDocument", policy.as_str())];
        let customer = account(&self.sandbox, "987654321987");
        customer.iam("UpdateAssumeRolePolicy", &parameters).await.unwrap();
    }
}

impl Start {
    async fn serve(&self, sandbox: &Sandbox) -> (RunningServer, Catalog) {
        let clock = sandbox.clock().clone();
        let credentials = CredentialsOptions {
            server: ServerSettings {
                identity: IdentitySource::Keys(self.keys.clone()),
                region: Some("us-east-1".into()),
                sts_endpoint: Some(sandbox.endpoint()),
                s3_endpoint: Some(sandbox.endpoint()),
            },
            clock: credentials::Clock::from_fn(move || clock.now().into()),
            endpoint_rules: EndpointRules::new(
                &self.config.endpoints.allowed,
                self.config.endpoints.allow_http,
            )
            .unwrap(),
            ..CredentialsOptions::default()
        };
        let file = |name: &str| self.folder.as_ref().map(|folder| folder.join(name));
        let catalog = Catalog::open(file("catalog.sqlite").as_deref()).await.unwrap();
        let password = RootPassword::given(PASSWORD.to_owned(), self.config.listen).unwrap();
        let history = file("history.sqlite");
        let (config, history) = (&self.config, history.as_deref());
        let server = server::start_with_history(config, &password, catalog.clone(), credentials, history);
        (server.await.unwrap(), catalog)
    }
}

/// Organizations with one principal, all but `default` with the same list of roles that they may name.
fn config_of(names: &[&str], allowed_roles: Option<Vec<String>>) -> Config {
    let organization = |name: &&str| {
        let allowed_roles = allowed_roles.clone().filter(|_| *name != "default");
        let configured = OrganizationConfig {
            principal: Some(PRINCIPAL.into()),
            allowed_roles,
            ..OrganizationConfig::default()
        };
        ((*name).to_owned(), configured)
    };
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        organizations: names.iter().map(organization).collect(),
        ..Config::default()
    }
}

/// The root of an account of the sandbox.
pub fn account(sandbox: &Sandbox, number: &str) -> AwsClient {
    AwsClient::new(sandbox.endpoint(), sandbox.account(number).unwrap().into(), "us-east-1")
        .with_clock(sandbox.clock())
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
    for (key, content) in TEXT_FILES.iter().copied() {
        aws.s3("PUT", "test-bucket-123", key, "", &[], content).await.unwrap();
    }
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
pub struct Session {
    pub client: Client,
    pub state: Value,
}

/// `[code] message`, as the clients show it.
#[derive(Debug, thiserror::Error)]
#[error("[{code}] {message}")]
pub struct Refused {
    pub code: u64,
    pub message: String,
    /// The lines below the message: excerpt and hint.
    pub detail: String,
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
        let mut columns = 0;
        let mut rows = Vec::new();
        loop {
            // While a statement is still starting, its pages have no columns.
            columns = page["schema"].as_array().map_or(columns, |schema| columns.max(schema.len()));
            if let Some(code) = page["error"]["code"].as_u64() {
                let message = page["error"]["message"].as_str().unwrap_or_default().to_owned();
                let detail = page["error"]["detail"].as_str().unwrap_or_default().to_owned();
                return Err(Refused { code, message, detail });
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

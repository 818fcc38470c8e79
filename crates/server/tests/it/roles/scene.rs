//! The world of a case: a sandbox with the provider's and the customer's side as they are when nothing is wrong,
//! then what `world.toml` makes of it, and a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use catalog::Catalog;
use credentials::{
    CredentialsOptions, CustomerKeys, EndpointRules, IdentitySource, IssuerOptions, ServerSettings,
};
use sandbox::client::keys_of;
use sandbox::{AccountSeed, Sandbox, SandboxOptions};
use serde::Deserialize;
use serde_json::json;
use server::{Config, OrganizationConfig, RootPassword, RunningServer};

use super::aws::{Administrators, read};
use super::steps::Steps;
use crate::world::{Client, PASSWORD};

pub const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3ftqihs/stagedoor-tn3ftqihs";
pub const NEXT_PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3ftqihs/stagedoor-next";
const SERVER_USER: &str = "arn:aws:iam::123456789012:user/stagedoor-server";
const ROLE: &str = "arn:aws:iam::987654321987:role/warehouse";

/// `world.toml`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct World {
    /// What somebody got wrong.
    about: String,
    /// Whether the organization has a principal; without, the server's own identity assumes the role.
    principal: bool,
    next_principal: bool,
    /// What the server's keys are: `user`, `root`, `none`, `wrong secret` or `deactivated`.
    server: String,
    /// How far AWS's clock is ahead of the server's.
    clock_ahead_seconds: u64,
    /// How long VALIDATE waits for changes of IAM.
    patience_seconds: u64,
    /// How long changes of IAM take to be seen, from the beginning of the steps on.
    iam_delay_seconds: u64,
    /// How long the server wants its sessions to last.
    session_seconds: u64,
    /// Whether the server issues identity tokens.
    issuer: bool,
    /// Whether the customer's role exists.
    role: bool,
    /// Hosts that users may name as ENDPOINT_URL.
    endpoints: Vec<String>,
    /// Commands of administrators before the server starts.
    aws: Vec<String>,
    /// Statements before the steps; `{endpoint}` is the sandbox's.
    sql: Vec<String>,
    /// Organizations beside `default`, with their principals.
    organizations: BTreeMap<String, String>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            about: String::new(),
            principal: true,
            next_principal: false,
            server: "user".to_owned(),
            clock_ahead_seconds: 0,
            patience_seconds: 0,
            iam_delay_seconds: 0,
            session_seconds: 3600,
            issuer: false,
            role: true,
            endpoints: Vec::new(),
            aws: Vec::new(),
            sql: vec![
                format!(
                    "CREATE CONNECTION sales STORAGE_TYPE = 's3' ROLE_ARN = '{ROLE}' EXTERNAL_ID = 'sales-7f3k'"
                ),
                "CREATE STAGE raw URL = 's3://acme-lake/raw/' CONNECTION = (CONNECTION_NAME = 'sales')"
                    .to_owned(),
            ],
            organizations: BTreeMap::new(),
        }
    }
}

/// A world that runs.
pub struct Scene {
    _sandbox: Sandbox,
    _server: RunningServer,
    administrators: Administrators,
    client: Client,
    endpoint: String,
}

impl Scene {
    pub async fn set(folder: &Path, world: &str) -> Self {
        let world: World = toml::from_str(&String::from_utf8(read(&folder.join(world))).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert!(!world.about.is_empty(), "{}: `about` says what is wrong", folder.display());
        crate::evidence::keep_log();
        let sandbox = Sandbox::start(options()).await.unwrap();
        let mut administrators = Administrators::of(&sandbox, folder);
        // The name of an issuer has its port, which must be known before the server listens.
        let listen: SocketAddr = match world.issuer {
            true => free_address(),
            false => "127.0.0.1:0".parse().unwrap(),
        };
        if world.issuer {
            administrators.issuer = listen.to_string();
        }
        let keys = prepare_provider(&administrators).await;
        prepare_customer(&administrators, world.role).await;
        for command in &world.aws {
            administrators.run(command).await.unwrap_or_else(|error| panic!("{command}: {error}"));
        }
        let identity = identity(&world, keys, &sandbox, &administrators).await;
        sandbox.clock().advance(Duration::from_secs(world.clock_ahead_seconds));
        sandbox.faults().set_iam_delay(Duration::from_secs(world.iam_delay_seconds));

        let mut organizations = BTreeMap::new();
        let default = OrganizationConfig {
            principal: world.principal.then(|| PRINCIPAL.to_owned()),
            next_principal: world.next_principal.then(|| NEXT_PRINCIPAL.to_owned()),
            ..OrganizationConfig::default()
        };
        organizations.insert("default".to_owned(), default);
        for (name, principal) in &world.organizations {
            let organization =
                OrganizationConfig { principal: Some(principal.clone()), ..OrganizationConfig::default() };
            organizations.insert(name.clone(), organization);
        }
        let issuer = world.issuer.then(|| format!("http://{listen}"));
        let mut config = Config { listen, organizations, ..Config::default() };
        config.web_identity.issuer = issuer.clone();
        let credentials = CredentialsOptions {
            server: ServerSettings {
                identity,
                region: Some("us-east-1".into()),
                sts_endpoint: Some(sandbox.endpoint()),
                s3_endpoint: Some(sandbox.endpoint()),
            },
            endpoint_rules: EndpointRules::new(&world.endpoints, true).unwrap(),
            validation_patience: Duration::from_secs(world.patience_seconds),
            session_duration: Duration::from_secs(world.session_seconds),
            issuer: issuer.map(|url| IssuerOptions { url, key_file: None }),
            ..CredentialsOptions::default()
        };
        let catalog = Catalog::open(None).await.unwrap();
        let password = RootPassword::given(PASSWORD.to_owned(), config.listen).unwrap();
        let server = server::start_with_credentials(&config, &password, catalog, credentials).await.unwrap();
        let client = Client::new(&format!("http://{}", server.address()));
        let scene =
            Self { endpoint: sandbox.endpoint(), _sandbox: sandbox, _server: server, administrators, client };
        let mut steps = scene.steps();
        for statement in &world.sql {
            use sqllogictest::AsyncDB;
            steps.run(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        scene
    }

    /// A client of its own, for one connection of the steps.
    pub fn steps(&self) -> Steps {
        Steps::new(self.client.clone(), self.administrators.clone(), self.endpoint.clone())
    }
}

pub fn options() -> SandboxOptions {
    let mut options = SandboxOptions::default();
    options.accounts.push(AccountSeed {
        name: "other".to_owned(),
        number: "555555555555".to_owned(),
        keys: None,
    });
    options
}

async fn identity(
    world: &World,
    keys: CustomerKeys,
    sandbox: &Sandbox,
    administrators: &Administrators,
) -> IdentitySource {
    match world.server.as_str() {
        "user" => IdentitySource::Keys(keys),
        "none" => IdentitySource::Nothing,
        "root" => {
            let root = sandbox.account("123456789012").unwrap();
            IdentitySource::Keys(CustomerKeys::new(&root.access_key_id, &root.secret_access_key, None))
        }
        "wrong secret" | "deactivated" => {
            let provider = &administrators.accounts["provider"];
            let made = provider.iam("CreateAccessKey", &[("UserName", "stagedoor-server")]).await.unwrap();
            let made = keys_of(&made);
            if world.server == "wrong secret" {
                let wrong = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
                return IdentitySource::Keys(CustomerKeys::new(made.access_key_id, wrong, None));
            }
            let status = [
                ("UserName", "stagedoor-server"),
                ("AccessKeyId", made.access_key_id.as_str()),
                ("Status", "Inactive"),
            ];
            provider.iam("UpdateAccessKey", &status).await.unwrap();
            IdentitySource::Keys(CustomerKeys::new(made.access_key_id, made.secret_access_key, None))
        }
        other => panic!("no server `{other}`"),
    }
}

pub async fn prepare_provider(administrators: &Administrators) -> CustomerKeys {
    let aws = &administrators.accounts["provider"];
    aws.iam("CreateUser", &[("UserName", "stagedoor-server")]).await.unwrap();
    let assume = policy(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}));
    let put =
        [("UserName", "stagedoor-server"), ("PolicyName", "assume"), ("PolicyDocument", assume.as_str())];
    aws.iam("PutUserPolicy", &put).await.unwrap();
    let trust =
        policy(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": SERVER_USER}}));
    for name in ["stagedoor-tn3ftqihs", "stagedoor-next", "stagedoor-acme"] {
        let role = [
            ("Path", "/stagedoor/tn3ftqihs/"),
            ("RoleName", name),
            ("AssumeRolePolicyDocument", trust.as_str()),
        ];
        aws.iam("CreateRole", &role).await.unwrap();
        let put = [("RoleName", name), ("PolicyName", "assume"), ("PolicyDocument", assume.as_str())];
        aws.iam("PutRolePolicy", &put).await.unwrap();
    }
    let keys = keys_of(&aws.iam("CreateAccessKey", &[("UserName", "stagedoor-server")]).await.unwrap());
    CustomerKeys::new(keys.access_key_id, keys.secret_access_key, None)
}

/// A bucket with two files, and the role with the policies of the case.
pub async fn prepare_customer(administrators: &Administrators, role: bool) {
    let run = |command: &'static str| async move {
        administrators.run(command).await.unwrap_or_else(|error| panic!("{command}: {error}"));
    };
    run("customer s3 PUT acme-lake").await;
    run("customer s3 PUT acme-lake raw/2024/a.parquet @test.parquet").await;
    run("customer s3 PUT acme-lake raw/2024/b.parquet @test.parquet").await;
    if role {
        run("customer iam CreateRole RoleName=warehouse AssumeRolePolicyDocument=@trust.json").await;
        run("customer iam PutRolePolicy RoleName=warehouse PolicyName=read PolicyDocument=@role.json").await;
    }
}

/// An address that nobody listens on at the moment.
fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn policy(statement: serde_json::Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

//! `stagedoor demo`: the tutorial from an IAM role to the first row, on a sandbox and a server in this process.

mod customer;
mod provider;
mod session;
mod show;
mod table;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use catalog::Catalog;
use clap::Args;
use credentials::{CredentialsOptions, CustomerKeys, IdentitySource, ServerSettings};
use sandbox::client::{AwsClient, Keys};
use sandbox::{Account, Sandbox, SandboxOptions};

use crate::command::StopSignals;
use crate::config::{Config, EndpointConfig, LISTEN_DEFAULT, LogFormat, OrganizationConfig};
use crate::login::{DEFAULT_ORGANIZATION, RootPassword};
use crate::{RunningServer, logging, server};
use session::DemoSession;
use show::Show;

const SANDBOX_LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9000);
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Walks through the tutorial on this machine alone: a sandbox in place of AWS, and a server.
///
/// Nothing is kept. Afterwards both stay up until Ctrl-C, so that you can go on by yourself.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// End after the walk, and take any free ports
    #[arg(long)]
    once: bool,
    /// Where the server listens [default: 127.0.0.1:8000, or any free port if that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the sandbox listens [default: 127.0.0.1:9000, or any free port if that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    sandbox_listen: Option<SocketAddr>,
}

/// Runs the demo until its end, or until Ctrl-C.
pub async fn run_demo(arguments: DemoArguments) -> anyhow::Result<()> {
    // What the sandbox refuses is part of the walk, and no error of it.
    logging::start_logging(LogFormat::Text, "warn,s3s=off");
    let mut signals = StopSignals::listen()?;
    let sandbox = start_sandbox(&arguments).await?;
    let mut out = std::io::stdout();
    let walked = tokio::select! {
        walked = walk(&arguments, &sandbox, &mut out) => walked.map(Some),
        // Ctrl-C ends the walk too.
        _ = signals.next() => Ok(None),
    };
    if let Ok(Some(server)) = &walked
        && !arguments.once
    {
        show_how_to_go_on(&mut Show::new(&mut out), server, &sandbox)?;
        signals.next().await;
    }
    if let Some(server) = walked? {
        server.stop().await;
    }
    sandbox.stop().await;
    Ok(())
}

async fn walk(
    arguments: &DemoArguments,
    sandbox: &Sandbox,
    out: &mut dyn Write,
) -> anyhow::Result<RunningServer> {
    let mut show = Show::new(out);
    show.title("Stagedoor: from an IAM role to the first row")?;
    show.text(&format!(
        "A sandbox at {} stands in for AWS: S3, STS and IAM with every policy enforced.\n\
         Two accounts take part: {} is ours, {} is the customer's.",
        sandbox.endpoint(),
        provider::ACCOUNT,
        customer::ACCOUNT
    ))?;

    let server_keys = provider::set_up(&client_of(sandbox, provider::ACCOUNT)?, &mut show).await?;
    let server = start_server(arguments, sandbox, server_keys).await?;
    let session = DemoSession::login(server.address()).await?;
    session.show_statement("SHOW ORGANIZATION;", &mut show).await?;

    let aws = client_of(sandbox, customer::ACCOUNT)?;
    customer::put_file_into_bucket(&aws, &mut show).await?;
    customer::create_policy(&aws, &mut show).await?;
    customer::create_role(&aws, &mut show).await?;

    show.step("The customer: three statements")?;
    for statement in customer::STATEMENTS {
        session.show_statement(statement, &mut show).await?;
    }
    Ok(server)
}

fn show_how_to_go_on(show: &mut Show<'_>, server: &RunningServer, sandbox: &Sandbox) -> anyhow::Result<()> {
    let address = server.address();
    let customer = account(sandbox, customer::ACCOUNT)?;
    show.title("Go on by yourself: both stay up until Ctrl-C")?;
    show.text(&format!(
        "BendSQL:  bendsql --dsn 'databend://root:@{address}/default?sslmode=disable'\n\
         Browser:  http://{address}/\n\n\
         The sandbox as the customer, for awscli and every SDK:\n\n\
         export AWS_ENDPOINT_URL={}\n\
         export AWS_REGION={}\n\
         export AWS_DEFAULT_REGION={}\n\
         export AWS_ACCESS_KEY_ID={}\n\
         export AWS_SECRET_ACCESS_KEY={}",
        sandbox.endpoint(),
        sandbox.region(),
        sandbox.region(),
        customer.access_key_id,
        customer.secret_access_key
    ))?;
    Ok(())
}

async fn start_sandbox(arguments: &DemoArguments) -> anyhow::Result<Sandbox> {
    let listen = listen_address(arguments.sandbox_listen, SANDBOX_LISTEN_DEFAULT, arguments.once).await;
    let options = SandboxOptions { listen, ..SandboxOptions::default() };
    Sandbox::start(options).await.with_context(|| format!("the sandbox on {listen}"))
}

/// A server whose AWS is the sandbox, with its catalog in memory and the empty password.
async fn start_server(
    arguments: &DemoArguments,
    sandbox: &Sandbox,
    keys: Keys,
) -> anyhow::Result<RunningServer> {
    let organization = OrganizationConfig {
        principal: Some(provider::PRINCIPAL.to_owned()),
        ..OrganizationConfig::default()
    };
    let config = Config {
        listen: listen_address(arguments.listen, LISTEN_DEFAULT, arguments.once).await,
        organizations: [(DEFAULT_ORGANIZATION.to_owned(), organization)].into(),
        // The demo alone allows users to name the sandbox as an endpoint.
        endpoints: EndpointConfig { allowed: vec![sandbox.address().to_string()], allow_http: true },
        ..Config::default()
    };
    let root_password = RootPassword::given(String::new(), config.listen)?;
    let credentials = CredentialsOptions {
        endpoint_rules: config.endpoint_rules()?,
        web_rules: config.web_rules()?,
        server: ServerSettings {
            identity: IdentitySource::Keys(CustomerKeys::new(
                keys.access_key_id,
                keys.secret_access_key,
                keys.session_token,
            )),
            region: Some(sandbox.region().to_owned()),
            sts_endpoint: Some(sandbox.endpoint()),
            s3_endpoint: Some(sandbox.endpoint()),
        },
        ..CredentialsOptions::default()
    };
    let catalog = Catalog::open(None).await?;
    Ok(server::start_with_credentials(&config, &root_password, catalog, credentials).await?)
}

/// The address that was asked for; else the usual one if it is free; else any.
async fn listen_address(asked: Option<SocketAddr>, usual: SocketAddr, any: bool) -> SocketAddr {
    match asked {
        Some(address) => address,
        None if !any && tokio::net::TcpListener::bind(usual).await.is_ok() => usual,
        None => ANY_PORT,
    }
}

fn client_of(sandbox: &Sandbox, number: &str) -> anyhow::Result<AwsClient> {
    Ok(AwsClient::new(sandbox.endpoint(), Keys::from(account(sandbox, number)?), sandbox.region()))
}

fn account<'a>(sandbox: &'a Sandbox, number: &str) -> anyhow::Result<&'a Account> {
    sandbox
        .accounts()
        .iter()
        .find(|account| account.number == number)
        .with_context(|| format!("the sandbox has no account {number}"))
}

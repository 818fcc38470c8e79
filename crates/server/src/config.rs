//! The configuration: a TOML file, then what the command line says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use credentials::EndpointRules;
use serde::Deserialize;

use crate::limits::Limits;
use crate::login::DEFAULT_ORGANIZATION;

/// Where the server listens unless told otherwise.
pub const LISTEN_DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8000);
/// The data folder unless told otherwise, in the current folder.
pub const DATA_DEFAULT: &str = "stagedoor-data";

/// Everything that can be configured. `stagedoor.example.toml` explains it line by line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of the catalog, the sealing key and the password of `root`.
    pub data: PathBuf,
    /// The organizations that this server serves; `default` when there are none.
    pub organizations: BTreeMap<String, OrganizationConfig>,
    /// The organization whose administrators are the server's operators: they make and drop organizations.
    pub operator_organization: Option<String>,
    pub aws: AwsConfig,
    pub endpoints: EndpointConfig,
    pub https: HttpsConfig,
    pub web_identity: WebIdentityConfig,
    pub engine: EngineConfig,
    pub history: HistoryConfig,
    pub limits: Limits,
    pub web: WebConfig,
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: LISTEN_DEFAULT,
            data: PathBuf::from(DATA_DEFAULT),
            organizations: BTreeMap::new(),
            operator_organization: None,
            aws: AwsConfig::default(),
            endpoints: EndpointConfig::default(),
            https: HttpsConfig::default(),
            web_identity: WebIdentityConfig::default(),
            engine: EngineConfig::default(),
            history: HistoryConfig::default(),
            limits: Limits::default(),
            web: WebConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// One organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrganizationConfig {
    /// ARN of the IAM role that the organization's customers trust; without it, the server's own identity.
    pub principal: Option<String>,
    /// The principal after the next rotation.
    pub next_principal: Option<String>,
    /// The AWS accounts and role ARNs that the organization's connections may name, `*` for any characters;
    /// without the list, any.
    pub allowed_roles: Option<Vec<String>>,
}

/// How the server uses AWS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsConfig {
    /// How long the keys of a role session shall last; where AWS grants no more, shorter ones are taken.
    pub role_session_secs: u64,
}

impl Default for AwsConfig {
    fn default() -> Self {
        let duration = credentials::CredentialsOptions::default().session_duration;
        Self { role_session_secs: duration.as_secs() }
    }
}

/// Which endpoints a user may name with `ENDPOINT_URL`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// Hosts, `*.domains`, addresses and CIDRs besides AWS's own.
    pub allowed: Vec<String>,
    /// Whether `http` is allowed for them.
    pub allow_http: bool,
}

/// Which hosts files are read from by `https` URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpsConfig {
    /// Hosts, `*.domains`, addresses and CIDRs; none unless listed.
    pub allowed: Vec<String>,
    /// Whether `http` is allowed for them.
    pub allow_http: bool,
}

/// The server as an issuer of identity tokens, for roles that are assumed without an AWS identity of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebIdentityConfig {
    /// The server's public `https` address; without it, it issues no tokens.
    pub issuer: Option<String>,
}

/// What queries may use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Memory of all running queries together, before they spill to disk.
    pub memory_bytes_max: usize,
    /// Where they spill; the system's temporary folder when absent.
    pub spill_folder: Option<PathBuf>,
    /// Disk that spilling may take.
    pub spill_bytes_max: u64,
    /// Memory for ranges of files that the next query may want again.
    pub range_cache_bytes_max: usize,
    /// Memory for footers of files that the next query may want again.
    pub footer_cache_bytes_max: usize,
    /// The folder for ranges of files kept over a restart; `cache` in the data folder when absent.
    pub disk_cache_folder: Option<PathBuf>,
    /// Disk that they may take; 0 keeps none.
    pub disk_cache_bytes_max: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let options = engine::EngineOptions::default();
        Self {
            memory_bytes_max: options.memory_bytes_max,
            spill_folder: options.spill_folder,
            spill_bytes_max: options.spill_bytes_max,
            range_cache_bytes_max: options.range_cache_bytes_max,
            footer_cache_bytes_max: options.footer_cache_bytes_max,
            disk_cache_folder: options.disk_cache_folder,
            disk_cache_bytes_max: options.disk_cache_bytes_max,
        }
    }
}

/// What of statements, and of requests to AWS, outlives the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryConfig {
    /// Older ones are forgotten; 0 keeps them in memory alone, until the server stops.
    pub days_max: u64,
    /// Size of the file; beyond it the oldest are forgotten, whosever they are.
    pub bytes_max: u64,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { days_max: 30, bytes_max: 1 << 30 }
    }
}

/// How browsers reach the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// Where people find the server: `https://warehouse.acme.test` behind a proxy that ends TLS. Cookies are for TLS
    /// alone then. Absent: where the server listens.
    pub public_url: Option<String>,
    /// Names that browsers may use for the server, besides `localhost` and IP addresses.
    pub hosts: Vec<String>,
}

/// How the log looks. What it holds is set by `RUST_LOG`, `info` by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    pub format: LogFormat,
}

/// The log's format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What the command line says over the file.
#[derive(Debug, Clone, Default)]
pub struct ConfigOverrides {
    pub listen: Option<SocketAddr>,
    pub data: Option<PathBuf>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{path}`: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
    /// The file is not TOML, or has a key that means nothing.
    #[error("the configuration `{path}` is not valid: {reason}")]
    Invalid { path: PathBuf, reason: String },
    /// An endpoint rule cannot be understood.
    #[error("the configuration's `https.allowed` is not valid: {0}")]
    HttpsRule(credentials::EndpointRulesError),
    #[error("the configuration's `endpoints.allowed` is not valid: {0}")]
    EndpointRule(#[from] credentials::EndpointRulesError),
}

impl Config {
    /// The file, if there is one, under what the command line says.
    pub fn load(file: Option<&Path>, overrides: ConfigOverrides) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        if let Some(listen) = overrides.listen {
            config.listen = listen;
        }
        if let Some(data) = overrides.data {
            config.data = data;
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Invalid { path: path.to_owned(), reason: error.to_string() })
    }

    /// The organizations, of which there is always one at least.
    pub(crate) fn organization_specs(&self) -> Vec<catalog::OrganizationSpec> {
        let default = (DEFAULT_ORGANIZATION.to_owned(), OrganizationConfig::default());
        let no_organizations = self.organizations.is_empty();
        self.organizations
            .iter()
            .map(|(name, organization)| (name.clone(), organization.clone()))
            .chain(no_organizations.then_some(default))
            .map(|(name, organization)| catalog::OrganizationSpec {
                name,
                principal: organization.principal,
                next_principal: organization.next_principal,
                allowed_roles: organization.allowed_roles,
            })
            .collect()
    }

    pub(crate) fn web_rules(&self) -> Result<EndpointRules, ConfigError> {
        EndpointRules::listed_only(&self.https.allowed, self.https.allow_http).map_err(ConfigError::HttpsRule)
    }

    pub(crate) fn endpoint_rules(&self) -> Result<EndpointRules, ConfigError> {
        Ok(EndpointRules::new(&self.endpoints.allowed, self.endpoints.allow_http)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example_path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stagedoor.example.toml")
    }

    #[test]
    fn the_example_loads_and_shows_the_defaults() {
        let example = Config::load(Some(&example_path()), ConfigOverrides::default()).unwrap();
        let default = Config::default();
        assert_eq!(example.listen, default.listen);
        assert_eq!(example.data, default.data);
        assert_eq!(example.limits, default.limits);
        assert_eq!(example.engine.memory_bytes_max, default.engine.memory_bytes_max);
        assert_eq!(example.aws, default.aws);
        assert_eq!(example.history, default.history);
        assert_eq!(example.log, default.log);
        assert_eq!(example.web, default.web);
        assert!(example.organizations.contains_key(DEFAULT_ORGANIZATION));
        example.endpoint_rules().unwrap();
        example.web_rules().unwrap();
    }

    #[test]
    fn the_example_names_every_limit() {
        let text = std::fs::read_to_string(example_path()).unwrap();
        let example: toml::Table = toml::from_str(&text).unwrap();
        let named = example["limits"].as_table().unwrap().len();
        let declared = include_str!("limits.rs")
            .lines()
            .filter(|line| line.starts_with("    pub ") && line.ends_with(','))
            .count();
        assert_eq!(named, declared);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, "[organisations.a]\n").unwrap();
        let error = Config::load(Some(&path), ConfigOverrides::default()).unwrap_err();
        assert!(error.to_string().contains("organisations"), "{error}");
    }

    #[test]
    fn the_command_line_wins() {
        let listen: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let overrides = ConfigOverrides { listen: Some(listen), data: Some("/x".into()) };
        let config = Config::load(Some(&example_path()), overrides).unwrap();
        assert_eq!(config.listen, listen);
        assert_eq!(config.data, PathBuf::from("/x"));
    }

    #[test]
    fn there_is_always_an_organization() {
        let names: Vec<_> =
            Config::default().organization_specs().into_iter().map(|spec| spec.name).collect();
        assert_eq!(names, ["default"]);
    }
}

//! Databend's HTTP API in front of the engine, so that BendSQL and the Databend drivers work unchanged.
//!
//! Promises: every request proves its user; a query exists for the user of the organization that started
//! it and for nobody else; results of any size stream in bounded memory; everything a client can send has
//! a limit with a name. Refuses: to plan or run SQL, to open a location, to hold a key, and to know HTTP's
//! users by anything but their password or a session token of its own.

mod body;
mod catalog_routes;
pub mod command;
mod config;
mod demo;
mod encode;
mod errors;
mod info;
mod issuer_routes;
mod limits;
mod listen;
mod logging;
mod login;
mod queries;
mod router;
mod runner;
mod server;
mod state;
mod statements;
mod ui;
mod upload;

pub use config::{
    Config, ConfigError, ConfigOverrides, DATA_DEFAULT, EndpointConfig, EngineConfig, HistoryConfig,
    LISTEN_DEFAULT, LogConfig, LogFormat, OrganizationConfig, WebConfig,
};
pub use limits::Limits;
pub use logging::start_logging;
pub use login::{KeptPassword, RootPassword, RootPasswordError};
pub use runner::StatementRunner;
pub use server::{
    RunningServer, ServerParts, StartupError, make_data_folder, start, start_parts, start_with_credentials,
    start_with_history,
};

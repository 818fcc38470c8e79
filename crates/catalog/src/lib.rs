//! What exists: organizations, their users, connections, stages, file formats and databases.
//!
//! Promises: every change is one transaction and survives a killed process; every lookup names the
//! organization, and no method answers with another organization's rows; a (role ARN, external id)
//! pair serves one organization only.
//! Refuses: to hold a key (customers' keys arrive sealed and leave sealed), to talk to AWS, to parse SQL.

mod catalog;
mod connections;
mod databases;
mod error;
mod external_ids;
mod file_formats;
mod migrations;
mod names;
mod organizations;
mod stages;
mod types;
mod users;

pub use catalog::Catalog;
pub use error::CatalogError;
pub use external_ids::ExternalIdOwner;
pub use types::{
    Connection, ConnectionParameters, CreateMode, Created, Database, FileFormat, NewConnection,
    NewFileFormat, NewStage, NewUser, Organization, OrganizationSpec, Stage, StageAccess, User,
};

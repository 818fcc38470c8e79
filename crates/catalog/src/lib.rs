//! What exists: organizations, their users, roles and grants, connections, stages, file formats, views and
//! databases; what the users of the web app keep: worksheets, drafts, tokens; and, in a file apart, what was run.
//!
//! Promises: every change is one transaction and survives a killed process; every lookup names the
//! organization, and no method answers with another organization's rows; a (role ARN, external id)
//! pair serves one organization only.
//! Refuses: to hold a key (customers' keys arrive sealed and leave sealed), to talk to AWS, to parse SQL.

mod access_tokens;
mod catalog;
mod connections;
mod databases;
mod drafts;
mod error;
mod external_ids;
mod file_formats;
mod grants;
mod history;
mod migrations;
mod names;
mod objects;
mod organizations;
mod owned;
mod password_hash;
mod privileges;
mod public_keys;
mod roles;
mod stage_changes;
mod stages;
mod types;
mod users;
mod validations;
mod views;
mod web_schema;
mod worksheets;

pub use access_tokens::AccessToken;
pub use catalog::Catalog;
pub use drafts::{Draft, Handoff};
pub use error::CatalogError;
pub use external_ids::ExternalIdOwner;
pub use history::{HistoryFile, HistoryLimits, Past, PastRequest, PastStatement};
pub use owned::{Owner, Saved};
pub use password_hash::take_as_long_as_a_verification;
pub use privileges::{ACCOUNT_ADMIN, GrantObject, Grantee, Grants, PUBLIC, Privilege, SqlRole};
pub use public_keys::{PublicKey, PublicKeyChoice, PublicKeyKind};
pub use stage_changes::{NewStageLocation, StageChanges};
pub use types::{
    Connection, ConnectionParameters, CreateMode, Created, Database, FileFormat, NewConnection,
    NewFileFormat, NewStage, NewUser, Organization, OrganizationSpec, Stage, StageAccess, User, UserChange,
};
pub use validations::{NewValidation, Validation};
pub use views::{NewView, View, ViewColumn};
pub use worksheets::{Worksheet, WorksheetChange, WorksheetVersion};

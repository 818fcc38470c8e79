//! What all routes share.

use std::sync::Arc;

use catalog::Catalog;

use crate::limits::Limits;
use crate::login::Logins;
use crate::queries::Queries;
use crate::runner::StatementRunner;
use crate::ui::{BrowserRules, WaitingExports, WebFiles};

/// Cheap to clone: every request has one.
#[derive(Clone)]
pub(crate) struct ServerState {
    pub(crate) catalog: Catalog,
    pub(crate) runner: Arc<dyn StatementRunner>,
    pub(crate) queries: Queries,
    pub(crate) logins: Arc<Logins>,
    pub(crate) limits: Arc<Limits>,
    /// Knows the public keys of the server's identity tokens.
    pub(crate) credentials: Option<credentials::Credentials>,
    pub(crate) browsers: Arc<BrowserRules>,
    pub(crate) exports: Arc<WaitingExports>,
    pub(crate) web: WebFiles,
    /// Where the server listens, as clients find it.
    pub(crate) address: String,
}

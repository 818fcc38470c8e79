//! What all routes share.

use std::sync::Arc;

use crate::limits::Limits;
use crate::login::Logins;
use crate::queries::Queries;
use crate::runner::StatementRunner;

/// Cheap to clone: every request has one.
#[derive(Clone)]
pub(crate) struct ServerState {
    pub(crate) runner: Arc<dyn StatementRunner>,
    pub(crate) queries: Queries,
    pub(crate) logins: Arc<Logins>,
    pub(crate) limits: Arc<Limits>,
    /// Where the server listens, as clients find it.
    pub(crate) address: String,
}

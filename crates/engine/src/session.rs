//! One statement's view of a user's session.

use std::sync::Arc;

use crate::query::Cancellation;
use crate::settings::{self, Setting};
use crate::{Engine, Error, ErrorKind, Identity, Progress, SessionState, StatementRequest};

/// Who runs the statement, in which state, with what it may use.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) organization: catalog::Organization,
    pub(crate) identity: Identity,
    pub(crate) state: SessionState,
    pub(crate) query_id: String,
    /// The statement's text, for errors that point at a place in it.
    pub(crate) sql: Arc<str>,
    pub(crate) progress: Arc<Progress>,
    /// Set when nobody waits for the statement any more.
    pub(crate) cancellation: Cancellation,
}

impl Session {
    pub(crate) async fn begin(engine: &Engine, request: &StatementRequest) -> Result<Self, Error> {
        let organization = engine.organization(&request.identity.organization).await?;
        Ok(Self {
            engine: engine.clone(),
            organization,
            identity: request.identity.clone(),
            state: request.state.clone(),
            query_id: request.query_id.clone(),
            sql: request.sql.as_str().into(),
            progress: request.progress.clone(),
            cancellation: Cancellation::default(),
        })
    }

    /// A session for work that no statement asks for.
    pub(crate) async fn begin_for(
        engine: &Engine,
        identity: &Identity,
        query_id: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            engine: engine.clone(),
            organization: engine.organization(&identity.organization).await?,
            identity: identity.clone(),
            state: SessionState::default(),
            query_id: query_id.to_owned(),
            sql: "".into(),
            progress: Arc::default(),
            cancellation: Cancellation::default(),
        })
    }

    /// The value of a setting for this session: its own, else the default.
    pub(crate) fn setting(&self, name: &str) -> String {
        if let Some(value) = self.state.settings.get(name) {
            return value.clone();
        }
        settings::find(name).map(Setting::default_value).unwrap_or_default()
    }

    /// Until privileges exist, changes to what exists are the administrator's.
    pub(crate) fn require_administrator(&self, action: &str) -> Result<(), Error> {
        if self.identity.user == ADMINISTRATOR {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("user `{}` may not {action}", self.identity.user),
        )
        .with_hint(format!("ask `{ADMINISTRATOR}` of organization `{}`", self.identity.organization)))
    }
}

/// The user every organization has from the start.
pub const ADMINISTRATOR: &str = "root";

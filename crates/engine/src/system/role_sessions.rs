//! `system.role_sessions`: the sessions of customers' roles that have temporary keys at the moment.

use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let sessions = session.engine.credentials().role_sessions(&session.identity.organization);
    let sessions = sessions.iter();
    vec![
        Column::text("role_arn", sessions.clone().map(|session| &session.role_arn)),
        Column::text("session_name", sessions.clone().map(|session| &session.session_name)),
        Column::optional_text("principal_arn", sessions.clone().map(|session| session.principal.as_ref())),
        Column::optional_text("external_id", sessions.clone().map(|session| session.external_id.as_ref())),
        Column::timestamp("issued_at", sessions.clone().map(|session| session.issued_at)),
        Column::timestamp("expires_at", sessions.map(|session| session.expires_at)),
    ]
}

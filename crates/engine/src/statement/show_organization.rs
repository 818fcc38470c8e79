//! SHOW ORGANIZATION: the principal that customers' roles trust, at once and without a ticket.

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session) -> Result<StatementOutput, Error> {
    let organization = &session.organization;
    let principal = principal(session).await.ok();
    rows::answer(
        session,
        vec![
            Column::text("name", [&organization.name]),
            Column::optional_text("principal_arn", [principal.as_ref()]),
            Column::optional_text("next_principal_arn", [organization.next_principal.as_ref()]),
            Column::text("external_id_prefix", [&organization.external_id_prefix]),
        ],
    )
}

/// Whom customers' roles trust: the organization's principal, and without one the server's own identity.
pub(super) async fn principal(session: &Session) -> Result<String, Error> {
    match &session.organization.principal {
        Some(principal) => Ok(principal.clone()),
        None => Ok(session.engine.credentials().server_identity().await?.trust_arn()),
    }
}

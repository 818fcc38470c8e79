//! SHOW ORGANIZATION: the principal that customers' roles trust, at once and without a ticket.

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session) -> Result<StatementOutput, Error> {
    let organization = &session.organization;
    // Without a principal of its own, customers trust the server's identity, where it has one.
    let principal = match &organization.principal {
        Some(principal) => Some(principal.clone()),
        None => {
            session.engine.credentials().server_identity().await.ok().map(|identity| identity.trust_arn())
        }
    };
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

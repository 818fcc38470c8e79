//! SHOW ORGANIZATION: the principal that customers' roles trust, at once and without a ticket.

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) fn run(session: &Session) -> Result<StatementOutput, Error> {
    let organization = &session.organization;
    rows::answer(
        session,
        vec![
            Column::text("name", [&organization.name]),
            Column::optional_text("principal_arn", [organization.principal.as_ref()]),
            Column::optional_text("next_principal_arn", [organization.next_principal.as_ref()]),
            Column::text("external_id_prefix", [&organization.external_id_prefix]),
        ],
    )
}

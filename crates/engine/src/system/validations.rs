//! `system.validations`: what the last VALIDATE CONNECTION or VALIDATE STAGE of each connection found.

use crate::Error;
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let mut validations = session.engine.catalog().validations(&session.identity.organization).await?;
    validations.retain(|validation| session.sees_connection(&validation.connection));
    let of = || validations.iter();
    Ok(vec![
        Column::text("connection", of().map(|validation| &validation.connection)),
        Column::timestamp("validated_at", of().map(|validation| validation.validated_on)),
        Column::text("validated_by", of().map(|validation| &validation.validated_by)),
        Column::text("location", of().map(|validation| &validation.location)),
        Column::text("status", of().map(|validation| &validation.status)),
        Column::text("step", of().map(|validation| &validation.step)),
        Column::text("cause", of().map(|validation| &validation.cause)),
        Column::boolean("is_current", of().map(|validation| validation.is_current)),
    ])
}

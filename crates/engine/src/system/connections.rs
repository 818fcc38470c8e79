//! `system.connections`: what SHOW CONNECTIONS shows, with its making.

use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::statement::parameters_text;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let connections = session.engine.catalog().connections(&session.identity.organization).await?;
    let parameters = connections.iter().map(|connection| &connection.parameters);
    Ok(vec![
        Column::text("name", connections.iter().map(|connection| &connection.name)),
        Column::text("storage_type", parameters.clone().map(|parameters| &parameters.storage_type)),
        Column::optional_text("role_arn", parameters.map(|parameters| parameters.role_arn.as_ref())),
        Column::optional_text(
            "external_id",
            connections
                .iter()
                .map(|connection| connection.parameters.role_arn.as_ref().map(|_| &connection.external_id)),
        ),
        Column::text(
            "storage_params",
            connections
                .iter()
                .map(|connection| parameters_text(&connection.parameters, Some(&connection.external_id))),
        ),
        Column::text("creator", connections.iter().map(|connection| &connection.creator)),
        Column::timestamp("created_on", connections.iter().map(|connection| connection.created_on)),
        Column::timestamp("updated_on", connections.iter().map(|connection| connection.updated_on)),
    ])
}

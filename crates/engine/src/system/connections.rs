//! `system.connections`: what SHOW CONNECTIONS shows, with its making.

use catalog::GrantObject;

use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::statement::parameters_text;

/// What is sent to STS; a role that is assumed with an identity token needs none.
fn sent_external_id(connection: &catalog::Connection) -> Option<&String> {
    let parameters = &connection.parameters;
    (parameters.role_arn.is_some() && !parameters.web_identity).then_some(&connection.external_id)
}

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let mut connections = session.engine.catalog().connections(&session.identity.organization).await?;
    connections.retain(|connection| session.sees_connection(&connection.name));
    let parameters = connections.iter().map(|connection| &connection.parameters);
    Ok(vec![
        Column::text("name", connections.iter().map(|connection| &connection.name)),
        Column::text("storage_type", parameters.clone().map(|parameters| &parameters.storage_type)),
        Column::optional_text("role_arn", parameters.map(|parameters| parameters.role_arn.as_ref())),
        Column::optional_text("external_id", connections.iter().map(sent_external_id)),
        Column::text(
            "storage_params",
            connections
                .iter()
                .map(|connection| parameters_text(&connection.parameters, Some(&connection.external_id))),
        ),
        Column::text("creator", connections.iter().map(|connection| &connection.creator)),
        Column::text(
            "owner",
            connections.iter().map(|connection| {
                session
                    .authority
                    .grants()
                    .owner(&GrantObject::Connection(connection.name.clone()))
                    .name()
                    .to_owned()
            }),
        ),
        Column::timestamp("created_on", connections.iter().map(|connection| connection.created_on)),
        Column::timestamp("updated_on", connections.iter().map(|connection| connection.updated_on)),
    ])
}

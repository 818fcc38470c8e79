//! SHOW CONNECTIONS. What is no secret is shown in full, also the external id to put into the trust policy.

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session) -> Result<StatementOutput, Error> {
    let connections = session.engine.catalog().connections(&session.identity.organization).await?;
    answer(session, &connections)
}

/// The three columns of Databend.
pub(super) fn answer(
    session: &Session,
    connections: &[catalog::Connection],
) -> Result<StatementOutput, Error> {
    rows::answer(
        session,
        vec![
            Column::text("name", connections.iter().map(|connection| &connection.name)),
            Column::text(
                "storage_type",
                connections.iter().map(|connection| &connection.parameters.storage_type),
            ),
            Column::text(
                "storage_params",
                connections
                    .iter()
                    .map(|connection| parameters_text(&connection.parameters, Some(&connection.external_id))),
            ),
        ],
    )
}

/// `key=value` pairs sorted by key, separated by a blank. Keys of the customer's show as `***`.
pub(crate) fn parameters_text(
    parameters: &catalog::ConnectionParameters,
    external_id: Option<&str>,
) -> String {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    if parameters.sealed_keys.is_some() {
        pairs.extend([("access_key_id", "***"), ("secret_access_key", "***")]);
    }
    if let Some(role_arn) = &parameters.role_arn {
        pairs.push(("role_arn", role_arn));
        pairs.extend(external_id.map(|external_id| ("external_id", external_id)));
    }
    pairs.extend(parameters.region.as_deref().map(|region| ("region", region)));
    pairs.extend(parameters.endpoint_url.as_deref().map(|endpoint| ("endpoint_url", endpoint)));
    if let Some(virtual_host_style) = parameters.virtual_host_style {
        pairs.push(("enable_virtual_host_style", if virtual_host_style { "true" } else { "false" }));
    }
    pairs.sort_unstable();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

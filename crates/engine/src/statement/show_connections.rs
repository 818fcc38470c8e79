//! SHOW CONNECTIONS. What is no secret is shown in full, also the external id to put into the trust policy.

use super::connection_parameters::OIDC;
use super::next_trust;
use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session) -> Result<StatementOutput, Error> {
    let mut connections = session.engine.catalog().connections(&session.identity.organization).await?;
    connections.retain(|connection| session.sees_connection(&connection.name));
    let mut columns = columns(&connections);
    if let Some(next) = &session.organization.next_principal {
        let trust = next_trust::of_connections(session, next, &connections).await;
        columns.push(Column::optional_text("next_principal", trust));
    }
    rows::answer(session, columns)
}

/// One connection, or several.
pub(super) fn answer(
    session: &Session,
    connections: &[catalog::Connection],
) -> Result<StatementOutput, Error> {
    rows::answer(session, columns(connections))
}

/// The three columns of Databend.
fn columns(connections: &[catalog::Connection]) -> Vec<Column> {
    let parameters = |connection: &catalog::Connection| {
        parameters_text(&connection.parameters, Some(&connection.external_id))
    };
    vec![
        Column::text("name", connections.iter().map(|connection| &connection.name)),
        Column::text(
            "storage_type",
            connections.iter().map(|connection| &connection.parameters.storage_type),
        ),
        Column::text("storage_params", connections.iter().map(parameters)),
    ]
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
        if parameters.web_identity {
            pairs.push(("identity", OIDC));
        }
        // A token's subject stands in the place of an external id.
        let external_id = external_id.filter(|_| !parameters.web_identity);
        pairs.extend(external_id.map(|external_id| ("external_id", external_id)));
    }
    pairs.extend(parameters.region.as_deref().map(|region| ("region", region)));
    pairs.extend(parameters.endpoint_url.as_deref().map(|endpoint| ("endpoint_url", endpoint)));
    pairs.extend(parameters.kms_key_arn.as_deref().map(|kms_key_arn| ("kms_key_arn", kms_key_arn)));
    if parameters.session_tags == Some(true) {
        pairs.push(("session_tags", "true"));
    }
    if let Some(virtual_host_style) = parameters.virtual_host_style {
        pairs.push(("enable_virtual_host_style", if virtual_host_style { "true" } else { "false" }));
    }
    pairs.sort_unstable();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

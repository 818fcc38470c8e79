//! VALIDATE CONNECTION: the whole ladder, on a location or on where the connection's stages are.

use super::validate::{self, SampleSource, Target};
use crate::session::Session;
use crate::stage::{connection_access, find_connection};
use crate::{Error, StatementOutput};
use catalog::GrantObject;
use credentials::ValidatePlace;

pub(super) async fn run(
    session: &Session,
    statement: sql::ValidateConnection,
) -> Result<StatementOutput, Error> {
    let connection = find_connection(session, &super::folded(&statement.name)).await?;
    if statement.write {
        // It writes, wherever one says, and removes what it wrote.
        session.require_ownership(&GrantObject::Connection(connection.name.clone()))?;
    }
    let (place, note) = match &statement.location {
        Some(location) => match validate::place_of(location) {
            Ok(place) => (Some(place), None),
            Err(error) => return validate::refused_location(session, &error, statement.write),
        },
        None => place_of_stages(session, &connection.name).await?,
    };
    let target = Target {
        other_external_ids: validate::other_external_ids(session, &connection).await?,
        connection: connection_access(
            Some(&connection.name),
            connection.version,
            &connection.parameters,
            Some(&connection.external_id),
        ),
        place,
        write: statement.write,
        sample: SampleSource::Connection(connection.name),
        note,
    };
    validate::run(session, target).await
}

/// Where the first stage of the connection is, and what to say about the others.
async fn place_of_stages(
    session: &Session,
    connection: &str,
) -> Result<(Option<ValidatePlace>, Option<String>), Error> {
    let stages = session.engine.catalog().stages(&session.identity.organization).await?;
    let mut stages = stages.into_iter().filter(|stage| {
        matches!(&stage.access, catalog::StageAccess::Connection(name) if name == connection)
            && session.sees_stage(&stage.name)
    });
    let Some(first) = stages.next() else { return Ok((None, None)) };
    let others: Vec<String> = stages.map(|stage| format!("`{}`", stage.name)).collect();
    let mut note = format!("stage `{}`", first.name);
    if !others.is_empty() {
        note.push_str(&format!(" (VALIDATE STAGE tries the others: {})", others.join(", ")));
    }
    Ok((Some(ValidatePlace { bucket: first.bucket, prefix: first.prefix }), Some(note)))
}

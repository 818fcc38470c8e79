//! ALTER CONNECTION … SET: other parameters for a connection, which reach its stages at once.
//!
//! Every stage that uses the connection is tried with the new parameters first; if one cannot be opened, nothing
//! is changed. FORCE leaves the trial out, for a role that is not made yet.

use catalog::GrantObject;
use futures::{StreamExt, TryStreamExt};

use super::{connection_parameters, done, folded};
use crate::session::Session;
use crate::stage::{self, find_connection};
use crate::{Error, StatementOutput};

/// Stages that are tried at the same time.
const TRIALS_AT_ONCE: usize = 8;

pub(super) async fn run(
    session: &Session,
    statement: sql::AlterConnection,
) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let object = GrantObject::Connection(name.clone());
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if statement.if_exists && catalog.connection(organization, &name).await?.is_none() {
        return Ok(done(session));
    }
    session.require_ownership(&object)?;
    let connection = find_connection(session, &name).await?;
    let parameters = connection_parameters::change(session, &connection.parameters, &statement.parameters)?;
    connection_parameters::require_pair(session, Some(&object), &parameters).await?;
    if !statement.force {
        let tried = try_stages(session, &connection, &parameters).await;
        // What was refused in the trial says nothing about what comes next.
        session.engine.credentials().forget_refusals(organization);
        tried?;
    }
    catalog.alter_connection(organization, &name, connection.version, &parameters).await?;
    session.engine.credentials().forget_refusals(organization);
    Ok(done(session))
}

async fn try_stages(
    session: &Session,
    connection: &catalog::Connection,
    parameters: &catalog::ConnectionParameters,
) -> Result<(), Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let uses = |stage: &catalog::Stage| matches!(&stage.access, catalog::StageAccess::Connection(name) if *name == connection.name);
    let stages: Vec<catalog::Stage> = catalog.stages(organization).await?.into_iter().filter(uses).collect();
    if stages.is_empty() {
        return Ok(());
    }
    let external_id = match &parameters.external_id {
        Some(typed) => typed.clone(),
        None => catalog.external_id_for(organization, &connection.name).await?,
    };
    if let (Some(role_arn), Some(typed)) = (&parameters.role_arn, &parameters.external_id) {
        // INVARIANT: no role is assumed with an external id that belongs to another organization.
        catalog.claim_role(organization, role_arn, typed).await?;
    }
    let changed = catalog::Connection { parameters: parameters.clone(), external_id, ..connection.clone() };
    let trials = stages.into_iter().map(|stage| {
        let changed = &changed;
        async move {
            stage::try_stage(session, &stage, changed).await.map_err(|error| refuse(changed, &stage, &error))
        }
    });
    futures::stream::iter(trials).buffered(TRIALS_AT_ONCE).try_collect().await
}

fn refuse(connection: &catalog::Connection, stage: &catalog::Stage, cause: &Error) -> Error {
    let mut error = cause.clone();
    error.message = format!(
        "connection `{}` stays as it was: stage `{}` does not open with the new parameters: {}",
        connection.name, stage.name, cause.message
    );
    let force = "`… FORCE` changes the connection without the trial";
    error.hint = Some(match &cause.hint {
        Some(hint) => format!("{hint}; {force}"),
        None => force.to_owned(),
    });
    error
}

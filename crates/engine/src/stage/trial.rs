//! Tries whether a stage opens with what a connection is about to say.

use credentials::{Access, path_of_key};
use object_store::{GetOptions, GetRange, ObjectStore};

use super::failure::Action;
use super::location::{Names, Opening, connection_access, open};
use crate::Error;
use crate::session::Session;

/// Objects that are looked at to find one with something in it.
const KEYS_MAX: usize = 100;

/// Assumes the role, lists the stage, and reads a byte of a file in it.
pub(crate) async fn try_stage(
    session: &Session,
    stage: &catalog::Stage,
    connection: &catalog::Connection,
) -> Result<(), Error> {
    let access = connection_access(
        Some(&connection.name),
        connection.version,
        &connection.parameters,
        Some(&connection.external_id),
    );
    let names = Names {
        bucket: stage.bucket.clone(),
        root: stage.prefix.clone(),
        stage: Some(stage.name.clone()),
        connection: Some(connection.name.clone()),
        role_arn: None,
        web: None,
    };
    let opening = Opening {
        connection: Some(access),
        names,
        path: String::new(),
        file_format: stage.file_format.clone(),
        access: Access::Read,
    };
    let place = open(session, opening).await?;
    let found = place.bucket().list_some(&stage.prefix, KEYS_MAX).await;
    let found = found.map_err(|error| place.failure(Action::List, &path_of_key(&stage.prefix), &error))?;
    let Some(file) = found.into_iter().find(|file| file.size > 0) else { return Ok(()) };
    let one_byte = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
    let read = place.bucket().get_opts(&file.location, one_byte).await;
    read.map(|_| ()).map_err(|error| place.failure(Action::Read, &file.location, &error))
}

//! REMOVE: deletes files of a stage.

use super::done;
use crate::session::Session;
use crate::stage::listing::{self, Selection};
use crate::stage::open_location;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::Remove) -> Result<StatementOutput, Error> {
    let place = open_location(session, &statement.location, None, credentials::Access::Write).await?;
    let selection = Selection::from_pattern(&session.sql, statement.pattern.as_ref())?;
    let files = listing::list_files(&place, &selection).await?;
    place.delete(files.into_iter().map(|file| file.location).collect()).await?;
    Ok(StatementOutput { warnings: place.warnings(), ..done(session) })
}

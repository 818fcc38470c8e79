//! LIST: the files of a stage.

use crate::rows::{self, Column};
use crate::session::Session;
use crate::stage::listing::{self, Selection};
use crate::stage::open_location;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::List) -> Result<StatementOutput, Error> {
    let place = open_location(session, &statement.location, None, credentials::Access::Read).await?;
    let selection = Selection::from_pattern(&session.sql, statement.pattern.as_ref())?;
    let mut files = listing::list_files(&place, &selection).await?;
    files.retain(|file| !listing::is_folder_marker(file));
    let last_modified =
        files.iter().map(|file| file.last_modified.format("%Y-%m-%d %H:%M:%S%.3f %z").to_string());
    let mut output = rows::answer(
        session,
        vec![
            Column::text("name", files.iter().map(|file| place.relative(&file.location))),
            Column::number("size", files.iter().map(|file| file.size)),
            Column::optional_text("md5", files.iter().map(|file| file.e_tag.as_deref())),
            Column::text("last_modified", last_modified),
            Column::optional_text("creator", files.iter().map(|_| None::<&str>)),
        ],
    )?;
    output.warnings = place.warnings();
    Ok(output)
}

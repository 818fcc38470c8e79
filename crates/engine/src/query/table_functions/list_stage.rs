//! `list_stage(location => '@s/path' [, pattern => '…'])`: what LIST answers, as a table.

use super::Call;
use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::stage::listing::{Selection, is_folder_marker, list_files};
use crate::stage::open_location;

pub(super) async fn columns(session: &Session, call: &Call) -> Result<Vec<Column>, Error> {
    let location = call.location()?;
    let options = Some(&location.options);
    let place = open_location(session, &location.location, options, credentials::Access::Read).await?;
    let selection = Selection::from_options(&session.sql, &location.options)?;
    let mut files = list_files(&place, &selection).await?;
    files.retain(|file| !is_folder_marker(file));
    let last_modified =
        files.iter().map(|file| file.last_modified.format("%Y-%m-%d %H:%M:%S%.3f %z").to_string());
    Ok(vec![
        Column::text("name", files.iter().map(|file| place.relative(&file.location))),
        Column::number("size", files.iter().map(|file| file.size)),
        Column::optional_text("md5", files.iter().map(|file| file.e_tag.as_deref())),
        Column::text("last_modified", last_modified),
        Column::optional_text("creator", files.iter().map(|_| None::<&str>)),
    ])
}

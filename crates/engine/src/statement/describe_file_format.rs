//! DESC FILE FORMAT: the row that SHOW FILE FORMATS has.

use super::folded;
use super::show_file_formats::text_of;
use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::DescribeFileFormat,
) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let found = session.engine.catalog().file_format(&session.identity.organization, &name).await?;
    let Some(format) = found else {
        return Err(Error::new(ErrorKind::UnknownFileFormat, format!("file format `{name}` does not exist"))
            .with_hint("`SHOW FILE FORMATS` lists them"));
    };
    rows::answer(
        session,
        vec![
            Column::text("name", [&format.name]),
            Column::text("format_options", [text_of(&format.options)]),
        ],
    )
}

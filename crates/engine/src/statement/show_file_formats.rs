//! SHOW FILE FORMATS.

use serde_json::Value;

use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session) -> Result<StatementOutput, Error> {
    let formats = session.engine.catalog().file_formats(&session.identity.organization).await?;
    rows::answer(
        session,
        vec![
            Column::text("name", formats.iter().map(|format| &format.name)),
            Column::text("format_options", formats.iter().map(|format| text_of(&format.options))),
        ],
    )
}

/// The options as they were written.
pub(super) fn text_of(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    value.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
}

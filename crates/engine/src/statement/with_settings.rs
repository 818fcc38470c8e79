//! `SETTINGS (…)` before a statement: settings for that statement alone.

use super::set;
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(
    mut session: Session,
    statement: sql::WithSettings,
) -> Result<StatementOutput, Error> {
    let before = session.state.settings.clone();
    set::apply(&mut session, &statement.settings)?;
    let mut output = Box::pin(super::run(session, *statement.statement)).await?;
    output.state.settings = before;
    Ok(output)
}

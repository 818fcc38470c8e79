//! USE: the session's database.

use super::{done, folded};
use crate::session::Session;
use crate::{Effect, Error, ErrorKind, StatementOutput, system};

pub(super) async fn run(mut session: Session, statement: sql::Use) -> Result<StatementOutput, Error> {
    let name = folded(&statement.database);
    let known = system::database_names(&session).await?;
    if !known.contains(&name) {
        return Err(Error::new(ErrorKind::UnknownDatabase, format!("database `{name}` does not exist"))
            .with_hint(format!(
                "there are {}",
                known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            )));
    }
    session.state.database.clone_from(&name);
    let mut output = done(&session);
    output.effect = Some(Effect::UseDatabase { name });
    Ok(output)
}

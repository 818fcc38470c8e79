//! `system.databases`.

use crate::Error;
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let names = names(session).await?;
    Ok(vec![
        Column::text("catalog", names.iter().map(|_| session.state.catalog.as_str())),
        Column::text("name", &names),
        Column::optional_text("owner", names.iter().map(|_| None::<&str>)),
    ])
}

/// The organization's databases and the two that are always there, sorted.
pub(crate) async fn names(session: &Session) -> Result<Vec<String>, Error> {
    let databases = session.engine.catalog().databases(&session.identity.organization).await?;
    let mut names: Vec<String> = databases.into_iter().map(|database| database.name).collect();
    names.extend([super::SYSTEM.to_owned(), super::INFORMATION_SCHEMA.to_owned()]);
    names.sort();
    names.dedup();
    Ok(names)
}

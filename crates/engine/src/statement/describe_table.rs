//! DESC TABLE: the columns of a table.

use super::show::{literal, show};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query, system};

pub(super) async fn run(session: &Session, statement: sql::DescribeTable) -> Result<StatementOutput, Error> {
    let (database, table) = system::table_name(session, &statement.name);
    let is_view = database == query::VIEWS_DATABASE
        && query::visible_views(session).await?.iter().any(|view| view.name == table);
    if !is_view && !system::exists(&database, &table) {
        return Err(Error::new(
            ErrorKind::UnknownTable,
            format!("table `{database}.{table}` does not exist"),
        )
        .with_hint("`SHOW TABLES` lists them"));
    }
    let select = format!(
        r#"SELECT name AS "Field", type AS "Type", is_nullable AS "Null" FROM system.columns WHERE database = {} AND "table" = {}"#,
        literal(&database),
        literal(&table)
    );
    show(session, &select, "\"Field\"", &sql::ShowFilter { rows: None, limit: None }).await
}

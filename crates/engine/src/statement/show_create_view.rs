//! SHOW CREATE VIEW: the statement that makes a view.

use super::create_view::view_name;
use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query};

pub(super) async fn run(session: &Session, statement: sql::ShowCreateView) -> Result<StatementOutput, Error> {
    let name = view_name(session, &statement.name)?;
    let view = query::visible_views(session).await?.into_iter().find(|view| view.name == name);
    let unknown = || {
        Error::new(ErrorKind::UnknownTable, format!("view `{name}` does not exist"))
            .with_hint("`SHOW VIEWS` lists those that you may read")
    };
    let view = view.ok_or_else(unknown)?;
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let columns = if view.column_names.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = view.column_names.iter().map(|name| quoted(name)).collect();
        format!(" ({})", names.join(", "))
    };
    let text = format!("CREATE VIEW {}{columns} AS {}", quoted(&view.name), view.query);
    rows::answer(session, vec![Column::text("View", [&view.name]), Column::text("Create View", [text])])
}

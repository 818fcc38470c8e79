//! CREATE VIEW: a query under a name. It is planned, so that it is known to work for whoever makes it.

use catalog::{GrantObject, Privilege};

use super::{create_mode, done, folded, require_to_replace};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query, system};

pub(super) async fn run(session: &Session, statement: sql::CreateView) -> Result<StatementOutput, Error> {
    let owner = session.require_to_create(Privilege::CreateView)?;
    let name = view_name(session, &statement.name)?;
    require_to_replace(session, statement.mode, &GrantObject::View(name.clone())).await?;
    for location in &statement.query.locations {
        // The text of a view is shown to others: a role or a key typed in it would be theirs too.
        let typed = location.options.connection.as_ref().is_some_and(|c| c.get("connection_name").is_none());
        if typed {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                format!("view `{name}` cannot hold the parameters of a connection"),
            )
            .with_hint("name a connection: `CONNECTION => (CONNECTION_NAME = '…')`"));
        }
    }
    let column_names: Vec<String> = statement.columns.iter().map(folded).collect();
    let text = statement.query.to_string();
    let columns = query::columns_of_view(session, &name, statement.query, &column_names).await?;
    let view = catalog::NewView {
        name,
        query: text,
        column_names,
        columns,
        creator: session.identity.user.clone(),
        owner,
    };
    let mode = create_mode(statement.mode);
    session.engine.catalog().create_view(&session.identity.organization, &view, mode).await?;
    Ok(done(session))
}

/// The name of a view: there are views in one database alone.
pub(super) fn view_name(session: &Session, name: &sql::ObjectName) -> Result<String, Error> {
    let (database, view) = system::table_name(session, name);
    if database == query::VIEWS_DATABASE {
        return Ok(view);
    }
    Err(Error::new(
        ErrorKind::UnknownDatabase,
        format!("view `{database}.{view}` cannot be: views are in database `{}`", query::VIEWS_DATABASE),
    )
    .with_hint(format!("write `{}.{view}`", query::VIEWS_DATABASE)))
}

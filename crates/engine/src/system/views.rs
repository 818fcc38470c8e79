//! `system.views`: the views that the session may read.

use catalog::GrantObject;

use crate::Error;
use crate::query::{VIEWS_DATABASE, visible_views};
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let views = visible_views(session).await?;
    let owner = |view: &catalog::View| {
        session.authority.grants().owner(&GrantObject::View(view.name.clone())).name().to_owned()
    };
    Ok(vec![
        Column::text("catalog", views.iter().map(|_| session.state.catalog.as_str())),
        Column::text("database", views.iter().map(|_| VIEWS_DATABASE)),
        Column::text("name", views.iter().map(|view| &view.name)),
        Column::text("view_query", views.iter().map(|view| &view.query)),
        Column::text("creator", views.iter().map(|view| &view.creator)),
        Column::text("owner", views.iter().map(owner)),
        Column::timestamp("created_on", views.iter().map(|view| view.created_on)),
    ])
}

//! `system.users`.

use crate::Error;
use crate::rows::Column;
use crate::session::{ADMINISTRATOR, Session};

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let users = session.engine.catalog().users(&session.identity.organization).await?;
    let mut names: Vec<(String, &str)> = vec![(ADMINISTRATOR.to_owned(), "account_admin")];
    names.extend(
        users.into_iter().map(|user| (user.name, "public")).filter(|(name, _)| name != ADMINISTRATOR),
    );
    Ok(vec![
        Column::text("name", names.iter().map(|(name, _)| name)),
        Column::text("hostname", names.iter().map(|_| "%")),
        Column::text("auth_type", names.iter().map(|_| "double_sha1_password")),
        Column::text("is_configured", names.iter().map(|_| "NO")),
        Column::text("default_role", names.iter().map(|(_, role)| role)),
        Column::text("roles", names.iter().map(|(_, role)| role)),
        Column::text("disabled", names.iter().map(|_| "NO")),
    ])
}

//! DESC USER: the row of `system.users`.

use super::show::{literal, show};
use crate::session::Session;
use crate::system::sees_users;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DescribeUser) -> Result<StatementOutput, Error> {
    let name = statement.user.name.value;
    // Who may not see a user is not told whether there is one.
    let is_seen = name == session.identity.user || sees_users(session);
    if !is_seen || session.engine.catalog().user(&session.identity.organization, &name).await?.is_none() {
        return Err(Error::new(ErrorKind::UnknownUser, format!("user `{name}` does not exist"))
            .with_hint("`SHOW USERS` lists those that you may see"));
    }
    let select = format!("SELECT * FROM system.users WHERE name = {}", literal(&name));
    show(session, &select, "name", &sql::ShowFilter { rows: None, limit: None }).await
}

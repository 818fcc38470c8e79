//! `system.users`: oneself; everybody for whoever manages users or grants.

use catalog::{ACCOUNT_ADMIN, GrantObject, Grantee, PUBLIC, Privilege};

use crate::Error;
use crate::rows::Column;
use crate::session::{ADMINISTRATOR, Session};

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let sees_all = sees_users(session);
    let mut users = session.engine.catalog().users(&session.identity.organization).await?;
    users.retain(|user| sees_all || user.name == session.identity.user);
    let grants = session.authority.grants();
    let roles = |user: &catalog::User| {
        let mut roles: Vec<&str> = grants.roles_of(&Grantee::User(user.name.clone())).collect();
        if user.name == ADMINISTRATOR && !roles.contains(&ACCOUNT_ADMIN) {
            roles.insert(0, ACCOUNT_ADMIN);
        }
        roles.join(", ")
    };
    let default_role = |user: &catalog::User| match &user.default_role {
        Some(role) => role.clone(),
        None if user.name == ADMINISTRATOR => ACCOUNT_ADMIN.to_owned(),
        None => PUBLIC.to_owned(),
    };
    let authentication = |user: &catalog::User| match (user.public_keys, user.has_password()) {
        (1.., _) => "key_pair",
        (0, true) => "double_sha1_password",
        (0, false) => "no_password",
    };
    let yes_or_no = |yes: bool| if yes { "YES" } else { "NO" };
    Ok(vec![
        Column::text("name", users.iter().map(|user| &user.name)),
        Column::text("hostname", users.iter().map(|_| "%")),
        Column::text("auth_type", users.iter().map(authentication)),
        Column::text("is_configured", users.iter().map(|_| "NO")),
        Column::text("default_role", users.iter().map(default_role)),
        Column::text("roles", users.iter().map(roles)),
        Column::text("disabled", users.iter().map(|user| yes_or_no(user.disabled))),
        Column::text("must_change_password", users.iter().map(|user| yes_or_no(user.must_change_password))),
        Column::timestamp("created_on", users.iter().map(|user| user.created_on)),
    ])
}

/// Whether the session may see all users.
pub(crate) fn sees_users(session: &Session) -> bool {
    [Privilege::CreateUser, Privilege::DropUser, Privilege::Grant]
        .into_iter()
        .any(|privilege| session.holds(privilege, &GrantObject::Organization))
}

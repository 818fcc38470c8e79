//! `system.roles`: the roles that the session may work in; all of them for whoever may grant.

use catalog::{Grantee, Privilege};

use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let authority = &session.authority;
    let grants = authority.grants();
    let sees_all = sees_all(session);
    let roles: Vec<_> = grants
        .roles
        .values()
        .filter(|role| sees_all || authority.available_roles().contains(&role.name))
        .map(|role| {
            let inherited: Vec<&str> = grants.roles_of(&Grantee::Role(role.name.clone())).collect();
            (role, inherited)
        })
        .collect();
    let default_role = grants.default_role(&session.identity.user);
    vec![
        Column::text("name", roles.iter().map(|(role, _)| &role.name)),
        Column::number("inherited_roles", roles.iter().map(|(_, inherited)| inherited.len() as u64)),
        Column::text("inherited_roles_name", roles.iter().map(|(_, inherited)| inherited.join(", "))),
        Column::boolean("is_current", roles.iter().map(|(role, _)| role.name == authority.current_role())),
        Column::boolean("is_default", roles.iter().map(|(role, _)| Some(role.name.as_str()) == default_role)),
        Column::text("comment", roles.iter().map(|(role, _)| &role.comment)),
        Column::timestamp(
            "created_on",
            roles.iter().map(|(role, _)| role.created_on.unwrap_or(session.organization.created_on)),
        ),
    ]
}

/// Whether the session may know every role, who has it and what is granted to whom.
pub(super) fn sees_all(session: &Session) -> bool {
    let object = catalog::GrantObject::Organization;
    [Privilege::Grant, Privilege::CreateRole, Privilege::DropRole]
        .into_iter()
        .any(|privilege| session.holds(privilege, &object))
}

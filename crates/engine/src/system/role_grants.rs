//! `system.role_grants`: who has which role directly, as far as the session may know.

use super::roles::sees_all;
use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let authority = &session.authority;
    let sees_all = sees_all(session);
    let mut members: Vec<_> = authority
        .grants()
        .memberships()
        .filter(|(grantee, role)| {
            sees_all || *grantee == authority.user() || authority.available_roles().contains(*role)
        })
        .map(|(grantee, role)| (role, grantee.kind(), grantee.name()))
        .collect();
    members.sort_unstable();
    vec![
        Column::text("role", members.iter().map(|(role, _, _)| role)),
        Column::text("granted_to", members.iter().map(|(_, kind, _)| kind)),
        Column::text("grantee_name", members.iter().map(|(_, _, name)| name)),
    ]
}

//! SET ROLE, SET DEFAULT ROLE, SET SECONDARY ROLES: in which roles the session works. The client carries it.

use catalog::UserChange;

use super::done;
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn role(mut session: Session, statement: sql::SetRole) -> Result<StatementOutput, Error> {
    let role = statement.role.value;
    if !session.authority.available_roles().contains(&role) {
        return Err(session.authority.unavailable(&role));
    }
    if statement.default {
        let change = UserChange { default_role: Some(&role), ..UserChange::default() };
        let (organization, user) = (&session.identity.organization, &session.identity.user);
        session.engine.catalog().alter_user(organization, user, &change).await?;
    } else {
        session.state.role = Some(role);
    }
    Ok(done(&session))
}

pub(super) fn secondary_roles(
    mut session: Session,
    statement: sql::SetSecondaryRoles,
) -> Result<StatementOutput, Error> {
    session.state.secondary_roles = match statement {
        sql::SetSecondaryRoles::All => None,
        sql::SetSecondaryRoles::None => Some(Vec::new()),
        sql::SetSecondaryRoles::Listed(roles) => {
            let roles: Vec<String> = roles.into_iter().map(|role| role.value).collect();
            let available = session.authority.available_roles();
            if let Some(unavailable) = roles.iter().find(|role| !available.contains(*role)) {
                return Err(session.authority.unavailable(unavailable));
            }
            Some(roles)
        }
    };
    Ok(done(&session))
}

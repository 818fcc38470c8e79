//! SHOW GRANTS: rows of `system.grants` and `system.role_grants`, which show what the session may see.

use catalog::{GrantObject, Grantee, Privilege};

use super::grant::{grantee, object};
use super::show::{literal, show};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput};

/// The columns of Databend.
const COLUMNS: &str = "SELECT privileges, object_name, object_id, grant_to, name, grants FROM system.grants";

pub(super) async fn run(session: &Session, statement: sql::ShowGrants) -> Result<StatementOutput, Error> {
    let filter = &statement.filter;
    match &statement.of {
        sql::GrantsOf::Asking => {
            let own = of_grantee(session.authority.user());
            let roles: Vec<String> =
                session.authority.effective_roles().iter().map(|role| literal(role)).collect();
            let select =
                format!("{COLUMNS} WHERE {own} OR grant_to = 'ROLE' AND name IN ({})", roles.join(", "));
            show(session, &select, "object_name", filter).await
        }
        sql::GrantsOf::Grantee(asked) => {
            let asked = grantee(asked);
            require_to_see(session, &asked).await?;
            show(session, &format!("{COLUMNS} WHERE {}", of_grantee(&asked)), "object_name", filter).await
        }
        sql::GrantsOf::Object(target) => {
            let object = object(target);
            require_to_see_object(session, &object).await?;
            let select = format!(
                "{COLUMNS} WHERE object_type = {} AND object_name = {}",
                literal(object.kind()),
                literal(object.name())
            );
            show(session, &select, "name", filter).await
        }
        sql::GrantsOf::Members(role) => {
            let role = &role.value;
            require_to_see(session, &Grantee::Role(role.clone())).await?;
            let select = format!(
                "SELECT role, granted_to, grantee_name FROM system.role_grants WHERE role = {}",
                literal(role)
            );
            show(session, &select, "grantee_name", filter).await
        }
    }
}

fn of_grantee(grantee: &Grantee) -> String {
    format!("(grant_to = {} AND name = {})", literal(grantee.kind()), literal(grantee.name()))
}

async fn require_to_see(session: &Session, asked: &Grantee) -> Result<(), Error> {
    let authority = &session.authority;
    let is_own = match asked {
        Grantee::User(_) => asked == authority.user(),
        Grantee::Role(role) => authority.available_roles().contains(role),
    };
    if is_own {
        return Ok(());
    }
    session.require_globally(Privilege::Grant)?;
    let catalog = session.engine.catalog();
    match asked {
        Grantee::Role(role) if !authority.grants().roles.contains_key(role) => {
            Err(Error::new(ErrorKind::UnknownRole, format!("role `{role}` does not exist"))
                .with_hint("`SHOW ROLES` lists them"))
        }
        Grantee::User(user) if catalog.user(&session.identity.organization, user).await?.is_none() => {
            Err(Error::new(ErrorKind::UnknownUser, format!("user `{user}` does not exist")))
        }
        _ => Ok(()),
    }
}

/// What one may use or grant on, one may know the grants on.
async fn require_to_see_object(session: &Session, object: &GrantObject) -> Result<(), Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let (exists, kind) = match object {
        GrantObject::Organization => (true, ErrorKind::Semantic),
        GrantObject::Connection(name) => {
            (catalog.connection(organization, name).await?.is_some(), ErrorKind::UnknownConnection)
        }
        GrantObject::Stage(name) => {
            (catalog.stage(organization, name).await?.is_some(), ErrorKind::UnknownStage)
        }
        GrantObject::FileFormat(name) => {
            (catalog.file_format(organization, name).await?.is_some(), ErrorKind::UnknownFileFormat)
        }
        GrantObject::View(name) => {
            (catalog.view(organization, name).await?.is_some(), ErrorKind::UnknownTable)
        }
    };
    if !exists {
        let message = format!("{} `{}` does not exist", object.kind().to_lowercase(), object.name());
        return Err(Error::new(kind, message));
    }
    if session.authority.sees(object) {
        return Ok(());
    }
    session.require_globally(Privilege::Grant)
}

//! CREATE, ALTER, DROP ORGANIZATION and SHOW ORGANIZATIONS, for the server's operator: whoever is
//! `account_admin` in the organization that the configuration calls the operator's.

use catalog::{NewUser, OrganizationSpec};

use super::{create_mode, done};
use crate::rows::{self, Column};
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn create(
    session: &Session,
    statement: sql::CreateOrganization,
) -> Result<StatementOutput, Error> {
    require_operator(session, "make organizations")?;
    let name = &statement.name.value;
    let mut specification = OrganizationSpec { name: name.clone(), ..OrganizationSpec::default() };
    apply(&mut specification, &statement.options);
    let catalog = session.engine.catalog();
    let made = catalog.create_organization(&specification, create_mode(statement.mode)).await?;
    // With IF NOT EXISTS the one that is there keeps its root and the password of it.
    if made != catalog::Created::Existed {
        let root = NewUser {
            name: ADMINISTRATOR,
            password: Some(statement.password.expose()),
            ..NewUser::default()
        };
        catalog.create_user(name, &root, catalog::CreateMode::OrReplace).await?;
    }
    Ok(done(session))
}

pub(super) async fn alter(
    session: &Session,
    statement: sql::AlterOrganization,
) -> Result<StatementOutput, Error> {
    require_operator(session, "change organizations")?;
    let name = &statement.name.value;
    let catalog = session.engine.catalog();
    let Some(found) = catalog.organization(name).await? else {
        return Err(unknown(name));
    };
    let mut specification = OrganizationSpec {
        name: found.name,
        principal: found.principal,
        next_principal: found.next_principal,
        allowed_roles: found.allowed_roles,
    };
    apply(&mut specification, &statement.options);
    catalog.alter_organization(&specification).await?;
    if let Some(password) = &statement.password {
        catalog.set_password(name, ADMINISTRATOR, Some(password.expose())).await?;
    }
    Ok(done(session))
}

pub(super) async fn drop(
    session: &Session,
    statement: sql::DropOrganization,
) -> Result<StatementOutput, Error> {
    require_operator(session, "drop organizations")?;
    session.engine.catalog().drop_organization(&statement.name.value, statement.if_exists).await?;
    Ok(done(session))
}

pub(super) async fn show(session: &Session) -> Result<StatementOutput, Error> {
    require_operator(session, "see organizations other than their own")?;
    let organizations = session.engine.catalog().organizations().await?;
    let allowed = |organization: &catalog::Organization| {
        organization.allowed_roles.as_ref().map(|allowed| allowed.join(", "))
    };
    rows::answer(
        session,
        vec![
            Column::text("name", organizations.iter().map(|organization| &organization.name)),
            Column::optional_text(
                "principal_arn",
                organizations.iter().map(|organization| organization.principal.as_ref()),
            ),
            Column::optional_text(
                "next_principal_arn",
                organizations.iter().map(|organization| organization.next_principal.as_ref()),
            ),
            Column::optional_text("allowed_roles", organizations.iter().map(allowed)),
            Column::boolean("configured", organizations.iter().map(|organization| organization.configured)),
            Column::timestamp("created_on", organizations.iter().map(|organization| organization.created_on)),
        ],
    )
}

/// INVARIANT: no user of another organization, its `root` included, learns of the other organizations.
fn require_operator(session: &Session, action: &str) -> Result<(), Error> {
    session.require_administrator(action)?;
    if session.engine.operator_organization() == Some(session.organization.name.as_str()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PermissionDenied,
        format!("permission denied: user `{}` may not {action}", session.identity.user),
    )
    .with_hint(format!(
        "this is for the server's operator: role {} of the organization that `operator_organization` names in the server's configuration",
        catalog::ACCOUNT_ADMIN
    )))
}

fn apply(specification: &mut OrganizationSpec, options: &sql::OrganizationOptions) {
    let given = |text: &sql::Text| (!text.value.is_empty()).then(|| text.value.clone());
    if let Some(principal) = &options.principal {
        specification.principal = given(principal);
    }
    if let Some(principal) = &options.next_principal {
        specification.next_principal = given(principal);
    }
    match &options.allowed_roles {
        None => {}
        Some(sql::AllowedRoles::Any) => specification.allowed_roles = None,
        Some(sql::AllowedRoles::Listed(listed)) => {
            specification.allowed_roles = Some(listed.iter().map(|text| text.value.clone()).collect());
        }
    }
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::Semantic, format!("organization `{name}` does not exist"))
        .with_hint("`SHOW ORGANIZATIONS` lists them")
}

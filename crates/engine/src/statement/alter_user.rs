//! ALTER USER: a password or keys, one's own or somebody else's; a default role; keeping a user out.

use catalog::{Grantee, Privilege, PublicKeyChoice, UserChange};

use super::create_user::UserOptions;
use super::done;
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

/// Whether the statement is the one that a user may give who has to set another password first.
pub(super) fn sets_own_password(session: &Session, statement: &sql::Statement) -> bool {
    let sql::Statement::AlterUser(alter) = statement else { return false };
    let is_own = alter.user.as_ref().is_none_or(|user| user.name.value == session.identity.user);
    let is_password = matches!(alter.authentication, Some(sql::Authentication::Password { .. }));
    is_own && is_password && alter.options.is_empty()
}

pub(super) async fn run(session: &Session, statement: sql::AlterUser) -> Result<StatementOutput, Error> {
    let options = UserOptions::read(&statement.options)?;
    let name = statement.user.map_or_else(|| session.identity.user.clone(), |user| user.name.value);
    let is_own = name == session.identity.user;
    if !is_own || options.disabled.is_some() || options.must_change_password.is_some() {
        session.require_globally(Privilege::CreateUser)?;
    }
    if !is_own {
        super::require_cover(session, &Grantee::User(name.clone()))?;
    }
    let changes_login = statement.authentication.is_some()
        || !options.keys.is_empty()
        || options.must_change_password.is_some()
        || options.disabled.is_some();
    if name == ADMINISTRATOR && changes_login {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("how `{ADMINISTRATOR}` logs in is the server operator's to set"),
        )
        .with_hint(
            "start the server with STAGEDOOR_ROOT_PASSWORD; `ALTER ORGANIZATION` for one that SQL made",
        ));
    }
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if statement.if_exists && catalog.user(organization, &name).await?.is_none() {
        return Ok(done(session));
    }
    match &statement.authentication {
        None => {}
        Some(sql::Authentication::Password { password, .. }) => {
            if session.authority.check_password().is_err() {
                refuse_same_password(session, &name, password.expose()).await?;
            }
            catalog.set_password(organization, &name, Some(password.expose())).await?;
        }
        Some(sql::Authentication::KeyPair { public_key }) => {
            catalog.set_public_key(organization, &name, &public_key.value).await?;
        }
        Some(sql::Authentication::NoPassword) => catalog.set_password(organization, &name, None).await?,
    }
    for option in &options.keys {
        match option {
            sql::UserOption::AddPublicKey { public_key, label } => {
                let label = label.as_ref().map(|label| label.value.as_str()).unwrap_or_default();
                catalog.add_public_key(organization, &name, &public_key.value, label).await?;
            }
            sql::UserOption::RemovePublicKey { by_label, text } => {
                let choice = match by_label {
                    true => PublicKeyChoice::Label(&text.value),
                    false => PublicKeyChoice::Fingerprint(&text.value),
                };
                catalog.remove_public_key(organization, &name, choice).await?;
            }
            _ => {}
        }
    }
    let change = UserChange {
        default_role: options.default_role.as_deref(),
        disabled: options.disabled,
        must_change_password: options.must_change_password,
    };
    if change.default_role.is_some() || change.disabled.is_some() || change.must_change_password.is_some() {
        catalog.alter_user(organization, &name, &change).await?;
    }
    Ok(done(session))
}

/// Whoever has to change the password has not changed it by setting the same.
async fn refuse_same_password(session: &Session, name: &str, password: &str) -> Result<(), Error> {
    let catalog = session.engine.catalog();
    let user = catalog.user(&session.identity.organization, name).await?;
    let is_same = match &user {
        Some(user) => catalog.verify_password(user, password).await,
        None => false,
    };
    if !is_same {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidValue,
        format!("the password of user `{name}` is the one that has to change"),
    )
    .with_hint("choose another"))
}

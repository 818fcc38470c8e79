//! GRANT and REVOKE.
//!
//! The administrator grants anything. The owner of an object grants on that object. Whoever has GRANT on
//! `*.*` grants what he has himself, and nothing more.

use catalog::{GrantObject, Grantee, Privilege};

use super::{done, folded};
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn grant(session: &Session, statement: sql::Grant) -> Result<StatementOutput, Error> {
    let grantee = grantee(&statement.to);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    match &statement.granted {
        sql::Granted::Role(role) => {
            require_for_role(session, &role.value)?;
            catalog.grant_role(organization, &role.value, &grantee).await?;
        }
        sql::Granted::Privileges { privileges, on } => {
            let object = object(on);
            let privileges = privileges_on(session, privileges, &object)?;
            require_for_privileges(session, &privileges, &object)?;
            catalog.grant_privileges(organization, &privileges, &object, &grantee).await?;
        }
    }
    Ok(done(session))
}

pub(super) async fn revoke(session: &Session, statement: sql::Revoke) -> Result<StatementOutput, Error> {
    let grantee = grantee(&statement.from);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    match &statement.granted {
        sql::Granted::Role(role) => {
            require_for_role(session, &role.value)?;
            if role.value == catalog::ACCOUNT_ADMIN && grantee == Grantee::User(ADMINISTRATOR.to_owned()) {
                return Err(Error::new(
                    ErrorKind::PermissionDenied,
                    format!("user `{ADMINISTRATOR}` always has role `{}`", catalog::ACCOUNT_ADMIN),
                ));
            }
            catalog.revoke_role(organization, &role.value, &grantee).await?;
        }
        sql::Granted::Privileges { privileges, on } => {
            let object = object(on);
            let privileges = privileges_on(session, privileges, &object)?;
            if privileges.contains(&Privilege::Ownership) {
                return Err(Error::new(
                    ErrorKind::Semantic,
                    format!("OWNERSHIP on {object} cannot be revoked"),
                )
                .with_hint(format!("give it to somebody else: `GRANT OWNERSHIP ON {object} TO ROLE …`")));
            }
            require_for_privileges(session, &privileges, &object)?;
            catalog.revoke_privileges(organization, &privileges, &object, &grantee).await?;
        }
    }
    Ok(done(session))
}

pub(super) fn grantee(grantee: &sql::Grantee) -> Grantee {
    match grantee {
        sql::Grantee::Role(name) => Grantee::Role(name.value.clone()),
        sql::Grantee::User(user) => Grantee::User(user.name.value.clone()),
    }
}

pub(super) fn object(target: &sql::GrantTarget) -> GrantObject {
    match target {
        sql::GrantTarget::Everything => GrantObject::Organization,
        sql::GrantTarget::Connection(name) => GrantObject::Connection(folded(name)),
        sql::GrantTarget::Stage(name) => GrantObject::Stage(folded(name)),
        sql::GrantTarget::FileFormat(name) => GrantObject::FileFormat(folded(name)),
        sql::GrantTarget::View(name) => GrantObject::View(folded(name)),
    }
}

/// The privileges that were named; each must mean something on the object.
fn privileges_on(
    session: &Session,
    privileges: &sql::GrantedPrivileges,
    object: &GrantObject,
) -> Result<Vec<Privilege>, Error> {
    let sql::GrantedPrivileges::Listed(listed) = privileges else {
        return Ok(object.all_privileges().to_vec());
    };
    let known = |privilege: Privilege| {
        object.all_privileges().contains(&privilege)
            || privilege == Privilege::Ownership && *object != GrantObject::Organization
    };
    let mut found = Vec::with_capacity(listed.len());
    for words in listed {
        match Privilege::from_words(words.words).filter(|privilege| known(*privilege)) {
            Some(privilege) => found.push(privilege),
            None => {
                let there_are = Privilege::ALL.iter().filter(|privilege| known(**privilege));
                let there_are: Vec<_> = there_are.map(|privilege| privilege.as_str()).collect();
                return Err(Error::new(
                    ErrorKind::Semantic,
                    format!("there is no privilege {} on {object}", words.words),
                )
                .with_excerpt(sql::excerpt(&session.sql, words.span))
                .with_hint(format!("there are {}", there_are.join(", "))));
            }
        }
    }
    Ok(found)
}

fn require_for_privileges(
    session: &Session,
    privileges: &[Privilege],
    object: &GrantObject,
) -> Result<(), Error> {
    if *object != GrantObject::Organization && session.holds(Privilege::Ownership, object) {
        return Ok(());
    }
    session.require_globally(Privilege::Grant)?;
    privileges.iter().try_for_each(|privilege| session.require(*privilege, object))
}

fn require_for_role(session: &Session, role: &str) -> Result<(), Error> {
    session.require_globally(Privilege::Grant)?;
    let authority = &session.authority;
    if authority.is_administrator() || authority.effective_roles().contains(role) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PermissionDenied,
        format!(
            "permission denied: user `{}` does not have role `{role}` and cannot give or take it",
            session.identity.user
        ),
    )
    .with_hint(format!("only role {} grants what it is not itself granted", catalog::ACCOUNT_ADMIN)))
}

//! What a session may do: the roles it works in and what is granted to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::{ACCOUNT_ADMIN, GrantObject, Grantee, Grants, PUBLIC, Privilege};

use crate::session::ADMINISTRATOR;
use crate::{Error, ErrorKind, SessionState};

/// The grants of an organization, seen by one user's session. What is changed while a statement runs holds
/// from the next one on.
#[derive(Clone)]
pub(crate) struct Authority {
    grants: Arc<Grants>,
    user: Grantee,
    current_role: String,
    /// Every role that the user may work in.
    available: BTreeSet<String>,
    /// The current role and what it inherits: what is created is created by these.
    current: BTreeSet<String>,
    /// The current role, the secondary roles, and what they inherit.
    effective: BTreeSet<String>,
    /// Set when the session names a role that the user does not have (any more).
    invalid_role: Option<String>,
}

impl Authority {
    /// INVARIANT: the client carries the session, so nothing in it is believed: a role counts only if it is granted.
    pub(crate) fn new(grants: Arc<Grants>, user: &str, state: &SessionState) -> Self {
        let grantee = Grantee::User(user.to_owned());
        let is_administrator = user == ADMINISTRATOR;
        let mut direct: Vec<&str> = grants.roles_of(&grantee).collect();
        if is_administrator {
            direct.push(ACCOUNT_ADMIN);
        }
        let available = grants.expanded(direct.iter().copied());
        let named = state.role.iter().chain(state.secondary_roles.iter().flatten());
        let invalid_role = named.into_iter().find(|role| !available.contains(*role)).cloned();
        let begins_with = grants.default_role(user).filter(|role| available.contains(*role));
        let current_role = match &state.role {
            Some(role) if available.contains(role) => role.clone(),
            _ => begins_with.unwrap_or(if is_administrator { ACCOUNT_ADMIN } else { PUBLIC }).to_owned(),
        };
        let current = grants.expanded([current_role.as_str()]);
        let effective = match &state.secondary_roles {
            None => available.clone(),
            Some(roles) => {
                let roles = roles.iter().filter(|role| available.contains(*role)).map(String::as_str);
                grants.expanded(roles.chain([current_role.as_str()]))
            }
        };
        Self { grants, user: grantee, current_role, available, current, effective, invalid_role }
    }

    /// Refuses a session whose roles are not the user's.
    pub(crate) fn check_roles(&self) -> Result<(), Error> {
        match &self.invalid_role {
            None => Ok(()),
            Some(role) => Err(self.unavailable(role)),
        }
    }

    /// Refuses a user who has to set another password first.
    pub(crate) fn check_password(&self) -> Result<(), Error> {
        if !self.grants.must_change_password(self.user.name()) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("user `{}` has to set another password before anything else", self.user.name()),
        )
        .with_hint("`ALTER USER USER() IDENTIFIED BY '…'`"))
    }

    /// The error for a role that the user does not have.
    pub(crate) fn unavailable(&self, role: &str) -> Error {
        Error::new(
            ErrorKind::InvalidRole,
            format!("role `{role}` is not granted to user `{}`", self.user.name()),
        )
        .with_hint(format!("available are {}", list(&self.available)))
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(crate) fn user(&self) -> &Grantee {
        &self.user
    }

    pub(crate) fn current_role(&self) -> &str {
        &self.current_role
    }

    pub(crate) fn available_roles(&self) -> &BTreeSet<String> {
        &self.available
    }

    pub(crate) fn effective_roles(&self) -> &BTreeSet<String> {
        &self.effective
    }

    /// Whether the session works as the administrator.
    pub(crate) fn is_administrator(&self) -> bool {
        self.effective.contains(ACCOUNT_ADMIN)
    }

    /// Whether the session has the privilege.
    pub(crate) fn holds(&self, privilege: Privilege, object: &GrantObject) -> bool {
        self.held_by(&self.effective, privilege, object)
    }

    /// Whether the session may know of the object: it owns it or has any privilege on it.
    pub(crate) fn sees(&self, object: &GrantObject) -> bool {
        self.holds(Privilege::Ownership, object)
            || object.all_privileges().iter().any(|privilege| self.holds(*privilege, object))
    }

    /// Refuses a session that has not the privilege.
    pub(crate) fn require(&self, privilege: Privilege, object: &GrantObject) -> Result<(), Error> {
        if self.holds(privilege, object) {
            return Ok(());
        }
        Err(self.denied(privilege, object, &self.effective).with_hint(match privilege {
            Privilege::Ownership => {
                format!("its owner may: {}, or role {ACCOUNT_ADMIN}", self.grants.owner(object))
            }
            _ => format!("ask for `GRANT {privilege} ON {object} TO ROLE …`"),
        }))
    }

    /// Refuses a session whose current role may not create; says whose the new object will be. As in Databend,
    /// secondary roles do not count: the role that one works in owns what one makes.
    pub(crate) fn require_to_create(&self, privilege: Privilege) -> Result<Grantee, Error> {
        let object = GrantObject::Organization;
        if self.held_by(&self.current, privilege, &object) {
            // What the role of everybody made would be everybody's.
            return Ok(match self.current_role.as_str() {
                PUBLIC => self.user.clone(),
                role => Grantee::Role(role.to_owned()),
            });
        }
        let other = self
            .available
            .iter()
            .find(|role| self.held_by(&self.grants.expanded([role.as_str()]), privilege, &object));
        Err(self.denied(privilege, &object, &self.current).with_hint(match other {
            Some(role) => format!("`SET ROLE {role}` first: what you create belongs to the role you work in"),
            None => format!("ask for `GRANT {privilege} ON *.* TO ROLE …`"),
        }))
    }

    /// Whether whatever the other may do, the session may do too: who changes a user or role could become it.
    pub(crate) fn covers(&self, other: &Grantee) -> bool {
        if self.is_administrator() {
            return true;
        }
        let roles = match other {
            Grantee::User(name) if name == ADMINISTRATOR => return false,
            Grantee::User(_) => self.grants.expanded(self.grants.roles_of(other)),
            Grantee::Role(name) => self.grants.expanded([name.as_str()]),
        };
        roles.is_subset(&self.effective)
            && self.grants.privileges_of(other).all(|(object, privilege)| self.holds(privilege, object))
            && self
                .grants
                .owned()
                .filter(|(_, owner)| *owner == other)
                .all(|(object, _)| self.holds(Privilege::Ownership, object))
    }

    fn held_by(&self, roles: &BTreeSet<String>, privilege: Privilege, object: &GrantObject) -> bool {
        if roles.contains(ACCOUNT_ADMIN) {
            return true;
        }
        let owner = match object {
            GrantObject::Organization => None,
            object => Some(self.grants.owner(object)),
        };
        let everything = GrantObject::Organization;
        let mut grantees = roles.iter().map(|role| Grantee::Role(role.clone())).chain([self.user.clone()]);
        grantees.any(|grantee| {
            owner.as_ref() == Some(&grantee)
                || self.grants.has(&grantee, object, privilege)
                || self.grants.has(&grantee, &everything, privilege)
                || privilege.is_in_super() && self.grants.has(&grantee, &everything, Privilege::Super)
        })
    }

    fn denied(&self, privilege: Privilege, object: &GrantObject, roles: &BTreeSet<String>) -> Error {
        Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "permission denied: privilege {privilege} is required on {object} for user `{}` with roles [{}]",
                self.user.name(),
                roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
        )
    }
}

fn list(roles: &BTreeSet<String>) -> String {
    roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
}

//! One statement's view of a user's session.

use std::sync::Arc;

use catalog::{GrantObject, Grantee, Privilege};
use credentials::{RequestCounters, StatementOrigin};

use crate::authority::Authority;
use crate::query::Cancellation;
use crate::settings::{self, Setting};
use crate::{Engine, Error, ErrorKind, Identity, Progress, SessionState, StatementRequest};

/// Who runs the statement, in which state, with what it may use.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) organization: catalog::Organization,
    pub(crate) identity: Identity,
    pub(crate) authority: Authority,
    pub(crate) state: SessionState,
    pub(crate) query_id: String,
    /// The statement's text, for errors that point at a place in it.
    pub(crate) sql: Arc<str>,
    pub(crate) progress: Arc<Progress>,
    /// What the statement asks of AWS.
    pub(crate) requests: Arc<RequestCounters>,
    /// Set when nobody waits for the statement any more.
    pub(crate) cancellation: Cancellation,
}

impl Session {
    pub(crate) async fn begin(
        engine: &Engine,
        request: &StatementRequest,
        requests: Arc<RequestCounters>,
    ) -> Result<Self, Error> {
        let organization = engine.organization(&request.identity.organization).await?;
        let authority = authority(engine, &request.identity, &request.state).await?;
        Ok(Self {
            engine: engine.clone(),
            organization,
            identity: request.identity.clone(),
            authority,
            state: request.state.clone(),
            query_id: request.query_id.clone(),
            sql: request.sql.as_str().into(),
            progress: request.progress.clone(),
            requests,
            cancellation: Cancellation::default(),
        })
    }

    /// A session for work that no statement asks for.
    pub(crate) async fn begin_for(
        engine: &Engine,
        identity: &Identity,
        query_id: &str,
    ) -> Result<Self, Error> {
        let state = SessionState::default();
        let authority = authority(engine, identity, &state).await?;
        authority.check_password()?;
        Ok(Self {
            engine: engine.clone(),
            organization: engine.organization(&identity.organization).await?,
            identity: identity.clone(),
            authority,
            state,
            query_id: query_id.to_owned(),
            sql: "".into(),
            progress: Arc::default(),
            requests: Arc::default(),
            cancellation: Cancellation::default(),
        })
    }

    /// What the request log is told about the requests that an opening of this statement makes.
    pub(crate) fn origin(&self, stage: Option<String>) -> StatementOrigin {
        StatementOrigin { query_id: self.query_id.clone(), stage, counters: Arc::clone(&self.requests) }
    }

    /// The value of a setting for this session: its own, else the default.
    pub(crate) fn setting(&self, name: &str) -> String {
        if let Some(value) = self.state.settings.get(name) {
            return value.clone();
        }
        settings::find(name).map(Setting::default_value).unwrap_or_default()
    }

    /// Refuses unless the session has the privilege on the object: by one of its roles, by a grant to the user,
    /// by owning the object, by a grant on `*.*`. Whatever a statement does to an object begins with this.
    pub(crate) fn require(&self, privilege: Privilege, object: &GrantObject) -> Result<(), Error> {
        self.authority.require(privilege, object)
    }

    /// [`Session::require`] on the whole organization.
    pub(crate) fn require_globally(&self, privilege: Privilege) -> Result<(), Error> {
        self.authority.require(privilege, &GrantObject::Organization)
    }

    /// Refuses unless the session owns the object (or has SUPER): for changing and dropping it.
    pub(crate) fn require_ownership(&self, object: &GrantObject) -> Result<(), Error> {
        self.authority.require(Privilege::Ownership, object)
    }

    /// Refuses unless the session works as the administrator, for what no privilege gives.
    pub(crate) fn require_administrator(&self, action: &str) -> Result<(), Error> {
        if self.authority.is_administrator() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("permission denied: user `{}` may not {action}", self.identity.user),
        )
        .with_hint(format!("ask somebody with role {}", catalog::ACCOUNT_ADMIN)))
    }

    /// Refuses unless the session's current role may create such things; says whose the new one will be.
    pub(crate) fn require_to_create(&self, privilege: Privilege) -> Result<Grantee, Error> {
        self.authority.require_to_create(privilege)
    }

    /// Whether the session has the privilege.
    pub(crate) fn holds(&self, privilege: Privilege, object: &GrantObject) -> bool {
        self.authority.holds(privilege, object)
    }

    /// Whether the session may see that the connection is there, and what it says.
    pub(crate) fn sees_connection(&self, name: &str) -> bool {
        self.holds(Privilege::AccessConnection, &GrantObject::Connection(name.to_owned()))
    }

    /// Whether the session may see that the stage is there.
    pub(crate) fn sees_stage(&self, name: &str) -> bool {
        self.authority.sees(&GrantObject::Stage(name.to_owned()))
    }

    /// Whether the session may see and end what another user runs: SUPER, and the administrator.
    pub(crate) fn sees_queries_of(&self, user: &str) -> bool {
        self.identity.user == user || self.holds(Privilege::Super, &GrantObject::Organization)
    }

    /// Refuses a role that the server's operator does not let the organization name.
    pub(crate) fn require_allowed_role(&self, role_arn: &str) -> Result<(), Error> {
        let Some(allowed) = &self.organization.allowed_roles else { return Ok(()) };
        if allowed.iter().any(|entry| allows(entry, role_arn)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("role `{role_arn}` is not one that organization `{}` may name", self.organization.name),
        )
        .with_hint("the server's operator lists the AWS accounts and roles that it may: ask to add this one"))
    }
}

async fn authority(engine: &Engine, identity: &Identity, state: &SessionState) -> Result<Authority, Error> {
    let grants = engine.catalog().grants(&identity.organization).await?;
    Ok(Authority::new(grants, &identity.user, state))
}

/// Whether an entry of the allow-list, an account or a role ARN with `*`, is about that role.
fn allows(entry: &str, role_arn: &str) -> bool {
    if entry.len() == 12 && entry.bytes().all(|byte| byte.is_ascii_digit()) {
        return role_arn.split(':').nth(4) == Some(entry);
    }
    matches_wildcard(entry, role_arn)
}

/// `*` in the pattern stands for any characters; nothing else is special.
fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The user every organization has from the start.
pub const ADMINISTRATOR: &str = "root";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allow_list_knows_accounts_and_patterns() {
        let role = "arn:aws:iam::987654321987:role/data/reader-1";
        for entry in [
            "987654321987",
            "arn:aws:iam::987654321987:role/data/reader-1",
            "arn:aws:iam::987654321987:role/*",
            "arn:aws:iam::*:role/data/*-1",
            "arn:aws*:iam::987654321987:role/*reader*",
        ] {
            assert!(allows(entry, role), "{entry}");
        }
        for entry in [
            "987654321986",
            "arn:aws:iam::987654321987:role/data/reader",
            "arn:aws:iam::987654321987:role/data/reader-1x",
            "arn:aws:iam::987654321987:role/*-2",
            "arn:aws:iam::111122223333:role/*",
        ] {
            assert!(!allows(entry, role), "{entry}");
        }
        // The account is the ARN's account, not digits in a name.
        assert!(!allows("111122223333", "arn:aws:iam::987654321987:role/x:111122223333"));
    }
}

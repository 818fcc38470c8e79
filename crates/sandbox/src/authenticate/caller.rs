//! The caller behind an access key.

use std::sync::Arc;

use iam::{Principal, PrincipalKind};
use time::OffsetDateTime;

use super::Dialect;
use super::parse::{Scope, Signed};
use crate::error::AwsError;
use crate::identity::Identities;
use crate::identity::session::{SessionHolder, TemporaryKeys};
use crate::identity::state::IdentityState;
use crate::ids;

/// How a request was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthenticationMethod {
    None,
    Header,
    QueryString,
    Post,
}

/// Who sent a request.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) access_key_id: Option<String>,
    pub(crate) account: String,
    pub(crate) user_name: Option<String>,
    pub(crate) session: Option<Arc<TemporaryKeys>>,
    pub(crate) method: AuthenticationMethod,
    pub(crate) signed_at: Option<OffsetDateTime>,
    pub(crate) region: Option<String>,
    /// signed with Signature Version 2
    pub(crate) old_signature: bool,
}

impl Caller {
    pub(crate) fn anonymous() -> Self {
        Self {
            principal: Principal::anonymous(),
            access_key_id: None,
            account: String::new(),
            user_name: None,
            session: None,
            method: AuthenticationMethod::None,
            signed_at: None,
            region: None,
            old_signature: false,
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.principal.kind == PrincipalKind::Anonymous
    }

    pub(crate) fn is_root(&self) -> bool {
        self.principal.kind == PrincipalKind::Root
    }

    /// `GetCallerIdentity`'s `UserId`.
    pub(crate) fn user_id(&self) -> String {
        match self.principal.kind {
            PrincipalKind::Root => self.account.clone(),
            _ => self
                .principal
                .unique_ids
                .iter()
                .find(|id| id.contains(':'))
                .or_else(|| self.principal.unique_ids.first())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// Keys that were found, with their secret.
pub(crate) struct FoundKeys {
    pub(crate) secret: String,
    access_key_id: String,
    account: String,
    principal: Principal,
    user_name: Option<String>,
    session: Option<Arc<TemporaryKeys>>,
}

impl FoundKeys {
    pub(crate) fn into_caller(self, signed: &Signed) -> Caller {
        Caller {
            principal: self.principal,
            access_key_id: Some(self.access_key_id),
            account: self.account,
            user_name: self.user_name,
            session: self.session,
            method: signed.method,
            signed_at: Some(signed.time),
            region: Some(signed.scope.region.clone()),
            old_signature: false,
        }
    }

    pub(crate) fn into_form_caller(self, scope: &Scope, signed_at: OffsetDateTime) -> Caller {
        Caller {
            principal: self.principal,
            access_key_id: Some(self.access_key_id),
            account: self.account,
            user_name: self.user_name,
            session: self.session,
            method: AuthenticationMethod::Post,
            signed_at: Some(signed_at),
            region: Some(scope.region.clone()),
            old_signature: false,
        }
    }

    pub(crate) fn into_old_caller(self, method: AuthenticationMethod) -> Caller {
        Caller {
            principal: self.principal,
            access_key_id: Some(self.access_key_id),
            account: self.account,
            user_name: self.user_name,
            session: self.session,
            method,
            signed_at: None,
            region: Some("us-east-1".to_owned()),
            old_signature: true,
        }
    }
}

/// Finds the keys a request names. Temporary keys need their own token, long-term keys must have none.
pub(crate) fn find_keys(
    access_key_id: &str,
    token: Option<&str>,
    dialect: Dialect,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<FoundKeys, AwsError> {
    if let Some(session) = identities.sessions.get(access_key_id) {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(unknown_key(access_key_id, dialect));
        };
        if !super::signatures_match(&session.token, token) {
            return Err(invalid_token(dialect));
        }
        if now >= session.expires {
            return Err(expired_token(dialect));
        }
        let principal = session_principal(&session);
        let user_name = match &session.holder {
            SessionHolder::User { user_name, .. } => Some(user_name.clone()),
            _ => None,
        };
        return Ok(FoundKeys {
            secret: session.secret.clone(),
            access_key_id: access_key_id.to_owned(),
            account: session.account.clone(),
            principal,
            user_name,
            session: Some(session),
        });
    }
    let state = identities.latest();
    let Some(key) = state.access_keys.get(access_key_id).filter(|key| key.active) else {
        return Err(unknown_key(access_key_id, dialect));
    };
    if token.is_some_and(|token| !token.is_empty()) {
        return Err(invalid_token(dialect));
    }
    let principal = match &key.user {
        None => root_principal(&key.account),
        Some(name) => {
            user_principal(&state, &key.account, name).ok_or_else(|| unknown_key(access_key_id, dialect))?
        }
    };
    Ok(FoundKeys {
        secret: key.secret.clone(),
        access_key_id: access_key_id.to_owned(),
        account: key.account.clone(),
        principal,
        user_name: key.user.clone(),
        session: None,
    })
}

fn root_principal(account: &str) -> Principal {
    let mut principal = Principal::root(account);
    principal.unique_ids.push(ids::canonical_user_id(account));
    principal
}

/// The principal of a user.
pub(crate) fn user_principal(state: &IdentityState, account: &str, name: &str) -> Option<Principal> {
    let user = state.account(account)?.users.get(name)?;
    Some(Principal {
        arn: user.arn(account),
        account: account.to_owned(),
        role_arn: None,
        unique_ids: vec![user.holder.id.clone()],
        kind: PrincipalKind::User,
    })
}

fn session_principal(session: &TemporaryKeys) -> Principal {
    let account = session.account.clone();
    match &session.holder {
        SessionHolder::Role { role_name, role_id, role_arn, session_name, .. } => Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}"),
            role_arn: Some(role_arn.clone()),
            unique_ids: vec![role_id.clone(), format!("{role_id}:{session_name}")],
            kind: PrincipalKind::AssumedRole,
            account,
        },
        SessionHolder::User { user_name: _, user_id, user_arn } => Principal {
            arn: user_arn.clone(),
            role_arn: None,
            unique_ids: vec![user_id.clone()],
            kind: PrincipalKind::User,
            account,
        },
        SessionHolder::Root => root_principal(&account),
        SessionHolder::Federated { name, .. } => Principal {
            arn: format!("arn:aws:sts::{account}:federated-user/{name}"),
            role_arn: None,
            unique_ids: vec![format!("{account}:{name}")],
            kind: PrincipalKind::AssumedRole,
            account,
        },
    }
}

fn unknown_key(access_key_id: &str, dialect: Dialect) -> AwsError {
    match dialect {
        Dialect::S3 => AwsError::new(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
        .detail("AWSAccessKeyId", access_key_id),
        Dialect::Query => AwsError::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
    }
}

fn invalid_token(dialect: Dialect) -> AwsError {
    match dialect {
        Dialect::S3 => {
            AwsError::new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        Dialect::Query => AwsError::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
    }
}

/// The refusal of temporary keys after their time.
pub(crate) fn expired_token(dialect: Dialect) -> AwsError {
    match dialect {
        Dialect::S3 => AwsError::new(400, "ExpiredToken", "The provided token has expired."),
        Dialect::Query => {
            AwsError::new(403, "ExpiredToken", "The security token included in the request is expired")
        }
    }
}

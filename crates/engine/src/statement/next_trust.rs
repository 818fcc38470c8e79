//! Which connections are ready for the next principal: asked of AWS, for SHOW CONNECTIONS before a rotation.

use std::time::Duration;

use credentials::{AssumedRole, CredentialsError};

use crate::session::Session;

/// Roles that are tried at the same time.
const TRIALS_AT_ONCE: usize = 16;
/// How long one role may take.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// One text for each connection; `None` for those that assume no role of a customer's from a principal.
pub(super) async fn of_connections(
    session: &Session,
    next: &str,
    connections: &[catalog::Connection],
) -> Vec<Option<String>> {
    let mut told = Vec::with_capacity(connections.len());
    for some in connections.chunks(TRIALS_AT_ONCE) {
        let mut trials = Vec::with_capacity(some.len());
        for connection in some {
            trials.push(trust_of(session, next, connection));
        }
        told.extend(futures::future::join_all(trials).await);
    }
    told
}

async fn trust_of(session: &Session, next: &str, connection: &catalog::Connection) -> Option<String> {
    let parameters = &connection.parameters;
    if parameters.sealed_keys.is_some() || parameters.web_identity {
        return None;
    }
    let role =
        AssumedRole { arn: parameters.role_arn.clone()?, external_id: Some(connection.external_id.clone()) };
    if let Err(refusal) = session.require_allowed_role(&role.arn) {
        return Some(format!("unknown: {}", refusal.message));
    }
    let identity = &session.identity;
    let credentials = session.engine.credentials();
    let trial = credentials.try_role(&identity.organization, &identity.user, next, &role);
    Some(match tokio::time::timeout(TRIAL_TIMEOUT, trial).await {
        Ok(Ok(())) => "trusted".to_owned(),
        Ok(Err(CredentialsError::RoleRefused(_))) => {
            format!(
                "not trusted yet: `SHOW SETUP FOR CONNECTION {} ON …` has the trust policy for both",
                connection.name
            )
        }
        Ok(Err(CredentialsError::PrincipalRefused(_))) => {
            "unknown: the server cannot assume the next principal".to_owned()
        }
        Ok(Err(error)) => format!("unknown: {error}"),
        Err(_) => "unknown: AWS STS did not answer".to_owned(),
    })
}

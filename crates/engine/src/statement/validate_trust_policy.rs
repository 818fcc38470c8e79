//! VALIDATE TRUST POLICY: would this document let the organization assume the role of a connection?

use std::time::SystemTime;

use credentials::Grant;
use iam::review::{Assumer, TrustWanted, review_trust_policy};

use iam::texts::{WEB_IDENTITY_AUDIENCE, issuer_name, oidc_provider_arn, web_identity_subject};

use super::validate;
use crate::session::Session;
use crate::stage::{connection_access, find_connection};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::ValidateTrustPolicy,
) -> Result<StatementOutput, Error> {
    let connection = find_connection(session, &super::folded(&statement.connection)).await?;
    let access = connection_access(
        Some(&connection.name),
        connection.version,
        &connection.parameters,
        Some(&connection.external_id),
    );
    let role = validate::role_of(&format!("connection `{}`", connection.name), Some(&access))?;
    let organization = &session.organization;
    let (assumer, server_identity) = match &access.grant {
        Grant::WebIdentity { .. } => (bearer(session, &connection.name, &role)?, None),
        _ => principal(session).await?,
    };
    let wanted = TrustWanted {
        assumer,
        next_principal: organization.next_principal.clone(),
        server_identity,
        role_session_name: credentials::session_name(&organization.name, &session.identity.user),
        external_id: Some(connection.external_id.clone()),
        other_external_ids: validate::other_external_ids(session, &connection).await?,
        now: Some(now()),
        role_arn: role.as_str().to_owned(),
    };
    let steps = review_trust_policy(&statement.policy.value, &wanted);
    let call = format!(
        "aws iam update-assume-role-policy --role-name {} --policy-document file://trust.json",
        role.name()
    );
    validate::answer_review(session, &steps, &call)
}

/// The organization's principal, and the server's identity where that is another.
async fn principal(session: &Session) -> Result<(Assumer, Option<String>), Error> {
    let organization = &session.organization;
    let identity = session.engine.credentials().server_identity().await;
    let (arn, server_identity) = match &organization.principal {
        Some(principal) => (principal.clone(), identity.ok().map(|identity| identity.trust_arn())),
        None => (identity?.trust_arn(), None),
    };
    let session_name = credentials::principal_session_name(&organization.name);
    Ok((Assumer::Iam { arn, session_name }, server_identity))
}

/// The bearer of the tokens that the server issues for a connection.
fn bearer(session: &Session, connection: &str, role: &iam::RoleArn) -> Result<Assumer, Error> {
    let issuer = session.engine.credentials().issuer().map(str::to_owned);
    let provider =
        issuer.as_deref().and_then(|issuer| oidc_provider_arn(role.partition(), role.account(), issuer));
    let (Some(issuer), Some(provider_arn)) = (issuer, provider) else {
        return Err(Error::new(
            ErrorKind::NoServerIdentity,
            format!("connection `{connection}` wants an identity token, and this server issues none"),
        )
        .with_hint("the operator configures an issuer: `[web_identity] issuer = 'https://…'`"));
    };
    Ok(Assumer::Web {
        provider_arn,
        issuer: issuer_name(&issuer).to_owned(),
        subject: web_identity_subject(&session.organization.name, connection),
        audience: WEB_IDENTITY_AUDIENCE.to_owned(),
    })
}

/// As conditions on time compare it.
fn now() -> String {
    let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now());
    now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

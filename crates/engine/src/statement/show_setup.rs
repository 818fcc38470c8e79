//! SHOW SETUP: what the customer's administrator is to do at AWS, ready to paste.
//!
//! It works before the connection exists, since the external id of its name is known, and makes no call to AWS.

use iam::texts::{
    ACCOUNT_PLACE, Access, Guide, GuideForm, ROLE_ARN_PLACE, StageScope, Trust, role_name_for,
    web_identity_subject,
};

use super::connection_parameters::{KMS_KEY_HINT, not_a_kms_key};
use super::{folded, show_organization};
use crate::rows::{self, Column};
use crate::session::Session;
use crate::stage::{BucketUrl, find_connection, find_stage};
use crate::{Error, ErrorKind, StatementOutput};

const ROLE_PATH: &str = "/";

/// What is known of the role before anything is made.
struct Known {
    /// The connection or stage, as a statement of SQL names it.
    object: String,
    role_arn: Option<String>,
    external_id: String,
    kms_key_arn: Option<String>,
    session_tags: bool,
    /// The subject of the identity tokens that the role is assumed with, where it is.
    token_subject: Option<String>,
    /// The statement that gives the role to the object, where it has none yet.
    give: Option<Give>,
    /// Where the role's name comes from, when the connection names none.
    name: String,
}

/// How the role's ARN gets into SQL.
enum Give {
    Create,
    /// For a server that has no AWS identity, and issues tokens.
    CreateWithToken,
    Alter,
}

pub(super) async fn run(session: &Session, statement: sql::ShowSetup) -> Result<StatementOutput, Error> {
    let (mut known, location) = match &statement.target {
        sql::SetupTarget::Connection(name) => (of_connection(session, name).await?, None),
        sql::SetupTarget::Stage(name) => of_stage(session, name).await?,
    };
    let location = match &statement.location {
        Some(url) => {
            let point = |error: Error| error.with_excerpt(sql::excerpt(&session.sql, url.span));
            let location = BucketUrl::parse(&url.value).map_err(point)?;
            location.require_folder().map_err(point)?;
            location
        }
        None => location.ok_or_else(|| Error::new(ErrorKind::Internal, "a setup has no location"))?,
    };
    let kms_key = match &statement.kms_key {
        Some(key) if !iam::texts::is_kms_key(&key.value) => {
            return Err(Error::new(ErrorKind::InvalidValue, not_a_kms_key(&key.value))
                .with_excerpt(sql::excerpt(&session.sql, key.span))
                .with_hint(KMS_KEY_HINT));
        }
        Some(key) => Some(key.value.clone()),
        None => known.kms_key_arn.clone(),
    };
    let role = known.role_arn.as_deref().and_then(|arn| iam::parse_role_arn(arn).ok());
    let made_name = role_name_for(&known.name);
    let principals = match &known.token_subject {
        Some(_) => Vec::new(),
        None => match principals(session).await {
            Ok(principals) => principals,
            // Nobody to trust but the issuer, and the connection is still to be made: with an identity token.
            Err(_) if matches!(known.give, Some(Give::Create)) && issues_tokens(session) => {
                known.token_subject = Some(web_identity_subject(&session.identity.organization, &known.name));
                known.give = Some(Give::CreateWithToken);
                Vec::new()
            }
            Err(error) => return Err(error),
        },
    };
    let arns: Vec<&str> = principals.iter().map(String::as_str).collect();
    let partition = match (&role, arns.first()) {
        (Some(role), _) => role.partition().to_owned(),
        (None, Some(arn)) => arn.parse::<iam::Arn>().map_or_else(|_| "aws".to_owned(), |arn| arn.partition),
        (None, None) => "aws".to_owned(),
    };
    let access = match statement.access {
        sql::SetupAccess::Read => Access::Read,
        sql::SetupAccess::Write => Access::Write,
    };
    let statements = next_statements(&known, &location, access, kms_key.as_deref());
    let guide = Guide {
        role_path: role.as_ref().map_or(ROLE_PATH, |role| role.path()),
        role_name: role.as_ref().map_or(made_name.as_str(), |role| role.name()),
        role_is_named: role.is_some(),
        trust: match &known.token_subject {
            Some(subject) => Trust::WebIdentity {
                partition: &partition,
                account: role.as_ref().map_or(ACCOUNT_PLACE, |role| role.account()),
                issuer: session.engine.credentials().issuer().unwrap_or_default(),
                subject,
            },
            None => Trust::Principals {
                arns: &arns,
                external_id: Some(&known.external_id),
                session_tags: known.session_tags,
            },
        },
        scope: StageScope {
            partition: &partition,
            bucket: &location.bucket,
            prefix: &location.prefix,
            access,
            kms_key: kms_key.as_deref(),
        },
        statements: &statements,
    };
    let steps = guide.steps(match statement.form {
        sql::SetupForm::Cli => GuideForm::Cli,
        sql::SetupForm::Terraform => GuideForm::Terraform,
        sql::SetupForm::CloudFormation => GuideForm::CloudFormation,
        sql::SetupForm::Console => GuideForm::Console,
        sql::SetupForm::Json => GuideForm::Json,
    });
    rows::answer(
        session,
        vec![
            Column::number("step", (1_u64..).take(steps.len())),
            Column::text("title", steps.iter().map(|step| &step.title)),
            Column::text("language", steps.iter().map(|step| step.language)),
            Column::text("text", steps.iter().map(|step| &step.text)),
        ],
    )
}

fn issues_tokens(session: &Session) -> bool {
    session.engine.credentials().issuer().is_some()
}

/// Whom the role is to trust: the organization's principal, and the one after the next rotation.
async fn principals(session: &Session) -> Result<Vec<String>, Error> {
    let principal = show_organization::principal(session).await.map_err(|error| {
        Error::new(
            ErrorKind::NoServerIdentity,
            format!(
                "organization `{}` has no principal for a role to trust, and the server has no AWS identity",
                session.organization.name
            ),
        )
        .with_hint("the operator sets `principal` of the organization in the configuration file; or make the connection with `IDENTITY = 'oidc'` first")
        .with_context(error.to_string())
    })?;
    let next = session.organization.next_principal.clone().filter(|next| *next != principal);
    Ok([principal].into_iter().chain(next).collect())
}

async fn of_connection(session: &Session, name: &sql::Name) -> Result<Known, Error> {
    let folded = folded(name);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if let Some(connection) = catalog.connection(organization, &folded).await? {
        return Ok(known_connection(session, &connection));
    }
    // Asking makes the external id of a name, for ever.
    session.require_to_create(catalog::Privilege::CreateConnection)?;
    Ok(Known {
        object: format!("CONNECTION {name}"),
        role_arn: None,
        external_id: catalog.external_id_for(organization, &folded).await?,
        kms_key_arn: None,
        session_tags: false,
        token_subject: None,
        give: Some(Give::Create),
        name: folded,
    })
}

fn known_connection(session: &Session, connection: &catalog::Connection) -> Known {
    let parameters = &connection.parameters;
    Known {
        object: format!("CONNECTION {}", sql_name(&connection.name)),
        role_arn: parameters.role_arn.clone(),
        external_id: connection.external_id.clone(),
        kms_key_arn: parameters.kms_key_arn.clone(),
        session_tags: parameters.session_tags.unwrap_or(false),
        token_subject: parameters
            .web_identity
            .then(|| web_identity_subject(&session.identity.organization, &connection.name)),
        give: parameters.role_arn.is_none().then_some(Give::Alter),
        name: connection.name.clone(),
    }
}

async fn of_stage(session: &Session, name: &sql::Name) -> Result<(Known, Option<BucketUrl>), Error> {
    let stage = find_stage(session, &folded(name)).await?;
    let location = BucketUrl { bucket: stage.bucket.clone(), prefix: stage.prefix.clone() };
    let object = format!("STAGE {}", sql_name(&stage.name));
    let known = match &stage.access {
        catalog::StageAccess::Connection(name) => {
            Known { object, ..known_connection(session, &find_connection(session, name).await?) }
        }
        catalog::StageAccess::Inline(parameters) if parameters.role_arn.is_some() => Known {
            object,
            role_arn: parameters.role_arn.clone(),
            external_id: stage.inline_external_id.clone().unwrap_or_default(),
            kms_key_arn: parameters.kms_key_arn.clone(),
            session_tags: parameters.session_tags.unwrap_or(false),
            token_subject: None,
            give: None,
            name: stage.name.clone(),
        },
        catalog::StageAccess::Inline(_) | catalog::StageAccess::Unsigned => {
            return Err(Error::new(
                ErrorKind::InvalidStorage,
                format!("stage `{}` has no role: its CONNECTION names none", stage.name),
            )
            .with_hint(format!(
                "`SHOW SETUP FOR CONNECTION <name> ON 's3://{}/{}'` sets one up for a connection",
                stage.bucket, stage.prefix
            )));
        }
    };
    Ok((known, Some(location)))
}

/// What to run in SQL when the role is there: give it to the connection, and try it.
fn next_statements(known: &Known, location: &BucketUrl, access: Access, kms_key: Option<&str>) -> String {
    let url = format!("s3://{}/{}", location.bucket, location.prefix).replace('\'', "''");
    let write = if access == Access::Write { " WRITE" } else { "" };
    let trial = match known.object.starts_with("STAGE") {
        true => format!("VALIDATE {}{write};", known.object),
        false => format!("VALIDATE {} ON '{url}'{write};", known.object),
    };
    let connection = sql_name(&known.name);
    let kms = match kms_key {
        Some(key) if known.kms_key_arn.as_deref() != Some(key) => Some(format!("KMS_KEY_ARN = '{key}'")),
        _ => None,
    };
    let give = match (&known.give, kms) {
        (Some(Give::Create), kms) => {
            let kms = kms.map(|kms| format!("\n    {kms}")).unwrap_or_default();
            Some(format!(
                "CREATE CONNECTION {connection}\n    STORAGE_TYPE = 's3'\n    ROLE_ARN = '{ROLE_ARN_PLACE}'{kms};"
            ))
        }
        (Some(Give::CreateWithToken), kms) => {
            let kms = kms.map(|kms| format!("\n    {kms}")).unwrap_or_default();
            Some(format!(
                "CREATE CONNECTION {connection}\n    STORAGE_TYPE = 's3'\n    ROLE_ARN = '{ROLE_ARN_PLACE}'\n    IDENTITY = 'oidc'{kms};"
            ))
        }
        (Some(Give::Alter), kms) => {
            let kms = kms.map(|kms| format!(" {kms}")).unwrap_or_default();
            Some(format!("ALTER CONNECTION {connection} SET ROLE_ARN = '{ROLE_ARN_PLACE}'{kms} FORCE;"))
        }
        (None, Some(kms)) if !known.object.starts_with("STAGE") => {
            Some(format!("ALTER CONNECTION {connection} SET {kms};"))
        }
        (None, _) => None,
    };
    give.into_iter().chain([trial]).collect::<Vec<_>>().join("\n\n")
}

/// A name as SQL reads it: quoted where it is more than a word.
fn sql_name(name: &str) -> String {
    let is_word = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_word { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

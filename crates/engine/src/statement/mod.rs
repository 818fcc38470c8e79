//! The statements: one file each. This one only dispatches.

mod alter_connection;
mod alter_role;
mod alter_stage;
mod alter_user;
mod connection_parameters;
mod create_connection;
mod create_file_format;
mod create_role;
mod create_stage;
mod create_user;
mod create_view;
mod describe_connection;
mod describe_file_format;
mod describe_stage;
mod describe_table;
mod describe_user;
mod drop_connection;
mod drop_file_format;
mod drop_role;
mod drop_stage;
mod drop_user;
mod drop_view;
mod explain;
mod grant;
mod kill_query;
mod list;
mod next_trust;
mod organizations;
mod presign;
mod remove;
mod set;
mod set_role;
mod show;
mod show_connections;
mod show_create_view;
mod show_file_formats;
mod show_grants;
mod show_organization;
mod show_public_keys;
mod show_setup;
mod suggest_policy;
mod unset;
mod use_database;
mod validate;
mod validate_connection;
mod validate_role_policy;
mod validate_stage;
mod validate_trust_policy;
mod with_settings;

use sql::Statement;

use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query, rows};

/// Checks the parameters of an inline CONNECTION clause.
pub(crate) fn check_parameters(
    session: &Session,
    parameters: &sql::ConnectionParameters,
) -> Result<catalog::ConnectionParameters, Error> {
    connection_parameters::refuse_web_identity_inline(session, parameters)?;
    connection_parameters::check(session, connection_parameters::S3, parameters)
}

pub(crate) use connection_parameters::require_pair;

pub(crate) use show_connections::parameters_text;

/// One statement out of its text.
pub(crate) fn parse(text: &str) -> Result<Statement, Error> {
    sql::parse(text).map_err(|error| syntax_error(text, &error))
}

fn syntax_error(text: &str, error: &sql::SyntaxError) -> Error {
    let kind = match error.kind {
        sql::SyntaxErrorKind::Syntax => ErrorKind::Syntax,
        sql::SyntaxErrorKind::FileFormat => ErrorKind::InvalidFileFormat,
        sql::SyntaxErrorKind::Limit => ErrorKind::LimitExceeded,
        sql::SyntaxErrorKind::Unsupported => ErrorKind::Unsupported,
    };
    let ours = Error::new(kind, error.message.clone()).with_excerpt(error.excerpt(text));
    match &error.hint {
        Some(hint) => ours.with_hint(hint.clone()),
        None => ours,
    }
}

/// Runs one statement for a session.
pub(crate) async fn run(session: Session, statement: Statement) -> Result<StatementOutput, Error> {
    // A session whose role was taken away may do nothing but choose another one.
    if !matches!(statement, Statement::SetRole(_) | Statement::SetSecondaryRoles(_)) {
        session.authority.check_roles()?;
    }
    if !alter_user::sets_own_password(&session, &statement) {
        session.authority.check_password()?;
    }
    match statement {
        Statement::CreateConnection(statement) => create_connection::run(&session, statement).await,
        Statement::DropConnection(statement) => drop_connection::run(&session, statement).await,
        Statement::DescribeConnection(statement) => describe_connection::run(&session, statement).await,
        Statement::ShowConnections(_) => show_connections::run(&session).await,
        Statement::CreateStage(statement) => create_stage::run(&session, statement).await,
        Statement::DropStage(statement) => drop_stage::run(&session, statement).await,
        Statement::AlterStage(statement) => alter_stage::run(&session, statement).await,
        Statement::DescribeStage(statement) => describe_stage::run(&session, statement).await,
        Statement::ShowStages(statement) => show::stages(&session, &statement.filter).await,
        Statement::List(statement) => list::run(&session, statement).await,
        Statement::Remove(statement) => remove::run(&session, statement).await,
        Statement::Presign(statement) => presign::run(&session, statement).await,
        Statement::CreateFileFormat(statement) => create_file_format::run(&session, statement).await,
        Statement::DropFileFormat(statement) => drop_file_format::run(&session, statement).await,
        Statement::ShowFileFormats(_) => show_file_formats::run(&session).await,
        Statement::DescribeFileFormat(statement) => describe_file_format::run(&session, statement).await,
        Statement::CreateView(statement) => create_view::run(&session, statement).await,
        Statement::DropView(statement) => drop_view::run(&session, statement).await,
        Statement::ShowViews(statement) => show::views(&session, &statement).await,
        Statement::ShowCreateView(statement) => show_create_view::run(&session, statement).await,
        Statement::ShowOrganization(_) => show_organization::run(&session).await,
        Statement::ShowSetup(statement) => show_setup::run(&session, statement).await,
        Statement::Use(statement) => use_database::run(session, statement).await,
        Statement::Set(statement) => set::run(session, statement),
        Statement::Unset(statement) => unset::run(session, statement),
        Statement::WithSettings(statement) => with_settings::run(session, statement).await,
        Statement::ShowSettings(statement) => show::settings(&session, &statement.filter).await,
        Statement::ShowDatabases(statement) => show::databases(&session, &statement.filter).await,
        Statement::ShowTables(statement) => show::tables(&session, &statement).await,
        Statement::ShowColumns(statement) => show::columns(&session, &statement).await,
        Statement::DescribeTable(statement) => describe_table::run(&session, statement).await,
        Statement::ShowFunctions(statement) => show::functions(&session, &statement.filter).await,
        Statement::CreateUser(statement) => create_user::run(&session, statement).await,
        Statement::AlterUser(statement) => alter_user::run(&session, statement).await,
        Statement::DescribeUser(statement) => describe_user::run(&session, statement).await,
        Statement::DropUser(statement) => drop_user::run(&session, statement).await,
        Statement::ShowUsers(statement) => show::users(&session, &statement.filter).await,
        Statement::ShowPublicKeys(statement) => show_public_keys::run(&session, statement).await,
        Statement::CreateRole(statement) => create_role::run(&session, statement).await,
        Statement::AlterRole(statement) => alter_role::run(&session, statement).await,
        Statement::DropRole(statement) => drop_role::run(&session, statement).await,
        Statement::ShowRoles(statement) => show::roles(&session, &statement.filter).await,
        Statement::Grant(statement) => grant::grant(&session, statement).await,
        Statement::Revoke(statement) => grant::revoke(&session, statement).await,
        Statement::ShowGrants(statement) => show_grants::run(&session, statement).await,
        Statement::SetRole(statement) => set_role::role(session, statement).await,
        Statement::SetSecondaryRoles(statement) => set_role::secondary_roles(session, statement),
        Statement::CreateOrganization(statement) => organizations::create(&session, statement).await,
        Statement::AlterOrganization(statement) => organizations::alter(&session, statement).await,
        Statement::DropOrganization(statement) => organizations::drop(&session, statement).await,
        Statement::ShowOrganizations(_) => organizations::show(&session).await,
        Statement::Explain(statement) => explain::run(&session, statement).await,
        Statement::Query(statement) => query::run(&session, statement).await,
        Statement::AlterConnection(statement) => alter_connection::run(&session, statement).await,
        Statement::SuggestPolicy(statement) => suggest_policy::run(&session, statement).await,
        Statement::ShowProcesslist(statement) => show::processes(&session, &statement.filter).await,
        Statement::KillQuery(statement) => kill_query::run(&session, &statement),
        Statement::ValidateConnection(statement) => validate_connection::run(&session, statement).await,
        Statement::ValidateStage(statement) => validate_stage::run(&session, statement).await,
        Statement::ValidateTrustPolicy(statement) => validate_trust_policy::run(&session, statement).await,
        Statement::ValidateRolePolicy(statement) => validate_role_policy::run(&session, statement).await,
        Statement::Unsupported(statement) => Err(unsupported(&statement.what)),
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`{what}` is not supported by this version of Stagedoor"))
}

/// A name as the catalog keeps it: unquoted names are folded to lower case, as Databend does.
pub(crate) fn folded(name: &sql::Name) -> String {
    if name.quoted { name.value.clone() } else { name.value.to_lowercase() }
}

fn create_mode(mode: sql::CreateMode) -> catalog::CreateMode {
    match mode {
        sql::CreateMode::Create => catalog::CreateMode::Create,
        sql::CreateMode::IfNotExists => catalog::CreateMode::IfNotExists,
        sql::CreateMode::OrReplace => catalog::CreateMode::OrReplace,
    }
}

/// Refuses to change a user or role that may do more than the session: who changes it could become it.
fn require_cover(session: &Session, grantee: &catalog::Grantee) -> Result<(), Error> {
    if session.authority.covers(grantee) {
        return Ok(());
    }
    let kind = grantee.kind().to_lowercase();
    Err(Error::new(
        ErrorKind::PermissionDenied,
        format!(
            "permission denied: {kind} `{}` may do what user `{}` may not",
            grantee.name(),
            session.identity.user
        ),
    )
    .with_hint(format!("ask somebody with role {}", catalog::ACCOUNT_ADMIN)))
}

/// Refuses to put something in the place of an object that exists and is another's.
async fn require_to_replace(
    session: &Session,
    mode: sql::CreateMode,
    object: &catalog::GrantObject,
) -> Result<(), Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let exists = mode == sql::CreateMode::OrReplace
        && match object {
            catalog::GrantObject::Organization => false,
            catalog::GrantObject::Connection(name) => catalog.connection(organization, name).await?.is_some(),
            catalog::GrantObject::Stage(name) => catalog.stage(organization, name).await?.is_some(),
            catalog::GrantObject::FileFormat(name) => {
                catalog.file_format(organization, name).await?.is_some()
            }
            catalog::GrantObject::View(name) => catalog.view(organization, name).await?.is_some(),
        };
    if exists { session.require_ownership(object) } else { Ok(()) }
}

/// The answer of a statement that changes something and has no rows.
fn done(session: &Session) -> StatementOutput {
    rows::nothing(session)
}

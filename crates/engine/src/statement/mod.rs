//! The statements: one file each. This one only dispatches.

mod alter_user;
mod connection_parameters;
mod create_connection;
mod create_file_format;
mod create_stage;
mod create_user;
mod describe_connection;
mod describe_stage;
mod describe_table;
mod drop_connection;
mod drop_file_format;
mod drop_stage;
mod drop_user;
mod explain;
mod list;
mod presign;
mod remove;
mod set;
mod show;
mod show_connections;
mod show_file_formats;
mod show_organization;
mod unset;
mod use_database;
mod with_settings;

use sql::Statement;

use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query, rows};

/// Checks the parameters of an inline CONNECTION clause.
pub(crate) fn check_parameters(
    session: &Session,
    parameters: &sql::ConnectionParameters,
) -> Result<catalog::ConnectionParameters, Error> {
    connection_parameters::check(session, connection_parameters::S3, parameters)
}

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
    match statement {
        Statement::CreateConnection(statement) => create_connection::run(&session, statement).await,
        Statement::DropConnection(statement) => drop_connection::run(&session, statement).await,
        Statement::DescribeConnection(statement) => describe_connection::run(&session, statement).await,
        Statement::ShowConnections(_) => show_connections::run(&session).await,
        Statement::CreateStage(statement) => create_stage::run(&session, statement).await,
        Statement::DropStage(statement) => drop_stage::run(&session, statement).await,
        Statement::DescribeStage(statement) => describe_stage::run(&session, statement).await,
        Statement::ShowStages(statement) => show::stages(&session, &statement.filter).await,
        Statement::List(statement) => list::run(&session, statement).await,
        Statement::Remove(statement) => remove::run(&session, statement).await,
        Statement::Presign(statement) => presign::run(&session, statement).await,
        Statement::CreateFileFormat(statement) => create_file_format::run(&session, statement).await,
        Statement::DropFileFormat(statement) => drop_file_format::run(&session, statement).await,
        Statement::ShowFileFormats(_) => show_file_formats::run(&session).await,
        Statement::ShowOrganization(_) => show_organization::run(&session).await,
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
        Statement::DropUser(statement) => drop_user::run(&session, statement).await,
        Statement::ShowUsers(statement) => show::users(&session, &statement.filter).await,
        Statement::Explain(statement) => explain::run(&session, statement).await,
        Statement::Query(statement) => query::run(&session, statement).await,
        Statement::AlterStage(_) => Err(unsupported("ALTER STAGE")),
        Statement::ShowProcesslist(_) => Err(unsupported("SHOW PROCESSLIST")),
        Statement::KillQuery(_) => {
            Err(unsupported("KILL QUERY")
                .with_hint("cancel it in the client that runs it: Ctrl-C in BendSQL"))
        }
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

/// The answer of a statement that changes something and has no rows.
fn done(session: &Session) -> StatementOutput {
    rows::nothing(session)
}

//! The statements: one file each. This one only dispatches, and so do the files of single verbs.

mod alter;
mod alter_connection;
mod alter_role;
mod alter_stage;
mod alter_user;
mod create;
mod create_connection;
mod create_file_format;
mod create_role;
mod create_stage;
mod create_user;
mod create_view;
mod describe;
mod describe_connection;
mod describe_file_format;
mod describe_stage;
mod describe_table;
mod describe_user;
mod drop;
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
mod organization;
mod presign;
mod remove;
mod revoke;
mod role;
mod set;
mod set_role;
mod show;
mod show_columns;
mod show_connections;
mod show_create_view;
mod show_databases;
mod show_file_formats;
mod show_filter;
mod show_functions;
mod show_grants;
mod show_organization;
mod show_processlist;
mod show_public_keys;
mod show_roles;
mod show_settings;
mod show_setup;
mod show_stages;
mod show_tables;
mod show_users;
mod show_views;
mod suggest_policy;
mod unset;
mod unsupported;
mod use_database;
mod user;
mod validate;
mod validate_connection;
mod validate_role_policy;
mod validate_stage;
mod validate_trust_policy;
mod with_settings;

use std::fmt;

pub use alter_connection::AlterConnection;
pub use alter_role::AlterRole;
pub use alter_stage::{AlterStage, StageChange, StageProperty};
pub use alter_user::AlterUser;
pub use create_connection::CreateConnection;
pub use create_file_format::CreateFileFormat;
pub use create_role::CreateRole;
pub use create_stage::{CreateStage, StageLocation};
pub use create_user::CreateUser;
pub use create_view::CreateView;
pub use describe_connection::DescribeConnection;
pub use describe_file_format::DescribeFileFormat;
pub use describe_stage::DescribeStage;
pub use describe_table::DescribeTable;
pub use describe_user::DescribeUser;
pub use drop_connection::DropConnection;
pub use drop_file_format::DropFileFormat;
pub use drop_role::DropRole;
pub use drop_stage::DropStage;
pub use drop_user::DropUser;
pub use drop_view::DropView;
pub use explain::Explain;
pub use grant::Grant;
pub use kill_query::KillQuery;
pub use list::List;
pub use organization::{
    AllowedRoles, AlterOrganization, CreateOrganization, DropOrganization, OrganizationOptions,
    ShowOrganizations,
};
pub use presign::{Presign, PresignAction};
pub use remove::Remove;
pub use revoke::Revoke;
pub use role::{GrantTarget, Granted, GrantedPrivileges, Grantee, PrivilegeWords};
pub use set::{Set, Setting, SettingScope, SettingValue};
pub use set_role::{SetRole, SetSecondaryRoles};
pub use show_columns::ShowColumns;
pub use show_connections::ShowConnections;
pub use show_create_view::ShowCreateView;
pub use show_databases::ShowDatabases;
pub use show_file_formats::ShowFileFormats;
pub use show_filter::{Condition, ShowFilter, ShowRows};
pub use show_functions::ShowFunctions;
pub use show_grants::{GrantsOf, ShowGrants};
pub use show_organization::ShowOrganization;
pub use show_processlist::ShowProcesslist;
pub use show_public_keys::ShowPublicKeys;
pub use show_roles::ShowRoles;
pub use show_settings::ShowSettings;
pub use show_setup::{SetupAccess, SetupForm, SetupTarget, ShowSetup};
pub use show_stages::ShowStages;
pub use show_tables::ShowTables;
pub use show_users::ShowUsers;
pub use show_views::ShowViews;
pub use suggest_policy::SuggestPolicy;
pub use unset::Unset;
pub use unsupported::Unsupported;
pub use use_database::Use;
pub use user::{Authentication, PasswordPlugin, UserName, UserOption};
pub use validate_connection::ValidateConnection;
pub use validate_role_policy::{PolicyPlace, ValidateRolePolicy};
pub use validate_stage::ValidateStage;
pub use validate_trust_policy::ValidateTrustPolicy;
pub use with_settings::WithSettings;

use crate::lexer::{Token, TokenKind, check_brackets, tokenize};
use crate::parser::{Parser, describe};
use crate::query::check_chains;
use crate::{Query, Span, SyntaxError, suggest};

/// One statement of the dialect. `Display` prints text that parses back to an equal statement, secrets
/// included; [`Statement::redacted`] is for everything that people or logs see.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    CreateConnection(CreateConnection),
    AlterConnection(AlterConnection),
    DropConnection(DropConnection),
    DescribeConnection(DescribeConnection),
    ShowConnections(ShowConnections),
    CreateStage(CreateStage),
    AlterStage(AlterStage),
    DropStage(DropStage),
    DescribeStage(DescribeStage),
    DescribeUser(DescribeUser),
    ShowStages(ShowStages),
    List(List),
    Remove(Remove),
    Presign(Presign),
    CreateFileFormat(CreateFileFormat),
    DropFileFormat(DropFileFormat),
    ShowFileFormats(ShowFileFormats),
    DescribeFileFormat(DescribeFileFormat),
    CreateView(CreateView),
    DropView(DropView),
    ShowViews(ShowViews),
    ShowCreateView(ShowCreateView),
    ShowOrganization(ShowOrganization),
    ShowSetup(ShowSetup),
    SuggestPolicy(SuggestPolicy),
    Use(Use),
    Set(Set),
    Unset(Unset),
    /// `SETTINGS (…)` before another statement.
    WithSettings(WithSettings),
    ShowSettings(ShowSettings),
    ShowDatabases(ShowDatabases),
    ShowTables(ShowTables),
    ShowColumns(ShowColumns),
    DescribeTable(DescribeTable),
    ShowFunctions(ShowFunctions),
    CreateUser(CreateUser),
    AlterUser(AlterUser),
    DropUser(DropUser),
    ShowUsers(ShowUsers),
    ShowPublicKeys(ShowPublicKeys),
    CreateRole(CreateRole),
    AlterRole(AlterRole),
    DropRole(DropRole),
    ShowRoles(ShowRoles),
    Grant(Grant),
    Revoke(Revoke),
    ShowGrants(ShowGrants),
    SetRole(SetRole),
    SetSecondaryRoles(SetSecondaryRoles),
    CreateOrganization(CreateOrganization),
    AlterOrganization(AlterOrganization),
    DropOrganization(DropOrganization),
    ShowOrganizations(ShowOrganizations),
    ShowProcesslist(ShowProcesslist),
    KillQuery(KillQuery),
    ValidateConnection(ValidateConnection),
    ValidateStage(ValidateStage),
    ValidateTrustPolicy(ValidateTrustPolicy),
    ValidateRolePolicy(ValidateRolePolicy),
    Explain(Explain),
    /// SELECT, WITH, VALUES or a query in parentheses.
    Query(Query),
    /// Known to the dialect, not to this version.
    Unsupported(Unsupported),
}

impl Statement {
    /// The statement's text with every secret value masked, for logs and history.
    pub fn redacted(&self) -> String {
        crate::redact(&self.to_string())
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statement: &dyn fmt::Display = match self {
            Statement::CreateConnection(statement) => statement,
            Statement::AlterConnection(statement) => statement,
            Statement::DropConnection(statement) => statement,
            Statement::DescribeConnection(statement) => statement,
            Statement::ShowConnections(statement) => statement,
            Statement::CreateStage(statement) => statement,
            Statement::AlterStage(statement) => statement,
            Statement::DropStage(statement) => statement,
            Statement::DescribeStage(statement) => statement,
            Statement::DescribeUser(statement) => statement,
            Statement::ShowStages(statement) => statement,
            Statement::List(statement) => statement,
            Statement::Remove(statement) => statement,
            Statement::Presign(statement) => statement,
            Statement::CreateFileFormat(statement) => statement,
            Statement::DropFileFormat(statement) => statement,
            Statement::ShowFileFormats(statement) => statement,
            Statement::DescribeFileFormat(statement) => statement,
            Statement::CreateView(statement) => statement,
            Statement::DropView(statement) => statement,
            Statement::ShowViews(statement) => statement,
            Statement::ShowCreateView(statement) => statement,
            Statement::ShowOrganization(statement) => statement,
            Statement::ShowSetup(statement) => statement,
            Statement::SuggestPolicy(statement) => statement,
            Statement::Use(statement) => statement,
            Statement::Set(statement) => statement,
            Statement::Unset(statement) => statement,
            Statement::WithSettings(statement) => statement,
            Statement::ShowSettings(statement) => statement,
            Statement::ShowDatabases(statement) => statement,
            Statement::ShowTables(statement) => statement,
            Statement::ShowColumns(statement) => statement,
            Statement::DescribeTable(statement) => statement,
            Statement::ShowFunctions(statement) => statement,
            Statement::CreateUser(statement) => statement,
            Statement::AlterUser(statement) => statement,
            Statement::DropUser(statement) => statement,
            Statement::ShowUsers(statement) => statement,
            Statement::ShowPublicKeys(statement) => statement,
            Statement::CreateRole(statement) => statement,
            Statement::AlterRole(statement) => statement,
            Statement::DropRole(statement) => statement,
            Statement::ShowRoles(statement) => statement,
            Statement::Grant(statement) => statement,
            Statement::Revoke(statement) => statement,
            Statement::ShowGrants(statement) => statement,
            Statement::SetRole(statement) => statement,
            Statement::SetSecondaryRoles(statement) => statement,
            Statement::CreateOrganization(statement) => statement,
            Statement::AlterOrganization(statement) => statement,
            Statement::DropOrganization(statement) => statement,
            Statement::ShowOrganizations(statement) => statement,
            Statement::ShowProcesslist(statement) => statement,
            Statement::KillQuery(statement) => statement,
            Statement::ValidateConnection(statement) => statement,
            Statement::ValidateStage(statement) => statement,
            Statement::ValidateTrustPolicy(statement) => statement,
            Statement::ValidateRolePolicy(statement) => statement,
            Statement::Explain(statement) => statement,
            Statement::Query(statement) => statement,
            Statement::Unsupported(statement) => statement,
        };
        statement.fmt(f)
    }
}

/// What CREATE does when the object exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    /// Fail.
    Create,
    /// Keep the old one.
    IfNotExists,
    /// Put the new one in its place.
    OrReplace,
}

impl CreateMode {
    /// Behind the kind of the object.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let start = parser.peek().span;
        if !parser.take_keywords(&["IF", "NOT", "EXISTS"]) {
            return Ok(if or_replace.is_some() { CreateMode::OrReplace } else { CreateMode::Create });
        }
        if or_replace.is_some() {
            let span = start.to(parser.previous_span());
            return Err(parser
                .error(span, "`OR REPLACE` and `IF NOT EXISTS` exclude each other")
                .with_hint("leave one of them out"));
        }
        Ok(CreateMode::IfNotExists)
    }

    /// The words before and behind the object's kind, each with a blank behind it.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            CreateMode::Create => ("", ""),
            CreateMode::IfNotExists => ("", "IF NOT EXISTS "),
            CreateMode::OrReplace => ("OR REPLACE ", ""),
        }
    }
}

/// Exactly one statement.
pub(crate) fn parse(text: &str) -> Result<Statement, SyntaxError> {
    let mut tokens = tokenize(text)?;
    cut_at_semicolon(text, &mut tokens)?;
    check_brackets(text, &tokens)?;
    check_chains(text, &tokens)?;
    let mut parser = Parser::new(text, &tokens);
    let statement = parse_statement(&mut parser)?;
    parser.expect_end()?;
    Ok(statement)
}

/// Ends the tokens at the first `;`, behind which only more of them may stand.
fn cut_at_semicolon(text: &str, tokens: &mut Vec<Token>) -> Result<(), SyntaxError> {
    let is_semicolon = |token: &Token| token.kind == TokenKind::Symbol(";");
    if tokens.iter().all(|token| is_semicolon(token) || token.kind == TokenKind::End) {
        return Err(SyntaxError::new(text, Span::point(0), "the text holds no statement"));
    }
    let Some(first) = tokens.iter().position(is_semicolon) else { return Ok(()) };
    let second = tokens.iter().skip(first).find(|token| !is_semicolon(token) && token.kind != TokenKind::End);
    if let Some(second) = second {
        let message = format!("expected one statement, found a second at {}", describe(text, second));
        return Err(SyntaxError::new(text, second.span, message).with_hint("send one statement at a time"));
    }
    let end = tokens[first].span.start;
    tokens.truncate(first);
    tokens.push(Token { kind: TokenKind::End, span: Span::point(end) });
    Ok(())
}

/// Whether a query begins at the cursor.
pub(crate) fn begins_query(parser: &Parser<'_>) -> bool {
    ["SELECT", "WITH", "VALUES"].iter().any(|keyword| parser.is_keyword(keyword)) || parser.is_symbol("(")
}

/// One statement from its first word on. Not every statement goes up to the end: the caller checks.
pub(crate) fn parse_statement(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    if begins_query(parser) {
        return Ok(Statement::Query(Query::parse(parser)?));
    }
    if let Some(statement) = Unsupported::parse(parser) {
        return Ok(statement);
    }
    let word = parser.word_at(0).unwrap_or_default().to_ascii_uppercase();
    let verb = parser.peek().span;
    if !VERBS.contains(&word.as_str()) {
        return Err(unknown_statement(parser));
    }
    parser.advance();
    Ok(match word.as_str() {
        "CREATE" => create::parse(parser, verb)?,
        "ALTER" => alter::parse(parser, verb)?,
        "DROP" => drop::parse(parser, verb)?,
        "DESC" | "DESCRIBE" => describe::parse(parser, verb)?,
        "SHOW" => show::parse(parser, verb)?,
        "LIST" => Statement::List(List::parse(parser)?),
        "REMOVE" => Statement::Remove(Remove::parse(parser)?),
        "PRESIGN" => Statement::Presign(Presign::parse(parser)?),
        "USE" => match parse_roles(parser)? {
            Some(statement) => statement,
            None => Statement::Use(Use::parse(parser)?),
        },
        "SET" => match parse_roles(parser)? {
            Some(statement) => statement,
            None => Statement::Set(Set::parse(parser)?),
        },
        "GRANT" => Statement::Grant(Grant::parse(parser)?),
        "REVOKE" => Statement::Revoke(Revoke::parse(parser)?),
        "UNSET" => Statement::Unset(Unset::parse(parser)?),
        "SETTINGS" => Statement::WithSettings(WithSettings::parse(parser)?),
        "SUGGEST" => Statement::SuggestPolicy(SuggestPolicy::parse(parser)?),
        "KILL" => Statement::KillQuery(KillQuery::parse(parser)?),
        "VALIDATE" => validate::parse(parser)?,
        _ => Explain::parse(parser)?,
    })
}

/// The first words of the statements that are parsed here; the last one is EXPLAIN.
const VERBS: &[&str] = &[
    "CREATE", "ALTER", "DROP", "DESC", "DESCRIBE", "SHOW", "LIST", "REMOVE", "PRESIGN", "USE", "SET",
    "UNSET", "SETTINGS", "SUGGEST", "KILL", "GRANT", "REVOKE", "VALIDATE", "EXPLAIN",
];

/// The statements about roles that SET and USE begin.
fn parse_roles(parser: &mut Parser<'_>) -> Result<Option<Statement>, SyntaxError> {
    if let Some(statement) = SetSecondaryRoles::parse(parser)? {
        return Ok(Some(Statement::SetSecondaryRoles(statement)));
    }
    Ok(SetRole::parse(parser)?.map(Statement::SetRole))
}

fn unknown_statement(parser: &Parser<'_>) -> SyntaxError {
    let error = parser.expected("a statement");
    let Some(word) = parser.word_at(0) else { return error };
    let queries = ["SELECT", "WITH", "VALUES"];
    let candidates = queries.iter().chain(VERBS).copied().chain(unsupported::first_words());
    match suggest(word, candidates) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint("statements begin with a word such as `SELECT`, `CREATE` or `SHOW`"),
    }
}

//! `SHOW …`

use super::unsupported::{self, Unsupported};
use super::{
    ShowColumns, ShowConnections, ShowCreateView, ShowDatabases, ShowFileFormats, ShowFunctions, ShowGrants,
    ShowOrganization, ShowOrganizations, ShowProcesslist, ShowPublicKeys, ShowRoles, ShowSettings, ShowSetup,
    ShowStages, ShowTables, ShowUsers, ShowViews, Statement,
};
use crate::parser::Parser;
use crate::{Span, SyntaxError, suggest};

/// Behind SHOW, which stands at `verb`.
pub(crate) fn parse(parser: &mut Parser<'_>, verb: Span) -> Result<Statement, SyntaxError> {
    if let Some(statement) = Unsupported::parse_list(parser, verb) {
        return Ok(statement);
    }
    let full = parser.take_keyword("FULL");
    let word = parser.word_at(0).unwrap_or_default().to_ascii_uppercase();
    let allowed = if full { FULL_LISTS } else { LISTS };
    if full && LISTS.contains(&word.as_str()) && !FULL_LISTS.contains(&word.as_str()) {
        return Err(parser.expected_one_of(FULL_LISTS));
    }
    if !allowed.contains(&word.as_str()) {
        return Err(unknown_list(parser, allowed));
    }
    parser.advance();
    Ok(match word.as_str() {
        "CONNECTIONS" => Statement::ShowConnections(ShowConnections),
        "STAGES" => Statement::ShowStages(ShowStages::parse(parser)?),
        "ORGANIZATION" => Statement::ShowOrganization(ShowOrganization),
        "SETUP" => Statement::ShowSetup(ShowSetup::parse(parser)?),
        "DATABASES" | "SCHEMAS" => Statement::ShowDatabases(ShowDatabases::parse(parser, full)?),
        "TABLES" => Statement::ShowTables(ShowTables::parse(parser, full)?),
        "VIEWS" => Statement::ShowViews(ShowViews::parse(parser, full)?),
        "CREATE" => Statement::ShowCreateView(ShowCreateView::parse(parser)?),
        "COLUMNS" | "FIELDS" => Statement::ShowColumns(ShowColumns::parse(parser, full)?),
        "SETTINGS" => Statement::ShowSettings(ShowSettings::parse(parser)?),
        "FUNCTIONS" => Statement::ShowFunctions(ShowFunctions::parse(parser)?),
        "USERS" => Statement::ShowUsers(ShowUsers::parse(parser)?),
        "ROLES" => Statement::ShowRoles(ShowRoles::parse(parser)?),
        "GRANTS" => Statement::ShowGrants(ShowGrants::parse(parser)?),
        "ORGANIZATIONS" => Statement::ShowOrganizations(ShowOrganizations),
        "PUBLIC" => {
            parser.expect_keyword("KEYS")?;
            Statement::ShowPublicKeys(ShowPublicKeys::parse(parser)?)
        }
        "PROCESSLIST" => Statement::ShowProcesslist(ShowProcesslist::parse(parser)?),
        _ => {
            parser.expect_keyword("FORMATS")?;
            Statement::ShowFileFormats(ShowFileFormats)
        }
    })
}

/// What SHOW lists; the last one is FILE FORMATS by its first word.
const LISTS: &[&str] = &[
    "CONNECTIONS",
    "STAGES",
    "ORGANIZATION",
    "SETUP",
    "DATABASES",
    "SCHEMAS",
    "TABLES",
    "VIEWS",
    "CREATE",
    "COLUMNS",
    "FIELDS",
    "SETTINGS",
    "FUNCTIONS",
    "USERS",
    "ROLES",
    "GRANTS",
    "ORGANIZATIONS",
    "PUBLIC",
    "PROCESSLIST",
    "FILE",
];

/// What may have FULL before it.
const FULL_LISTS: &[&str] = &["DATABASES", "SCHEMAS", "TABLES", "VIEWS", "COLUMNS", "FIELDS", "PROCESSLIST"];

fn unknown_list(parser: &Parser<'_>, allowed: &[&'static str]) -> SyntaxError {
    let error = parser.expected("what to show, such as `CONNECTIONS`, `STAGES` or `TABLES`");
    let slip = parser.word_at(0).and_then(|word| {
        suggest(word, allowed.iter().copied()).or_else(|| suggest(word, unsupported::lists()))
    });
    match slip.filter(|nearest| !parser.is_keyword(nearest)) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error,
    }
}

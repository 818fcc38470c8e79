//! `SHOW …`

use super::unsupported::{self, Unsupported};
use super::{
    ShowColumns, ShowConnections, ShowDatabases, ShowFileFormats, ShowFunctions, ShowOrganization,
    ShowProcesslist, ShowSettings, ShowStages, ShowTables, ShowUsers, Statement,
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
        "DATABASES" | "SCHEMAS" => Statement::ShowDatabases(ShowDatabases::parse(parser, full)?),
        "TABLES" => Statement::ShowTables(ShowTables::parse(parser, full)?),
        "COLUMNS" | "FIELDS" => Statement::ShowColumns(ShowColumns::parse(parser, full)?),
        "SETTINGS" => Statement::ShowSettings(ShowSettings::parse(parser)?),
        "FUNCTIONS" => Statement::ShowFunctions(ShowFunctions::parse(parser)?),
        "USERS" => Statement::ShowUsers(ShowUsers::parse(parser)?),
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
    "DATABASES",
    "SCHEMAS",
    "TABLES",
    "COLUMNS",
    "FIELDS",
    "SETTINGS",
    "FUNCTIONS",
    "USERS",
    "PROCESSLIST",
    "FILE",
];

/// What may have FULL before it.
const FULL_LISTS: &[&str] = &["DATABASES", "SCHEMAS", "TABLES", "COLUMNS", "FIELDS", "PROCESSLIST"];

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

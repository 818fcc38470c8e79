//! `CREATE …`

use super::unsupported::{self, Unsupported};
use super::{
    CreateConnection, CreateFileFormat, CreateOrganization, CreateRole, CreateStage, CreateUser, CreateView,
    Statement,
};
use crate::parser::Parser;
use crate::{Span, SyntaxError, suggest};

const OBJECTS: [&str; 7] = ["CONNECTION", "STAGE", "FILE FORMAT", "USER", "ROLE", "ORGANIZATION", "VIEW"];

/// Behind CREATE, which stands at `verb`.
pub(crate) fn parse(parser: &mut Parser<'_>, verb: Span) -> Result<Statement, SyntaxError> {
    let start = parser.peek().span;
    let or_replace = parser.take_keywords(&["OR", "REPLACE"]).then(|| start.to(parser.previous_span()));
    if parser.take_keyword("CONNECTION") {
        return Ok(Statement::CreateConnection(CreateConnection::parse(parser, or_replace)?));
    }
    if parser.take_keyword("STAGE") {
        return Ok(Statement::CreateStage(CreateStage::parse(parser, or_replace)?));
    }
    if parser.take_keywords(&["FILE", "FORMAT"]) {
        return Ok(Statement::CreateFileFormat(CreateFileFormat::parse(parser, or_replace)?));
    }
    if parser.take_keyword("USER") {
        return Ok(Statement::CreateUser(CreateUser::parse(parser, or_replace)?));
    }
    if parser.take_keyword("ROLE") {
        return Ok(Statement::CreateRole(CreateRole::parse(parser, or_replace)?));
    }
    if parser.take_keyword("ORGANIZATION") {
        return Ok(Statement::CreateOrganization(CreateOrganization::parse(parser, or_replace)?));
    }
    if parser.take_keyword("VIEW") {
        return Ok(Statement::CreateView(CreateView::parse(parser, or_replace)?));
    }
    Unsupported::parse_object(parser, "CREATE", verb).ok_or_else(|| unknown_object(parser, &OBJECTS))
}

/// The error for a word that is no kind of object.
pub(crate) fn unknown_object(parser: &Parser<'_>, supported: &[&'static str]) -> SyntaxError {
    let error = parser.expected("a kind of object such as `CONNECTION` or `STAGE`");
    let candidates = supported.iter().copied().chain(unsupported::objects());
    match parser.word_at(0).and_then(|word| suggest(word, candidates)) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error,
    }
}

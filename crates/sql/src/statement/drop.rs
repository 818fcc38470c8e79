//! `DROP …`

use super::create::unknown_object;
use super::unsupported::Unsupported;
use super::{
    DropConnection, DropFileFormat, DropOrganization, DropRole, DropStage, DropUser, DropView, Statement,
};
use crate::parser::Parser;
use crate::{Span, SyntaxError};

const OBJECTS: [&str; 7] = ["CONNECTION", "STAGE", "FILE FORMAT", "USER", "ROLE", "ORGANIZATION", "VIEW"];

/// Behind DROP, which stands at `verb`.
pub(crate) fn parse(parser: &mut Parser<'_>, verb: Span) -> Result<Statement, SyntaxError> {
    if parser.take_keyword("CONNECTION") {
        return Ok(Statement::DropConnection(DropConnection::parse(parser)?));
    }
    if parser.take_keyword("STAGE") {
        return Ok(Statement::DropStage(DropStage::parse(parser)?));
    }
    if parser.take_keywords(&["FILE", "FORMAT"]) {
        return Ok(Statement::DropFileFormat(DropFileFormat::parse(parser)?));
    }
    if parser.take_keyword("USER") {
        return Ok(Statement::DropUser(DropUser::parse(parser)?));
    }
    if parser.take_keyword("ROLE") {
        return Ok(Statement::DropRole(DropRole::parse(parser)?));
    }
    if parser.take_keyword("ORGANIZATION") {
        return Ok(Statement::DropOrganization(DropOrganization::parse(parser)?));
    }
    if parser.take_keyword("VIEW") {
        return Ok(Statement::DropView(DropView::parse(parser)?));
    }
    Unsupported::parse_object(parser, "DROP", verb).ok_or_else(|| unknown_object(parser, &OBJECTS))
}

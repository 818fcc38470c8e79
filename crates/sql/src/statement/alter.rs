//! `ALTER …`

use super::create::unknown_object;
use super::unsupported::Unsupported;
use super::{AlterConnection, AlterOrganization, AlterRole, AlterStage, AlterUser, Statement};
use crate::parser::Parser;
use crate::{Span, SyntaxError};

/// Behind ALTER, which stands at `verb`.
pub(crate) fn parse(parser: &mut Parser<'_>, verb: Span) -> Result<Statement, SyntaxError> {
    if parser.take_keyword("CONNECTION") {
        return Ok(Statement::AlterConnection(AlterConnection::parse(parser)?));
    }
    if parser.take_keyword("STAGE") {
        return Ok(Statement::AlterStage(AlterStage::parse(parser)?));
    }
    if parser.take_keyword("USER") {
        return Ok(Statement::AlterUser(AlterUser::parse(parser)?));
    }
    if parser.take_keyword("ROLE") {
        return Ok(Statement::AlterRole(AlterRole::parse(parser)?));
    }
    if parser.take_keyword("ORGANIZATION") {
        return Ok(Statement::AlterOrganization(AlterOrganization::parse(parser)?));
    }
    Unsupported::parse_object(parser, "ALTER", verb)
        .ok_or_else(|| unknown_object(parser, &["CONNECTION", "STAGE", "USER", "ROLE", "ORGANIZATION"]))
}

//! `{DESC | DESCRIBE} …`

use super::unsupported::Unsupported;
use super::{DescribeConnection, DescribeFileFormat, DescribeStage, DescribeTable, DescribeUser, Statement};
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Span, SyntaxError};

/// Behind DESCRIBE, which stands at `verb`.
pub(crate) fn parse(parser: &mut Parser<'_>, verb: Span) -> Result<Statement, SyntaxError> {
    // A table may be called `stage`: a kind of object is one only before a name.
    let kind_is_meant = !matches!(parser.peek_at(1).kind, TokenKind::End | TokenKind::Symbol("."));
    if kind_is_meant {
        if parser.take_keyword("CONNECTION") {
            return Ok(Statement::DescribeConnection(DescribeConnection::parse(parser)?));
        }
        if parser.take_keyword("STAGE") {
            return Ok(Statement::DescribeStage(DescribeStage::parse(parser)?));
        }
        if parser.take_keywords(&["FILE", "FORMAT"]) {
            return Ok(Statement::DescribeFileFormat(DescribeFileFormat::parse(parser)?));
        }
        if parser.take_keyword("USER") {
            return Ok(Statement::DescribeUser(DescribeUser::parse(parser)?));
        }
        if !parser.take_keyword("TABLE")
            && !parser.take_keyword("VIEW")
            && let Some(statement) = Unsupported::parse_object(parser, "DESCRIBE", verb)
        {
            return Ok(statement);
        }
    }
    Ok(Statement::DescribeTable(DescribeTable::parse(parser)?))
}

//! `VALIDATE …`

use super::{Statement, ValidateConnection, ValidateRolePolicy, ValidateStage, ValidateTrustPolicy};
use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

/// Behind VALIDATE.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    if parser.take_keyword("CONNECTION") {
        return Ok(Statement::ValidateConnection(ValidateConnection::parse(parser)?));
    }
    if parser.take_keyword("STAGE") {
        return Ok(Statement::ValidateStage(ValidateStage::parse(parser)?));
    }
    if parser.take_keyword("TRUST") {
        parser.expect_keyword("POLICY")?;
        return Ok(Statement::ValidateTrustPolicy(ValidateTrustPolicy::parse(parser)?));
    }
    if parser.take_keyword("ROLE") {
        parser.expect_keyword("POLICY")?;
        return Ok(Statement::ValidateRolePolicy(ValidateRolePolicy::parse(parser)?));
    }
    Err(parser.expected_one_of(&["CONNECTION", "STAGE", "TRUST", "ROLE"]))
}

/// The document in `TRUST POLICY '…'` and `ROLE POLICY '…'`.
pub(super) fn policy(parser: &mut Parser<'_>) -> Result<Text, SyntaxError> {
    parser.string("the JSON of a policy")
}

/// The name behind `CONNECTION`.
pub(super) fn connection(parser: &mut Parser<'_>) -> Result<Name, SyntaxError> {
    parser.name("a connection name")
}

/// `ON '<url>'`.
pub(super) fn on(parser: &mut Parser<'_>) -> Result<Option<Text>, SyntaxError> {
    if !parser.take_keyword("ON") {
        return Ok(None);
    }
    parser.string("a location such as `s3://bucket/folder/`").map(Some)
}

/// `WRITE`; reading is what is checked without it, and `READ` says so.
pub(super) fn write(parser: &mut Parser<'_>) -> Result<bool, SyntaxError> {
    if parser.take_keyword("WRITE") {
        return Ok(true);
    }
    if !parser.take_keyword("READ") && !parser.is_end() {
        return Err(parser.expected_one_of(&["WRITE", "READ"]));
    }
    Ok(false)
}

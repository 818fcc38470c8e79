//! `( FILE_FORMAT => 'csv', PATTERN => '…', … )` behind a location.

use super::LocationOptions;
use crate::lexer::TokenKind;
use crate::parameters::parse_connection;
use crate::parser::Parser;
use crate::{SyntaxError, Text};

const OPTIONS: [&str; 5] = ["FILE_FORMAT", "PATTERN", "FILES", "CONNECTION", "CASE_SENSITIVE"];

/// At the `(`. Commas between options are optional; of a repeated option the last stands.
pub(crate) fn parse_options(parser: &mut Parser<'_>) -> Result<LocationOptions, SyntaxError> {
    let mut options = LocationOptions::default();
    parser.expect_symbol("(")?;
    while !parser.take_symbol(")") {
        let key = parser.word_at(0).unwrap_or_default().to_ascii_uppercase();
        if !OPTIONS.contains(&key.as_str()) {
            return Err(parser.unknown_option("a location", &OPTIONS));
        }
        parser.advance();
        if !parser.take_symbol("=>") {
            return Err(parser.expected("`=>`").with_hint(format!("write `{key} => …`")));
        }
        match key.as_str() {
            "FILE_FORMAT" => options.file_format = Some(parse_file_format(parser)?),
            "PATTERN" => options.pattern = Some(parser.string("a pattern")?),
            "FILES" => options.files = Some(parse_files(parser)?),
            "CONNECTION" => options.connection = Some(parse_connection(parser)?),
            _ => options.case_sensitive = Some(parser.boolean()?),
        }
        parser.take_symbol(",");
    }
    Ok(options)
}

fn parse_file_format(parser: &mut Parser<'_>) -> Result<Text, SyntaxError> {
    let span = parser.peek().span;
    if parser.is_symbol("(") {
        return Err(parser.error(span, "`FILE_FORMAT` of a location takes a name, not options").with_hint(
            "write `FILE_FORMAT => 'csv'`; for other options make a format with CREATE FILE FORMAT",
        ));
    }
    match parser.word_at(0) {
        Some(word) => {
            let hint = format!("write `FILE_FORMAT => '{word}'`");
            Err(parser.expected("a file format's name in quotes").with_hint(hint))
        }
        None => parser.string("a file format's name"),
    }
}

/// `('a', 'b')`.
fn parse_files(parser: &mut Parser<'_>) -> Result<Vec<Text>, SyntaxError> {
    let mut files = Vec::new();
    if !parser.take_symbol("(") {
        let hint = "write `FILES => ('a.csv', 'b.csv')`";
        return Err(parser.expected("`(`").with_hint(hint));
    }
    while !parser.take_symbol(")") {
        files.push(parser.string("a file's path")?);
        let separated = parser.take_symbol(",") || matches!(parser.peek().kind, TokenKind::Symbol(")"));
        if !separated {
            return Err(parser.expected("`,` or `)`"));
        }
    }
    Ok(files)
}

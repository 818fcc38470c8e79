//! Hands tokens to `sqlparser` and says its errors in our words.

use sqlparser::ast::{Expr, Query};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser as QueryParser, ParserError};
use sqlparser::tokenizer::{Location as TokenLocation, Token as ParserToken};

use super::tokens::Converted;
use crate::lexer::TokenKind;
use crate::parser::{Parser, describe, list_words};
use crate::span::slice;
use crate::{Span, SyntaxError, SyntaxErrorKind, suggest};

/// `sqlparser` takes several steps for each pair of brackets, whose depth is limited before.
const RECURSION_LIMIT: usize = 1_000;

/// Words that begin a clause, for "did you mean".
const CLAUSES: [&str; 24] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "QUALIFY",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "WINDOW",
    "VALUES",
    "DISTINCT",
    "USING",
    "BETWEEN",
    "LIKE",
];

/// A query that ends with its tokens.
pub(crate) fn parse_query(parser: &Parser<'_>, tokens: &Converted) -> Result<Box<Query>, SyntaxError> {
    parse_all(parser, tokens, |query_parser| query_parser.parse_query())
}

/// An expression that ends with its tokens.
pub(crate) fn parse_expression(parser: &Parser<'_>, tokens: &Converted) -> Result<Expr, SyntaxError> {
    parse_all(parser, tokens, |query_parser| query_parser.parse_expr())
}

fn parse_all<T>(
    parser: &Parser<'_>,
    tokens: &Converted,
    parse: impl Fn(&mut QueryParser<'_>) -> Result<T, ParserError>,
) -> Result<T, SyntaxError> {
    let dialect = SnowflakeDialect;
    let mut query_parser = QueryParser::new(&dialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens.tokens.clone());
    let parsed = parse(&mut query_parser).map_err(|error| translate(parser, tokens, &error))?;
    let next = query_parser.peek_token();
    if next.token == ParserToken::EOF {
        return Ok(parsed);
    }
    let span = tokens.span_at(next.span.start).unwrap_or(parser.peek().span);
    Err(expected_at(parser, span, "the end of the statement"))
}

/// `sqlparser`'s error at its place. Its words may quote the text, so they are used only where they do not.
fn translate(parser: &Parser<'_>, tokens: &Converted, error: &ParserError) -> SyntaxError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            let span = tokens.spans.first().copied().unwrap_or_default();
            return parser.error(span, "the query is nested too deeply").with_kind(SyntaxErrorKind::Limit);
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (message, location) = split_location(message);
    let span = location.and_then(|location| tokens.span_at(location)).unwrap_or(parser.peek().span);
    if let Some((expected, _)) =
        message.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found"))
    {
        return expected_at(parser, span, &in_our_words(expected));
    }
    if quotes_a_string(parser, message) {
        return expected_at(parser, span, "something else here");
    }
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let message: String = first.into_iter().chain(characters).collect();
    parser.error(span, message.trim_end_matches('.'))
}

/// `… at Line: 1, Column: 5` apart.
fn split_location(message: &str) -> (&str, Option<TokenLocation>) {
    let Some((message, place)) = message.rsplit_once(" at Line: ") else { return (message, None) };
    let location = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(TokenLocation { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
    });
    (message, location)
}

fn quotes_a_string(parser: &Parser<'_>, message: &str) -> bool {
    parser.all().iter().any(|token| match &token.kind {
        TokenKind::String(value) | TokenKind::CodeString(value) => {
            !value.is_empty() && message.contains(value)
        }
        _ => false,
    })
}

fn in_our_words(expected: &str) -> String {
    match expected {
        "end of statement" => "the end of the statement".to_string(),
        "an expression" | "identifier" | "SELECT, VALUES, or a subquery in the query body" => {
            match expected {
                "identifier" => "a name".to_string(),
                "an expression" => expected.to_string(),
                _ => list_words(&["SELECT", "VALUES", "("], "or"),
            }
        }
        _ if expected.chars().all(|c| !c.is_ascii_lowercase() && !c.is_whitespace()) => {
            format!("`{expected}`")
        }
        _ => expected.trim_end_matches('.').to_string(),
    }
}

/// "expected …, found …", with the keyword that was probably meant at the place or right before it.
fn expected_at(parser: &Parser<'_>, span: Span, what: &str) -> SyntaxError {
    let tokens = parser.all();
    let index = tokens.iter().position(|token| token.span == span).unwrap_or(tokens.len().saturating_sub(1));
    let found = tokens.get(index).map_or_else(String::new, |token| describe(parser.text, token));
    let error = parser.error(span, format!("expected {what}, found {found}"));
    let nearby = [Some(index), index.checked_sub(1), index.checked_sub(2)];
    let slip = nearby.into_iter().flatten().find_map(|at| {
        let token = tokens.get(at).filter(|token| token.kind == TokenKind::Word)?;
        let word = slice(parser.text, token.span);
        let is_clause = CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(word));
        let nearest = if is_clause { None } else { suggest(word, CLAUSES) };
        nearest.map(|nearest| (word, nearest))
    });
    match slip {
        Some((word, nearest)) => error.with_hint(format!("did you mean `{nearest}` where `{word}` stands?")),
        None => error,
    }
}

//! Hands tokens to `sqlparser` and says its errors in our words.

use sqlparser::ast::{Expr, Query};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser as QueryParser, ParserError};
use sqlparser::tokenizer::{Location as TokenLocation, Token as ParserToken};

use super::balance::balance;
use super::dialect::QueryDialect;
use super::tokens::Converted;
use crate::lexer::{Token, TokenKind};
use crate::parser::{Parser, describe, list_words};
use crate::span::slice;
use crate::{Span, SyntaxError, SyntaxErrorKind, suggest};

/// `sqlparser` takes several steps for each pair of brackets, whose depth is limited before.
const RECURSION_LIMIT: usize = 1_000;

/// Expressions that are begun before reading is given up, for each token and at least. A query that can be
/// read begins less than two a token.
const STEPS_PER_TOKEN: usize = 10;
const STEPS_MIN: usize = 5_000;

/// What the deepest query within the limits may need in a debug build, and a chain of conditions before it
/// is balanced. Pages that are not used are not touched.
const STACK_BYTES: usize = 32 * 1024 * 1024;

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
    parse_all(parser, tokens, |query_parser| {
        let mut query = query_parser.parse_query()?;
        balance(&mut query);
        Ok(query)
    })
}

/// An expression that ends with its tokens.
pub(crate) fn parse_expression(parser: &Parser<'_>, tokens: &Converted) -> Result<Expr, SyntaxError> {
    parse_all(parser, tokens, |query_parser| {
        let mut expression = query_parser.parse_expr()?;
        balance(&mut expression);
        Ok(expression)
    })
}

fn parse_all<T>(
    parser: &Parser<'_>,
    tokens: &Converted,
    parse: impl Fn(&mut QueryParser<'_>) -> Result<T, ParserError>,
) -> Result<T, SyntaxError> {
    let dialect = QueryDialect::new(STEPS_MIN.max(tokens.tokens.len() * STEPS_PER_TOKEN));
    let mut query_parser = QueryParser::new(&dialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens.tokens.clone());
    let parsed = stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || parse(&mut query_parser));
    let parsed = parsed.map_err(|error| match dialect.gave_up_at() {
        Some(place) => unexpected_at(parser, tokens.span_at(place).unwrap_or(parser.peek().span)),
        None => translate(parser, tokens, &error),
    })?;
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
    let mut span = location.and_then(|location| tokens.span_at(location));
    let rest = message.strip_prefix("Expected: ").or_else(|| message.strip_prefix("Expected "));
    if let Some((expected, found)) = rest.and_then(|rest| rest.split_once(", found")) {
        // Some errors come without a location.
        let found = found.trim_start_matches([':', ' ']);
        let is_found = |token: &&Token| slice(parser.text, token.span) == found;
        span = span.or_else(|| parser.all().iter().rev().find(is_found).map(|token| token.span));
        return expected_at(parser, span.unwrap_or(parser.peek().span), &in_our_words(expected));
    }
    let span = span.unwrap_or(parser.peek().span);
    if quotes_a_string(parser, message) {
        return unexpected_at(parser, span);
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
        "identifier" => "a name".to_string(),
        "SELECT, VALUES, or a subquery in the query body" => list_words(&["SELECT", "VALUES", "("], "or"),
        _ if expected.chars().all(|c| !c.is_ascii_lowercase() && !c.is_whitespace()) => {
            format!("`{expected}`")
        }
        _ => expected.trim_end_matches('.').to_string(),
    }
}

/// "unexpected …", where nothing better is known.
fn unexpected_at(parser: &Parser<'_>, span: Span) -> SyntaxError {
    let found = parser.all().iter().find(|token| token.span == span);
    parser.error(
        span,
        format!("unexpected {}", found.map_or_else(String::new, |token| describe(parser.text, token))),
    )
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
        let is_keyword = matches!(ParserToken::make_word(word, None), ParserToken::Word(word) if word.keyword != Keyword::NoKeyword);
        let nearest = if is_keyword { None } else { suggest(word, CLAUSES) };
        nearest.map(|nearest| (word, nearest))
    });
    match slip {
        Some((word, nearest)) => error.with_hint(format!("did you mean `{nearest}` where `{word}` stands?")),
        None => error,
    }
}

//! Brackets: that they match, and how deep they are.

use super::{Token, TokenKind};
use crate::span::{line_and_column, slice};
use crate::{Span, SyntaxError, SyntaxErrorKind};

/// Brackets nested deeper than this are refused, whatever stands in them.
const NESTING_DEPTH_MAX: usize = 64;

/// Queries nested deeper than this are refused: the tree of a query takes much more stack than that of an
/// expression.
const QUERY_DEPTH_MAX: usize = 32;

/// A bracket that is open.
struct Open {
    symbol: &'static str,
    span: Span,
    /// How many of the brackets up to this one hold a query.
    query_depth: usize,
}

/// Refuses brackets that do not match and what is nested too deeply.
pub(crate) fn check_brackets(text: &str, tokens: &[Token]) -> Result<(), SyntaxError> {
    let limit_error =
        |span, message: String| SyntaxError::new(text, span, message).with_kind(SyntaxErrorKind::Limit);
    let mut open: Vec<Open> = Vec::new();
    let mut behind_opening = false;
    for token in tokens {
        let opens_before = std::mem::take(&mut behind_opening);
        if opens_before
            && begins_query(text, token)
            && let Some(innermost) = open.last_mut()
        {
            innermost.query_depth += 1;
            if innermost.query_depth > QUERY_DEPTH_MAX {
                let message = format!("queries are nested more than {QUERY_DEPTH_MAX} deep");
                return Err(limit_error(token.span, message));
            }
        }
        let TokenKind::Symbol(symbol) = token.kind else { continue };
        match symbol {
            "(" | "[" | "{" => {
                if open.len() == NESTING_DEPTH_MAX {
                    let message = format!("brackets are nested more than {NESTING_DEPTH_MAX} deep");
                    return Err(limit_error(token.span, message));
                }
                let query_depth = open.last().map_or(0, |outer| outer.query_depth);
                open.push(Open { symbol, span: token.span, query_depth });
                behind_opening = true;
            }
            ")" | "]" | "}" => check_closing(text, symbol, token.span, open.pop())?,
            _ => {}
        }
    }
    match open.pop() {
        None => Ok(()),
        Some(Open { symbol, span, .. }) => {
            Err(SyntaxError::new(text, span, format!("this `{symbol}` is never closed"))
                .with_hint(format!("add the `{}`", closing_of(symbol))))
        }
    }
}

fn begins_query(text: &str, token: &Token) -> bool {
    let word = slice(text, token.span);
    token.kind == TokenKind::Word
        && ["SELECT", "WITH"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn check_closing(text: &str, symbol: &str, span: Span, opening: Option<Open>) -> Result<(), SyntaxError> {
    let Some(opening) = opening else {
        return Err(SyntaxError::new(text, span, format!("this `{symbol}` closes nothing")));
    };
    let closing = closing_of(opening.symbol);
    if closing == symbol {
        return Ok(());
    }
    let (line, column) = line_and_column(text, opening.span.start);
    Err(SyntaxError::new(text, span, format!("expected `{closing}`, found `{symbol}`"))
        .with_hint(format!("`{}` was opened at line {line}, column {column}", opening.symbol)))
}

fn closing_of(opening: &str) -> &'static str {
    match opening {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

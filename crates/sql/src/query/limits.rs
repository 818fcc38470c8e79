//! Keeps the trees shallow: a chain such as `1 + 1 + 1 + …` is a tree as deep as it is long.

use crate::lexer::{Token, TokenKind};
use crate::span::slice;
use crate::{SyntaxError, SyntaxErrorKind};

/// Operators between two commas or brackets, and set operators of one query: longer chains are refused.
pub(crate) const CHAIN_LENGTH_MAX: usize = 1_500;

/// Operators that are words.
const OPERATORS: [&str; 19] = [
    "AND", "OR", "XOR", "NOT", "IS", "LIKE", "ILIKE", "RLIKE", "REGEXP", "SOUNDS", "SIMILAR", "BETWEEN",
    "IN", "DIV", "AT", "COLLATE", "ISNULL", "NOTNULL", "OVERLAPS",
];

/// Words behind which an expression begins anew.
const EXPRESSION_STARTS: [&str; 15] = [
    "SELECT", "FROM", "WHERE", "ON", "WHEN", "THEN", "ELSE", "END", "BY", "HAVING", "QUALIFY", "LIMIT", "AS",
    "JOIN", "USING",
];

#[derive(Default)]
struct Chain {
    operators: usize,
    set_operators: usize,
}

/// Refuses chains of operators that would make too deep a tree.
pub(crate) fn check_chains(text: &str, tokens: &[Token]) -> Result<(), SyntaxError> {
    let mut outer: Vec<Chain> = Vec::new();
    let mut chain = Chain::default();
    for token in tokens {
        match token.kind {
            TokenKind::Symbol("(" | "{" | "[") => {
                // `f()()`, `a[1][1]`: each bracket behind another is one step deeper.
                chain.operators += 1;
                outer.push(std::mem::take(&mut chain));
            }
            TokenKind::Symbol(")" | "}" | "]") => chain = outer.pop().unwrap_or_default(),
            TokenKind::Symbol(",") => chain.operators = 0,
            TokenKind::Symbol(_) => chain.operators += 1,
            TokenKind::Word => see_word(&mut chain, &slice(text, token.span).to_ascii_uppercase()),
            _ => {}
        }
        if chain.operators.max(chain.set_operators) > CHAIN_LENGTH_MAX {
            let message = format!("more than {CHAIN_LENGTH_MAX} operators stand in one chain");
            return Err(SyntaxError::new(text, token.span, message)
                .with_kind(SyntaxErrorKind::Limit)
                .with_hint("use `IN (…)` or `VALUES` for long lists, or brackets to divide the chain"));
        }
    }
    Ok(())
}

fn see_word(chain: &mut Chain, word: &str) {
    if OPERATORS.contains(&word) {
        chain.operators += 1;
    } else if EXPRESSION_STARTS.contains(&word) {
        chain.operators = 0;
    } else if matches!(word, "UNION" | "EXCEPT" | "INTERSECT" | "MINUS") {
        chain.set_operators += 1;
    }
}

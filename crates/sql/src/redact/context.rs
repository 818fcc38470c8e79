//! Where in a statement a token stands.

use super::is_word;
use crate::lexer::{Token, TokenKind};
use crate::span::slice;
use crate::suggest;

/// Whether connections are described here: in CREATE or ALTER of a connection or stage, or in
/// `CONNECTION … (`.
#[derive(Default)]
pub(super) struct Context {
    /// Not at the start of a statement any more.
    inside_statement: bool,
    statement_describes: bool,
    statement_creates: bool,
    /// For each open bracket.
    brackets: Vec<bool>,
}

impl Context {
    pub(super) fn describes_connection(&self) -> bool {
        self.statement_describes || self.innermost_bracket()
    }

    /// Whether the statement makes or changes an object.
    pub(super) fn creates(&self) -> bool {
        self.statement_creates
    }

    /// Takes the token at `at` into account. Every token is shown once, in order.
    pub(super) fn see(&mut self, text: &str, tokens: &[Token], at: usize) {
        let Some(token) = tokens.get(at) else { return };
        if token.is_symbol(";") {
            *self = Self::default();
            return;
        }
        match token.kind {
            TokenKind::Symbol("(") => {
                let before = tokens.get(at.saturating_sub(2)..at).unwrap_or_default();
                let named = before
                    .iter()
                    .any(|token| is_word(text, token, &["CONNECTION", "CREDENTIALS", "ENCRYPTION"]));
                self.brackets.push(named || self.innermost_bracket());
            }
            TokenKind::Symbol(")") => drop(self.brackets.pop()),
            _ => {}
        }
        if !self.inside_statement {
            self.inside_statement = true;
            self.statement_creates = is_slip_of(text, token, &["CREATE", "ALTER"]);
            self.statement_describes =
                self.statement_creates && begins_description(text, tokens.get(at..).unwrap_or_default());
        }
    }

    fn innermost_bracket(&self) -> bool {
        self.brackets.last().is_some_and(|describes| *describes)
    }
}

/// `CREATE OR REPLACE CONNECTION` and the like, with room for slips.
fn begins_description(text: &str, statement: &[Token]) -> bool {
    const WORDS_TO_KIND_MAX: usize = 6;
    statement
        .iter()
        .take(WORDS_TO_KIND_MAX)
        .take_while(|token| token.kind == TokenKind::Word)
        .any(|token| is_slip_of(text, token, &["CONNECTION", "STAGE"]))
}

/// Whether a token is one of `words` or nearly.
fn is_slip_of(text: &str, token: &Token, words: &[&str]) -> bool {
    is_word(text, token, words) || suggest(slice(text, token.span), words.iter().copied()).is_some()
}

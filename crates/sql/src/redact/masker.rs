//! Finds the secret values among the tokens of a text.

use super::context::Context;
use super::keys::{KeyKind, is_identified, is_slip_of_open, kind_of_key};
use super::{inside_quotes, is_assignment, is_string, is_word, nested};
use crate::Span;
use crate::lexer::{Broken, Scanner, Token, TokenKind};
use crate::span::slice;

/// The places of secret values outside comments, in any order.
pub(super) fn find_in_statements(text: &str) -> Vec<Span> {
    let tokens: Vec<Token> = Scanner::new(text).filter(|token| token.kind != TokenKind::Comment).collect();
    let mut masker = Masker {
        text,
        tokens: &tokens,
        context: Context::default(),
        quotes_are_open: tokens.iter().any(is_open_string),
        unknown_keys: 0,
        spans: Vec::new(),
    };
    masker.run();
    masker.spans
}

struct Masker<'a> {
    text: &'a str,
    tokens: &'a [Token],
    context: Context,
    /// A string is never closed: what is inside and what is outside of strings may be the wrong way round.
    quotes_are_open: bool,
    /// How many keys nobody knows were met.
    unknown_keys: usize,
    spans: Vec<Span>,
}

impl Masker<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            self.context.see(self.text, self.tokens, at);
            let end = match &token.kind {
                TokenKind::Word if is_identified(slice(self.text, token.span)) => self.mask_password(at + 1),
                TokenKind::Word => self.mask_value(slice(self.text, token.span), at + 1),
                TokenKind::QuotedWord(key) | TokenKind::String(key) => self.mask_value(key, at + 1),
                _ => at + 1,
            };
            let end = if self.is_shifted(at) { self.mask_rest(at) } else { end };
            // What was taken together with its key is still looked at by itself: a URI may be anywhere.
            for passed in at..end {
                if passed > at {
                    self.context.see(self.text, self.tokens, passed);
                }
                if let Some(token) = self.tokens.get(passed) {
                    nested::find_in_value(self.text, token, &mut self.spans);
                }
            }
            at = end;
        }
    }

    /// Whether the string at `at` holds a secret key, since a quote before it is missing or too much, so that
    /// the secret itself comes after it.
    fn is_shifted(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).filter(|token| is_string(token)) else { return false };
        let suspicious =
            self.quotes_are_open || self.context.describes_connection() || self.context.creates();
        suspicious && nested::gives_secret(slice(self.text, inside_quotes(token)))
    }

    /// Masks the value of `key` behind it, which begins at `start`. Returns the first token that is left.
    fn mask_value(&mut self, key: &str, start: usize) -> usize {
        let operator = self.tokens.get(start).filter(|token| is_assignment(token));
        let assigned = operator.is_some();
        let value_at = start + usize::from(assigned);
        let Some(value) = self.tokens.get(value_at) else { return start };
        let in_connection = self.context.describes_connection();
        let secret = match kind_of_key(key) {
            KeyKind::Secret => assigned || is_string(value),
            KeyKind::Open => false,
            KeyKind::Unknown => {
                in_connection && operator.is_some_and(sets_parameter) && !self.is_slip_of_open(key)
            }
        };
        if !secret || matches!(value.kind, TokenKind::Symbol("(" | ")" | "," | ";")) {
            return start;
        }
        if !is_string(value) && !matches!(value.kind, TokenKind::QuotedWord(_)) {
            let end = self.mask_unquoted(value_at);
            let swallowed = self.tokens.get(value_at..end).unwrap_or_default().iter().any(is_string);
            return if in_connection && (swallowed || self.quotes_are_open) {
                self.mask_rest(value_at)
            } else {
                end
            };
        }
        self.spans.push(inside_quotes(value));
        if in_connection && (self.quotes_are_open || !self.may_follow_value(value_at + 1)) {
            return self.mask_rest(value_at + 1);
        }
        value_at + 1
    }

    /// Comparing an unknown key with all others takes long, and no honest statement has many.
    fn is_slip_of_open(&mut self, key: &str) -> bool {
        const UNKNOWN_KEYS_MAX: usize = 200;
        self.unknown_keys += 1;
        self.unknown_keys <= UNKNOWN_KEYS_MAX && is_slip_of_open(key)
    }

    /// Masks a value whose quotes were forgotten: everything up to a blank or a separator.
    fn mask_unquoted(&mut self, at: usize) -> usize {
        let Some(value) = self.tokens.get(at) else { return at };
        let rest = self.text.get(value.span.start..).unwrap_or_default();
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')');
        let length = rest.find(ends).unwrap_or(rest.len());
        let mut span = Span::new(value.span.start, value.span.start + length);
        let mut end = at;
        while let Some(token) = self.tokens.get(end).filter(|token| token.span.start < span.end) {
            span = span.to(token.span);
            end += 1;
        }
        self.spans.push(span);
        end
    }

    /// Whether what stands at `at` may follow a value: nothing, a separator, or the next key.
    fn may_follow_value(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return true };
        match token.kind {
            TokenKind::Symbol(")" | "," | ";") => true,
            TokenKind::Word | TokenKind::QuotedWord(_) => {
                let touches = self.tokens.get(at - 1).is_some_and(|value| value.span.end == token.span.start);
                !touches && self.tokens.get(at + 1).is_some_and(sets_parameter)
            }
            _ => false,
        }
    }

    /// Masks the password behind IDENTIFIED, which ends before `start`. Where the password is not one whole
    /// string, all that follows may be a part of it. Returns the first token that is left.
    fn mask_password(&mut self, start: usize) -> usize {
        let is_keyword = |at: usize, word: &str| {
            self.tokens.get(at).is_some_and(|token| is_word(self.text, token, &[word]))
        };
        let mut at = start;
        if is_keyword(at, "WITH") {
            at += 2;
        }
        let has_by = is_keyword(at, "BY");
        at += usize::from(has_by);
        at += usize::from(self.tokens.get(at).is_some_and(is_assignment));
        let Some(value) = self.tokens.get(at) else { return start };
        if !has_by && !is_string(value) {
            return start;
        }
        let ends = match self.tokens.get(at + 1) {
            Some(next) if next.kind == TokenKind::Word => {
                let is_option = kind_of_key(slice(self.text, next.span)) == KeyKind::Open;
                is_keyword(at + 1, "WITH") || (is_option && self.may_follow_value(at + 1))
            }
            Some(next) => next.is_symbol(";"),
            None => true,
        };
        if is_string(value) && ends {
            self.spans.push(inside_quotes(value));
            return at + 1;
        }
        self.mask_rest(at)
    }

    /// Masks everything from the token at `from` to the end of the statement.
    fn mask_rest(&mut self, from: usize) -> usize {
        let rest = self.tokens.get(from..).unwrap_or_default();
        let length = rest.iter().position(|token| token.is_symbol(";")).unwrap_or(rest.len());
        if let Some((first, last)) = rest.first().zip(rest.get(length.saturating_sub(1))) {
            self.spans.push(Span::new(first.span.start, last.span.end));
        }
        from + length
    }
}

/// `=`, or `=>` which is often written for it.
fn sets_parameter(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Symbol("=" | "=>"))
}

fn is_open_string(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::Broken(Broken::OpenString | Broken::OpenQuotedWord | Broken::OpenCodeString)
    )
}

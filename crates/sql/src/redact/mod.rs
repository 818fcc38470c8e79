//! Masks secret values in any text, whether it parses or not.
//!
//! It errs on the side of masking: in a statement about connections or stages every value is masked
//! unless its key is known to hold nothing secret, so that a mistyped key hides its value too; and where a
//! stray quote may have cut a secret in two, the rest of the statement is masked.

mod context;
mod keys;
mod masker;
mod nested;

use crate::Span;
use crate::lexer::{Broken, Token, TokenKind};
use crate::span::slice;

/// What stands in the place of a secret value.
pub(crate) const MASK: &str = "***";

/// `text` with every secret value replaced by `***`: secret parameters of connections, passwords, keys in
/// URIs, and whatever looks like one of them.
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut at = 0;
    for span in secret_spans(text) {
        redacted.push_str(slice(text, Span::new(at, span.start)));
        redacted.push_str(MASK);
        at = span.end;
    }
    redacted.push_str(slice(text, Span::new(at, text.len())));
    redacted
}

/// The places of secret values, in order and apart from each other. The quotes around a value are not part
/// of its place where it has both.
pub(crate) fn secret_spans(text: &str) -> Vec<Span> {
    let mut spans = masker::find_in_statements(text);
    nested::find_in_comments(text, &mut spans);
    merge(spans)
}

/// Sorted, without overlaps and empty ones.
fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| !span.is_empty());
    spans.sort();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

fn is_assignment(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Symbol("=" | "=>" | ":" | ":=" | "=="))
}

/// A string, also one that is never closed.
fn is_string(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::String(_)
            | TokenKind::CodeString(_)
            | TokenKind::HexString(_)
            | TokenKind::Broken(
                Broken::OpenString
                    | Broken::OpenCodeString
                    | Broken::Escape
                    | Broken::HexString
                    | Broken::OpenQuotedWord
            )
    )
}

fn is_word(text: &str, token: &Token, words: &[&str]) -> bool {
    let word = slice(text, token.span);
    token.kind == TokenKind::Word && words.iter().any(|named| named.eq_ignore_ascii_case(word))
}

/// The span of a value without its quotes; what is never closed reaches to the end.
fn inside_quotes(token: &Token) -> Span {
    let (before, behind) = match token.kind {
        TokenKind::String(_) | TokenKind::QuotedWord(_) | TokenKind::Broken(Broken::Escape) => (1, 1),
        TokenKind::CodeString(_) => (2, 2),
        TokenKind::HexString(_) | TokenKind::Broken(Broken::HexString) => (2, 1),
        TokenKind::Broken(Broken::OpenString | Broken::OpenQuotedWord) => (1, 0),
        TokenKind::Broken(Broken::OpenCodeString) => (2, 0),
        _ => (0, 0),
    };
    let start = token.span.start + before;
    Span::new(start, token.span.end.saturating_sub(behind).max(start))
}

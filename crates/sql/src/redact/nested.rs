//! Secrets inside one string or comment: a URI with a password or signature, a statement in a text.

use super::keys::{KeyKind, is_identified, kind_of_key};
use super::{inside_quotes, is_assignment, is_string};
use crate::Span;
use crate::lexer::{Broken, Scanner, Token, TokenKind};
use crate::parameters::is_secret_key;
use crate::span::slice;

/// Adds the places of secrets inside a token that holds text.
pub(super) fn find_in_value(text: &str, token: &Token, spans: &mut Vec<Span>) {
    let holds_text =
        is_string(token) || matches!(token.kind, TokenKind::QuotedWord(_) | TokenKind::StagePath(_));
    if !holds_text {
        return;
    }
    let inside = inside_quotes(token);
    let content = slice(text, inside);
    find_user_of_uri(content, inside.start, spans);
    find_in_query_of_uri(content, inside.start, spans);
    if gives_secret(content) {
        spans.push(inside);
    }
}

/// Adds the comments that give a value to a secret key.
pub(super) fn find_in_comments(text: &str, spans: &mut Vec<Span>) {
    for token in Scanner::new(text) {
        let is_comment = matches!(token.kind, TokenKind::Comment | TokenKind::Broken(Broken::OpenComment));
        let content = slice(text, token.span);
        if is_comment && gives_secret(content.trim_start_matches(['-', '/', '*'])) {
            spans.push(Span::new((token.span.start + 2).min(token.span.end), token.span.end));
        }
    }
}

/// `scheme://user:password@…`; `start` is where `content` begins in the text.
fn find_user_of_uri(content: &str, start: usize, spans: &mut Vec<Span>) {
    let mut searched = 0;
    while let Some(found) = content.get(searched..).and_then(|rest| rest.find("://")) {
        let authority = searched + found + 3;
        let rest = content.get(authority..).unwrap_or_default();
        let host_length =
            rest.find(|c: char| matches!(c, '/' | '?') || c.is_whitespace()).unwrap_or(rest.len());
        let host = rest.get(..host_length).unwrap_or_default();
        // A key may have slashes in it; a host with a port has digits behind the colon.
        let is_cut_key =
            host.split_once(':').is_some_and(|(_, port)| port.contains(|c: char| !c.is_ascii_digit()));
        let end_of_uri = |c: char| c == '?' || c.is_whitespace();
        let user = if is_cut_key { rest.split(end_of_uri).next().unwrap_or_default() } else { host };
        if let Some(user_length) = user.rfind('@') {
            spans.push(Span::new(start + authority, start + authority + user_length));
        }
        searched = authority + user.len();
    }
}

/// `…?X-Amz-Signature=…`; `start` is where `content` begins in the text.
fn find_in_query_of_uri(content: &str, start: usize, spans: &mut Vec<Span>) {
    for (index, _) in content.match_indices(['?', '&']) {
        let pair = content.get(index + 1..).unwrap_or_default();
        let pair =
            pair.split(|c: char| matches!(c, '&' | '?') || c.is_whitespace()).next().unwrap_or_default();
        let Some((key, value)) = pair.split_once('=') else { continue };
        let key = key.to_ascii_lowercase();
        if is_secret_key(&key) || key.contains("signature") || matches!(key.as_str(), "sig" | "key") {
            let value_start = start + index + 1 + key.len() + 1;
            spans.push(Span::new(value_start, value_start + value.len()));
        }
    }
}

/// Whether a text gives a value to a secret key or password.
pub(super) fn gives_secret(content: &str) -> bool {
    let mut previous: Option<Token> = None;
    for token in Scanner::new(content).filter(|token| token.kind != TokenKind::Comment) {
        if let Some(key_token) = previous.replace(token.clone()) {
            let key = match &key_token.kind {
                TokenKind::Word => slice(content, key_token.span),
                TokenKind::QuotedWord(value) | TokenKind::String(value) => value,
                _ => continue,
            };
            if key_token.kind == TokenKind::Word && is_identified(key) {
                return true;
            }
            if (is_assignment(&token) || is_string(&token)) && kind_of_key(key) == KeyKind::Secret {
                return true;
            }
        }
    }
    false
}

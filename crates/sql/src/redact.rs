//! Masks secret values in any text, whether it parses or not.
//!
//! It errs on the side of masking: in a statement about connections or stages every value is masked
//! unless its key is known to hold nothing secret, so that a mistyped key hides its value too.

use crate::lexer::{Broken, Scanner, Token, TokenKind};
use crate::parameters::{canonical_key, is_secret_key};
use crate::span::slice;
use crate::{Span, suggest};

/// What stands in the place of a secret value.
pub(crate) const MASK: &str = "***";

/// `text` with every secret value replaced by `***`: secret parameters of connections, passwords, keys in
/// URIs, whatever looks like one of them.
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

/// The places of secret values, in order and apart from each other. Quotes around a value are not part of
/// its place where it has both.
pub(crate) fn secret_spans(text: &str) -> Vec<Span> {
    let tokens: Vec<Token> = Scanner::new(text).filter(|token| token.kind != TokenKind::Comment).collect();
    let mut spans = Vec::new();
    find_in_tokens(text, &tokens, &mut spans);
    find_in_comments(text, &mut spans);
    merge(spans)
}

/// Keys whose values may be seen, as far as they are of connections, stages and users.
const OPEN_KEYS: &[&str] = &[
    "storage_type",
    "connection_name",
    "role_arn",
    "external_id",
    "region",
    "endpoint_url",
    "url",
    "access_key_id",
    "enable_virtual_host_style",
    "account_name",
    "comment",
    "comments",
    "file_format",
    "format_name",
    "type",
    "connection",
    "pattern",
    "files",
    "case_sensitive",
    "compression",
    "record_delimiter",
    "field_delimiter",
    "quote",
    "escape",
    "skip_header",
    "output_header",
    "null_display",
    "nan_display",
    "empty_field_as",
    "quoted_empty_field_as",
    "allow_quoted_nulls",
    "error_on_column_count_mismatch",
    "trim_space",
    "binary_format",
    "quote_style",
    "encoding",
    "encoding_error_mode",
    "geometry_format",
    "missing_field_as",
    "null_field_as",
    "null_if",
    "use_logic_type",
    "default_role",
    "default_warehouse",
    "disabled",
    "must_change_password",
    "repo_type",
    "revision",
    "name_node",
    "user_name",
    "https",
    "disable_list_batch",
];

/// Keys whose values are masked, for telling which one a mistyped key is near to.
const SECRET_KEYS: &[&str] = &[
    "secret_access_key",
    "session_token",
    "security_token",
    "aws_secret_key",
    "aws_token",
    "master_key",
    "account_key",
    "access_key_secret",
    "secret_key",
    "secret_id",
    "credential",
    "delegation",
    "token",
    "password",
];

fn find_in_tokens(text: &str, tokens: &[Token], spans: &mut Vec<Span>) {
    let mut context = Context::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        context.see(text, tokens, at);
        let taken = match key_of(text, token) {
            Some(word) if token.kind == TokenKind::Word && word.eq_ignore_ascii_case("identified") => {
                mask_password(text, tokens, at + 1, spans)
            }
            Some(word) => {
                mask_value(text, tokens, at, Key { word: &word, in_connection: context.holds() }, spans)
            }
            None => 0,
        };
        for passed in at..=at + taken {
            if passed > at {
                context.see(text, tokens, passed);
            }
            if let Some(token) = tokens.get(passed) {
                mask_inside(text, token, spans);
            }
        }
        at += taken + 1;
    }
}

/// Whether the token at hand stands in a statement about connections or stages, or in `CONNECTION … (`.
#[derive(Default)]
struct Context {
    /// Behind a `;` or at the start.
    inside_statement: bool,
    statement_holds: bool,
    brackets: Vec<bool>,
}

impl Context {
    fn holds(&self) -> bool {
        self.statement_holds || self.brackets.last().is_some_and(|holds| *holds)
    }

    fn see(&mut self, text: &str, tokens: &[Token], at: usize) {
        const WORDS_TO_KIND_MAX: usize = 8;
        let is_word = |token: &Token, words: &[&str]| {
            let word = slice(text, token.span);
            token.kind == TokenKind::Word && words.iter().any(|named| named.eq_ignore_ascii_case(word))
        };
        let Some(token) = tokens.get(at) else { return };
        match token.kind {
            TokenKind::Symbol(";") => *self = Self::default(),
            TokenKind::Symbol("(") => {
                let before = tokens.get(at.saturating_sub(2)..at).unwrap_or_default();
                let named = ["CONNECTION", "CREDENTIALS", "ENCRYPTION"];
                let holds = before.iter().any(|token| is_word(token, &named));
                self.brackets.push(holds || self.brackets.last().is_some_and(|holds| *holds));
            }
            TokenKind::Symbol(")") => {
                self.brackets.pop();
            }
            _ => {}
        }
        if !std::mem::replace(&mut self.inside_statement, token.kind != TokenKind::Symbol(";")) {
            let first_words = tokens.get(at..tokens.len().min(at + WORDS_TO_KIND_MAX)).unwrap_or_default();
            self.statement_holds = is_word(token, &["CREATE", "ALTER"])
                && first_words.iter().any(|token| is_word(token, &["CONNECTION", "STAGE"]));
        }
    }
}

/// A word that may be a key, and whether it stands where connections are described.
struct Key<'a> {
    word: &'a str,
    in_connection: bool,
}

/// What `token` may be as a key: a name, or a string that is one.
fn key_of(text: &str, token: &Token) -> Option<String> {
    match &token.kind {
        TokenKind::Word => Some(slice(text, token.span).to_string()),
        TokenKind::QuotedWord(value) | TokenKind::String(value) => Some(value.clone()),
        _ => None,
    }
}

/// Masks the value behind the key, which stands at `at`; returns how many tokens that took.
fn mask_value(text: &str, tokens: &[Token], at: usize, key: Key<'_>, spans: &mut Vec<Span>) -> usize {
    let operator = tokens.get(at + 1).filter(|token| is_assignment(token));
    let value_at = at + 1 + usize::from(operator.is_some());
    let Some(value) = tokens.get(value_at) else { return 0 };
    let canonical = canonical_key(key.word);
    let open = OPEN_KEYS.contains(&canonical.as_str());
    let secret = !open && is_secret_key(&canonical);
    let suspicious = !open && !secret && operator.is_some() && key.in_connection && {
        let nearest = suggest(&canonical, OPEN_KEYS.iter().chain(SECRET_KEYS).copied());
        nearest.is_none_or(|nearest| SECRET_KEYS.contains(&nearest))
    };
    if !secret && !suspicious {
        return 0;
    }
    if operator.is_none() && !is_string(value) {
        return 0;
    }
    if is_string(value) {
        spans.push(inside_quotes(value));
        return value_at - at;
    }
    if matches!(value.kind, TokenKind::Symbol("(" | ")" | ",")) {
        return 0;
    }
    // The quotes were forgotten: everything up to a blank or a separator.
    let rest = text.get(value.span.start..).unwrap_or_default();
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')')).unwrap_or(rest.len());
    let span = Span::new(value.span.start, value.span.start + length.max(1).min(rest.len()));
    spans.push(span);
    tokens.iter().skip(at + 1).take_while(|token| token.span.start < span.end).count()
}

/// Masks the strings behind IDENTIFIED up to the end of the statement, except values of open keys.
/// Returns how many tokens that took.
fn mask_password(text: &str, tokens: &[Token], start: usize, spans: &mut Vec<Span>) -> usize {
    let mut previous_key: Option<String> = None;
    let mut taken = 0;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        if token.kind == TokenKind::Symbol(";") {
            break;
        }
        taken += 1;
        let open = previous_key.as_deref().is_some_and(|key| OPEN_KEYS.contains(&key));
        let behind_by = index > start
            && tokens.get(index - 1).is_some_and(|token| slice(text, token.span).eq_ignore_ascii_case("by"));
        if is_string(token) && !open {
            spans.push(inside_quotes(token));
        } else if behind_by {
            let rest = text.get(token.span.start..).unwrap_or_default();
            let length = rest.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(rest.len());
            spans.push(Span::new(token.span.start, token.span.start + length));
        } else if matches!(token.kind, TokenKind::QuotedWord(_)) {
            spans.push(inside_quotes(token));
        }
        if !is_assignment(token) {
            previous_key =
                (token.kind == TokenKind::Word).then(|| slice(text, token.span).to_ascii_lowercase());
        }
    }
    taken
}

/// Secrets inside one token: a URI with a password or a signature, a statement in a string.
fn mask_inside(text: &str, token: &Token, spans: &mut Vec<Span>) {
    let holds_text = is_string(token)
        || matches!(
            token.kind,
            TokenKind::CodeString(_) | TokenKind::QuotedWord(_) | TokenKind::StagePath(_)
        );
    if !holds_text {
        return;
    }
    let inside = inside_quotes(token);
    let content = slice(text, inside);
    mask_uri(content, inside.start, spans);
    if holds_secret_pair(content) {
        spans.push(inside);
    }
}

/// `scheme://user:password@…` and `…?X-Amz-Signature=…`; `start` is where `content` begins in the text.
fn mask_uri(content: &str, start: usize, spans: &mut Vec<Span>) {
    let mut searched = 0;
    while let Some(found) = content.get(searched..).and_then(|rest| rest.find("://")) {
        let authority = searched + found + 3;
        let rest = content.get(authority..).unwrap_or_default();
        let length = rest.find(|c: char| c == '/' || c == '?' || c.is_whitespace()).unwrap_or(rest.len());
        if let Some(user_length) = rest.get(..length).and_then(|authority| authority.rfind('@')) {
            spans.push(Span::new(start + authority, start + authority + user_length));
        }
        searched = authority;
    }
    for (index, _) in content.match_indices(['?', '&']) {
        let pair = content.get(index + 1..).unwrap_or_default();
        let pair = pair.split(|c: char| c == '&' || c == '?' || c.is_whitespace()).next().unwrap_or_default();
        let Some((key, value)) = pair.split_once('=') else { continue };
        let key_lower = key.to_ascii_lowercase();
        if is_secret_key(&key_lower)
            || key_lower.contains("signature")
            || matches!(key_lower.as_str(), "sig" | "key")
        {
            let value_start = start + index + 1 + key.len() + 1;
            spans.push(Span::new(value_start, value_start + value.len()));
        }
    }
}

/// Whether a text inside a string or comment gives a value to a secret key.
fn holds_secret_pair(content: &str) -> bool {
    let tokens: Vec<Token> = Scanner::new(content).filter(|token| token.kind != TokenKind::Comment).collect();
    tokens.windows(2).any(|pair| {
        let key = match &pair[0].kind {
            TokenKind::Word => slice(content, pair[0].span),
            TokenKind::QuotedWord(value) | TokenKind::String(value) => value,
            _ => return false,
        };
        let identifies = key.eq_ignore_ascii_case("identified");
        let assigned = is_assignment(&pair[1]) || is_string(&pair[1]);
        identifies || (assigned && is_secret_key(key) && !OPEN_KEYS.contains(&canonical_key(key).as_str()))
    })
}

fn find_in_comments(text: &str, spans: &mut Vec<Span>) {
    for token in Scanner::new(text) {
        let comment = matches!(token.kind, TokenKind::Comment | TokenKind::Broken(Broken::OpenComment));
        let content = slice(text, token.span);
        if comment && holds_secret_pair(content.trim_start_matches(['-', '/', '*'])) {
            spans.push(Span::new((token.span.start + 2).min(token.span.end), token.span.end));
        }
    }
}

fn is_assignment(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Symbol("=" | "=>" | ":" | ":=" | "=="))
}

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

/// The span of a value without its quotes; what is never closed reaches to the end.
fn inside_quotes(token: &Token) -> Span {
    let quotes = match token.kind {
        TokenKind::String(_) | TokenKind::QuotedWord(_) | TokenKind::Broken(Broken::Escape) => (1, 1),
        TokenKind::CodeString(_) => (2, 2),
        TokenKind::HexString(_) | TokenKind::Broken(Broken::HexString) => (2, 1),
        TokenKind::Broken(Broken::OpenString | Broken::OpenQuotedWord) => (1, 0),
        TokenKind::Broken(Broken::OpenCodeString) => (2, 0),
        _ => (0, 0),
    };
    Span::new(
        token.span.start + quotes.0,
        token.span.end.saturating_sub(quotes.1).max(token.span.start + quotes.0),
    )
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

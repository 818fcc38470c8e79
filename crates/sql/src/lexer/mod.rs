//! Cuts a text into tokens, each with its place.
//!
//! [`Scanner`] never fails: what is not a token comes out as [`TokenKind::Broken`], so that masking
//! secrets works on any text. [`tokenize`] is for parsing: it drops comments and refuses what is broken.

mod brackets;
mod literal;
mod symbol;

pub(crate) use brackets::check_brackets;

use crate::{Span, SyntaxError};

/// A token and its place.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

impl Token {
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind, TokenKind::Symbol(found) if found == symbol)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.kind == TokenKind::End
    }
}

/// What a token is. Values are without quotes and escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An identifier or keyword without quotes; its text is the span's.
    Word,
    /// `"…"` or `` `…` ``.
    QuotedWord(String),
    /// `'…'`.
    String(String),
    /// `$$…$$`.
    CodeString(String),
    /// `x'ff'`, digits only.
    HexString(String),
    /// A number as `sqlparser` takes it.
    Number(String),
    /// `@stage/path` without the `@`.
    StagePath(String),
    /// `$1`; the text is the span's.
    Position,
    /// `$name`; the text is the span's.
    Variable,
    Symbol(&'static str),
    Comment,
    Broken(Broken),
    /// The end of the text, or of the statement.
    End,
}

/// Why some characters are no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    OpenString,
    OpenQuotedWord,
    OpenCodeString,
    OpenComment,
    Escape,
    HexString,
    EmptyQuotedWord,
    Number,
    Character,
}

/// Whether a character ends `@stage/path`. A backslash before it makes it part of the path.
pub(crate) fn ends_stage_path(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '`' | ';' | '\'' | '"' | '(' | ')')
}

/// All tokens of `text` without comments; the last one is [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    for token in Scanner::new(text) {
        match token.kind {
            TokenKind::Comment => {}
            TokenKind::Broken(broken) => return Err(broken_error(text, token.span, broken)),
            _ => tokens.push(token),
        }
    }
    tokens.push(Token { kind: TokenKind::End, span: Span::point(text.len()) });
    Ok(tokens)
}

fn broken_error(text: &str, span: Span, broken: Broken) -> SyntaxError {
    let at_start = |length: usize| Span::new(span.start, (span.start + length).min(span.end));
    let error = |span, message: &str| SyntaxError::new(text, span, message);
    match broken {
        Broken::OpenString => error(at_start(1), "this string is never closed")
            .with_hint("close it with `'`; a `'` inside is written `''` or `\\'`"),
        Broken::OpenQuotedWord => error(at_start(1), "this quoted name is never closed"),
        Broken::OpenCodeString => {
            error(at_start(2), "this string is never closed").with_hint("close it with `$$`")
        }
        Broken::OpenComment => {
            error(at_start(2), "this comment is never closed").with_hint("close it with `*/`")
        }
        Broken::Escape => error(span, "this string has an escape that is not a character").with_hint(
            "`\\x` takes two hexadecimal digits and `\\u` four; a backslash itself is written `\\\\`",
        ),
        Broken::HexString => error(span, "a string after `x` holds pairs of hexadecimal digits"),
        Broken::EmptyQuotedWord => error(span, "a quoted name cannot be empty"),
        Broken::Number => error(span, "this number is too large"),
        Broken::Character => error(span, "this character is not part of the dialect"),
    }
}

/// Yields every token of a text, comments and broken ones too.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether the token before, if it ends right here, may have a `.` behind it.
    after_name: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, after_name: false }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn advance(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn advance_while(&mut self, mut belongs: impl FnMut(char) -> bool) {
        while self.peek().is_some_and(&mut belongs) {
            self.advance();
        }
    }

    fn scan(&mut self, first: char) -> TokenKind {
        let second = self.peek_second();
        match first {
            '-' if second == Some('-') => {
                self.advance_while(|c| c != '\n');
                TokenKind::Comment
            }
            '/' if second == Some('*') => self.scan_comment(),
            '\'' => self.scan_string(),
            '"' | '`' => self.scan_quoted_word(first),
            '@' if !matches!(second, Some('>' | '?' | '@')) => self.scan_stage_path(),
            '$' => self.scan_dollar(),
            'x' | 'X' if second == Some('\'') => self.scan_hex_string(),
            '0'..='9' => self.scan_number(),
            '.' if !self.after_name && second.is_some_and(|c| c.is_ascii_digit()) => self.scan_number(),
            c if starts_word(c) => {
                self.advance_while(continues_word);
                TokenKind::Word
            }
            _ => self.scan_symbol(),
        }
    }

    fn scan_comment(&mut self) -> TokenKind {
        match self.rest().get(2..).and_then(|inside| inside.find("*/")) {
            Some(length) => {
                self.at += length + 4;
                TokenKind::Comment
            }
            None => {
                self.at = self.text.len();
                TokenKind::Broken(Broken::OpenComment)
            }
        }
    }

    fn scan_stage_path(&mut self) -> TokenKind {
        self.advance();
        let mut path = String::new();
        while let Some(character) = self.peek() {
            if character == '\\' {
                let escaped = self.peek_second();
                if let Some(escaped) = escaped.filter(|c| c.is_whitespace() || matches!(c, '\'' | '"' | '\\'))
                {
                    self.advance();
                    self.advance();
                    path.push(escaped);
                    continue;
                }
            } else if ends_stage_path(character) {
                break;
            }
            self.advance();
            path.push(character);
        }
        if path.is_empty() { TokenKind::Symbol("@") } else { TokenKind::StagePath(path) }
    }

    fn scan_dollar(&mut self) -> TokenKind {
        if self.peek_second() == Some('$') {
            return self.scan_code_string();
        }
        self.advance();
        match self.peek() {
            Some('0'..='9') => {
                self.advance_while(|c| c.is_ascii_digit());
                TokenKind::Position
            }
            Some(c) if starts_word(c) => {
                self.advance_while(continues_word);
                TokenKind::Variable
            }
            _ => TokenKind::Broken(Broken::Character),
        }
    }

    fn scan_symbol(&mut self) -> TokenKind {
        match symbol::longest_symbol(self.rest()) {
            Some(symbol) => {
                self.at += symbol.len();
                TokenKind::Symbol(symbol)
            }
            None => {
                self.advance();
                TokenKind::Broken(Broken::Character)
            }
        }
    }
}

impl Iterator for Scanner<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let before = self.at;
        // A byte order mark at the start comes with files that some editors write.
        self.advance_while(|c| c.is_whitespace() || c == '\u{feff}');
        if self.at > before {
            self.after_name = false;
        }
        let first = self.peek()?;
        let start = self.at;
        let kind = self.scan(first);
        self.after_name = matches!(
            kind,
            TokenKind::Word | TokenKind::QuotedWord(_) | TokenKind::Position | TokenKind::Symbol(")" | "]")
        );
        Some(Token { kind, span: Span::new(start, self.at) })
    }
}

fn starts_word(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn continues_word(character: char) -> bool {
    matches!(character, '_' | '$') || character.is_alphanumeric()
}

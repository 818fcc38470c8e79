//! A cursor over the tokens of one statement, and the errors that say what was expected.

use crate::lexer::{Token, TokenKind};
use crate::span::slice;
use crate::{Location, Name, ObjectName, Secret, Span, SyntaxError, SyntaxErrorKind, Text, suggest};

/// Walks over the tokens of one statement.
pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    /// Ends with [`TokenKind::End`].
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Parser<'a> {
    /// `tokens` end with [`TokenKind::End`].
    pub(crate) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0 }
    }

    // ---- looking ----

    pub(crate) fn peek(&self) -> &'a Token {
        self.peek_at(0)
    }

    /// The token `ahead` places on; the end when there is none.
    pub(crate) fn peek_at(&self, ahead: usize) -> &'a Token {
        const END: &Token = &Token { kind: TokenKind::End, span: Span { start: 0, end: 0 } };
        self.tokens.get(self.at + ahead).or(self.tokens.last()).unwrap_or(END)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Symbol(found) if found == symbol)
    }

    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.is_keyword_at(0, keyword)
    }

    pub(crate) fn is_keyword_at(&self, ahead: usize, keyword: &str) -> bool {
        self.word_at(ahead).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// The unquoted word `ahead` places on.
    pub(crate) fn word_at(&self, ahead: usize) -> Option<&'a str> {
        let token = self.peek_at(ahead);
        (token.kind == TokenKind::Word).then(|| slice(self.text, token.span))
    }

    /// Where the cursor stands among the tokens.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The tokens from the cursor to the end, the end token included.
    pub(crate) fn rest(&self) -> &'a [Token] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    /// All tokens, the end token included.
    pub(crate) fn all(&self) -> &'a [Token] {
        self.tokens
    }

    /// The token before the cursor.
    pub(crate) fn previous(&self) -> Option<&'a Token> {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    /// Whether the token `back` places before the cursor is a keyword.
    pub(crate) fn is_previous_keyword(&self, back: usize, keyword: &str) -> bool {
        let token = self.at.checked_sub(back).and_then(|at| self.tokens.get(at));
        token.is_some_and(|token| {
            token.kind == TokenKind::Word && slice(self.text, token.span).eq_ignore_ascii_case(keyword)
        })
    }

    /// The span of the token before the cursor.
    pub(crate) fn previous_span(&self) -> Span {
        self.previous().map_or(Span::default(), |token| token.span)
    }

    /// From the first token to the last before the end.
    pub(crate) fn statement_span(&self) -> Span {
        self.span_from(0)
    }

    /// From the token at `position` to the last before the end.
    pub(crate) fn span_from(&self, position: usize) -> Span {
        let last = self.tokens.len().saturating_sub(2);
        match (self.tokens.get(position), self.tokens.get(last)) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end.max(first.span.start)),
            _ => Span::default(),
        }
    }

    // ---- taking ----

    pub(crate) fn advance(&mut self) -> &'a Token {
        let token = self.peek();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Puts the cursor at the end.
    pub(crate) fn skip_to_end(&mut self) {
        self.at = self.tokens.len().saturating_sub(1);
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    /// Takes all of `keywords` or none.
    pub(crate) fn take_keywords(&mut self, keywords: &[&str]) -> bool {
        let found = keywords.iter().enumerate().all(|(ahead, keyword)| self.is_keyword_at(ahead, keyword));
        self.at += if found { keywords.len() } else { 0 };
        found
    }

    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<Span, SyntaxError> {
        if self.take_symbol(symbol) {
            Ok(self.previous_span())
        } else {
            Err(self.expected(&format!("`{symbol}`")))
        }
    }

    pub(crate) fn expect_keyword(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        if self.take_keyword(keyword) { Ok(()) } else { Err(self.expected_one_of(&[keyword])) }
    }

    pub(crate) fn expect_end(&self) -> Result<(), SyntaxError> {
        if self.is_end() { Ok(()) } else { Err(self.expected("the end of the statement")) }
    }

    /// An identifier, quoted or not; `what` names it in the error, such as `a connection name`.
    pub(crate) fn name(&mut self, what: &str) -> Result<Name, SyntaxError> {
        let token = self.peek();
        let name = match &token.kind {
            TokenKind::Word => Name::new(slice(self.text, token.span), false, token.span),
            TokenKind::QuotedWord(value) => Name::new(value, true, token.span),
            TokenKind::StagePath(_) => {
                return Err(self.expected(what).with_hint("write the name without `@`"));
            }
            _ => return Err(self.expected(what)),
        };
        self.advance();
        Ok(name)
    }

    /// One to `parts_max` names with dots between them.
    pub(crate) fn object_name(&mut self, what: &str, parts_max: usize) -> Result<ObjectName, SyntaxError> {
        let mut parts = vec![self.name(what)?];
        while parts.len() < parts_max && self.take_symbol(".") {
            parts.push(self.name(what)?);
        }
        Ok(ObjectName { parts })
    }

    /// A string literal; `what` names it in the error, such as `a pattern`.
    pub(crate) fn string(&mut self, what: &str) -> Result<Text, SyntaxError> {
        let token = self.peek();
        let (TokenKind::String(value) | TokenKind::CodeString(value)) = &token.kind else {
            let error = self.expected(&format!("{what} in quotes"));
            return Err(match token.kind {
                TokenKind::QuotedWord(_) => error.with_hint("strings have single quotes: `'…'`"),
                TokenKind::Variable => error.with_hint("variables are not supported here in this version"),
                TokenKind::Word => error.with_hint(format!("write `'{}'`", slice(self.text, token.span))),
                _ => error,
            });
        };
        self.advance();
        Ok(Text::new(value, token.span))
    }

    /// A string literal that nobody may see: what stands in its place is not told.
    pub(crate) fn secret(&mut self, what: &str) -> Result<Secret, SyntaxError> {
        let token = self.peek();
        match &token.kind {
            TokenKind::String(value) | TokenKind::CodeString(value) => {
                self.advance();
                Ok(Secret::new(value))
            }
            _ => Err(self.error(token.span, format!("expected {what} in quotes")).with_hint("write `'…'`")),
        }
    }

    /// `IF EXISTS`.
    pub(crate) fn if_exists(&mut self) -> Result<bool, SyntaxError> {
        let is_slip = |word| suggest(word, ["EXISTS"]).is_some();
        if self.is_keyword("IF") && self.word_at(1).is_some_and(is_slip) {
            self.advance();
            self.expect_keyword("EXISTS")?;
            return Ok(true);
        }
        Ok(false)
    }

    /// A number without sign or fraction.
    pub(crate) fn integer(&mut self, what: &str) -> Result<u64, SyntaxError> {
        let value = match &self.peek().kind {
            TokenKind::Number(number) => number.parse().ok(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.expected(&format!("{what}, a whole number")))?;
        self.advance();
        Ok(value)
    }

    /// `TRUE` or `FALSE`, also in quotes.
    pub(crate) fn boolean(&mut self) -> Result<bool, SyntaxError> {
        let word = match &self.peek().kind {
            TokenKind::String(value) => value.as_str(),
            _ => self.word_at(0).unwrap_or_default(),
        };
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(self.expected("`TRUE` or `FALSE`")),
        };
        self.advance();
        Ok(value)
    }

    /// `@stage/path`, also in quotes; `statement` names who needs it.
    pub(crate) fn stage_location(&mut self, statement: &str) -> Result<(Location, Span), SyntaxError> {
        let token = self.peek();
        let location = match &token.kind {
            TokenKind::StagePath(path) => Some(Location::from_stage_text(path)),
            TokenKind::String(value) => Location::from_string(value),
            _ => None,
        };
        match location {
            Some(Location::Uri(_)) => Err(self
                .error(token.span, format!("{statement} takes a stage, not a URI"))
                .with_hint("make a stage for it: `CREATE STAGE <name> URL = '…'`")),
            Some(location) => {
                self.advance();
                Ok((location, token.span))
            }
            None => {
                let error = self.expected("a stage location such as `@stage/path`");
                let written = self.text.get(token.span.start..).unwrap_or_default();
                let path = written.split(crate::lexer::ends_stage_path).next().unwrap_or_default();
                Err(match token.kind {
                    TokenKind::Word => error.with_hint(format!("write `@{path}`")),
                    _ => error,
                })
            }
        }
    }

    // ---- errors ----

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, span, message)
    }

    pub(crate) fn unsupported(&self, span: Span, message: impl Into<String>) -> SyntaxError {
        self.error(span, message).with_kind(SyntaxErrorKind::Unsupported)
    }

    /// "expected …, found …" at the cursor.
    pub(crate) fn expected(&self, what: &str) -> SyntaxError {
        let token = self.peek();
        self.error(token.span, format!("expected {what}, found {}", describe(self.text, token)))
    }

    /// The same for words, with the one that was probably meant.
    pub(crate) fn expected_one_of(&self, words: &[&str]) -> SyntaxError {
        let error = self.expected(&list_words(words, "or"));
        match self.word_at(0).and_then(|word| suggest(word, words.iter().copied())) {
            Some(word) => error.with_hint(format!("did you mean `{word}`?")),
            None => error,
        }
    }

    /// "there is no privilege …" for the word at the cursor, with what there is.
    pub(crate) fn unknown_privilege(&self, known: &[&str]) -> SyntaxError {
        let Some(word) = self.word_at(0) else {
            return self.expected("a privilege, `ALL` or `ROLE`");
        };
        let error =
            self.error(self.peek().span, format!("there is no privilege `{}`", word.to_ascii_uppercase()));
        let list = list_words(known, "and");
        error.with_hint(match suggest(word, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`? there are {list}"),
            None => format!("there are {list}"),
        })
    }

    /// "… has no option …" for the word at the cursor, with what is allowed.
    pub(crate) fn unknown_option(&self, of: &str, allowed: &[&str]) -> SyntaxError {
        let Some(word) = self.word_at(0) else {
            return self.expected_one_of(allowed);
        };
        let error =
            self.error(self.peek().span, format!("{of} has no option `{}`", word.to_ascii_uppercase()));
        let allowed_list = list_words(allowed, "and");
        error.with_hint(match suggest(word, allowed.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`? allowed are {allowed_list}"),
            None => format!("allowed are {allowed_list}"),
        })
    }
}

/// A token in words. The value of a string is never told: it may be a secret.
pub(crate) fn describe(text: &str, token: &Token) -> String {
    const SHOWN_LENGTH_MAX: usize = 40;
    match &token.kind {
        TokenKind::String(_) | TokenKind::CodeString(_) | TokenKind::HexString(_) => "a string".to_string(),
        TokenKind::End => "the end of the statement".to_string(),
        _ => {
            let written = slice(text, token.span);
            let shown: String = written.chars().take(SHOWN_LENGTH_MAX).collect();
            let more = if shown.len() < written.len() { "…" } else { "" };
            format!("`{shown}{more}`")
        }
    }
}

/// `` `A`, `B` or `C` ``, with `last_word` for the `or`.
pub(crate) fn list_words(words: &[&str], last_word: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} {last_word} {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

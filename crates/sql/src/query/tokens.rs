//! Our tokens as `sqlparser`'s, each with its line and column in the user's text.

use sqlparser::tokenizer::{
    Location as TokenLocation, Span as TokenSpan, Token as ParserToken, TokenWithSpan,
};

use crate::lexer::{Token, TokenKind};
use crate::span::slice;
use crate::{Span, SyntaxError};

/// Tokens for `sqlparser`, with the way back to the text.
pub(crate) struct Converted {
    pub(crate) tokens: Vec<TokenWithSpan>,
    /// The place in the text of each of `tokens`.
    pub(crate) spans: Vec<Span>,
    pub(crate) positional: bool,
}

/// Converts tokens in the order of the text.
pub(crate) struct Converter<'a> {
    text: &'a str,
    converted: Converted,
    /// A byte offset of the text, with its line and column.
    at: usize,
    line: u64,
    column: u64,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let converted = Converted { tokens: Vec::new(), spans: Vec::new(), positional: false };
        Self { text, converted, at: 0, line: 1, column: 1 }
    }

    /// Adds a token of the user's.
    pub(crate) fn push(&mut self, token: &Token) -> Result<(), SyntaxError> {
        let converted = match &token.kind {
            TokenKind::Word => ParserToken::make_word(slice(self.text, token.span), None),
            TokenKind::QuotedWord(value) => ParserToken::make_word(value, Some('"')),
            TokenKind::String(value) | TokenKind::CodeString(value) => {
                ParserToken::SingleQuotedString(value.clone())
            }
            TokenKind::HexString(digits) => ParserToken::HexStringLiteral(digits.clone()),
            TokenKind::Number(number) => ParserToken::Number(number.clone(), false),
            TokenKind::Position => {
                self.converted.positional = true;
                ParserToken::make_word(slice(self.text, token.span), Some('"'))
            }
            TokenKind::Variable => ParserToken::Placeholder(slice(self.text, token.span).to_string()),
            TokenKind::Symbol(symbol) => match convert_symbol(symbol) {
                Some(converted) => converted,
                None => {
                    let message = format!("`{symbol}` has no meaning in a query");
                    return Err(SyntaxError::new(self.text, token.span, message));
                }
            },
            TokenKind::StagePath(_) => {
                let message = "a stage location cannot stand here";
                return Err(SyntaxError::new(self.text, token.span, message)
                    .with_hint("locations stand where a table may stand: behind FROM or JOIN"));
            }
            TokenKind::Comment | TokenKind::Broken(_) | TokenKind::End => return Ok(()),
        };
        self.push_converted(converted, token.span);
        Ok(())
    }

    /// Adds a quoted name in the place of what stands at `span`.
    pub(crate) fn push_name(&mut self, name: &str, span: Span) {
        self.push_converted(ParserToken::make_word(name, Some('"')), span);
    }

    pub(crate) fn finish(self) -> Converted {
        self.converted
    }

    fn push_converted(&mut self, token: ParserToken, span: Span) {
        let start = self.locate(span.start);
        let end = self.locate(span.end);
        self.converted.tokens.push(TokenWithSpan { token, span: TokenSpan { start, end } });
        self.converted.spans.push(span);
    }

    fn locate(&mut self, offset: usize) -> TokenLocation {
        for character in slice(self.text, Span::new(self.at, offset)).chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at = self.at.max(offset);
        TokenLocation { line: self.line, column: self.column }
    }
}

impl Converted {
    /// The place in the text of what `sqlparser` says is at `location`.
    pub(crate) fn span_at(&self, location: TokenLocation) -> Option<Span> {
        let index = self
            .tokens
            .binary_search_by_key(&(location.line, location.column), |token| {
                (token.span.start.line, token.span.start.column)
            })
            .ok()?;
        self.spans.get(index).copied()
    }
}

fn convert_symbol(symbol: &str) -> Option<ParserToken> {
    Some(match symbol {
        "(" => ParserToken::LParen,
        ")" => ParserToken::RParen,
        "[" => ParserToken::LBracket,
        "]" => ParserToken::RBracket,
        "{" => ParserToken::LBrace,
        "}" => ParserToken::RBrace,
        "," => ParserToken::Comma,
        "." => ParserToken::Period,
        ":" => ParserToken::Colon,
        "::" => ParserToken::DoubleColon,
        ":=" => ParserToken::Assignment,
        "=" => ParserToken::Eq,
        "==" => ParserToken::DoubleEq,
        "<>" | "!=" => ParserToken::Neq,
        "<=>" => ParserToken::Spaceship,
        "<" => ParserToken::Lt,
        ">" => ParserToken::Gt,
        "<=" => ParserToken::LtEq,
        ">=" => ParserToken::GtEq,
        "=>" => ParserToken::RArrow,
        "->" => ParserToken::Arrow,
        "->>" => ParserToken::LongArrow,
        "+" => ParserToken::Plus,
        "-" => ParserToken::Minus,
        "*" => ParserToken::Mul,
        "/" => ParserToken::Div,
        "//" => ParserToken::DuckIntDiv,
        "%" => ParserToken::Mod,
        "||" => ParserToken::StringConcat,
        "&" => ParserToken::Ampersand,
        "&&" => ParserToken::Overlap,
        "|" => ParserToken::Pipe,
        "^" => ParserToken::Caret,
        "<<" => ParserToken::ShiftLeft,
        ">>" => ParserToken::ShiftRight,
        "~" => ParserToken::Tilde,
        "~*" => ParserToken::TildeAsterisk,
        "!~" => ParserToken::ExclamationMarkTilde,
        "!~*" => ParserToken::ExclamationMarkTildeAsterisk,
        "~~" => ParserToken::DoubleTilde,
        "~~*" => ParserToken::DoubleTildeAsterisk,
        "!~~" => ParserToken::ExclamationMarkDoubleTilde,
        "!~~*" => ParserToken::ExclamationMarkDoubleTildeAsterisk,
        "!" => ParserToken::ExclamationMark,
        "#" => ParserToken::Sharp,
        "#>" => ParserToken::HashArrow,
        "#>>" => ParserToken::HashLongArrow,
        "#-" => ParserToken::HashMinus,
        "@>" => ParserToken::AtArrow,
        "<@" => ParserToken::ArrowAt,
        "@?" => ParserToken::AtQuestion,
        "@@" => ParserToken::AtAt,
        "?" => ParserToken::Placeholder("?".to_string()),
        _ => return None,
    })
}

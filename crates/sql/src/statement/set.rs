//! `SET [SESSION | GLOBAL] <setting> = <value> [, …]`

use std::fmt;

use crate::display::{CommaSeparated, Quoted};
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Name, Span, SyntaxError};

/// Changes settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    pub scope: SettingScope,
    /// Never empty.
    pub settings: Vec<Setting>,
}

/// How far a SET or UNSET reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingScope {
    /// Nothing was said, or SESSION.
    Session,
    Global,
}

/// `name = value`. Equality ignores the span.
#[derive(Debug, Clone)]
pub struct Setting {
    pub name: Name,
    pub value: SettingValue,
    pub value_span: Span,
}

/// The value of a setting as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    Text(String),
    /// As written, with its sign.
    Number(String),
    Boolean(bool),
}

impl SettingValue {
    /// The text that settings travel as: `TRUE` is `1`.
    pub fn to_text(&self) -> String {
        match self {
            SettingValue::Text(text) | SettingValue::Number(text) => text.clone(),
            SettingValue::Boolean(value) => u8::from(*value).to_string(),
        }
    }
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl Eq for Setting {}

impl Set {
    /// Behind `SET`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let scope = SettingScope::parse(parser);
        let settings = if parser.is_symbol("(") { parse_lists(parser)? } else { parse_settings(parser)? };
        Ok(Self { scope, settings })
    }
}

impl SettingScope {
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Self {
        // A setting may be called `session` or `global`.
        let is_scope = !matches!(parser.peek_at(1).kind, TokenKind::Symbol("=") | TokenKind::End);
        if is_scope && parser.take_keyword("GLOBAL") {
            return SettingScope::Global;
        }
        if is_scope {
            parser.take_keyword("SESSION");
        }
        SettingScope::Session
    }
}

/// `a = 1, b = 'x'`.
pub(crate) fn parse_settings(parser: &mut Parser<'_>) -> Result<Vec<Setting>, SyntaxError> {
    let mut settings = Vec::new();
    loop {
        let name = parser.name("a setting's name")?;
        parser.expect_symbol("=")?;
        let (value, value_span) = parse_value(parser)?;
        settings.push(Setting { name, value, value_span });
        if !parser.take_symbol(",") {
            return Ok(settings);
        }
    }
}

/// `(a, b) = (1, 'x')`.
fn parse_lists(parser: &mut Parser<'_>) -> Result<Vec<Setting>, SyntaxError> {
    let mut names = Vec::new();
    parser.expect_symbol("(")?;
    loop {
        names.push(parser.name("a setting's name")?);
        if !parser.take_symbol(",") {
            break;
        }
    }
    parser.expect_symbol(")")?;
    parser.expect_symbol("=")?;
    parser.expect_symbol("(")?;
    let mut settings = Vec::new();
    for name in names {
        if !settings.is_empty() {
            parser.expect_symbol(",")?;
        }
        let (value, value_span) = parse_value(parser)?;
        settings.push(Setting { name, value, value_span });
    }
    parser.expect_symbol(")")?;
    Ok(settings)
}

fn parse_value(parser: &mut Parser<'_>) -> Result<(SettingValue, Span), SyntaxError> {
    let start = parser.peek().span;
    let sign = if parser.take_symbol("-") {
        "-"
    } else {
        parser.take_symbol("+");
        ""
    };
    let value = match (&parser.peek().kind, parser.word_at(0)) {
        (TokenKind::Number(number), _) => SettingValue::Number(format!("{sign}{number}")),
        (TokenKind::String(text), _) if sign.is_empty() => SettingValue::Text(text.clone()),
        (_, Some(word)) if word.eq_ignore_ascii_case("true") => SettingValue::Boolean(true),
        (_, Some(word)) if word.eq_ignore_ascii_case("false") => SettingValue::Boolean(false),
        (_, Some(word)) if sign.is_empty() => {
            let hint = format!("put it in quotes: `'{word}'`");
            return Err(parser.expected("a string, a number, `TRUE` or `FALSE`").with_hint(hint));
        }
        _ => return Err(parser.expected("a string, a number, `TRUE` or `FALSE`")),
    };
    parser.advance();
    Ok((value, start.to(parser.previous_span())))
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SET {}{}", self.scope, CommaSeparated(&self.settings))
    }
}

impl fmt::Display for SettingScope {
    /// With a blank behind it; nothing for the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SettingScope::Session => "",
            SettingScope::Global => "GLOBAL ",
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ", self.name)?;
        match &self.value {
            SettingValue::Text(text) => write!(f, "{}", Quoted(text)),
            SettingValue::Number(number) => f.write_str(number),
            SettingValue::Boolean(value) => write!(f, "{value}"),
        }
    }
}

//! `SET [SESSION | GLOBAL] <setting> = <value> [, …]`

use std::fmt;

use crate::display::{CommaSeparated, Quoted};
use crate::{Name, Span};

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

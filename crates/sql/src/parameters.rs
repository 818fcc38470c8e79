//! Parameters of a connection: `ROLE_ARN = '…' EXTERNAL_ID = '…'`.

use std::collections::BTreeMap;
use std::fmt;

use crate::display::Quoted;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Secret, Span, SyntaxError};

/// The parameters of CREATE CONNECTION or `CONNECTION = (…)`. Keys are lower-case and aliases are
/// resolved (`aws_role_arn` is `role_arn`); of a repeated key the last value stands.
///
/// Which keys a storage type takes is for the engine to check; [`ConnectionParameters::known_keys`] helps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionParameters {
    entries: BTreeMap<String, ConnectionParameter>,
}

/// One parameter with its places. Equality ignores the spans.
#[derive(Debug, Clone)]
pub struct ConnectionParameter {
    pub value: ParameterValue,
    pub key_span: Span,
    pub value_span: Span,
}

/// The value of a parameter, apart by whether it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    Plain(String),
    Secret(Secret),
}

impl ParameterValue {
    /// The value, secret or not.
    pub fn expose(&self) -> &str {
        match self {
            ParameterValue::Plain(value) => value,
            ParameterValue::Secret(secret) => secret.expose(),
        }
    }
}

impl PartialEq for ConnectionParameter {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for ConnectionParameter {}

impl ConnectionParameters {
    /// The value of `key` (lower-case, canonical), secret or not.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(|entry| entry.value.expose())
    }

    /// The whole entry of `key`.
    pub fn entry(&self, key: &str) -> Option<&ConnectionParameter> {
        self.entries.get(key)
    }

    /// All entries by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConnectionParameter)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a parameter; `key` is made lower-case and canonical. A later value replaces an earlier one.
    pub(crate) fn insert(&mut self, key: &str, value: String, key_span: Span, value_span: Span) {
        let key = canonical_key(key);
        let value = if is_secret_key(&key) {
            ParameterValue::Secret(Secret::new(value))
        } else {
            ParameterValue::Plain(value)
        };
        self.entries.insert(key, ConnectionParameter { value, key_span, value_span });
    }

    /// The keys a storage type takes (canonical, sorted); `None` for a type nobody knows.
    pub fn known_keys(storage_type: &str) -> Option<&'static [&'static str]> {
        Some(match storage_type.to_ascii_lowercase().as_str() {
            "s3" => &[
                "access_key_id",
                "enable_virtual_host_style",
                "endpoint_url",
                "external_id",
                "identity",
                "kms_key_arn",
                "master_key",
                "region",
                "role_arn",
                "secret_access_key",
                "session_tags",
                "session_token",
            ],
            "azblob" => &["account_key", "account_name", "endpoint_url"],
            "gcs" => &["credential", "endpoint_url"],
            "oss" => &["access_key_id", "access_key_secret", "endpoint_url", "role_arn"],
            "obs" => &["access_key_id", "endpoint_url", "secret_access_key"],
            "cos" => &["endpoint_url", "secret_id", "secret_key"],
            "ipfs" => &["endpoint_url"],
            "webhdfs" => &["delegation", "disable_list_batch", "https", "user_name"],
            "huggingface" | "hf" => &["repo_type", "revision", "token"],
            "http" | "https" | "fs" => &[],
            "hdfs" => &["name_node"],
            _ => return None,
        })
    }
}

impl fmt::Display for ConnectionParameters {
    /// Separated by blanks, secrets included: for parsing back, not for showing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, entry)) in self.entries.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{} = {}", key.to_ascii_uppercase(), Quoted(entry.value.expose()))?;
        }
        Ok(())
    }
}

/// `( … )` with parameters inside.
pub(crate) fn parse_connection(parser: &mut Parser<'_>) -> Result<ConnectionParameters, SyntaxError> {
    if !parser.is_symbol("(") {
        return Err(parser.expected("`(`").with_hint("write `CONNECTION = (CONNECTION_NAME = '…')`"));
    }
    parser.advance();
    let parameters = parse_parameters(parser)?;
    parser.expect_symbol(")")?;
    Ok(parameters)
}

/// `<key> = '<value>'` up to a `)` or the end; commas between them are optional.
pub(crate) fn parse_parameters(parser: &mut Parser<'_>) -> Result<ConnectionParameters, SyntaxError> {
    parse_parameters_until(parser, ")")
}

/// The same up to a word or symbol, or the end.
pub(crate) fn parse_parameters_until(
    parser: &mut Parser<'_>,
    end: &str,
) -> Result<ConnectionParameters, SyntaxError> {
    let mut parameters = ConnectionParameters::default();
    while !parser.is_end() && !parser.is_symbol(end) && !parser.is_keyword(end) {
        let key_token = parser.peek();
        let (TokenKind::Word | TokenKind::QuotedWord(_)) = key_token.kind else {
            return Err(parser.expected("a connection parameter such as `ROLE_ARN = '…'`"));
        };
        let key = parser.name("a connection parameter")?.value;
        if !parser.take_symbol("=") {
            let error = parser.expected("`=`");
            return Err(if parser.is_symbol("=>") { error.with_hint("write `=` here") } else { error });
        }
        let value_span = parser.peek().span;
        let value = parse_value(parser, &key)?;
        parameters.insert(&key, value, key_token.span, value_span);
        parser.take_symbol(",");
    }
    Ok(parameters)
}

fn parse_value(parser: &mut Parser<'_>, key: &str) -> Result<String, SyntaxError> {
    let span = parser.peek().span;
    if ["enable_virtual_host_style", "session_tags"].iter().any(|flag| key.eq_ignore_ascii_case(flag)) {
        return Ok(parser.boolean()?.to_string());
    }
    if matches!(parser.peek().kind, TokenKind::String(_) | TokenKind::CodeString(_)) {
        return Ok(parser.string("a value")?.value);
    }
    // What stands here may be a secret whose quotes were forgotten, so it is not told.
    let key = key.to_ascii_uppercase();
    let error = parser.error(span, format!("expected the value of `{key}` in quotes"));
    Err(error.with_hint(format!("write `{key} = '…'`")))
}

/// Lower-case, and aliases resolved.
pub(crate) fn canonical_key(key: &str) -> String {
    let key = key.to_ascii_lowercase();
    match key.as_str() {
        "aws_key_id" => "access_key_id",
        "aws_secret_key" => "secret_access_key",
        "aws_token" | "security_token" => "session_token",
        "aws_role_arn" => "role_arn",
        "aws_external_id" => "external_id",
        _ => return key,
    }
    .to_string()
}

/// Whether the value of a parameter must not be shown. Generous: a mistyped secret key is still secret.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let telling = ["secret", "token", "password", "passwd", "credential", "private", "delegation"];
    let keys = ["master_key", "account_key", "api_key", "encryption_key", "sas"];
    telling.iter().any(|part| key.contains(part)) || keys.contains(&key.as_str())
}

//! Which format a location is read with, and what its options mean when they are not given.

use sql::{
    Compression, EmptyFieldAs, EncodingErrorMode, FileFormatBase, FileFormatOptions, FileFormatType,
    QuotedEmptyFieldAs,
};

use super::delimited::Layout;
use crate::session::Session;
use crate::stage::Place;
use crate::{Error, ErrorKind};

/// The format named by a location, else the stage's; `None` where neither says one.
pub(crate) async fn resolve_format(
    session: &Session,
    place: &Place,
    named: Option<&sql::Text>,
) -> Result<Option<FileFormatOptions>, Error> {
    let Some(name) = named else { return stored_format(&place.file_format) };
    let built_in = FileFormatType::from_word(&name.value);
    let found = session.engine.catalog().file_format(&session.identity.organization, &name.value).await?;
    match (found, built_in) {
        (Some(found), _) => stored_format(&found.options),
        (None, Some(built_in)) => Ok(Some(FileFormatOptions::new(FileFormatBase::Type(built_in)))),
        (None, None) => Err(Error::new(
            ErrorKind::UnknownFileFormat,
            format!("file format `{}` does not exist", name.value),
        )
        .with_excerpt(sql::excerpt(&session.sql, name.span))
        .with_hint("`SHOW FILE FORMATS` lists them")),
    }
}

/// The options that the catalog keeps as `{"type": "Csv", "text": "TYPE = CSV …"}`.
pub(crate) fn stored_format(json: &str) -> Result<Option<FileFormatOptions>, Error> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = value.get("text").and_then(|text| text.as_str());
    let Some(text) = text.or_else(|| value.get("type").and_then(|word| word.as_str())) else {
        return Ok(None);
    };
    let text = if text.contains('=') { text.to_owned() } else { format!("TYPE = {text}") };
    match sql::parse(&format!("CREATE FILE FORMAT stored {text}")) {
        Ok(sql::Statement::CreateFileFormat(statement)) => Ok(Some(statement.options)),
        _ => Err(Error::new(ErrorKind::Internal, "a stored file format cannot be read").with_context(json)),
    }
}

/// The type of a format. One that stands for another by name was resolved when it was made.
pub(crate) fn type_of(options: &FileFormatOptions) -> FileFormatType {
    match &options.base {
        FileFormatBase::Type(format) => *format,
        FileFormatBase::Name(name) => {
            FileFormatType::from_word(&name.value).unwrap_or(FileFormatType::Parquet)
        }
    }
}

/// Options of CSV and TEXT, none of them open.
#[derive(Debug, Clone)]
pub(crate) struct DelimitedOptions {
    pub(crate) layout: Layout,
    pub(crate) compression: Option<Compression>,
    pub(crate) skip_header: u64,
    pub(crate) null_display: String,
    pub(crate) nan_display: String,
    pub(crate) empty_is_null: bool,
    pub(crate) quoted_empty_is_null: bool,
    pub(crate) allow_quoted_nulls: bool,
    pub(crate) error_on_column_count_mismatch: bool,
    pub(crate) trim_space: bool,
    /// `None` for UTF-8.
    pub(crate) encoding: Option<&'static encoding_rs::Encoding>,
    pub(crate) replace_invalid: bool,
}

impl DelimitedOptions {
    pub(crate) fn new(options: &FileFormatOptions) -> Result<Self, Error> {
        let is_text = type_of(options) == FileFormatType::Text;
        let defaults = if is_text { Layout::text() } else { Layout::csv() };
        let delimiter = |given: &Option<String>, default: Vec<u8>| match given {
            Some(text) => unescape_delimiter(text),
            None => default,
        };
        let mut record_end = delimiter(&options.record_delimiter, defaults.record_end.clone());
        if record_end.is_empty() || record_end == b"\r\n" {
            // A line feed takes the carriage return before it.
            record_end = b"\n".to_vec();
        }
        let field_end = delimiter(&options.field_delimiter, defaults.field_end.clone());
        if field_end == record_end {
            return Err(invalid("FIELD_DELIMITER and RECORD_DELIMITER are the same".to_owned()));
        }
        let quote = match &options.quote {
            _ if is_text => None,
            Some(text) => one_byte("QUOTE", text)?,
            None => defaults.quote,
        };
        let escape = match &options.escape {
            Some(text) => one_byte("ESCAPE", text)?,
            None => defaults.escape,
        };
        let layout = Layout { field_end, record_end, quote, escape, ..defaults };
        Ok(Self {
            layout,
            compression: options.compression,
            skip_header: options.skip_header.unwrap_or(0),
            null_display: options.null_display.clone().unwrap_or_else(|| "\\N".to_owned()),
            nan_display: options.nan_display.clone().unwrap_or_else(|| "NaN".to_owned()),
            // The default of a column that may be NULL is NULL.
            empty_is_null: options.empty_field_as != Some(EmptyFieldAs::String),
            quoted_empty_is_null: matches!(
                options.quoted_empty_field_as,
                Some(QuotedEmptyFieldAs::Null | QuotedEmptyFieldAs::FieldDefault)
            ),
            allow_quoted_nulls: options.allow_quoted_nulls.unwrap_or(false),
            error_on_column_count_mismatch: options.error_on_column_count_mismatch.unwrap_or(true),
            trim_space: options.trim_space.unwrap_or(false),
            encoding: options.encoding.as_deref().map(find_encoding).transpose()?.flatten(),
            replace_invalid: options.encoding_error_mode == Some(EncodingErrorMode::Replace),
        })
    }
}

fn find_encoding(name: &str) -> Result<Option<&'static encoding_rs::Encoding>, Error> {
    let found = encoding_rs::Encoding::for_label(name.as_bytes())
        .ok_or_else(|| invalid(format!("ENCODING `{name}` is not known")))?;
    Ok((found != encoding_rs::UTF_8).then_some(found))
}

fn one_byte(option: &str, text: &str) -> Result<Option<u8>, Error> {
    match unescape_delimiter(text).as_slice() {
        [] => Ok(None),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => Err(invalid(format!("{option} is `{text}`, which is not one ASCII character"))),
    }
}

/// A delimiter as people write it in single quotes: `'\t'`, `'\x01'`.
fn unescape_delimiter(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let rest = characters.as_str();
        if character != '\\' || rest.is_empty() {
            bytes.extend(character.to_string().into_bytes());
            continue;
        }
        match characters.next() {
            Some('t') => bytes.push(b'\t'),
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('0') => bytes.push(0),
            Some('x') => match rest.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) => {
                    bytes.push(byte);
                    characters.nth(1);
                }
                None => bytes.extend(b"\\x"),
            },
            Some('\\') | None => bytes.push(b'\\'),
            Some(other) => bytes.extend(format!("\\{other}").into_bytes()),
        }
    }
    bytes
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidFileFormat, message)
        .with_hint("`SHOW FILE FORMATS` shows the formats' options")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Result<DelimitedOptions, Error> {
        let json = serde_json::json!({"type": "Csv", "text": text}).to_string();
        DelimitedOptions::new(&stored_format(&json)?.unwrap())
    }

    #[test]
    fn defaults_depend_on_the_type() {
        let csv = options("TYPE = CSV").unwrap();
        assert_eq!((csv.layout, csv.empty_is_null), (Layout::csv(), true));
        assert_eq!(options("TYPE = TSV").unwrap().layout, Layout::text());
        assert!(stored_format("{}").unwrap().is_none());
    }

    #[test]
    fn delimiters_may_be_escaped_and_long() {
        let layout =
            options("TYPE = CSV FIELD_DELIMITER = '\\x01' RECORD_DELIMITER = '\r\n' QUOTE = NONE").unwrap();
        assert_eq!(layout.layout.field_end, [1]);
        assert_eq!(layout.layout.record_end, b"\n");
        assert_eq!(layout.layout.quote, None);
        assert!(options("TYPE = CSV QUOTE = 'ab'").unwrap_err().message.contains("QUOTE is `ab`"));
        assert!(options("TYPE = CSV ENCODING = 'klingon'").unwrap_err().message.contains("klingon"));
    }
}

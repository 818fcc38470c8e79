//! Reads `TYPE = CSV FIELD_DELIMITER = '|' …`.

use super::{FileFormatBase, FileFormatOptions, FileFormatType};
use crate::lexer::TokenKind;
use crate::parser::{Parser, describe, list_words};
use crate::{Span, SyntaxError, SyntaxErrorKind, suggest};

impl FileFormatType {
    /// The options that a format of this type takes besides TYPE.
    pub fn known_options(self) -> &'static [&'static str] {
        match self {
            FileFormatType::Csv => &[
                "COMPRESSION",
                "RECORD_DELIMITER",
                "FIELD_DELIMITER",
                "QUOTE",
                "ESCAPE",
                "SKIP_HEADER",
                "OUTPUT_HEADER",
                "NULL_DISPLAY",
                "NAN_DISPLAY",
                "EMPTY_FIELD_AS",
                "QUOTED_EMPTY_FIELD_AS",
                "ALLOW_QUOTED_NULLS",
                "ERROR_ON_COLUMN_COUNT_MISMATCH",
                "TRIM_SPACE",
                "BINARY_FORMAT",
                "QUOTE_STYLE",
                "ENCODING",
                "ENCODING_ERROR_MODE",
                "GEOMETRY_FORMAT",
            ],
            FileFormatType::Text => &[
                "COMPRESSION",
                "RECORD_DELIMITER",
                "FIELD_DELIMITER",
                "QUOTE",
                "ESCAPE",
                "SKIP_HEADER",
                "OUTPUT_HEADER",
                "NULL_DISPLAY",
                "NAN_DISPLAY",
                "EMPTY_FIELD_AS",
                "ERROR_ON_COLUMN_COUNT_MISMATCH",
                "TRIM_SPACE",
                "ENCODING",
                "ENCODING_ERROR_MODE",
            ],
            FileFormatType::Ndjson => &["COMPRESSION", "NULL_FIELD_AS", "MISSING_FIELD_AS", "NULL_IF"],
            FileFormatType::Parquet => &["COMPRESSION", "MISSING_FIELD_AS", "NULL_IF", "USE_LOGIC_TYPE"],
            FileFormatType::Avro => &["COMPRESSION", "MISSING_FIELD_AS", "NULL_IF", "USE_LOGIC_TYPE"],
            FileFormatType::Orc | FileFormatType::Arrow | FileFormatType::ArrowStream => {
                &["MISSING_FIELD_AS"]
            }
            FileFormatType::Json => &["COMPRESSION"],
            FileFormatType::Lance => &[],
        }
    }
}

/// `( … )` with a file format inside.
pub(crate) fn parse_parenthesized(parser: &mut Parser<'_>) -> Result<FileFormatOptions, SyntaxError> {
    if !parser.is_symbol("(") {
        return Err(parser.expected("`(`").with_hint("write `FILE_FORMAT = (TYPE = CSV)`"));
    }
    parser.advance();
    let options = parse_options(parser)?;
    parser.expect_symbol(")")?;
    Ok(options)
}

/// Options up to a `)` or the end; commas between them are optional. TYPE may stand anywhere.
pub(crate) fn parse_options(parser: &mut Parser<'_>) -> Result<FileFormatOptions, SyntaxError> {
    let start = parser.peek().span;
    let mut base = None;
    let mut options = FileFormatOptions::new(FileFormatBase::Type(FileFormatType::Parquet));
    let mut keys: Vec<(String, Span)> = Vec::new();
    while !parser.is_end() && !parser.is_symbol(")") {
        let span = parser.peek().span;
        let Some(word) = parser.word_at(0) else {
            return Err(parser.expected("a file format option").with_kind(SyntaxErrorKind::FileFormat));
        };
        let name = word.to_ascii_uppercase();
        match name.as_str() {
            "TYPE" => {
                parser.advance();
                parser.expect_symbol("=")?;
                base = Some(FileFormatBase::Type(parse_type(parser)?));
            }
            "FORMAT_NAME" => {
                parser.advance();
                parser.expect_symbol("=")?;
                base = Some(FileFormatBase::Name(parser.string("a format's name")?));
            }
            _ => {
                parse_option(parser, &mut options, &name)?;
                keys.push((name, span));
            }
        }
        parser.take_symbol(",");
    }
    let format_error =
        |span, message: String| parser.error(span, message).with_kind(SyntaxErrorKind::FileFormat);
    let Some(base) = base else {
        return Err(format_error(start, "the file format has neither `TYPE` nor `FORMAT_NAME`".to_string())
            .with_hint("write for example `TYPE = CSV`"));
    };
    match &base {
        FileFormatBase::Name(_) => {
            if let Some((name, span)) = keys.first() {
                let message = format!("`FORMAT_NAME` takes no further options, found `{name}`");
                return Err(format_error(*span, message));
            }
        }
        FileFormatBase::Type(format) => {
            let allowed = format.known_options();
            if let Some((name, span)) = keys.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
                let hint = if allowed.is_empty() {
                    format!("{format} takes no options")
                } else {
                    format!("allowed are {}", list_words(allowed, "and"))
                };
                return Err(format_error(*span, format!("{format} has no option `{name}`")).with_hint(hint));
            }
        }
    }
    options.base = base;
    Ok(options)
}

fn parse_type(parser: &mut Parser<'_>) -> Result<FileFormatType, SyntaxError> {
    let span = parser.peek().span;
    let word = value_word(parser, "a file format type")?;
    FileFormatType::from_word(&word).ok_or_else(|| {
        let words = FileFormatType::WORDS;
        let hint = match suggest(&word, words.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`? allowed are {}", list_words(words, "and")),
            None => format!("allowed are {}", list_words(words, "and")),
        };
        let message = format!("unknown file format type `{word}`");
        parser.error(span, message).with_kind(SyntaxErrorKind::FileFormat).with_hint(hint)
    })
}

fn parse_option(
    parser: &mut Parser<'_>,
    options: &mut FileFormatOptions,
    key: &str,
) -> Result<(), SyntaxError> {
    use crate::file_format as values;
    if !ALL_OPTIONS.contains(&key) {
        return Err(parser
            .unknown_option("the file format", ALL_OPTIONS)
            .with_kind(SyntaxErrorKind::FileFormat));
    }
    parser.advance();
    parser.expect_symbol("=")?;
    match key {
        "COMPRESSION" => {
            options.compression =
                Some(choice(parser, key, values::Compression::from_word, values::Compression::WORDS)?);
        }
        "RECORD_DELIMITER" => options.record_delimiter = Some(text_or_none(parser, key)?),
        "FIELD_DELIMITER" => options.field_delimiter = Some(text_or_none(parser, key)?),
        "QUOTE" => options.quote = Some(text_or_none(parser, key)?),
        "ESCAPE" => options.escape = Some(text_or_none(parser, key)?),
        "SKIP_HEADER" => options.skip_header = Some(header_rows(parser)?),
        "OUTPUT_HEADER" => options.output_header = Some(parser.boolean()?),
        "NULL_DISPLAY" => options.null_display = Some(parser.string("a text")?.value),
        "NAN_DISPLAY" => options.nan_display = Some(parser.string("a text")?.value),
        "EMPTY_FIELD_AS" => {
            let read = values::EmptyFieldAs::from_word;
            options.empty_field_as = Some(choice(parser, key, read, values::EmptyFieldAs::WORDS)?);
        }
        "QUOTED_EMPTY_FIELD_AS" => {
            let read = values::QuotedEmptyFieldAs::from_word;
            options.quoted_empty_field_as =
                Some(choice(parser, key, read, values::QuotedEmptyFieldAs::WORDS)?);
        }
        "ALLOW_QUOTED_NULLS" => options.allow_quoted_nulls = Some(parser.boolean()?),
        "ERROR_ON_COLUMN_COUNT_MISMATCH" => options.error_on_column_count_mismatch = Some(parser.boolean()?),
        "TRIM_SPACE" => options.trim_space = Some(parser.boolean()?),
        "BINARY_FORMAT" => {
            let read = values::BinaryFormat::from_word;
            options.binary_format = Some(choice(parser, key, read, values::BinaryFormat::WORDS)?);
        }
        "QUOTE_STYLE" => {
            options.quote_style =
                Some(choice(parser, key, values::QuoteStyle::from_word, values::QuoteStyle::WORDS)?);
        }
        "ENCODING" => options.encoding = Some(parser.string("an encoding")?.value),
        "ENCODING_ERROR_MODE" => {
            let read = values::EncodingErrorMode::from_word;
            options.encoding_error_mode = Some(choice(parser, key, read, values::EncodingErrorMode::WORDS)?);
        }
        "GEOMETRY_FORMAT" => options.geometry_format = Some(value_word(parser, "a geometry format")?),
        "MISSING_FIELD_AS" => {
            let read = values::MissingFieldAs::from_word;
            options.missing_field_as = Some(choice(parser, key, read, values::MissingFieldAs::WORDS)?);
        }
        "NULL_FIELD_AS" => {
            let read = values::NullFieldAs::from_word;
            options.null_field_as = Some(choice(parser, key, read, values::NullFieldAs::WORDS)?);
        }
        "NULL_IF" => options.null_if = Some(string_list(parser)?),
        _ => options.use_logic_type = Some(parser.boolean()?),
    }
    Ok(())
}

/// Every option of any type, in the order of the printed form.
const ALL_OPTIONS: &[&str] = &[
    "COMPRESSION",
    "RECORD_DELIMITER",
    "FIELD_DELIMITER",
    "QUOTE",
    "ESCAPE",
    "SKIP_HEADER",
    "OUTPUT_HEADER",
    "NULL_DISPLAY",
    "NAN_DISPLAY",
    "EMPTY_FIELD_AS",
    "QUOTED_EMPTY_FIELD_AS",
    "ALLOW_QUOTED_NULLS",
    "ERROR_ON_COLUMN_COUNT_MISMATCH",
    "TRIM_SPACE",
    "BINARY_FORMAT",
    "QUOTE_STYLE",
    "ENCODING",
    "ENCODING_ERROR_MODE",
    "GEOMETRY_FORMAT",
    "MISSING_FIELD_AS",
    "NULL_FIELD_AS",
    "NULL_IF",
    "USE_LOGIC_TYPE",
];

/// A keyword or a string.
fn value_word(parser: &mut Parser<'_>, what: &str) -> Result<String, SyntaxError> {
    let word = match &parser.peek().kind {
        TokenKind::String(value) => value.clone(),
        TokenKind::Word => parser.word_at(0).unwrap_or_default().to_string(),
        _ => return Err(parser.expected(what)),
    };
    parser.advance();
    Ok(word)
}

fn choice<T>(
    parser: &mut Parser<'_>,
    key: &str,
    read: impl Fn(&str) -> Option<T>,
    words: &[&str],
) -> Result<T, SyntaxError> {
    let token = parser.peek();
    let word = match &token.kind {
        TokenKind::String(value) => value.as_str(),
        _ => parser.word_at(0).unwrap_or_default(),
    };
    let Some(value) = read(word) else {
        let message = format!(
            "`{}` is one of {}, found {}",
            key,
            list_words(words, "or"),
            describe(parser.text, token)
        );
        let error = parser.error(token.span, message).with_kind(SyntaxErrorKind::FileFormat);
        return Err(match suggest(word, words.iter().copied()) {
            Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
            None => error,
        });
    };
    parser.advance();
    Ok(value)
}

/// A string, or `NONE` for the empty one.
fn text_or_none(parser: &mut Parser<'_>, key: &str) -> Result<String, SyntaxError> {
    if parser.take_keyword("NONE") {
        return Ok(String::new());
    }
    if !matches!(parser.peek().kind, TokenKind::String(_)) {
        return Err(parser.expected(&format!("a string or `NONE` for `{}`", key)));
    }
    Ok(parser.string("a text")?.value)
}

/// A number, also in quotes, or `NONE` for 0.
fn header_rows(parser: &mut Parser<'_>) -> Result<u64, SyntaxError> {
    if parser.take_keyword("NONE") {
        return Ok(0);
    }
    if let TokenKind::String(value) = &parser.peek().kind
        && let Ok(rows) = value.parse()
    {
        parser.advance();
        return Ok(rows);
    }
    parser.integer("the number of header rows")
}

/// `('a', 'b')`; empty is allowed.
pub(crate) fn string_list(parser: &mut Parser<'_>) -> Result<Vec<String>, SyntaxError> {
    parser.expect_symbol("(")?;
    let mut values = Vec::new();
    while !parser.take_symbol(")") {
        values.push(parser.string("a value")?.value);
        if !parser.take_symbol(",") && !parser.is_symbol(")") {
            return Err(parser.expected("`,` or `)`"));
        }
    }
    Ok(values)
}

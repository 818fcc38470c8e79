//! What a file format says, typed.

use std::fmt;

use crate::Text;
use crate::display::{CommaSeparated, Quoted};

/// An enum whose variants are words of the dialect. The first word of a variant is the one that is printed.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The words that are printed and suggested.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The value a word stands for, ignoring case.
            pub fn from_word(word: &str) -> Option<Self> {
                let word = word.to_ascii_uppercase();
                match word.as_str() {
                    $($word $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The word for it, in upper case.
            pub fn as_word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_word())
            }
        }
    };
}

words! {
    /// `TYPE = …`.
    FileFormatType {
        Csv = "CSV",
        Text = "TEXT" | "TSV" | "TABSEPARATED",
        Ndjson = "NDJSON" | "JSONEACHROW",
        Parquet = "PARQUET",
        Json = "JSON",
        Orc = "ORC",
        Avro = "AVRO",
        Lance = "LANCE",
        Arrow = "ARROW",
        ArrowStream = "ARROW_STREAM",
    }
}

words! {
    /// `COMPRESSION = …`.
    Compression {
        /// By the file's extension.
        Auto = "AUTO",
        None = "NONE",
        Gzip = "GZIP",
        Bz2 = "BZ2",
        Brotli = "BROTLI",
        Zstd = "ZSTD",
        Deflate = "DEFLATE",
        RawDeflate = "RAW_DEFLATE" | "RAWDEFLATE",
        Lzo = "LZO",
        Xz = "XZ",
        Snappy = "SNAPPY",
        Zip = "ZIP",
    }
}

words! {
    /// `EMPTY_FIELD_AS = …`.
    EmptyFieldAs { Null = "NULL", String = "STRING", FieldDefault = "FIELD_DEFAULT", }
}

words! {
    /// `QUOTED_EMPTY_FIELD_AS = …`.
    QuotedEmptyFieldAs { Null = "NULL", String = "STRING", FieldDefault = "FIELD_DEFAULT", }
}

words! {
    /// `MISSING_FIELD_AS = …`.
    MissingFieldAs { Error = "ERROR", Null = "NULL", FieldDefault = "FIELD_DEFAULT", }
}

words! {
    /// `NULL_FIELD_AS = …`.
    NullFieldAs { Null = "NULL", FieldDefault = "FIELD_DEFAULT", }
}

words! {
    /// `BINARY_FORMAT = …`.
    BinaryFormat { Hex = "HEX", Base64 = "BASE64", }
}

words! {
    /// `QUOTE_STYLE = …`, when writing.
    QuoteStyle { QuoteNotNull = "QUOTE_NOT_NULL", QuoteMinimal = "QUOTE_MINIMAL", }
}

words! {
    /// `ENCODING_ERROR_MODE = …`.
    EncodingErrorMode { Strict = "STRICT", Replace = "REPLACE", }
}

/// Where a format begins: a type with its defaults, or a format that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFormatBase {
    Type(FileFormatType),
    /// `FORMAT_NAME = '…'`: a built-in type's name or one of CREATE FILE FORMAT. Takes no options.
    Name(Text),
}

/// A file format as written. An option that was not written is `None`: its default depends on the type
/// and is for the engine to know. Only options that the type takes are ever set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFormatOptions {
    pub base: FileFormatBase,
    pub compression: Option<Compression>,
    /// Empty for `NONE`.
    pub record_delimiter: Option<String>,
    /// Empty for `NONE`.
    pub field_delimiter: Option<String>,
    /// Empty for `NONE`.
    pub quote: Option<String>,
    /// Empty for `NONE`.
    pub escape: Option<String>,
    pub skip_header: Option<u64>,
    pub output_header: Option<bool>,
    pub null_display: Option<String>,
    pub nan_display: Option<String>,
    pub empty_field_as: Option<EmptyFieldAs>,
    pub quoted_empty_field_as: Option<QuotedEmptyFieldAs>,
    pub allow_quoted_nulls: Option<bool>,
    pub error_on_column_count_mismatch: Option<bool>,
    pub trim_space: Option<bool>,
    pub binary_format: Option<BinaryFormat>,
    pub quote_style: Option<QuoteStyle>,
    pub encoding: Option<String>,
    pub encoding_error_mode: Option<EncodingErrorMode>,
    pub geometry_format: Option<String>,
    pub missing_field_as: Option<MissingFieldAs>,
    pub null_field_as: Option<NullFieldAs>,
    pub null_if: Option<Vec<String>>,
    pub use_logic_type: Option<bool>,
}

impl FileFormatOptions {
    /// A format without options.
    pub fn new(base: FileFormatBase) -> Self {
        Self {
            base,
            compression: None,
            record_delimiter: None,
            field_delimiter: None,
            quote: None,
            escape: None,
            skip_header: None,
            output_header: None,
            null_display: None,
            nan_display: None,
            empty_field_as: None,
            quoted_empty_field_as: None,
            allow_quoted_nulls: None,
            error_on_column_count_mismatch: None,
            trim_space: None,
            binary_format: None,
            quote_style: None,
            encoding: None,
            encoding_error_mode: None,
            geometry_format: None,
            missing_field_as: None,
            null_field_as: None,
            null_if: None,
            use_logic_type: None,
        }
    }
}

impl fmt::Display for FileFormatOptions {
    /// Without the parentheses that some statements put around it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            FileFormatBase::Type(format) => write!(f, "TYPE = {format}")?,
            FileFormatBase::Name(name) => write!(f, "FORMAT_NAME = {name}")?,
        }
        write_plain(f, "COMPRESSION", &self.compression)?;
        write_text(f, "RECORD_DELIMITER", &self.record_delimiter)?;
        write_text(f, "FIELD_DELIMITER", &self.field_delimiter)?;
        write_text(f, "QUOTE", &self.quote)?;
        write_text(f, "ESCAPE", &self.escape)?;
        write_plain(f, "SKIP_HEADER", &self.skip_header)?;
        write_plain(f, "OUTPUT_HEADER", &self.output_header)?;
        write_text(f, "NULL_DISPLAY", &self.null_display)?;
        write_text(f, "NAN_DISPLAY", &self.nan_display)?;
        write_plain(f, "EMPTY_FIELD_AS", &self.empty_field_as)?;
        write_plain(f, "QUOTED_EMPTY_FIELD_AS", &self.quoted_empty_field_as)?;
        write_plain(f, "ALLOW_QUOTED_NULLS", &self.allow_quoted_nulls)?;
        write_plain(f, "ERROR_ON_COLUMN_COUNT_MISMATCH", &self.error_on_column_count_mismatch)?;
        write_plain(f, "TRIM_SPACE", &self.trim_space)?;
        write_plain(f, "BINARY_FORMAT", &self.binary_format)?;
        write_plain(f, "QUOTE_STYLE", &self.quote_style)?;
        write_text(f, "ENCODING", &self.encoding)?;
        write_plain(f, "ENCODING_ERROR_MODE", &self.encoding_error_mode)?;
        write_text(f, "GEOMETRY_FORMAT", &self.geometry_format)?;
        write_plain(f, "MISSING_FIELD_AS", &self.missing_field_as)?;
        write_plain(f, "NULL_FIELD_AS", &self.null_field_as)?;
        if let Some(values) = &self.null_if {
            let values: Vec<Quoted<'_>> = values.iter().map(|value| Quoted(value)).collect();
            write!(f, " NULL_IF = ({})", CommaSeparated(&values))?;
        }
        write_plain(f, "USE_LOGIC_TYPE", &self.use_logic_type)
    }
}

fn write_plain<T: fmt::Display>(f: &mut fmt::Formatter<'_>, key: &str, value: &Option<T>) -> fmt::Result {
    value.as_ref().map_or(Ok(()), |value| write!(f, " {key} = {value}"))
}

fn write_text(f: &mut fmt::Formatter<'_>, key: &str, value: &Option<String>) -> fmt::Result {
    value.as_ref().map_or(Ok(()), |value| write!(f, " {key} = {}", Quoted(value)))
}

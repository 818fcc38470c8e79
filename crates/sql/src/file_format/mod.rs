//! File formats: `(TYPE = CSV FIELD_DELIMITER = '|' …)`.

mod options;
pub(crate) mod parse;

pub use options::{
    BinaryFormat, Compression, EmptyFieldAs, EncodingErrorMode, FileFormatBase, FileFormatOptions,
    FileFormatType, MissingFieldAs, NullFieldAs, QuoteStyle, QuotedEmptyFieldAs,
};

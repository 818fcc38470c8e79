//! `metadata$filename` and its kin: what is known of the file a row stands in.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use credentials::key_of_path;

use crate::stage::Place;
use crate::stage::listing::StagedFile;

/// A column that every staged file has and `*` does not mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetadataColumn {
    /// The key below the stage's URL.
    Filename,
    /// Of the row, counted from 0 in each file.
    FileRowNumber,
    /// `s3://bucket/key`.
    FilePath,
    /// What stands behind the last `/` of the key.
    FileBasename,
    /// The ETag.
    FileContentKey,
    FileLastModified,
}

impl MetadataColumn {
    pub(crate) const ALL: [Self; 6] = [
        Self::Filename,
        Self::FileRowNumber,
        Self::FilePath,
        Self::FileBasename,
        Self::FileContentKey,
        Self::FileLastModified,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Filename => "metadata$filename",
            Self::FileRowNumber => "metadata$file_row_number",
            Self::FilePath => "metadata$file_path",
            Self::FileBasename => "metadata$file_basename",
            Self::FileContentKey => "metadata$file_content_key",
            Self::FileLastModified => "metadata$file_last_modified",
        }
    }

    /// By its name, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn field(self) -> FieldRef {
        let (data_type, nullable) = match self {
            Self::Filename | Self::FilePath | Self::FileBasename => (DataType::Utf8, false),
            Self::FileRowNumber => (DataType::UInt64, false),
            Self::FileContentKey => (DataType::Utf8, true),
            Self::FileLastModified => (DataType::Timestamp(TimeUnit::Microsecond, None), true),
        };
        Arc::new(Field::new(self.name(), data_type, nullable))
    }

    /// The values for `rows` rows of a file from row `first` on.
    pub(crate) fn values(self, place: &Place, file: &StagedFile, first: u64, rows: usize) -> ArrayRef {
        let text = |value: &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows)))
        };
        let key = &file.meta.location;
        match self {
            Self::Filename => text(&place.relative(key)),
            Self::FileRowNumber => Arc::new(UInt64Array::from_iter_values(first..first + rows as u64)),
            Self::FilePath => text(&place.describe_key(key)),
            Self::FileBasename => text(key_of_path(key).rsplit('/').next().unwrap_or_default()),
            Self::FileContentKey => match &file.meta.e_tag {
                Some(e_tag) => text(e_tag),
                None => Arc::new(StringArray::new_null(rows)),
            },
            Self::FileLastModified => {
                let micros = file.meta.last_modified.timestamp_micros();
                Arc::new(TimestampMicrosecondArray::from_value(micros, rows))
            }
        }
    }
}

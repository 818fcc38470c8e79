//! Small results made by hand: the rows of system tables and of statements such as `LIST`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use futures::StreamExt;

use crate::session::Session;
use crate::variant::EXTENSION;
use crate::{Error, ErrorKind, StatementOutput};

/// One column with its values.
pub(crate) struct Column {
    field: Field,
    values: ArrayRef,
}

impl Column {
    pub(crate) fn text<T: AsRef<str>>(name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values = StringArray::from_iter_values(values);
        Self { field: Field::new(name, DataType::Utf8, false), values: Arc::new(values) }
    }

    pub(crate) fn optional_text<T: AsRef<str>>(
        name: &str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        let values = StringArray::from_iter(values);
        Self { field: Field::new(name, DataType::Utf8, true), values: Arc::new(values) }
    }

    /// JSON texts.
    pub(crate) fn variant<T: AsRef<str>>(name: &str, values: impl IntoIterator<Item = Option<T>>) -> Self {
        let mut column = Self::optional_text(name, values);
        let extension = HashMap::from([(EXTENSION.0.to_owned(), EXTENSION.1.to_owned())]);
        column.field = column.field.with_metadata(extension);
        column
    }

    pub(crate) fn number(name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        let values = UInt64Array::from_iter_values(values);
        Self { field: Field::new(name, DataType::UInt64, false), values: Arc::new(values) }
    }

    pub(crate) fn optional_number(name: &str, values: impl IntoIterator<Item = Option<u64>>) -> Self {
        let values = UInt64Array::from_iter(values);
        Self { field: Field::new(name, DataType::UInt64, true), values: Arc::new(values) }
    }

    /// Lengths of time, in thousandths of a second with their fractions.
    pub(crate) fn milliseconds(name: &str, values: impl IntoIterator<Item = Duration>) -> Self {
        let milliseconds = values.into_iter().map(|duration| duration.as_secs_f64() * 1_000.0);
        let values = Float64Array::from_iter_values(milliseconds);
        Self { field: Field::new(name, DataType::Float64, false), values: Arc::new(values) }
    }

    pub(crate) fn optional_milliseconds(
        name: &str,
        values: impl IntoIterator<Item = Option<Duration>>,
    ) -> Self {
        let milliseconds =
            values.into_iter().map(|duration| duration.map(|duration| duration.as_secs_f64() * 1_000.0));
        let values = Float64Array::from_iter(milliseconds);
        Self { field: Field::new(name, DataType::Float64, true), values: Arc::new(values) }
    }

    pub(crate) fn boolean(name: &str, values: impl IntoIterator<Item = bool>) -> Self {
        let values = BooleanArray::from(values.into_iter().collect::<Vec<_>>());
        Self { field: Field::new(name, DataType::Boolean, false), values: Arc::new(values) }
    }

    pub(crate) fn timestamp(name: &str, values: impl IntoIterator<Item = SystemTime>) -> Self {
        let micros = values.into_iter().map(microseconds);
        let values = TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC");
        Self { field: Field::new(name, values_type(&values), false), values: Arc::new(values) }
    }

    pub(crate) fn optional_timestamp(
        name: &str,
        values: impl IntoIterator<Item = Option<SystemTime>>,
    ) -> Self {
        let micros = values.into_iter().map(|time| time.map(microseconds));
        let values = TimestampMicrosecondArray::from_iter(micros).with_timezone("UTC");
        Self { field: Field::new(name, values_type(&values), true), values: Arc::new(values) }
    }
}

fn microseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn values_type(values: &TimestampMicrosecondArray) -> DataType {
    arrow::array::Array::data_type(values).clone()
}

/// Columns of equal length as one batch.
pub(crate) fn batch(columns: Vec<Column>) -> Result<RecordBatch, Error> {
    let (fields, values): (Vec<Field>, Vec<ArrayRef>) =
        columns.into_iter().map(|column| (column.field, column.values)).unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), values).map_err(|error| {
        Error::new(ErrorKind::Internal, "a result was put together wrongly").with_context(error.to_string())
    })
}

/// The answer of a statement that has these rows.
pub(crate) fn answer(session: &Session, columns: Vec<Column>) -> Result<StatementOutput, Error> {
    let batch = batch(columns)?;
    Ok(StatementOutput {
        schema: batch.schema(),
        has_result_set: true,
        batches: futures::stream::iter([Ok(batch)]).boxed(),
        state: session.state.clone(),
        effect: None,
        warnings: Vec::new(),
    })
}

/// The answer of a statement that has no result set.
pub(crate) fn nothing(session: &Session) -> StatementOutput {
    StatementOutput {
        schema: Arc::new(Schema::empty()),
        has_result_set: false,
        batches: futures::stream::empty().boxed(),
        state: session.state.clone(),
        effect: None,
        warnings: Vec::new(),
    }
}

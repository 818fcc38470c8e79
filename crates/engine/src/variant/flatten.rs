//! `flatten_rows`: what FLATTEN makes of one VARIANT, a list of rows.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{
    ArrayRef, ListArray, StringArray, StringBuilder, StringViewBuilder, StructArray, UInt64Builder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::functions::texts_of;
use super::json::Json;
use super::path::{follow, parse_path};
use super::variant_field;

/// Rows that one batch of VARIANT values may become.
const ROWS_MAX: usize = 10_000_000;

/// One VARIANT to a list of rows.
pub(super) const FLATTEN_FUNCTION: &str = "flatten_rows";

/// What is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FlattenMode {
    Both,
    Object,
    Array,
}

/// The options of one FLATTEN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FlattenOptions {
    /// Leads to the part of the value that is taken apart; empty for the value itself.
    pub(crate) path: String,
    /// A value with nothing in it gives one row all the same.
    pub(crate) outer: bool,
    /// What is inside of what is found is taken apart too.
    pub(crate) recursive: bool,
    pub(crate) mode: FlattenMode,
}

/// The columns of FLATTEN, in their order.
pub(crate) const FLATTEN_COLUMNS: [&str; 6] = ["seq", "key", "path", "index", "value", "this"];

/// One VARIANT to a list of rows. Each call in a statement is a function of its own: `seq` counts its inputs.
#[derive(Debug)]
pub(crate) struct FlattenRows {
    options: FlattenOptions,
    signature: Signature,
    inputs: AtomicU64,
}

impl FlattenRows {
    pub(crate) fn new(options: FlattenOptions) -> Self {
        let signature = Signature::any(1, Volatility::Volatile);
        Self { options, signature, inputs: AtomicU64::new(0) }
    }
}

impl PartialEq for FlattenRows {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl Eq for FlattenRows {}

impl Hash for FlattenRows {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.options.hash(state);
    }
}

fn row_fields() -> Fields {
    let this =
        Field::new("this", DataType::Utf8View, true).with_metadata(variant_field("this").metadata().clone());
    vec![
        Field::new("seq", DataType::UInt64, false),
        Field::new("key", DataType::Utf8, true),
        Field::new("path", DataType::Utf8, true),
        Field::new("index", DataType::UInt64, true),
        variant_field("value"),
        this,
    ]
    .into()
}

fn list_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(row_fields()), false))
}

impl ScalarUDFImpl for FlattenRows {
    fn name(&self) -> &str {
        FLATTEN_FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(list_field()))
    }

    fn return_field_from_args(&self, _arguments: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(FLATTEN_FUNCTION, DataType::List(list_field()), false)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let (Some(value), Some(field)) = (arguments.args.first(), arguments.arg_fields.first()) else {
            return Err(DataFusionError::Internal("flatten_rows without an argument".into()));
        };
        let values = texts_of(&value.to_array(rows)?, field)?;
        let first = self.inputs.fetch_add(rows as u64, Ordering::Relaxed) + 1;
        Ok(ColumnarValue::Array(self.flatten(&values, first)?))
    }
}

impl FlattenRows {
    fn flatten(&self, values: &StringArray, first: u64) -> Result<ArrayRef> {
        let steps = parse_path(&self.options.path).map_err(|reason| {
            DataFusionError::Execution(format!("FLATTEN cannot read path `{}`: {reason}", self.options.path))
        })?;
        let mut rows = Rows::new(&self.options);
        let mut offsets = vec![0i32];
        for (at, text) in values.iter().enumerate() {
            let seq = first + at as u64;
            let before = rows.count;
            if let Some(text) = text {
                let json = Json::parse(text).map_err(|error| {
                    let shown: String = text.chars().take(60).collect();
                    DataFusionError::Execution(format!("FLATTEN cannot read `{shown}`: {error}"))
                })?;
                let found = follow(&json, &steps);
                if let Some(target) = found.first() {
                    rows.take_apart(seq, target, &self.options.path)?;
                    if rows.count == before && self.options.outer {
                        rows.push(
                            seq,
                            None,
                            Some(&self.options.path),
                            None,
                            None,
                            Some(&target.to_string()),
                        )?;
                    }
                }
            }
            if rows.count == before && self.options.outer {
                rows.push(seq, None, None, None, None, None)?;
            }
            offsets.push(i32::try_from(rows.count).unwrap_or(i32::MAX));
        }
        rows.finish(offsets)
    }
}

struct Rows<'a> {
    options: &'a FlattenOptions,
    count: usize,
    seq: UInt64Builder,
    key: StringBuilder,
    path: StringBuilder,
    index: UInt64Builder,
    value: StringBuilder,
    /// The rows of one container have the same text: it is kept once.
    this: StringViewBuilder,
    /// Where the text of the last container lies.
    container: Option<(String, u32)>,
}

impl<'a> Rows<'a> {
    fn new(options: &'a FlattenOptions) -> Self {
        Self {
            options,
            count: 0,
            seq: UInt64Builder::new(),
            key: StringBuilder::new(),
            path: StringBuilder::new(),
            index: UInt64Builder::new(),
            value: StringBuilder::new(),
            this: StringViewBuilder::new(),
            container: None,
        }
    }

    fn take_apart(&mut self, seq: u64, container: &Json<'_>, path: &str) -> Result<()> {
        let mode = self.options.mode;
        match container {
            Json::Object(members) if mode != FlattenMode::Array => {
                let this = container.to_string();
                // As the text of the container has them: sorted, of a repeated key the last.
                let mut last: std::collections::BTreeMap<&str, &Json<'_>> = Default::default();
                last.extend(members.iter().map(|(key, value)| (key.as_ref(), value)));
                for (key, value) in last {
                    let path = member_path(path, key);
                    self.push(seq, Some(key), Some(&path), None, Some(&value.to_string()), Some(&this))?;
                    self.go_on(seq, value, &path)?;
                }
            }
            Json::Array(elements) if mode != FlattenMode::Object => {
                let this = container.to_string();
                for (at, value) in elements.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    let index = Some(at as u64);
                    self.push(seq, None, Some(&path), index, Some(&value.to_string()), Some(&this))?;
                    self.go_on(seq, value, &path)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn go_on(&mut self, seq: u64, value: &Json<'_>, path: &str) -> Result<()> {
        if self.options.recursive { self.take_apart(seq, value, path) } else { Ok(()) }
    }

    fn push(
        &mut self,
        seq: u64,
        key: Option<&str>,
        path: Option<&str>,
        index: Option<u64>,
        value: Option<&str>,
        this: Option<&str>,
    ) -> Result<()> {
        if self.count >= ROWS_MAX {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "FLATTEN makes at most {ROWS_MAX} rows of the values of one batch"
            )));
        }
        self.count += 1;
        self.seq.append_value(seq);
        self.key.append_option(key);
        self.path.append_option(path);
        self.index.append_option(index);
        self.value.append_option(value);
        let Some(this) = this else {
            self.this.append_null();
            return Ok(());
        };
        let block = match &self.container {
            Some((text, block)) if text == this => *block,
            _ => {
                let block = self.this.append_block(this.as_bytes().to_vec().into());
                self.container = Some((this.to_owned(), block));
                block
            }
        };
        let length = u32::try_from(this.len()).map_err(|_| {
            DataFusionError::ResourcesExhausted("FLATTEN of a value of more than 4 GiB".into())
        })?;
        self.this.try_append_view(block, 0, length)?;
        Ok(())
    }

    fn finish(mut self, offsets: Vec<i32>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.seq.finish()),
            Arc::new(self.key.finish()),
            Arc::new(self.path.finish()),
            Arc::new(self.index.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.this.finish()),
        ];
        let rows = StructArray::try_new(row_fields(), columns, None)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(ListArray::try_new(list_field(), offsets, Arc::new(rows), None)?))
    }
}

/// `a.b`, or `a['b c']` for a key that is no plain word.
fn member_path(path: &str, key: &str) -> String {
    let is_word = !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit());
    match (is_word, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}['{key}']"),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::UInt64Type;

    use super::*;

    fn rows(json: &[Option<&str>], options: FlattenOptions) -> Vec<String> {
        let values = StringArray::from(json.to_vec());
        let list = FlattenRows::new(options).flatten(&values, 1).unwrap();
        let rows = list.as_list::<i32>().values().as_struct().clone();
        let text = |column: usize, row: usize| {
            let array = rows.column(column);
            if array.is_null(row) {
                return "-".to_owned();
            }
            match array.data_type() {
                DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
                DataType::Utf8View => array.as_string_view().value(row).to_owned(),
                _ => array.as_string::<i32>().value(row).to_owned(),
            }
        };
        (0..rows.len())
            .map(|row| (0..6).map(|column| text(column, row)).collect::<Vec<_>>().join(" "))
            .collect()
    }

    fn options(path: &str, outer: bool, recursive: bool, mode: FlattenMode) -> FlattenOptions {
        FlattenOptions { path: path.to_owned(), outer, recursive, mode }
    }

    #[test]
    fn objects_and_arrays_become_rows() {
        let plain = options("", false, false, FlattenMode::Both);
        assert_eq!(
            rows(&[Some(r#"{"b":[1],"a b":2}"#), None, Some("[7]"), Some("5")], plain),
            [r#"1 a b ['a b'] - 2 {"a b":2,"b":[1]}"#, r#"1 b b - [1] {"a b":2,"b":[1]}"#, "3 - [0] 0 7 [7]"]
        );
    }

    #[test]
    fn options_say_what_is_taken_apart() {
        let json = [Some(r#"{"a":{"x":[1,{"y":2}]}}"#)];
        let recursive = options("a", false, true, FlattenMode::Both);
        let found = rows(&json, recursive);
        assert_eq!(found.len(), 4);
        assert_eq!(found[3], r#"1 y a.x[1].y - 2 {"y":2}"#);
        assert!(rows(&json, options("", false, false, FlattenMode::Array)).is_empty());
        let outer = options("nosuch", true, false, FlattenMode::Both);
        assert_eq!(rows(&json, outer), ["1 - - - - -"]);
        let empty = options("", true, false, FlattenMode::Both);
        assert_eq!(rows(&[Some("[]"), None], empty), ["1 -  - - []", "2 - - - - -"]);
    }
}

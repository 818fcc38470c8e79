//! Columns of members out of rows of JSON, read without the rest of each row.
//!
//! What this cannot tell for certain (a row that is broken, a value of another type) it leaves to the reader of whole
//! rows, which says what is wrong with it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, FieldRef};

use crate::variant::{RowMember, WantedMembers, canonical, is_variant, plain, text_of};

/// The columns of a projection as members of its rows.
#[derive(Debug)]
pub(super) struct ScannedColumns {
    wanted: WantedMembers,
    columns: Vec<(usize, Kind)>,
    /// Columns by name are those of objects.
    needs_objects: bool,
}

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of `$1`: a VARIANT, which may be null.
    Variant,
    /// Of `$1`: what a cast to text gives.
    PlainText,
    /// A column that is a VARIANT: NULL for null.
    VariantColumn,
    Text,
    Integer,
    Float,
    Boolean,
}

/// What a column is read from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The row itself.
    Row,
    /// A member of `$1`.
    Member(&'a RowMember),
    /// A column by name.
    Column(&'a FieldRef),
}

impl ScannedColumns {
    /// `None` where a column is more than a member of a plain type.
    pub(super) fn new(columns: &[Wanted<'_>]) -> Option<Self> {
        let mut wanted = WantedMembers::default();
        let mut needs_objects = false;
        let columns: Option<Vec<(usize, Kind)>> = columns
            .iter()
            .map(|column| match column {
                Wanted::Row => None,
                Wanted::Member(member) => {
                    let kind = if member.as_text { Kind::PlainText } else { Kind::Variant };
                    Some((wanted.add(member.path.iter().map(String::as_str)), kind))
                }
                Wanted::Column(field) => {
                    let kind = match field.data_type() {
                        _ if is_variant(field) => Kind::VariantColumn,
                        DataType::Utf8 => Kind::Text,
                        DataType::Int64 => Kind::Integer,
                        DataType::Float64 => Kind::Float,
                        DataType::Boolean => Kind::Boolean,
                        _ => return None,
                    };
                    needs_objects |= kind != Kind::VariantColumn;
                    Some((wanted.add([field.name().as_str()]), kind))
                }
            })
            .collect();
        let columns = columns.filter(|columns| !columns.is_empty())?;
        Some(Self { wanted, columns, needs_objects })
    }

    /// The columns of the rows that stand at `rows`; `None` where a row is not what it should be.
    pub(super) fn read(&self, text: &str, rows: &[Range<usize>]) -> Option<Vec<ArrayRef>> {
        let builder = |(_, kind): &(usize, Kind)| Builder::new(*kind, rows.len());
        let mut builders: Vec<Builder> = self.columns.iter().map(builder).collect();
        let mut finder = self.wanted.finder();
        let mut scratch = String::new();
        for row in rows {
            let row = text.get(row.clone())?;
            if self.needs_objects && !row.trim_start().starts_with('{') {
                return None;
            }
            let found = finder.find(row)?;
            for ((slot, kind), builder) in self.columns.iter().zip(&mut builders) {
                match &found[*slot] {
                    None => builder.push_null(),
                    Some(value) => builder.push(*kind, row.get(value.clone())?, &mut scratch)?,
                }
            }
        }
        Some(builders.into_iter().map(Builder::finish).collect())
    }
}

enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
}

/// What a text of a row is taken for, as long as nobody knows better.
const TEXT_BYTES: usize = 16;

impl Builder {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Integer => Self::Integer(Int64Builder::with_capacity(rows)),
            Kind::Float => Self::Float(Float64Builder::with_capacity(rows)),
            Kind::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            Kind::Variant | Kind::PlainText | Kind::VariantColumn | Kind::Text => {
                Self::Text(StringBuilder::with_capacity(rows, rows * TEXT_BYTES))
            }
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
        }
    }

    fn push(&mut self, kind: Kind, value: &str, scratch: &mut String) -> Option<()> {
        if value == "null" && kind != Kind::Variant {
            self.push_null();
            return Some(());
        }
        match self {
            Self::Text(builder) => match kind {
                Kind::PlainText => builder.append_option(plain(value, scratch)?),
                Kind::Text => {
                    // What stands for half a character is another matter to each reader.
                    let is_plain = value.starts_with('"') && !value.contains("\\u");
                    builder.append_value(is_plain.then(|| text_of(value)).flatten()?);
                }
                _ => builder.append_value(canonical(value, scratch)?),
            },
            Self::Integer(builder) => builder.append_value(value.parse().ok()?),
            Self::Float(builder) => {
                let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
                let number: f64 = is_number.then(|| value.parse().ok()).flatten()?;
                builder.append_value(Some(number).filter(|number| number.is_finite())?);
            }
            Self::Boolean(builder) => builder.append_value(value.parse().ok()?),
        }
        Some(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Float(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
        }
    }
}

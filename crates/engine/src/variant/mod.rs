//! VARIANT: JSON text in a column that is marked as such.

mod coerce;
mod flatten;
mod from_arrow;
mod functions;
mod json;
mod lookup;
mod members;
mod path;
mod paths_in_sql;
mod row_member;

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};

pub(crate) use coerce::{FieldAccess, coerce_variants};
pub(crate) use flatten::{FLATTEN_COLUMNS, FlattenMode, FlattenOptions, FlattenRows};
pub(crate) use from_arrow::write_value;
pub(crate) use functions::{plain_texts, to_variant, variant_functions};
pub(crate) use json::{Json, JsonReader};
pub(crate) use members::{WantedMembers, canonical, plain, text_of};
pub(crate) use paths_in_sql::{call, plan_paths};
pub(crate) use row_member::{ROW, RowMember, as_row_member};

/// The metadata key and value by which a text column is known to be Databend's `Variant`.
pub(crate) const EXTENSION: (&str, &str) = ("Extension", "Variant");

/// A column of JSON texts.
pub(crate) fn variant_field(name: &str) -> Field {
    let extension = HashMap::from([(EXTENSION.0.to_owned(), EXTENSION.1.to_owned())]);
    Field::new(name, DataType::Utf8, true).with_metadata(extension)
}

pub(crate) fn is_variant(field: &Field) -> bool {
    field.metadata().get(EXTENSION.0).is_some_and(|extension| extension == EXTENSION.1)
}

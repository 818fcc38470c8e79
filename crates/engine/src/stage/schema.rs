//! One schema for the files of a location: columns by name, numbers widened, missing ones NULL.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::HashMap;

use super::Place;
use super::footer::ParquetFile;
use crate::{Error, ErrorKind};

/// The schema that every file can be read with, in the column order of the first files.
pub(crate) fn unify_schemas(place: &Place, files: &[ParquetFile]) -> Result<Schema, Error> {
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut position: HashMap<String, usize> = HashMap::new();
    let mut seen_in: Vec<usize> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for field in file.schema.fields() {
            match position.get(field.name()).copied() {
                None => {
                    position.insert(field.name().clone(), fields.len());
                    fields.push(field.clone());
                    seen_in.push(1);
                }
                Some(at) => {
                    let known = fields[at].clone();
                    let merged = merge_fields(&known, field).ok_or_else(|| {
                        conflict(place, &files[0], &files[index], known.as_ref(), field.as_ref())
                    })?;
                    fields[at] = merged;
                    seen_in[at] += 1;
                }
            }
        }
    }
    for (field, seen) in fields.iter_mut().zip(&seen_in) {
        if *seen < files.len() && !field.is_nullable() {
            *field = Arc::new(field.as_ref().clone().with_nullable(true));
        }
    }
    Ok(Schema::new(fields))
}

fn merge_fields(known: &FieldRef, other: &FieldRef) -> Option<FieldRef> {
    let nullable = known.is_nullable() || other.is_nullable();
    if known.data_type() == other.data_type() {
        if known.is_nullable() == nullable {
            return Some(known.clone());
        }
        return Some(Arc::new(known.as_ref().clone().with_nullable(nullable)));
    }
    let data_type = widen(known.data_type(), other.data_type())?;
    Some(Arc::new(Field::new(known.name(), data_type, nullable)))
}

/// The type that holds every value of both, where there is one.
fn widen(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32};
    if left == right {
        return Some(left.clone());
    }
    let signed_bits = |data_type: &DataType| match data_type {
        Int8 => Some(8),
        UInt8 | Int16 => Some(16),
        UInt16 | Int32 => Some(32),
        UInt32 | Int64 => Some(64),
        _ => None,
    };
    if let (Some(left), Some(right)) = (signed_bits(left), signed_bits(right)) {
        return Some(match left.max(right) {
            8 => Int8,
            16 => Int16,
            32 => Int32,
            _ => Int64,
        });
    }
    match (left, right) {
        (Float32, Float64) | (Float64, Float32) => Some(Float64),
        // A double holds every 32-bit integer.
        (Float64, other) | (other, Float64) => signed_bits(other).filter(|bits| *bits <= 32).map(|_| Float64),
        (DataType::Struct(left), DataType::Struct(right)) if left.len() == right.len() => {
            let fields: Option<Vec<FieldRef>> = left
                .iter()
                .zip(right)
                .map(|(left, right)| {
                    (left.name() == right.name()).then(|| merge_fields(left, right)).flatten()
                })
                .collect();
            Some(DataType::Struct(fields?.into()))
        }
        (DataType::List(left), DataType::List(right)) => Some(DataType::List(merge_fields(left, right)?)),
        (DataType::Timestamp(_, left), DataType::Timestamp(_, right)) if left == right => {
            Some(DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, left.clone()))
        }
        _ => None,
    }
}

fn conflict(place: &Place, first: &ParquetFile, second: &ParquetFile, known: &Field, other: &Field) -> Error {
    Error::new(
        ErrorKind::BadFile,
        format!(
            "column `{}` is {} in `{}` and {} in `{}`",
            known.name(),
            known.data_type(),
            place.describe_key(&first.file.meta.location),
            other.data_type(),
            place.describe_key(&second.file.meta.location),
        ),
    )
    .with_hint("read the files apart with PATTERN or FILES")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_widen_to_what_holds_both() {
        assert_eq!(widen(&DataType::Int8, &DataType::UInt8), Some(DataType::Int16));
        assert_eq!(widen(&DataType::UInt32, &DataType::Int8), Some(DataType::Int64));
        assert_eq!(widen(&DataType::UInt64, &DataType::Int64), None);
        assert_eq!(widen(&DataType::Int64, &DataType::Float64), None);
        assert_eq!(widen(&DataType::Utf8View, &DataType::Int64), None);
    }
}

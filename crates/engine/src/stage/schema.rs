//! One schema for the files of a location: columns by name, numbers widened, missing ones NULL.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::HashMap;

use super::Place;
use super::footer::ParquetFile;
use super::sql_type::sql_type;
use crate::{Error, ErrorKind};

/// Columns that warnings name.
const COLUMNS_NAMED_MAX: usize = 10;

/// The schema that every file can be read with, in the column order of the first files, and what the user
/// should know of files that differ. `strict` makes every difference an error.
pub(crate) fn unify_schemas(
    place: &Place,
    files: &[ParquetFile],
    strict: bool,
) -> Result<(Schema, Vec<String>), Error> {
    let schemas: Vec<&Schema> = files.iter().map(|file| file.schema.as_ref()).collect();
    unify_named(&schemas, &|at| place.describe_key(&files[at].file.meta.location), strict)
}

/// [`unify_schemas`] of any files; `name` is what a file is called.
pub(super) fn unify_named(
    files: &[&Schema],
    name: &dyn Fn(usize) -> String,
    strict: bool,
) -> Result<(Schema, Vec<String>), Error> {
    let mut warnings = Vec::new();
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut position: HashMap<String, usize> = HashMap::new();
    let mut seen_in: Vec<usize> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for field in file.fields() {
            match position.get(field.name()).copied() {
                None => {
                    position.insert(field.name().clone(), fields.len());
                    fields.push(field.clone());
                    seen_in.push(1);
                }
                Some(at) => {
                    let known = fields[at].clone();
                    let merged = merge_fields(&known, field)
                        .ok_or_else(|| conflict(name, index, known.as_ref(), field.as_ref()))?;
                    if merged.data_type() != known.data_type() || known.data_type() != field.data_type() {
                        if strict {
                            return Err(conflict(name, index, &known, field));
                        }
                        let warning = format!(
                            "column `{}` has several types in the files and is read as {}",
                            known.name(),
                            sql_type(&merged)
                        );
                        let start = format!("column `{}` has several types", known.name());
                        warnings.retain(|known: &String| !known.starts_with(&start));
                        warnings.push(warning);
                    }
                    fields[at] = merged;
                    seen_in[at] += 1;
                }
            }
        }
    }
    for (field, seen) in fields.iter_mut().zip(&seen_in) {
        if *seen == files.len() {
            continue;
        }
        let missing = format!(
            "column `{}` is missing in {} of {} files",
            field.name(),
            files.len() - seen,
            files.len()
        );
        if strict {
            return Err(Error::new(ErrorKind::BadFile, missing)
                .with_hint("read the files apart with PATTERN or FILES, or `UNSET strict_file_schemas`"));
        }
        warnings.push(format!("{missing}: it is NULL there"));
        if !field.is_nullable() {
            *field = Arc::new(field.as_ref().clone().with_nullable(true));
        }
    }
    if warnings.len() > COLUMNS_NAMED_MAX {
        let more = warnings.len() - COLUMNS_NAMED_MAX;
        warnings.truncate(COLUMNS_NAMED_MAX);
        warnings.push(format!("{more} more columns differ in the files"));
    }
    Ok((Schema::new(fields), warnings))
}

pub(super) fn merge_fields(known: &FieldRef, other: &FieldRef) -> Option<FieldRef> {
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
        (DataType::UInt64, other) | (other, DataType::UInt64) if signed_bits(other).is_some() => {
            Some(DataType::Decimal128(20, 0))
        }
        (
            DataType::Decimal32(left, left_scale)
            | DataType::Decimal64(left, left_scale)
            | DataType::Decimal128(left, left_scale),
            DataType::Decimal32(right, right_scale)
            | DataType::Decimal64(right, right_scale)
            | DataType::Decimal128(right, right_scale),
        ) => widen_decimals((*left, *left_scale), (*right, *right_scale)),
        (DataType::Decimal128(precision, scale), other) | (other, DataType::Decimal128(precision, scale)) => {
            let digits = match signed_bits(other)? {
                8 => 3,
                16 => 5,
                32 => 10,
                _ => 19,
            };
            widen_decimals((*precision, *scale), (digits, 0))
        }
        (DataType::Date32, DataType::Timestamp(_, zone))
        | (DataType::Timestamp(_, zone), DataType::Date32) => {
            Some(DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, zone.clone()))
        }
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

/// The decimal that holds both, where 38 digits are enough.
fn widen_decimals(left: (u8, i8), right: (u8, i8)) -> Option<DataType> {
    let whole = |(precision, scale): (u8, i8)| i16::from(precision) - i16::from(scale);
    let scale = left.1.max(right.1);
    let precision = whole(left).max(whole(right)) + i16::from(scale);
    let precision = u8::try_from(precision).ok().filter(|precision| *precision <= 38)?;
    Some(DataType::Decimal128(precision, scale))
}

fn conflict(name: &dyn Fn(usize) -> String, second: usize, known: &Field, other: &Field) -> Error {
    Error::new(
        ErrorKind::BadFile,
        format!(
            "column `{}` is {} in `{}` and {} in `{}`",
            known.name(),
            known.data_type(),
            name(0),
            other.data_type(),
            name(second),
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
        assert_eq!(widen(&DataType::UInt64, &DataType::Int64), Some(DataType::Decimal128(20, 0)));
        let decimal = DataType::Decimal128;
        assert_eq!(widen(&decimal(9, 2), &decimal(10, 4)), Some(decimal(11, 4)));
        assert_eq!(widen(&decimal(9, 2), &DataType::Int32), Some(decimal(12, 2)));
        assert_eq!(widen(&decimal(38, 0), &decimal(38, 10)), None);
        assert_eq!(widen(&DataType::Int64, &DataType::Float64), None);
        assert_eq!(widen(&DataType::Utf8View, &DataType::Int64), None);
    }
}

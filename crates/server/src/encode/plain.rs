//! Brings any Arrow column to one of the types that have a Databend type.
//!
//! | Arrow | plain |
//! | --- | --- |
//! | Float16 | Float32 |
//! | Decimal32, Decimal64, negative scales | Decimal128, or Decimal256 |
//! | views and fixed sizes | their ordinary type |
//! | dictionaries, run-ends | their values |
//! | Date64 | Date32 |
//! | timestamps of any unit and zone | microseconds, an instant |
//! | times | text |
//! | intervals, durations | Decimal128 marked `Interval` |
//! | unions | text |

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, GenericListArray, MapArray, OffsetSizeTrait, PrimitiveArray,
    StringArray, StructArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Field, FieldRef, Fields, IntervalDayTimeType,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use protocol::{ARROW_EXTENSION, ARROW_EXTENSION_INTERVAL, ARROW_EXTENSION_VARIANT};

use super::text::pack_interval;

const DECIMAL_128_PRECISION_MAX: u8 = 38;
const DECIMAL_256_PRECISION_MAX: u8 = 76;

/// What the column of this field becomes.
pub(super) fn plain_field(field: &Field) -> Field {
    let (data_type, extension) = plain_type(field.data_type());
    let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8);
    let is_variant =
        field.metadata().get(ARROW_EXTENSION).is_some_and(|extension| extension == ARROW_EXTENSION_VARIANT);
    let extension = if is_text && is_variant { Some(ARROW_EXTENSION_VARIANT) } else { extension };
    let nullable = field.is_nullable() || data_type == DataType::Null;
    let plain = Field::new(field.name(), data_type, nullable);
    match extension {
        Some(name) => plain.with_metadata(HashMap::from([(ARROW_EXTENSION.to_owned(), name.to_owned())])),
        None => plain,
    }
}

fn plain_type(data_type: &DataType) -> (DataType, Option<&'static str>) {
    let plain = match data_type {
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            if *scale < 0 {
                DataType::Decimal128(DECIMAL_128_PRECISION_MAX, 0)
            } else {
                DataType::Decimal128(*precision, *scale)
            }
        }
        DataType::Decimal256(precision, scale) => {
            if *scale < 0 {
                DataType::Decimal256(DECIMAL_256_PRECISION_MAX, 0)
            } else {
                DataType::Decimal256(*precision, *scale)
            }
        }
        DataType::FixedSizeBinary(_) | DataType::BinaryView => DataType::Binary,
        // A page's slice of a view would carry the whole batch's texts into an Arrow body.
        DataType::Utf8View => DataType::Utf8,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Time32(_) | DataType::Time64(_) | DataType::Union(_, _) => DataType::Utf8,
        DataType::Interval(_) | DataType::Duration(_) => {
            return (DataType::Decimal128(DECIMAL_128_PRECISION_MAX, 0), Some(ARROW_EXTENSION_INTERVAL));
        }
        DataType::Dictionary(_, value) => return plain_type(value),
        DataType::RunEndEncoded(_, value) => return plain_type(value.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(Arc::new(plain_field(item))),
        DataType::LargeList(item) | DataType::LargeListView(item) | DataType::FixedSizeList(item, _) => {
            DataType::LargeList(Arc::new(plain_field(item)))
        }
        DataType::Struct(fields) => DataType::Struct(plain_fields(fields)),
        DataType::Map(entries, sorted) => DataType::Map(Arc::new(plain_field(entries)), *sorted),
        other => other.clone(),
    };
    (plain, None)
}

fn plain_fields(fields: &Fields) -> Fields {
    fields.iter().map(|field| Arc::new(plain_field(field))).collect()
}

/// Converts a column to what [`plain_field`] says.
pub(super) fn plain_array(array: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let plain = field.data_type();
    if array.data_type() == plain {
        return Ok(array.clone());
    }
    match array.data_type() {
        DataType::Timestamp(unit, _) => Ok(plain_timestamp(array, *unit)),
        DataType::Interval(_) | DataType::Duration(_) => plain_interval(array),
        DataType::Union(_, _) => plain_union(array),
        DataType::Dictionary(_, value) => plain_array(&cast(array, value)?, field),
        DataType::RunEndEncoded(_, value) => plain_array(&cast(array, value.data_type())?, field),
        DataType::List(_) => plain_list(array.as_list::<i32>(), plain),
        DataType::LargeList(_) => plain_list(array.as_list::<i64>(), plain),
        DataType::ListView(item) => plain_array(&cast(array, &DataType::List(item.clone()))?, field),
        DataType::LargeListView(item) | DataType::FixedSizeList(item, _) => {
            plain_array(&cast(array, &DataType::LargeList(item.clone()))?, field)
        }
        DataType::Struct(_) => Ok(Arc::new(plain_struct(array.as_struct(), plain)?)),
        DataType::Map(_, _) => plain_map(array.as_map(), plain),
        _ => cast(array, plain),
    }
}

fn plain_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    plain: &DataType,
) -> Result<ArrayRef, ArrowError> {
    let (DataType::List(item) | DataType::LargeList(item)) = plain else {
        return Err(unexpected(plain));
    };
    let values = plain_array(list.values(), item)?;
    Ok(Arc::new(GenericListArray::<O>::try_new(
        item.clone(),
        list.offsets().clone(),
        values,
        list.nulls().cloned(),
    )?))
}

fn plain_struct(array: &StructArray, plain: &DataType) -> Result<StructArray, ArrowError> {
    let DataType::Struct(fields) = plain else {
        return Err(unexpected(plain));
    };
    let columns = array
        .columns()
        .iter()
        .zip(fields)
        .map(|(column, field): (&ArrayRef, &FieldRef)| plain_array(column, field))
        .collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())
}

fn plain_map(array: &MapArray, plain: &DataType) -> Result<ArrayRef, ArrowError> {
    let DataType::Map(entries_field, sorted) = plain else {
        return Err(unexpected(plain));
    };
    let entries = plain_struct(array.entries(), entries_field.data_type())?;
    Ok(Arc::new(MapArray::try_new(
        entries_field.clone(),
        array.offsets().clone(),
        entries,
        array.nulls().cloned(),
        *sorted,
    )?))
}

/// Timestamps beyond microseconds lose what is below, towards the past; beyond the range of the
/// clients' calendar they are its first or last instant, which is what Databend stores for them.
fn plain_timestamp(array: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    fn convert<T: ArrowPrimitiveType<Native = i64>>(
        array: &ArrayRef,
        to_micros: impl Fn(i64) -> i64,
    ) -> ArrayRef {
        let micros: PrimitiveArray<TimestampMicrosecondType> = array.as_primitive::<T>().unary(to_micros);
        Arc::new(micros)
    }
    match unit {
        TimeUnit::Second => convert::<TimestampSecondType>(array, |value| value.saturating_mul(1_000_000)),
        TimeUnit::Millisecond => {
            convert::<TimestampMillisecondType>(array, |value| value.saturating_mul(1_000))
        }
        TimeUnit::Microsecond => convert::<TimestampMicrosecondType>(array, |value| value),
        TimeUnit::Nanosecond => convert::<TimestampNanosecondType>(array, |value| value.div_euclid(1_000)),
    }
}

fn plain_interval(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    fn pack<T: ArrowPrimitiveType>(
        array: &ArrayRef,
        to_packed: impl Fn(T::Native) -> i128,
    ) -> Decimal128Array {
        array.as_primitive::<T>().unary::<_, Decimal128Type>(to_packed)
    }
    let micros = |value: i64| pack_interval(0, 0, value);
    let packed = match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            pack::<IntervalYearMonthType>(array, |months| pack_interval(months, 0, 0))
        }
        DataType::Interval(IntervalUnit::DayTime) => pack::<IntervalDayTimeType>(array, |value| {
            pack_interval(0, value.days, i64::from(value.milliseconds) * 1_000)
        }),
        DataType::Interval(IntervalUnit::MonthDayNano) => pack::<IntervalMonthDayNanoType>(array, |value| {
            pack_interval(value.months, value.days, value.nanoseconds / 1_000)
        }),
        DataType::Duration(TimeUnit::Second) => {
            pack::<DurationSecondType>(array, |value| micros(value.saturating_mul(1_000_000)))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            pack::<DurationMillisecondType>(array, |value| micros(value.saturating_mul(1_000)))
        }
        DataType::Duration(TimeUnit::Microsecond) => pack::<DurationMicrosecondType>(array, micros),
        DataType::Duration(TimeUnit::Nanosecond) => {
            pack::<DurationNanosecondType>(array, |value| micros(value / 1_000))
        }
        other => return Err(unexpected(other)),
    };
    Ok(Arc::new(packed.with_precision_and_scale(DECIMAL_128_PRECISION_MAX, 0)?))
}

fn plain_union(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let nulls = array.logical_nulls();
    let texts: StringArray = (0..array.len())
        .map(|row| match &nulls {
            Some(nulls) if nulls.is_null(row) => Ok(None),
            _ => formatter.value(row).try_to_string().map(Some),
        })
        .collect::<Result<_, ArrowError>>()?;
    Ok(Arc::new(texts))
}

fn unexpected(data_type: &DataType) -> ArrowError {
    ArrowError::CastError(format!("{data_type} is not the plain type of this column"))
}

//! How the cells of one column are written: alone, and inside an array, map or tuple.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, Field, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use chrono_tz::Tz;
use protocol::{ARROW_EXTENSION, ARROW_EXTENSION_INTERVAL, ARROW_EXTENSION_VARIANT};

use super::json::write_escaped;
use super::nested::{ListCells, MapCells, TupleCells};
use super::text::{write_date, write_decimal, write_hex, write_integer, write_interval, write_timestamp};

/// The cells of one column of a plain batch.
pub(super) trait Cells {
    fn is_null(&self, row: usize) -> bool;

    /// The text of a cell that is not NULL.
    fn write_text(&self, row: usize, out: &mut Vec<u8>);

    /// The text of a cell that is not NULL inside an array, map or tuple.
    fn write_nested(&self, row: usize, out: &mut Vec<u8>) {
        self.write_text(row, out);
    }

    /// The cell as a JSON value of its own kind, for files that people download. Not NULL.
    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        self.write_text(row, &mut text);
        write_json_text(&text, out);
    }

    /// Whether the texts hold nothing that JSON escapes.
    fn needs_no_escape(&self) -> bool {
        true
    }

    /// The text as it lies in the array, where it does.
    fn borrow_text(&self, _row: usize) -> Option<&[u8]> {
        None
    }
}

/// Chooses how a plain column is written.
pub(super) fn cells_of_column<'a>(column: &'a ArrayRef, field: &Field, zone: Tz) -> Box<dyn Cells + 'a> {
    let extension = field.metadata().get(ARROW_EXTENSION).map(String::as_str);
    match column.data_type() {
        DataType::Boolean => Box::new(column.as_boolean()),
        DataType::Int8 => integers::<Int8Type>(column),
        DataType::Int16 => integers::<Int16Type>(column),
        DataType::Int32 => integers::<Int32Type>(column),
        DataType::Int64 => integers::<Int64Type>(column),
        DataType::UInt8 => integers::<UInt8Type>(column),
        DataType::UInt16 => integers::<UInt16Type>(column),
        DataType::UInt32 => integers::<UInt32Type>(column),
        DataType::UInt64 => integers::<UInt64Type>(column),
        DataType::Float32 => Box::new(FloatCells(column.as_primitive::<Float32Type>())),
        DataType::Float64 => Box::new(FloatCells(column.as_primitive::<Float64Type>())),
        DataType::Decimal128(_, _) if extension == Some(ARROW_EXTENSION_INTERVAL) => {
            Box::new(IntervalCells(column.as_primitive()))
        }
        DataType::Decimal128(_, scale) => {
            Box::new(Decimal128Cells { values: column.as_primitive(), scale: scale.unsigned_abs().into() })
        }
        DataType::Decimal256(_, scale) => {
            Box::new(Decimal256Cells { values: column.as_primitive(), scale: scale.unsigned_abs().into() })
        }
        DataType::Date32 => Box::new(DateCells(column.as_primitive())),
        DataType::Timestamp(_, _) => Box::new(TimestampCells { values: column.as_primitive(), zone }),
        DataType::Utf8 => texts(column.as_string::<i32>(), extension),
        DataType::LargeUtf8 => texts(column.as_string::<i64>(), extension),
        DataType::Binary => Box::new(BinaryCells(column.as_binary::<i32>())),
        DataType::LargeBinary => Box::new(BinaryCells(column.as_binary::<i64>())),
        DataType::List(item) => Box::new(ListCells::new(column.as_list::<i32>(), item, zone)),
        DataType::LargeList(item) => Box::new(ListCells::new(column.as_list::<i64>(), item, zone)),
        DataType::Map(_, _) => Box::new(MapCells::new(column.as_map(), zone)),
        DataType::Struct(fields) => Box::new(TupleCells::new(column.as_struct(), fields, zone)),
        // INVARIANT: `plain` leaves no other type than Null.
        _ => Box::new(NullCells),
    }
}

fn integers<'a, T>(column: &'a ArrayRef) -> Box<dyn Cells + 'a>
where
    T: ArrowPrimitiveType,
    T::Native: itoa::Integer,
{
    Box::new(IntegerCells(column.as_primitive::<T>()))
}

fn texts<'a, T: TextArray + 'a>(values: T, extension: Option<&str>) -> Box<dyn Cells + 'a> {
    if extension == Some(ARROW_EXTENSION_VARIANT) {
        Box::new(VariantCells(values))
    } else {
        Box::new(TextCells(values))
    }
}

struct NullCells;

impl Cells for NullCells {
    fn is_null(&self, _row: usize) -> bool {
        true
    }

    fn write_text(&self, _row: usize, _out: &mut Vec<u8>) {}
}

impl Cells for &BooleanArray {
    fn is_null(&self, row: usize) -> bool {
        Array::is_null(*self, row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        out.push(if self.value(row) { b'1' } else { b'0' });
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.value(row) { b"true" } else { b"false" });
    }
}

struct IntegerCells<'a, T: ArrowPrimitiveType>(&'a PrimitiveArray<T>);

impl<T> Cells for IntegerCells<'_, T>
where
    T: ArrowPrimitiveType,
    T::Native: itoa::Integer,
{
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_integer(self.0.value(row), out);
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        self.write_text(row, out);
    }
}

struct FloatCells<'a, T: ArrowPrimitiveType>(&'a PrimitiveArray<T>);

impl<T> Cells for FloatCells<'_, T>
where
    T: ArrowPrimitiveType,
    T::Native: ryu::Float + Into<f64>,
{
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        let value = self.0.value(row);
        let wide: f64 = value.into();
        let text = if wide.is_nan() {
            "NaN"
        } else if wide == f64::INFINITY {
            "Infinity"
        } else if wide == f64::NEG_INFINITY {
            "-Infinity"
        } else {
            out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
            return;
        };
        out.extend_from_slice(text.as_bytes());
    }

    /// JSON has no number for what is not finite.
    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let wide: f64 = self.0.value(row).into();
        if wide.is_finite() {
            self.write_text(row, out);
        } else {
            write_quoted(out, |out| self.write_text(row, out));
        }
    }
}

struct Decimal128Cells<'a> {
    values: &'a PrimitiveArray<Decimal128Type>,
    scale: usize,
}

impl Cells for Decimal128Cells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.values.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_decimal(itoa::Buffer::new().format(self.values.value(row)), self.scale, out);
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        self.write_text(row, out);
    }
}

struct Decimal256Cells<'a> {
    values: &'a PrimitiveArray<Decimal256Type>,
    scale: usize,
}

impl Cells for Decimal256Cells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.values.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_decimal(&self.values.value(row).to_string(), self.scale, out);
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        self.write_text(row, out);
    }
}

struct IntervalCells<'a>(&'a PrimitiveArray<Decimal128Type>);

impl Cells for IntervalCells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_interval(self.0.value(row), out);
    }

    fn write_nested(&self, row: usize, out: &mut Vec<u8>) {
        write_quoted(out, |out| self.write_text(row, out));
    }
}

struct DateCells<'a>(&'a PrimitiveArray<Date32Type>);

impl Cells for DateCells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_date(self.0.value(row).into(), out);
    }

    fn write_nested(&self, row: usize, out: &mut Vec<u8>) {
        write_quoted(out, |out| self.write_text(row, out));
    }
}

struct TimestampCells<'a> {
    values: &'a PrimitiveArray<TimestampMicrosecondType>,
    zone: Tz,
}

impl Cells for TimestampCells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.values.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_timestamp(self.values.value(row), self.zone, out);
    }

    fn write_nested(&self, row: usize, out: &mut Vec<u8>) {
        write_quoted(out, |out| self.write_text(row, out));
    }
}

/// Texts and bytes, with small or large offsets.
trait TextArray {
    fn is_null_at(&self, row: usize) -> bool;
    fn bytes_at(&self, row: usize) -> &[u8];
}

macro_rules! text_array {
    ($($array:ty),*) => {$(
        impl TextArray for &$array {
            fn is_null_at(&self, row: usize) -> bool {
                self.is_null(row)
            }

            fn bytes_at(&self, row: usize) -> &[u8] {
                self.value(row).as_ref()
            }
        }
    )*};
}

text_array!(
    arrow::array::StringArray,
    arrow::array::LargeStringArray,
    arrow::array::BinaryArray,
    arrow::array::LargeBinaryArray
);

struct TextCells<T>(T);

impl<T: TextArray> Cells for TextCells<T> {
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null_at(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.bytes_at(row));
    }

    /// A quote inside is doubled and a backslash too. Clients read `\"` as both characters, and `""` as
    /// the quote alone: only doubling brings every text over unchanged.
    fn write_nested(&self, row: usize, out: &mut Vec<u8>) {
        write_quoted(out, |out| {
            for byte in self.0.bytes_at(row) {
                if matches!(byte, b'"' | b'\\') {
                    out.push(*byte);
                }
                out.push(*byte);
            }
        });
    }

    fn needs_no_escape(&self) -> bool {
        false
    }

    fn borrow_text(&self, row: usize) -> Option<&[u8]> {
        Some(self.0.bytes_at(row))
    }
}

/// JSON text, which stands bare inside arrays.
struct VariantCells<T>(T);

impl<T: TextArray> Cells for VariantCells<T> {
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null_at(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.bytes_at(row));
    }

    /// Text that is no JSON after all is a text.
    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let text = self.0.bytes_at(row);
        match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Ok(_) => out.extend_from_slice(text),
            Err(_) => write_json_text(text, out),
        }
    }

    fn needs_no_escape(&self) -> bool {
        false
    }

    fn borrow_text(&self, row: usize) -> Option<&[u8]> {
        Some(self.0.bytes_at(row))
    }
}

struct BinaryCells<T>(T);

impl<T: TextArray> Cells for BinaryCells<T> {
    fn is_null(&self, row: usize) -> bool {
        self.0.is_null_at(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_hex(self.0.bytes_at(row), out);
    }
}

fn write_json_text(text: &[u8], out: &mut Vec<u8>) {
    write_quoted(out, |out| write_escaped(text, out));
}

pub(super) fn write_quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

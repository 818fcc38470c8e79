//! A column's type as it is written in SQL.

use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::variant::is_variant;

/// `BIGINT`, `ARRAY(VARCHAR)`, `TUPLE(a INT, b VARCHAR)`.
pub(crate) fn sql_type(field: &Field) -> String {
    if is_variant(field) {
        return "VARIANT".to_owned();
    }
    let name = match field.data_type() {
        DataType::Null => "NULL",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INT UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float16 | DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond, _)
        | DataType::Timestamp(TimeUnit::Nanosecond, _) => "TIMESTAMP",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BINARY"
        }
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL",
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => return format!("DECIMAL({precision}, {scale})"),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            return format!("ARRAY({})", sql_type(item));
        }
        DataType::Struct(fields) => {
            let members: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), sql_type(field))).collect();
            return format!("TUPLE({})", members.join(", "));
        }
        DataType::Map(entries, _) => {
            if let DataType::Struct(fields) = entries.data_type()
                && let [key, value] = fields.as_ref()
            {
                return format!("MAP({}, {})", sql_type(key), sql_type(value));
            }
            "MAP"
        }
        DataType::Dictionary(_, value) => return sql_type(&Field::new("", value.as_ref().clone(), true)),
        _ => "VARCHAR",
    };
    name.to_owned()
}

//! `to_int32(x)`, `try_to_date(x)`, `to_string(x)`.

use datafusion::sql::sqlparser::ast::{DataType, ExactNumberInfo, Expr, TimezoneInfo};

use super::{cast, try_cast};
use crate::variant::call;

pub(super) fn rewrite(name: &str, arguments: &[Expr]) -> Option<Expr> {
    let tries = name.starts_with("try_to_");
    let target = name.strip_prefix("try_to_").or_else(|| name.strip_prefix("to_"))?;
    if matches!(target, "string" | "varchar" | "text") {
        return match arguments {
            [value] => Some(call("to_string", [value.clone()])).filter(|_| name != "to_string"),
            [value, format] => Some(call("to_char", [value.clone(), format.clone()])),
            _ => None,
        };
    }
    let [value] = arguments else { return None };
    let data_type = match target {
        "boolean" | "bool" => DataType::Boolean,
        "int8" => DataType::TinyInt(None),
        "int16" => DataType::SmallInt(None),
        "int32" | "int" => DataType::Int(None),
        "int64" | "bigint" => DataType::BigInt(None),
        "uint8" => DataType::TinyIntUnsigned(None),
        "uint16" => DataType::SmallIntUnsigned(None),
        "uint32" => DataType::IntUnsigned(None),
        "uint64" => DataType::BigIntUnsigned(None),
        "float32" => DataType::Real,
        "float64" | "double" => DataType::Double(ExactNumberInfo::None),
        "date" if tries => DataType::Date,
        "timestamp" | "datetime" if tries => DataType::Timestamp(None, TimezoneInfo::None),
        "datetime" => return Some(call("to_timestamp", [value.clone()])),
        "binary" => DataType::Bytea,
        _ => return None,
    };
    Some(if tries { try_cast(value.clone(), data_type) } else { cast(value.clone(), data_type) })
}

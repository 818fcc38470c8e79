//! Dates and times: parts, beginnings, sums and differences.

use datafusion::sql::sqlparser::ast::{BinaryOperator, DataType, Expr, Interval, UnaryOperator, Value};

use super::{bracketed, cast, number, text};
use crate::variant::call;

/// Units of time, and in how many seconds the shorter ones are.
const UNITS: [(&str, i64); 9] = [
    ("year", 0),
    ("quarter", 0),
    ("month", 0),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
    ("microsecond", 0),
];

pub(super) fn rewrite(name: &str, arguments: &[Expr]) -> Option<Expr> {
    match (name, arguments) {
        ("date_trunc", [unit, value]) => {
            let unit = unit_of(unit)?;
            (!matches!(arguments[0], Expr::Value(_))).then(|| call("date_trunc", [text(unit), value.clone()]))
        }
        ("date_part", [unit, value]) if !matches!(unit, Expr::Value(_)) => {
            Some(call("date_part", [text(unit_of(unit)?), value.clone()]))
        }
        ("date_add" | "dateadd" | "timestamp_add", [unit, count, value]) => {
            Some(plus(value, count, unit_of(unit)?, BinaryOperator::Plus))
        }
        ("date_sub" | "datesub" | "timestamp_sub", [unit, count, value]) => {
            Some(plus(value, count, unit_of(unit)?, BinaryOperator::Minus))
        }
        ("date_diff" | "datediff" | "timestamp_diff", [unit, from, to]) => {
            difference(unit_of(unit)?, from, to)
        }
        ("date_format", [value, format]) => Some(call("to_char", [value.clone(), format.clone()])),
        ("today", []) => Some(call("current_date", [])),
        ("yesterday", []) => Some(plus(&call("current_date", []), &number(1), "day", BinaryOperator::Minus)),
        ("tomorrow", []) => Some(plus(&call("current_date", []), &number(1), "day", BinaryOperator::Plus)),
        ("to_unix_timestamp", [value]) => Some(call("to_unixtime", [value.clone()])),
        ("to_yyyymm", [value]) => Some(digits(value, "%Y%m")),
        ("to_yyyymmdd", [value]) => Some(digits(value, "%Y%m%d")),
        ("to_yyyymmddhh", [value]) => Some(digits(value, "%Y%m%d%H")),
        ("to_yyyymmddhhmmss", [value]) => Some(digits(value, "%Y%m%d%H%M%S")),
        ("to_monday", [value]) => Some(start_of("week", value)),
        ("last_day", [value]) => Some(last_day("month", value)),
        ("last_day", [value, unit]) => Some(last_day(unit_of(unit)?, value)),
        ("to_day_of_week" | "dayofweek", [value]) => Some(weekday(value)),
        (_, [value]) => {
            if let Some(unit) = name.strip_prefix("to_start_of_").and_then(known_unit) {
                return Some(start_of(unit, value));
            }
            let part = match name.strip_prefix("to_").unwrap_or(name) {
                "year" => "year",
                "quarter" => "quarter",
                "month" => "month",
                "day" | "day_of_month" | "dayofmonth" => "day",
                "day_of_year" | "dayofyear" => "doy",
                "week" | "week_of_year" | "weekofyear" => "week",
                "hour" => "hour",
                "minute" => "minute",
                "second" => "second",
                _ => return None,
            };
            Some(call("date_part", [text(part), value.clone()]))
        }
        (_, [value, count]) => {
            let (operator, unit) = match (name.strip_prefix("add_"), name.strip_prefix("subtract_")) {
                (Some(unit), _) => (BinaryOperator::Plus, unit),
                (_, Some(unit)) => (BinaryOperator::Minus, unit),
                _ => return None,
            };
            Some(plus(value, count, known_unit(unit.strip_suffix('s')?)?, operator))
        }
        _ => None,
    }
}

fn known_unit(unit: &str) -> Option<&'static str> {
    UNITS.iter().map(|(name, _)| *name).find(|name| *name == unit)
}

/// A unit as a word, in quotes or not.
fn unit_of(expr: &Expr) -> Option<&'static str> {
    let word = match expr {
        Expr::Identifier(word) => word.value.to_lowercase(),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(word) => word.to_lowercase(),
            _ => return None,
        },
        _ => return None,
    };
    known_unit(word.strip_suffix('s').unwrap_or(&word))
}

/// `INTERVAL '2 day'`; where the count is no number that is written out, the text is made for each row.
fn interval(count: &Expr, unit: &str) -> Expr {
    let (unit, factor) = if unit == "quarter" { ("month", 3) } else { (unit, 1) };
    let written = match count {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<i64>().ok(),
            _ => None,
        },
        _ => None,
    };
    if let Some(count) = written.and_then(|count| count.checked_mul(factor)) {
        return Expr::Interval(Interval {
            value: Box::new(text(&format!("{count} {unit}"))),
            leading_field: None,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        });
    }
    let count = binary(bracketed(count), BinaryOperator::Multiply, number(factor));
    let words = call("concat", [count, text(&format!(" {unit}"))]);
    cast(words, DataType::Interval { fields: None, precision: None })
}

/// `(value + INTERVAL 'count unit')`.
fn plus(value: &Expr, count: &Expr, unit: &str, operator: BinaryOperator) -> Expr {
    // `-1` is one less: the number alone can be written into an interval.
    let (count, operator) = match count {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            let turned = match operator {
                BinaryOperator::Plus => BinaryOperator::Minus,
                _ => BinaryOperator::Plus,
            };
            (expr.as_ref(), turned)
        }
        other => (other, operator),
    };
    nested(binary(bracketed(value), operator, interval(count, unit)))
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

fn part(unit: &str, value: &Expr) -> Expr {
    cast(call("date_part", [text(unit), value.clone()]), DataType::BigInt(None))
}

/// How many beginnings of a unit lie between two times.
fn difference(unit: &str, from: &Expr, to: &Expr) -> Option<Expr> {
    let count = |value: &Expr| match unit {
        "year" => Some(part("year", value)),
        "quarter" | "month" => {
            let per_year = if unit == "month" { 12 } else { 4 };
            let years = binary(part("year", value), BinaryOperator::Multiply, number(per_year));
            Some(nested(binary(years, BinaryOperator::Plus, part(unit, value))))
        }
        _ => {
            let seconds = UNITS.iter().find(|(name, _)| *name == unit)?.1;
            let start = call("date_trunc", [text(unit), value.clone()]);
            (seconds > 0).then(|| call("intdiv", [call("to_unixtime", [start]), number(seconds)]))
        }
    };
    Some(nested(binary(count(to)?, BinaryOperator::Minus, count(from)?)))
}

fn digits(value: &Expr, format: &str) -> Expr {
    cast(call("to_char", [value.clone(), text(format)]), DataType::BigInt(None))
}

fn start_of(unit: &str, value: &Expr) -> Expr {
    let start = call("date_trunc", [text(unit), value.clone()]);
    if matches!(unit, "year" | "quarter" | "month" | "week") { cast(start, DataType::Date) } else { start }
}

fn last_day(unit: &str, value: &Expr) -> Expr {
    let start = cast(call("date_trunc", [text(unit), value.clone()]), DataType::Date);
    let next = plus(&start, &number(1), unit, BinaryOperator::Plus);
    cast(plus(&next, &number(1), "day", BinaryOperator::Minus), DataType::Date)
}

/// Monday is 1, Sunday is 7.
fn weekday(value: &Expr) -> Expr {
    let from_sunday = binary(part("dow", value), BinaryOperator::Plus, number(6));
    let from_monday = binary(nested(from_sunday), BinaryOperator::Modulo, number(7));
    nested(binary(from_monday, BinaryOperator::Plus, number(1)))
}

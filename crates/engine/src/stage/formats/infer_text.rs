//! What type the texts of a column are, as far as a sample tells.

use arrow::datatypes::{DataType, TimeUnit};

/// Digits of the longest decimal.
const DIGITS_MAX: usize = 38;

/// From the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only NULL so far.
    Nothing,
    Boolean,
    Integer,
    /// A whole number beyond 64 bits.
    LongInteger,
    Float,
    Date,
    Timestamp,
    Text,
}

impl Kind {
    pub(super) fn of(text: &str, nan: &str) -> Self {
        // What is padded with zeros is a code, and loses them as a number.
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Text;
        }
        if text.parse::<i64>().is_ok() && !text.starts_with('+') {
            return Self::Integer;
        }
        if (1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::LongInteger;
        }
        if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            return Self::Boolean;
        }
        if text == nan || is_number(text) {
            return Self::Float;
        }
        match date_length(text) {
            Some("") => Self::Date,
            Some(rest) if is_time(rest) => Self::Timestamp,
            _ => Self::Text,
        }
    }

    pub(super) fn merge(self, other: Self) -> Self {
        match (self, other) {
            (left, right) if left == right => left,
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Integer, Self::LongInteger) | (Self::LongInteger, Self::Integer) => Self::LongInteger,
            (Self::Integer | Self::LongInteger, Self::Float)
            | (Self::Float, Self::Integer | Self::LongInteger) => Self::Float,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            _ => Self::Text,
        }
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::LongInteger => DataType::Decimal128(DIGITS_MAX as u8, 0),
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Nothing | Self::Text => DataType::Utf8,
        }
    }
}

/// Digits with a point or an exponent; not the words that a parser of numbers also takes.
fn is_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

/// What stands behind `YYYY-MM-DD`.
fn date_length(text: &str) -> Option<&str> {
    let (date, rest) = text.split_at_checked(10)?;
    chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let shaped = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shaped.then_some(rest)
}

fn is_time(rest: &str) -> bool {
    let Some(time) = rest.strip_prefix([' ', 'T']) else { return false };
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let clock_fits = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .any(|format| chrono::NaiveTime::parse_from_str(clock.trim_end(), format).is_ok());
    let zone_fits = match zone.strip_prefix(['+', '-']) {
        Some(digits) => {
            matches!(digits.len(), 2 | 4 | 5)
                && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
        }
        None => zone.is_empty() || zone == "Z",
    };
    clock_fits && zone_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_they_look_like() {
        let check = |text: &str, kind| assert_eq!(Kind::of(text, "NaN"), kind, "{text}");
        check("12", Kind::Integer);
        check("0", Kind::Integer);
        check("08123", Kind::Text);
        check("-9223372036854775808", Kind::Integer);
        check("9223372036854775808", Kind::LongInteger);
        check(&"9".repeat(38), Kind::LongInteger);
        check(&"9".repeat(39), Kind::Float);
        check("1.5e3", Kind::Float);
        check("NaN", Kind::Float);
        check("inf", Kind::Text);
        check("TRUE", Kind::Boolean);
        check("2024-02-29", Kind::Date);
        check("2023-02-29", Kind::Text);
        check("2024-02-29 12:00:01.5", Kind::Timestamp);
        check("2024-02-29T12:00:01+01:00", Kind::Timestamp);
        check("2024-02-29 noon", Kind::Text);
        check("1-2", Kind::Text);
    }

    #[test]
    fn what_differs_becomes_what_holds_both() {
        assert_eq!(Kind::Integer.merge(Kind::Float), Kind::Float);
        assert_eq!(Kind::Date.merge(Kind::Timestamp), Kind::Timestamp);
        assert_eq!(Kind::Boolean.merge(Kind::Integer), Kind::Text);
        assert_eq!(Kind::Nothing.merge(Kind::Date), Kind::Date);
    }
}

//! Numbers of conditions, compared exactly, however long.

use std::cmp::Ordering;

/// A decimal number: its digits, not a float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    /// Without leading zeros.
    whole: String,
    /// Without trailing zeros.
    fraction: String,
}

impl Decimal {
    /// Reads `12`, `-3.50`, `.5`; no exponents.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self { is_negative: is_negative && !is_zero, whole, fraction })
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        let by_length = self.whole.len().cmp(&other.whole.len());
        // Digits of equal length, and fractions, are in the order of their texts.
        by_length.then_with(|| self.whole.cmp(&other.whole)).then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let sorted = [
            "-9223372036854775809",
            "-10",
            "-9.5",
            "-0.25",
            "0",
            "0.05",
            "0.5",
            "1",
            "9",
            "10",
            "9223372036854775807",
            "9223372036854775808",
        ];
        for (one, next) in sorted.iter().zip(sorted.iter().skip(1)) {
            assert!(Decimal::parse(one) < Decimal::parse(next), "{one} < {next}");
        }
        for (one, same) in [("-0", "0"), ("1.50", "01.5"), (".5", "0.5"), ("+7", "7"), ("7.", "7.0")] {
            assert_eq!(Decimal::parse(one), Decimal::parse(same));
        }
        for text in ["", "-", ".", "1e3", "0x1", "1,5", " 1", "--1", "NaN"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}

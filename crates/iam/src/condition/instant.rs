//! Points in time of conditions: ISO 8601 in the forms of the W3C note, or epoch seconds.
//! <https://www.w3.org/TR/NOTE-datetime>

/// Seconds since 1970 in UTC, and the nanoseconds above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// Reads `2026-01`, `2026-01-31`, `2026-01-31T12:00Z`, `2026-01-31T12:00:00.5+01:00`, `1767225600`. Four digits
    /// could be a year as well as seconds, so they are neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = parse_epoch(text) {
            return Some(Self { seconds, nanoseconds: 0 });
        }
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let days = parse_date(date, time.is_some())?;
        let (seconds, nanoseconds) = time.map_or(Some((0, 0)), parse_time)?;
        Some(Self { seconds: days.checked_mul(86_400)?.checked_add(seconds)?, nanoseconds })
    }
}

fn parse_epoch(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && text.len() != 4).then(|| text.parse().ok()).flatten()
}

/// Days since 1970. With a time, the date must be complete.
fn parse_date(text: &str, is_complete: bool) -> Option<i64> {
    let parts: Vec<&str> = text.split('-').collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] => (number(year, 4)?, number(month, 2)?, number(day, 2)?),
        [year, month] if !is_complete => (number(year, 4)?, number(month, 2)?, 1),
        _ => return None,
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=month_days).contains(&day).then(|| days_since_epoch(year, month, day))
}

/// Counts in years that start in March, so that the leap day is the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let leap_days = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    let days_before_month = (march_month * 153 + 2) / 5;
    // 719,468 days lie between the first of March of year 0 and 1970.
    march_year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

/// Seconds since midnight UTC, possibly negative, and nanoseconds.
fn parse_time(text: &str) -> Option<(i64, u32)> {
    let (clock, offset) = if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        (clock, 0)
    } else {
        let at = text.rfind(['+', '-'])?;
        let (clock, zone) = text.split_at_checked(at)?;
        (clock, parse_offset(zone)?)
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute, second] => (number(hour, 2)?, number(minute, 2)?, number(second, 2)?),
        [hour, minute] if fraction.is_none() => (number(hour, 2)?, number(minute, 2)?, 0),
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanoseconds = fraction.map_or(Some(0), parse_fraction)?;
    Some((hour * 3_600 + minute * 60 + second - offset, nanoseconds))
}

/// The seconds of `+01:00`.
fn parse_offset(text: &str) -> Option<i64> {
    let (sign, clock) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(clock), _) => (1, clock),
        (_, Some(clock)) => (-1, clock),
        _ => return None,
    };
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3_600 + minute * 60))
}

fn parse_fraction(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = text.chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().ok()
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29", 951_782_400),
            ("2000-03-01T00:00Z", 951_868_800),
            ("2026-01-01T01:00:00+01:00", 1_767_225_600),
            ("2025-12-31t19:00:00-05:00", 1_767_225_600),
            ("1767225600", 1_767_225_600),
            ("-1", -1),
            ("0001-01-01", -62_135_596_800),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799),
        ] {
            assert_eq!(Instant::parse(text).map(|instant| instant.seconds), Some(seconds), "{text}");
        }
        assert!(Instant::parse("2026-01-01T00:00:00.25Z") > Instant::parse("2026-01-01T00:00:00.1999Z"));
        assert_eq!(Instant::parse("2026-01-01T00:00:00.1234567899Z").unwrap().nanoseconds, 123_456_789);
    }

    #[test]
    fn what_is_no_point_in_time() {
        for text in [
            "",
            "2026",
            "1970",
            "2026-13",
            "2026-02-29",
            "2026-1-1",
            "2026-01-01T",
            "2026-01-01T00:00:00",
            "2026-01T00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00Z",
            "2026-01-01T00:00.5Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1",
            "2026-01-01 00:00:00Z",
            "9223372036854775808",
            "now",
            "é-é-éTé+é",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }
}

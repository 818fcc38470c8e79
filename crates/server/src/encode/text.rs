//! The texts of dates, timestamps, intervals, decimals and binaries.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The last instant of the clients' calendar, 9999-12-30T22:00:00Z.
const TIMESTAMP_MICROS_MAX: i64 = 253_402_207_200_000_000;
/// The first instant of the clients' calendar, -9999-01-02T01:59:59Z.
const TIMESTAMP_MICROS_MIN: i64 = -377_705_023_201_000_000;

/// `YYYY-MM-DD` of the days since 1970-01-01.
pub(super) fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil_date(days);
    match year {
        0..=9999 => write_padded(year.unsigned_abs(), 4, out),
        _ => {
            out.push(if year < 0 { b'-' } else { b'+' });
            write_padded(year.unsigned_abs(), 4, out);
        }
    }
    out.push(b'-');
    write_padded(month, 2, out);
    out.push(b'-');
    write_padded(day, 2, out);
}

/// `YYYY-MM-DD HH:MM:SS.ffffff` in a zone.
pub(super) fn write_timestamp(micros: i64, zone: Tz, out: &mut Vec<u8>) {
    let micros = micros.clamp(TIMESTAMP_MICROS_MIN, TIMESTAMP_MICROS_MAX);
    let mut seconds = micros.div_euclid(MICROS_PER_SECOND);
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    seconds += offset_seconds(seconds, zone);
    write_date(seconds.div_euclid(SECONDS_PER_DAY), out);
    let of_day = seconds.rem_euclid(SECONDS_PER_DAY).unsigned_abs();
    out.push(b' ');
    write_padded(of_day / 3600, 2, out);
    out.push(b':');
    write_padded(of_day / 60 % 60, 2, out);
    out.push(b':');
    write_padded(of_day % 60, 2, out);
    out.push(b'.');
    write_padded(fraction.unsigned_abs(), 6, out);
}

fn offset_seconds(seconds: i64, zone: Tz) -> i64 {
    if zone == Tz::UTC {
        return 0;
    }
    match DateTime::from_timestamp(seconds, 0) {
        Some(instant) => {
            i64::from(zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc())
        }
        None => 0,
    }
}

/// Proleptic Gregorian date of a day number, after <https://howardhinnant.github.io/date_algorithms.html>.
fn civil_date(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month.unsigned_abs(), day.unsigned_abs())
}

/// Months, days and microseconds as clients unpack them from 128 bits.
pub(super) fn pack_interval(months: i32, days: i32, micros: i64) -> i128 {
    let months = u128::from(months.cast_unsigned());
    let days = u128::from(days.cast_unsigned());
    let micros = u128::from(micros.cast_unsigned());
    (months << 96 | days << 64 | micros).cast_signed()
}

/// `1 year 2 months 3 days 4:05:06.5`, the same text that clients make of an interval in Arrow.
pub(super) fn write_interval(packed: i128, out: &mut Vec<u8>) {
    let bits = packed.cast_unsigned();
    let months = ((bits >> 96) as u32).cast_signed();
    let days = ((bits >> 64) as u32).cast_signed();
    let micros = (bits as u64).cast_signed();
    let start = out.len();
    write_quantity(months / 12, "year", start, out);
    write_quantity(months % 12, "month", start, out);
    write_quantity(days, "day", start, out);
    if micros == 0 {
        if out.len() == start {
            out.extend_from_slice(b"00:00:00");
        }
        return;
    }
    if out.len() > start {
        out.push(b' ');
    }
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    write_integer(seconds / 3600, out);
    out.push(b':');
    write_padded(seconds / 60 % 60, 2, out);
    out.push(b':');
    write_padded(seconds % 60, 2, out);
    if fraction > 0 {
        out.push(b'.');
        write_padded(fraction, 6, out);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn write_quantity(value: i32, unit: &str, start: usize, out: &mut Vec<u8>) {
    if value == 0 {
        return;
    }
    if out.len() > start {
        out.push(b' ');
    }
    write_integer(value, out);
    out.push(b' ');
    out.extend_from_slice(unit.as_bytes());
    if value.unsigned_abs() != 1 {
        out.push(b's');
    }
}

/// An integer in decimal.
pub(super) fn write_integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The digits of an unscaled decimal with its point put in: `-5` with scale 2 is `-0.05`.
pub(super) fn write_decimal(unscaled: &str, scale: usize, out: &mut Vec<u8>) {
    let digits = match unscaled.strip_prefix('-') {
        Some(digits) => {
            out.push(b'-');
            digits.as_bytes()
        }
        None => unscaled.as_bytes(),
    };
    if scale == 0 {
        out.extend_from_slice(digits);
        return;
    }
    if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
}

/// Upper-case hexadecimal.
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

fn write_padded(value: u64, width: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    out.resize(out.len() + width.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(digits);
}

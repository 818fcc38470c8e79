//! Percent encoding, query strings and times as AWS writes them.

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const AMZ_DATE: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const ISO_SECONDS: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const RFC_850: &[FormatItem<'_>] = format_description!(
    "[weekday], [day]-[month repr:short]-[year repr:last_two] [hour]:[minute]:[second] GMT"
);

/// Encodes all but AWS's unreserved characters; `/` stays when `keep_slash`.
pub(crate) fn percent_encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b'/' if keep_slash => out.push('/'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Decodes `%XX`; leaves what is no escape as it is.
pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}

/// The pairs of a query string or form, decoded, in their order; `+` is a space.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_component(name), decode_component(value))
        })
        .collect()
}

fn decode_component(text: &str) -> String {
    String::from_utf8_lossy(&percent_decode(&text.replace('+', " "))).into_owned()
}

/// `20261124T120000Z`
pub(crate) fn amz_date(time: OffsetDateTime) -> String {
    time.format(AMZ_DATE).unwrap_or_default()
}

/// Reads `20261124T120000Z`.
pub(crate) fn parse_amz_date(text: &str) -> Option<OffsetDateTime> {
    time::PrimitiveDateTime::parse(text, AMZ_DATE).ok().map(time::PrimitiveDateTime::assume_utc)
}

/// `2026-11-24T12:00:00Z`
pub(crate) fn iso_seconds(time: OffsetDateTime) -> String {
    time.format(ISO_SECONDS).unwrap_or_default()
}

/// `Tue, 24 Nov 2026 12:00:00 GMT`
pub(crate) fn http_date(time: OffsetDateTime) -> String {
    time.format(HTTP_DATE).unwrap_or_default()
}

/// Reads the dates HTTP allows, and ISO times besides.
pub(crate) fn parse_http_date(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    for format in [HTTP_DATE, RFC_850] {
        if let Ok(parsed) = time::PrimitiveDateTime::parse(text, format) {
            return Some(parsed.assume_utc());
        }
    }
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822)
        .or_else(|_| OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339))
        .ok()
}

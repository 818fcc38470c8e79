//! Conditional requests and ranges.

use std::ops::Range;

use time::OffsetDateTime;

use crate::encoding::{http_date, parse_http_date};
use crate::error::AwsError;
use crate::request::RequestContext;

/// Holds the conditions of a GET or HEAD against an object.
pub(crate) fn check_read(
    request: &RequestContext,
    etag: &str,
    modified: OffsetDateTime,
) -> Result<(), AwsError> {
    let if_match = request.header("if-match");
    if let Some(list) = if_match {
        if !etag_listed(list, etag) {
            return Err(precondition_failed("If-Match"));
        }
    } else if let Some(since) = request.header("if-unmodified-since").and_then(parse_http_date)
        && whole_seconds(modified) > since
    {
        return Err(precondition_failed("If-Unmodified-Since"));
    }
    if let Some(list) = request.header("if-none-match") {
        if etag_listed(list, etag) {
            return Err(not_modified(etag, modified));
        }
    } else if let Some(since) = request.header("if-modified-since").and_then(parse_http_date)
        && whole_seconds(modified) <= since
        && since <= request.now
    {
        return Err(not_modified(etag, modified));
    }
    Ok(())
}

/// Holds the conditions of a copy against its source.
pub(crate) fn check_copy_source(
    request: &RequestContext,
    etag: &str,
    modified: OffsetDateTime,
) -> Result<(), AwsError> {
    let header = |name: &str| request.header(name);
    if let Some(list) = header("x-amz-copy-source-if-match") {
        if !etag_listed(list, etag) {
            return Err(precondition_failed("x-amz-copy-source-If-Match"));
        }
    } else if let Some(since) = header("x-amz-copy-source-if-unmodified-since").and_then(parse_http_date)
        && whole_seconds(modified) > since
    {
        return Err(precondition_failed("x-amz-copy-source-If-Unmodified-Since"));
    }
    if let Some(list) = header("x-amz-copy-source-if-none-match") {
        if etag_listed(list, etag) {
            return Err(precondition_failed("x-amz-copy-source-If-None-Match"));
        }
    } else if let Some(since) = header("x-amz-copy-source-if-modified-since").and_then(parse_http_date)
        && whole_seconds(modified) <= since
    {
        return Err(precondition_failed("x-amz-copy-source-If-Modified-Since"));
    }
    Ok(())
}

/// Holds the conditions of a write against what is there now.
pub(crate) fn check_write(
    request: &RequestContext,
    key: &str,
    current: Option<&str>,
) -> Result<(), AwsError> {
    if let Some(list) = request.header("if-none-match") {
        if list.trim() != "*" {
            return Err(not_implemented("If-None-Match"));
        }
        if current.is_some() {
            return Err(precondition_failed("If-None-Match"));
        }
    }
    if let Some(list) = request.header("if-match") {
        match current {
            None => return Err(super::store::no_such_key(key)),
            Some(etag) if !etag_listed(list, etag) => return Err(precondition_failed("If-Match")),
            Some(_) => {}
        }
    }
    Ok(())
}

fn not_implemented(header: &str) -> AwsError {
    AwsError::new(
        501,
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
    )
    .detail("Header", header)
}

/// Whether an ETag stands in the list of a condition.
pub(crate) fn etag_listed(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|item| {
        let item = item.strip_prefix("W/").unwrap_or(item);
        item == "*" || item.trim_matches('"') == etag
    })
}

/// The refusal of a request whose condition does not hold.
pub(crate) fn precondition_failed(condition: &str) -> AwsError {
    AwsError::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .detail("Condition", condition)
}

fn not_modified(etag: &str, modified: OffsetDateTime) -> AwsError {
    AwsError::new(304, "NotModified", "Not Modified")
        .header("etag", format!("\"{etag}\""))
        .header("last-modified", http_date(modified))
}

fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}

/// The part of an object that a `Range` header asks for. A header that is no single range is ignored, as S3
/// does; a range outside the object is refused.
pub(crate) fn range(header: Option<&str>, size: u64) -> Result<Option<Range<u64>>, AwsError> {
    let Some(header) = header else { return Ok(None) };
    let Some(spec) = header.trim().strip_prefix("bytes=") else { return Ok(None) };
    let Some((first, last)) = spec.split_once('-') else { return Ok(None) };
    let (first, last) = (first.trim(), last.trim());
    let refused = || {
        AwsError::new(416, "InvalidRange", "The requested range is not satisfiable")
            .detail("RangeRequested", header)
            .detail("ActualObjectSize", size.to_string())
            .header("content-range", format!("bytes */{size}"))
    };
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => {
            let Ok(length) = last.parse::<u64>() else { return Ok(None) };
            if length == 0 || size == 0 {
                return Err(refused());
            }
            size.saturating_sub(length)..size
        }
        (false, _) => {
            let Ok(first) = first.parse::<u64>() else { return Ok(None) };
            let end = if last.is_empty() {
                size
            } else {
                let Ok(last) = last.parse::<u64>() else { return Ok(None) };
                if last < first {
                    return Ok(None);
                }
                last.saturating_add(1).min(size)
            };
            if first >= size {
                return Err(refused());
            }
            first..end
        }
    };
    Ok(Some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let of = |text: &str, size| range(Some(text), size);
        assert_eq!(of("bytes=0-4", 10).unwrap(), Some(0..5));
        assert_eq!(of("bytes=5-", 10).unwrap(), Some(5..10));
        assert_eq!(of("bytes=-3", 10).unwrap(), Some(7..10));
        assert_eq!(of("bytes=-30", 10).unwrap(), Some(0..10));
        assert_eq!(of("bytes=2-300", 10).unwrap(), Some(2..10));
        for ignored in ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b"] {
            assert_eq!(of(ignored, 10).unwrap(), None, "{ignored}");
        }
        for refused in ["bytes=10-", "bytes=-0", "bytes=40-50"] {
            assert_eq!(of(refused, 10).unwrap_err().code, "InvalidRange", "{refused}");
        }
        assert!(of("bytes=0-", 0).is_err());
    }
}

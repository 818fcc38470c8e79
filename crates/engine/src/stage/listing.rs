//! Which files a location means.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use object_store::path::Path;
use regex::Regex;

use super::Place;
use super::failure::{Action, no_file};
use crate::{Error, ErrorKind};

/// Files one statement may name or find.
pub(crate) const FILES_MAX: usize = 1_000_000;
/// Named files looked up side by side.
const PROBES_AT_ONCE: usize = 32;

/// A file that was found, with the end of it where the finding brought that along.
#[derive(Debug, Clone)]
pub(crate) struct StagedFile {
    pub(crate) meta: ObjectMeta,
    pub(crate) tail: Option<Tail>,
}

/// The last bytes of a file.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// Where in the file they begin.
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

impl Tail {
    /// The bytes of `range`, if all of them are here.
    pub(super) fn slice(&self, range: &std::ops::Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start.checked_sub(self.start)?).ok()?;
        let end = usize::try_from(range.end.checked_sub(self.start)?).ok()?;
        (start <= end && end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }
}

/// Which of the files under a location are meant: all, those of a pattern, or named ones.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pattern: Option<Regex>,
    files: Option<Vec<String>>,
}

impl Selection {
    /// `text` is the statement, for pointing at a pattern that is none.
    pub(crate) fn from_pattern(text: &str, pattern: Option<&sql::Text>) -> Result<Self, Error> {
        let Some(pattern) = pattern else { return Ok(Self::default()) };
        let regex = Regex::new(&format!("^(?:{})$", pattern.value)).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Error::new(
                ErrorKind::InvalidValue,
                format!("pattern `{}` is not a regular expression: {reason}", pattern.value),
            )
            .with_excerpt(sql::excerpt(text, pattern.span))
        })?;
        Ok(Self { pattern: Some(regex), files: None })
    }

    pub(crate) fn from_options(text: &str, options: &sql::LocationOptions) -> Result<Self, Error> {
        let mut selection = Self::from_pattern(text, options.pattern.as_ref())?;
        if let Some(files) = &options.files {
            if selection.pattern.is_some() {
                return Err(Error::new(ErrorKind::InvalidValue, "PATTERN and FILES exclude each other"));
            }
            selection.files = Some(files.iter().map(|file| file.value.clone()).collect());
        }
        Ok(selection)
    }
}

/// The files to read, sorted by key. Named files cost one request each, which brings their end along.
pub(crate) async fn find_files(place: &Arc<Place>, selection: &Selection) -> Result<Vec<StagedFile>, Error> {
    if let Some(files) = &selection.files {
        return named_files(place, files).await;
    }
    let path = place.path();
    if !path.is_empty() && !path.ends_with('/') && selection.pattern.is_none() {
        // A file of exactly that name is what is meant, also without the right to list.
        if let Some(file) = place.probe(&place.prefix()).await? {
            return Ok(vec![file]);
        }
    }
    let files = list_files(place, selection).await?;
    Ok(files.into_iter().filter(|meta| meta.size > 0).map(|meta| StagedFile { meta, tail: None }).collect())
}

async fn named_files(place: &Arc<Place>, files: &[String]) -> Result<Vec<StagedFile>, Error> {
    let prefix = place.prefix();
    let folder = if prefix.is_empty() || prefix.ends_with('/') { prefix } else { format!("{prefix}/") };
    let mut probes = Vec::with_capacity(files.len());
    for file in files {
        let key = format!("{folder}{}", file.trim_start_matches('/'));
        probes.push(async move {
            let file = place.probe(&key).await?;
            file.ok_or_else(|| no_file(&place.names, &format!("s3://{}/{key}", place.names.bucket)))
        });
    }
    futures::stream::iter(probes).buffered(PROBES_AT_ONCE).try_collect().await
}

/// Everything under the location's prefix that the pattern matches, sorted by key.
///
/// The path is a prefix of names, not a folder: `@s/ab` lists `ab.csv` and `ab/cd.csv`. The pattern is
/// compared with what comes after it.
pub(crate) async fn list_files(place: &Arc<Place>, selection: &Selection) -> Result<Vec<ObjectMeta>, Error> {
    let prefix = place.prefix();
    let shown = Path::parse(&prefix).unwrap_or_default();
    let mut files = Vec::new();
    let mut keys = place.bucket().list_prefix(&prefix);
    while let Some(meta) = keys.next().await {
        let meta = meta.map_err(|error| place.failure(Action::List, &shown, &error))?;
        let rest = meta.location.as_ref().strip_prefix(&prefix).unwrap_or_default();
        if selection.pattern.as_ref().is_none_or(|pattern| pattern.is_match(rest)) {
            files.push(meta);
        }
        if files.len() > FILES_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("there are more than {FILES_MAX} files under `s3://{}/{prefix}`", place.names.bucket),
            )
            .with_hint("name a narrower path, or a PATTERN"));
        }
    }
    files.sort_unstable_by(|left, right| left.location.cmp(&right.location));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_gives_only_what_it_holds() {
        let tail = Tail { start: 10, bytes: Bytes::from_static(b"abcdef") };
        assert_eq!(tail.slice(&(12..14)).as_deref(), Some(&b"cd"[..]));
        assert_eq!(tail.slice(&(9..12)), None);
        assert_eq!(tail.slice(&(12..17)), None);
    }
}

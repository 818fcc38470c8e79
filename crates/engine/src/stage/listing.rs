//! Which files a location means.

use std::sync::Arc;

use bytes::Bytes;
use credentials::key_of_path;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use regex::Regex;

use super::Place;
use super::bytes::FileEnd;
use super::failure::no_file;
use super::footers::KnownFooter;
use super::hive::{Condition, FolderColumn, common_columns, folder_values};
use super::keys::{FoundFolders, list_folders, list_keys};
use crate::{Error, ErrorKind};

/// Files one statement may name or find.
pub(crate) const FILES_MAX: usize = 1_000_000;
/// Named files looked up side by side.
const PROBES_AT_ONCE: usize = 32;

/// A file that was found, with a piece of it where the finding brought that along.
#[derive(Debug, Clone)]
pub(crate) struct StagedFile {
    pub(crate) meta: ObjectMeta,
    pub(crate) tail: Option<Tail>,
    /// The footer, where a query before this one has read it and S3 says that the file is the same.
    pub(crate) known: Option<Arc<KnownFooter>>,
}

impl StagedFile {
    fn listed(meta: ObjectMeta) -> Self {
        Self { meta, tail: None, known: None }
    }
}

/// A piece of a file: its last bytes, or its first.
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
    conditions: Vec<Condition>,
}

impl Selection {
    /// Lets folders be left out whose names say that no row of theirs can pass.
    pub(crate) fn with_conditions(self, conditions: Vec<Condition>) -> Self {
        Self { conditions, ..self }
    }

    /// Files by their keys.
    pub(crate) fn of_files(files: Vec<String>) -> Self {
        Self { files: Some(files), ..Self::default() }
    }

    fn matches(&self, rest: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(rest))
    }

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
        Ok(Self { pattern: Some(regex), ..Self::default() })
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
pub(crate) async fn find_files(
    place: &Arc<Place>,
    selection: &Selection,
    end: FileEnd,
) -> Result<Vec<StagedFile>, Error> {
    if let Some(files) = &selection.files {
        return named_files(place, files, end).await;
    }
    let path = place.path();
    if !path.is_empty() && !path.ends_with('/') && selection.pattern.is_none() {
        // A file of exactly that name is what is meant, also without the right to list.
        if let Some(file) = place.probe(&place.prefix(), end).await? {
            return Ok(vec![file]);
        }
    }
    let files = list_files(place, selection).await?;
    Ok(files.into_iter().filter(|meta| meta.size > 0).map(StagedFile::listed).collect())
}

/// Files with the columns that their folders give.
pub(crate) struct Found {
    pub(crate) files: Vec<StagedFile>,
    pub(crate) folders: Vec<FolderColumn>,
}

/// The files to read as `find_files` does, without those that the conditions rule out by their folders.
pub(crate) async fn find_in_folders(
    place: &Arc<Place>,
    selection: &Selection,
    end: FileEnd,
) -> Result<Found, Error> {
    let mut pruned = None;
    let prefix = place.prefix();
    let is_folder = prefix.is_empty() || prefix.ends_with('/');
    if is_folder && selection.files.is_none() && !selection.conditions.is_empty() {
        pruned = list_folders(place, prefix.clone(), selection.conditions.clone()).await?;
    }
    let (files, known) = match pruned {
        Some(FoundFolders { mut objects, column }) => {
            objects.sort_unstable_by(|left, right| {
                key_of_path(&left.location).cmp(&key_of_path(&right.location))
            });
            let wanted = objects.into_iter().filter(|meta| {
                let key = key_of_path(&meta.location);
                meta.size > 0 && selection.matches(key.strip_prefix(&prefix).unwrap_or_default())
            });
            (wanted.map(StagedFile::listed).collect(), Some(column))
        }
        None => (find_files(place, selection, end).await?, None),
    };
    let keys: Vec<_> = files.iter().map(|file: &StagedFile| key_of_path(&file.meta.location)).collect();
    let names = common_columns(keys.iter().map(|key| &**key));
    let values: Vec<Vec<Option<String>>> = keys.iter().map(|key| folder_values(key)).collect();
    let folders = names.iter().enumerate().map(|(index, name)| match &known {
        Some(column) if column.name == *name => column.clone(),
        _ => FolderColumn::infer(name, values.iter().filter_map(|values| values.get(index)?.as_deref())),
    });
    let folders = folders.collect();
    drop(keys);
    Ok(Found { files, folders })
}

async fn named_files(place: &Arc<Place>, files: &[String], end: FileEnd) -> Result<Vec<StagedFile>, Error> {
    let prefix = place.prefix();
    let folder = if prefix.is_empty() || prefix.ends_with('/') { prefix } else { format!("{prefix}/") };
    let mut probes = Vec::with_capacity(files.len());
    for file in files {
        let key = format!("{folder}{}", file.trim_start_matches('/'));
        probes.push(async move {
            let file = place.probe(&key, end).await?;
            file.ok_or_else(|| no_file(&place.names, &place.names.url_of(&key)))
        });
    }
    futures::stream::iter(probes).buffered(PROBES_AT_ONCE).try_collect().await
}

/// What consoles make to have a folder with nothing in it: that folder, and no file.
pub(crate) fn is_folder_marker(object: &ObjectMeta) -> bool {
    object.size == 0 && key_of_path(&object.location).ends_with('/')
}

/// Everything under the location's prefix that the pattern matches, sorted by key.
///
/// The path is a prefix of names, not a folder: `@s/ab` lists `ab.csv` and `ab/cd.csv`. The pattern is
/// compared with what comes after it.
pub(crate) async fn list_files(place: &Arc<Place>, selection: &Selection) -> Result<Vec<ObjectMeta>, Error> {
    let prefix = place.prefix();
    let pattern = selection.pattern.clone();
    let keep = move |rest: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(rest));
    let mut files = list_keys(place, prefix, keep).await?;
    files.sort_unstable_by(|left, right| key_of_path(&left.location).cmp(&key_of_path(&right.location)));
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

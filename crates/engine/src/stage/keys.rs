//! The keys under a prefix, by as few dependent requests as possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::DataType;
use credentials::{ListPage, key_of_path, path_of_key};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectMeta;

use super::Place;
use super::failure::Action;
use super::hive::{Comparison, Condition, FolderColumn, split_folder};
use super::key_ranges::list_between;
use super::listing::FILES_MAX;
use crate::{Error, ErrorKind};

/// Listings under way at once.
const LISTINGS_AT_ONCE: usize = 32;
/// Folders are looked for that deep to list them side by side.
const DEPTH_MAX: usize = 4;
/// Folders whose names a query says, listed before it is known that there are any.
const GUESSES_MAX: usize = 8;

/// Every object whose key begins with `prefix` and that `keep` says yes to, in no order. Where there is more than
/// one page, the folders below are listed side by side, or ranges of keys where there are none.
pub(super) async fn list_keys(
    place: &Arc<Place>,
    prefix: String,
    keep: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Result<Vec<ObjectMeta>, Error> {
    let here = place.clone();
    let work = async move {
        let wanted = Wanted { prefix: &prefix, keep: &keep, found: AtomicUsize::new(0) };
        list_below(&here, prefix.clone(), DEPTH_MAX, &wanted).await
    };
    place.fetches().run(work).await
}

/// Which of the keys that are listed are kept. The others take no memory.
pub(super) struct Wanted<'a> {
    prefix: &'a str,
    /// Looks at a key without the prefix.
    keep: &'a (dyn Fn(&str) -> bool + Send + Sync),
    found: AtomicUsize,
}

impl Wanted<'_> {
    /// Moves what is wanted into `kept`; an error where that is too much.
    pub(super) fn take(
        &self,
        place: &Place,
        objects: impl IntoIterator<Item = ObjectMeta>,
        kept: &mut Vec<ObjectMeta>,
    ) -> Result<(), Error> {
        let before = kept.len();
        kept.extend(objects.into_iter().filter(|object| {
            (self.keep)(key_of_path(&object.location).strip_prefix(self.prefix).unwrap_or_default())
        }));
        let found = kept.len() - before;
        check_count(place, self.prefix, self.found.fetch_add(found, Ordering::Relaxed) + found)
    }
}

/// What a listing that looks at folders' names has found.
pub(super) struct FoundFolders {
    pub(super) objects: Vec<ObjectMeta>,
    /// The column that the folders give, with the type that all of them have, the pruned ones too.
    pub(super) column: FolderColumn,
}

/// The objects below those folders of `prefix` that the conditions leave; `None` if its folders are not
/// `column=value` of a column with a condition.
pub(super) async fn list_folders(
    place: &Arc<Place>,
    prefix: String,
    conditions: Vec<Condition>,
) -> Result<Option<FoundFolders>, Error> {
    let here = place.clone();
    place.fetches().run(async move { find_folders(&here, &prefix, &conditions).await }).await
}

async fn find_folders(
    place: &Arc<Place>,
    prefix: &str,
    conditions: &[Condition],
) -> Result<Option<FoundFolders>, Error> {
    let wanted = Wanted { prefix, keep: &|_| true, found: AtomicUsize::new(0) };
    let wanted = &wanted;
    let guesses = guesses(prefix, conditions);
    let binding = place.bucket().binding_id();
    if let Some(column) = place.fetches().layouts.get(binding, prefix)
        && let Some(found) = list_named(place, prefix, conditions, &column).await?
    {
        return Ok(Some(FoundFolders { objects: found, column }));
    }
    let guessing = futures::future::join_all(
        guesses.iter().map(|folder| list_below(place, folder.clone(), DEPTH_MAX, wanted)),
    );
    let names = async { folder_pages(place, prefix, page(place, prefix, None, None, true).await?).await };
    let (folders, guessed) = tokio::join!(names, guessing);
    let (folders, objects) = folders?;
    let Some(column) = common_column(&folders) else { return Ok(None) };
    let is_marker = |object: &ObjectMeta| object.size == 0;
    if !objects.iter().all(is_marker) || !conditions.iter().any(|condition| condition.is_on(&column)) {
        return Ok(None);
    }
    let value_of = |folder: &String| {
        split_folder(folder_name(folder)).map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let values: Vec<String> = folders.iter().map(value_of).collect();
    let column = FolderColumn::infer(&column, values.iter().map(String::as_str));
    place.fetches().layouts.insert(binding, prefix, column.clone());
    let on_column: Vec<&Condition> =
        conditions.iter().filter(|condition| condition.is_on(&column.name)).collect();
    let kept = folders
        .iter()
        .zip(&values)
        .filter(|(_, value)| on_column.iter().all(|condition| condition.may_match(value, &column.data_type)));
    let mut objects = Vec::new();
    let mut further = Vec::new();
    let mut guessed: Vec<_> = guesses.into_iter().zip(guessed).collect();
    for (folder, _) in kept {
        let folder = folder.clone();
        match guessed.iter().position(|(guess, _)| *guess == folder) {
            Some(position) => objects.extend(guessed.swap_remove(position).1?),
            None => further.push(list_below(place, folder, DEPTH_MAX, wanted)),
        }
    }
    let mut listings = futures::stream::iter(further).buffer_unordered(LISTINGS_AT_ONCE);
    while let Some(found) = listings.try_next().await? {
        objects.extend(found);
    }
    if objects.is_empty()
        && let Some(folder) = folders.first()
    {
        // Nothing can pass; one file still says which columns there are.
        let found = list_below(place, folder.clone(), DEPTH_MAX, wanted).await?;
        objects.extend(found.into_iter().find(|object| object.size > 0));
    }
    Ok(Some(FoundFolders { objects, column }))
}

/// The objects below the one folder that the conditions name, in a prefix whose folders are known to be of
/// that column; `None` if there are none, or if they do not name one.
async fn list_named(
    place: &Arc<Place>,
    prefix: &str,
    conditions: &[Condition],
    column: &FolderColumn,
) -> Result<Option<Vec<ObjectMeta>>, Error> {
    let mut named = conditions
        .iter()
        .filter(|condition| condition.is_on(&column.name) && condition.comparison == Comparison::Equal);
    let Some(condition) = named.next() else { return Ok(None) };
    let [value] = condition.values.as_slice() else { return Ok(None) };
    // Where folders are texts, `1` may mean `01` too.
    if column.data_type == DataType::Utf8 && value.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(None);
    }
    let wanted = Wanted { prefix, keep: &|_| true, found: AtomicUsize::new(0) };
    let folder = format!("{prefix}{}={value}/", column.name);
    let objects = list_below(place, folder, DEPTH_MAX, &wanted).await?;
    Ok((!objects.is_empty()).then_some(objects))
}

/// The folders that the conditions name outright.
fn guesses(prefix: &str, conditions: &[Condition]) -> Vec<String> {
    let equal = conditions.iter().filter(|condition| condition.comparison == Comparison::Equal);
    let folders = equal.flat_map(|condition| {
        condition.values.iter().map(move |value| format!("{prefix}{}={value}/", condition.column))
    });
    folders.filter(|folder| !folder.contains("//")).take(GUESSES_MAX).collect()
}

/// The column that all of the folders give.
fn common_column(folders: &[String]) -> Option<String> {
    let mut columns =
        folders.iter().map(|folder| split_folder(folder_name(folder)).map(|(column, _)| column));
    let first = columns.next()??;
    columns.all(|column| column == Some(first)).then(|| first.to_owned())
}

/// `c` of `a/b/c/`.
fn folder_name(folder: &str) -> &str {
    let path = folder.strip_suffix('/').unwrap_or(folder);
    path.rsplit('/').next().unwrap_or(path)
}

fn list_below<'a>(
    place: &'a Arc<Place>,
    prefix: String,
    depth: usize,
    wanted: &'a Wanted<'a>,
) -> BoxFuture<'a, Result<Vec<ObjectMeta>, Error>> {
    async move {
        let first = page(place, &prefix, None, None, false).await?;
        let last = first.objects.last().map(|object| key_of_path(&object.location).into_owned());
        let mut objects = Vec::new();
        wanted.take(place, first.objects, &mut objects)?;
        let (Some(_), Some(last)) = (first.next, last) else { return Ok(objects) };
        if depth == 0 {
            objects.extend(list_between(place, &prefix, last, None, wanted).await?);
            return Ok(objects);
        }
        let beside = page(place, &prefix, Some(&last), None, true).await?;
        if beside.folders.len() <= 1 && beside.next.is_some() {
            // More keys than folders: they are cut into ranges.
            objects.extend(list_between(place, &prefix, last, None, wanted).await?);
            return Ok(objects);
        }
        let (folders, loose) = folder_pages(place, &prefix, beside).await?;
        wanted.take(place, loose, &mut objects)?;
        // The folder that the first page ended in goes on behind its last key.
        let open = folder_of(&prefix, &last);
        let rest = open.iter().map(|folder| list_after(place, folder.clone(), last.clone(), wanted).boxed());
        let others = folders
            .iter()
            .filter(|folder| Some(*folder) != open.as_ref())
            .map(|folder| list_below(place, folder.clone(), depth - 1, wanted));
        let listings: Vec<_> = rest.chain(others).collect();
        let mut listings = futures::stream::iter(listings).buffer_unordered(LISTINGS_AT_ONCE);
        while let Some(found) = listings.try_next().await? {
            objects.extend(found);
        }
        Ok(objects)
    }
    .boxed()
}

/// `a/b/` of the key `a/b/c/d` below the prefix `a/`.
fn folder_of(prefix: &str, key: &str) -> Option<String> {
    let (name, _) = key.strip_prefix(prefix)?.split_once('/')?;
    Some(format!("{prefix}{name}/"))
}

async fn list_after(
    place: &Arc<Place>,
    prefix: String,
    after: String,
    wanted: &Wanted<'_>,
) -> Result<Vec<ObjectMeta>, Error> {
    list_between(place, &prefix, after, None, wanted).await
}

/// The folders directly below a prefix, and the objects that are in none, of which the first page is there.
async fn folder_pages(
    place: &Arc<Place>,
    prefix: &str,
    mut found: ListPage,
) -> Result<(Vec<String>, Vec<ObjectMeta>), Error> {
    let (mut folders, mut objects) = (found.folders, found.objects);
    while let Some(token) = found.next {
        found = page(place, prefix, None, Some(&token), true).await?;
        folders.append(&mut found.folders);
        objects.append(&mut found.objects);
        check_count(place, prefix, folders.len() + objects.len())?;
    }
    Ok((folders, objects))
}

/// The first key of a prefix behind a text.
pub(super) async fn first_after(
    place: &Arc<Place>,
    prefix: &str,
    after: &str,
) -> Result<Option<String>, Error> {
    let entry = place.ledger().begin(0)?;
    let bucket = place.bucket();
    let answer = place.fetches().in_lane(bucket.bucket(), bucket.first_key_after(prefix, after)).await;
    entry.end(0);
    let shown = path_of_key(prefix);
    let first = answer.map_err(|error| place.failure(Action::List, &shown, &error))?;
    Ok(first.map(|key| key_of_path(&key).into_owned()))
}

pub(super) async fn page(
    place: &Arc<Place>,
    prefix: &str,
    after: Option<&str>,
    next: Option<&str>,
    folders: bool,
) -> Result<ListPage, Error> {
    let entry = place.ledger().begin(0)?;
    let bucket = place.bucket();
    let answer =
        place.fetches().in_lane(bucket.bucket(), bucket.list_page(prefix, after, next, folders)).await;
    entry.end(0);
    let shown = path_of_key(prefix);
    answer.map_err(|error| place.failure(Action::List, &shown, &error))
}

fn check_count(place: &Place, prefix: &str, count: usize) -> Result<(), Error> {
    if count <= FILES_MAX {
        return Ok(());
    }
    let shown = path_of_key(prefix);
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("there are more than {FILES_MAX} files under `{}`", place.describe_key(&shown)),
    )
    .with_hint("name a narrower path, or a PATTERN"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_guessed_from_equality_alone() {
        let condition = |comparison, values: &[&str]| Condition {
            column: "dt".into(),
            comparison,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let conditions =
            [condition(Comparison::AtLeast, &["1"]), condition(Comparison::Equal, &["2024-01-01", "a//b"])];
        assert_eq!(guesses("s/", &conditions), ["s/dt=2024-01-01/"]);
    }

    #[test]
    fn the_folder_of_a_key_is_the_first_below_the_prefix() {
        assert_eq!(folder_of("a/", "a/b/c/d").as_deref(), Some("a/b/"));
        assert_eq!(folder_of("a/", "a/d"), None);
    }
}

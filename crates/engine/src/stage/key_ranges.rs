//! A long listing cut into ranges of keys that are listed side by side.
//!
//! S3 tells keys in their order, a thousand at a time, and not where the middle is. The keys that were told
//! say how the others may go on: where they count, further digits are tried, where they vary, further letters.
//! One small request for each tells which of the guesses have keys behind them. A wrong guess costs that request:
//! ranges meet each other without a gap, whatever the keys look like.

use std::sync::Arc;

use credentials::key_of_path;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectMeta;

use super::Place;
use super::keys::{Wanted, first_after, page};
use crate::Error;

/// Pages in a row before it is worth guessing.
const PAGES_BEFORE_GUESSES: usize = 2;
/// Guesses at a time.
const GUESSES_MAX: usize = 40;
/// Ranges listed side by side, in each range that is cut.
const RANGES_AT_ONCE: usize = 32;

/// Lists the keys of a prefix that come after `after`, and not after `until`, into `wanted`.
pub(super) fn list_between<'a>(
    place: &'a Arc<Place>,
    prefix: &'a str,
    after: String,
    until: Option<String>,
    wanted: &'a Wanted<'a>,
) -> BoxFuture<'a, Result<Vec<ObjectMeta>, Error>> {
    async move {
        let (mut objects, mut last, mut first, mut next) = (Vec::new(), after.clone(), None, None);
        for _ in 0..PAGES_BEFORE_GUESSES {
            let start = next.is_none().then_some(after.as_str());
            let found = page(place, prefix, start, next.as_deref(), false).await?;
            let end = found.objects.last().map(|object| key_of_path(&object.location).into_owned());
            if first.is_none() {
                first = found.objects.first().map(|object| key_of_path(&object.location).into_owned());
            }
            let is_last = found.next.is_none() || until.is_some() && end.as_ref() > until.as_ref();
            let inside = |object: &ObjectMeta| {
                until.as_deref().is_none_or(|until| *key_of_path(&object.location) <= *until)
            };
            wanted.take(place, found.objects.into_iter().filter(inside), &mut objects)?;
            if is_last {
                return Ok(objects);
            }
            last = end.unwrap_or(last);
            next = found.next;
        }
        let guesses = guesses(prefix, first.as_deref().unwrap_or_default(), &last, until.as_deref());
        let firsts = guesses.iter().map(|guess| first_after(place, prefix, guess));
        let firsts = futures::future::try_join_all(firsts).await?;
        let ranges = ranges(last, guesses, &firsts, until);
        let listings =
            ranges.into_iter().map(|(after, until)| list_between(place, prefix, after, until, wanted));
        let listings: Vec<_> = listings.collect();
        let mut listings = futures::stream::iter(listings).buffer_unordered(RANGES_AT_ONCE);
        while let Some(mut found) = listings.try_next().await? {
            objects.append(&mut found);
        }
        Ok(objects)
    }
    .boxed()
}

/// The ranges between the guesses in which there are keys; `firsts` are the first keys behind each guess.
fn ranges(
    last: String,
    guesses: Vec<String>,
    firsts: &[Option<String>],
    until: Option<String>,
) -> Vec<(String, Option<String>)> {
    // What lies between the last key and the first guess has not been looked at.
    let mut ranges = Vec::new();
    let mut start = Some(last);
    for (guess, first) in guesses.iter().zip(firsts) {
        let end = Some(guess.clone());
        if let Some(start) = start.take() {
            ranges.push((start, end));
        } else if let Some((_, end)) = ranges.last_mut() {
            // Nothing behind the guess before: its range is part of the one before that.
            *end = Some(guess.clone());
        }
        let next = guesses.iter().find(|next| *next > guess);
        let holds = first.as_ref().is_some_and(|first| next.is_none_or(|next| first <= next));
        if holds {
            start = Some(guess.clone());
        }
    }
    match (start, ranges.last_mut()) {
        (Some(start), _) => ranges.push((start, until)),
        (None, Some((_, end))) => *end = until,
        (None, None) => {}
    }
    ranges
}

/// Where the keys between `last` and `until` may be cut, in order. `first` and `last` are keys that are known.
fn guesses(prefix: &str, first: &str, last: &str, until: Option<&str>) -> Vec<String> {
    let common = first.bytes().zip(last.bytes()).take_while(|(first, last)| first == last).count();
    let mut guesses = Vec::new();
    for (at, known) in last.char_indices().filter(|(at, _)| *at >= prefix.len()) {
        if at > common || guesses.len() >= GUESSES_MAX {
            break;
        }
        let further = match known {
            '0'..='8' => '9',
            // What was the same in thousands of keys is a name.
            'A'..='Y' if at == common => 'Z',
            'a'..='y' if at == common => 'z',
            _ => continue,
        };
        let Some(before) = last.get(..at) else { continue };
        let following = (known..=further).skip(1).map(|character| format!("{before}{character}"));
        guesses.extend(following.filter(|guess| until.is_none_or(|until| guess.as_str() < until)));
    }
    guesses.truncate(GUESSES_MAX);
    guesses.sort();
    guesses
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Lists as `list_between` does, pages of ten, over keys in memory. Counts the requests.
    fn list(
        keys: &BTreeSet<String>,
        after: String,
        until: Option<String>,
        requests: &mut usize,
    ) -> Vec<String> {
        let (mut found, mut last, mut first) = (Vec::new(), after, None);
        for _ in 0..PAGES_BEFORE_GUESSES {
            *requests += 1;
            let page: Vec<&String> = keys.iter().filter(|key| **key > last).take(10).collect();
            if first.is_none() {
                first = page.first().map(|key| (*key).clone());
            }
            let inside = |key: &&&String| until.as_ref().is_none_or(|until| **key <= until);
            found.extend(page.iter().filter(inside).map(|key| (*key).clone()));
            let Some(end) = page.last() else { return found };
            if page.len() < 10 || until.as_ref().is_some_and(|until| *end > until) {
                return found;
            }
            last = (*end).clone();
        }
        let guesses = guesses("p/", &first.unwrap(), &last, until.as_deref());
        assert!(guesses.is_sorted() && guesses.iter().all(|guess| *guess > last), "{guesses:?} after {last}");
        *requests += guesses.len();
        let firsts: Vec<Option<String>> =
            guesses.iter().map(|guess| keys.iter().find(|key| *key > guess).cloned()).collect();
        for (after, until) in ranges(last, guesses, &firsts, until) {
            found.extend(list(keys, after, until, requests));
        }
        found
    }

    #[test]
    fn every_key_is_found_once_whatever_the_keys_look_like() {
        let numbers: BTreeSet<String> = (0..3_000).map(|n| format!("p/{n:05}.parquet")).collect();
        let plain: BTreeSet<String> = (0..1_000).map(|n| format!("p/{n}")).collect();
        let parts: BTreeSet<String> =
            (0..2_000).map(|n| format!("p/part-{n:05}-{:x}.parquet", n * 7919)).collect();
        let hashes: BTreeSet<String> =
            (0..3_000u64).map(|n| format!("p/{:08x}-x", n.wrapping_mul(2_654_435_761) as u32)).collect();
        let odd: BTreeSet<String> = (0..500u32)
            .map(|n| {
                format!("p/{}{}", char::from_u32(32 + n % 90).unwrap(), char::from_u32(900 + n).unwrap())
            })
            .chain(["p/9".to_owned(), "p/z".to_owned(), "p/~~".to_owned(), "p/ü".to_owned()])
            .collect();
        for keys in [numbers, plain, parts, hashes, odd] {
            let mut requests = 0;
            let mut found = list(&keys, String::new(), None, &mut requests);
            let count = found.len();
            found.sort();
            found.dedup();
            assert_eq!((count, found.len()), (keys.len(), keys.len()), "{:?}", keys.first());
            assert!(found.iter().eq(keys.iter()));
            assert!(requests < keys.len(), "{requests} requests for {} keys", keys.len());
        }
    }

    #[test]
    fn keys_that_count_are_cut_by_their_digits() {
        let cut = guesses("p/", "p/part-00000", "p/part-00199", None);
        assert!(cut.contains(&"p/part-5".to_owned()) && cut.contains(&"p/part-007".to_owned()), "{cut:?}");
        assert!(cut.iter().all(|guess| guess.starts_with("p/part-")), "{cut:?}");
        let cut = guesses("p/", "p/part-00000", "p/part-00199", Some("p/part-006"));
        assert_eq!(cut, ["p/part-002", "p/part-003", "p/part-004", "p/part-005"]);
    }
}

//! Every key that S3 has, as a path of the object store.
//!
//! The object store's paths have no empty parts at their ends, no `.` or `..` as a part, and no control characters;
//! keys have. A path made here is the key itself, wherever that can be (`a//b` and `a/b/` among it); what cannot be is
//! written with an escape, a character that no text has. [`path_of_key`] and [`key_of_path`] are each other's inverse.

use std::borrow::Cow;

use object_store::path::{Path, PathPart};

/// Stands before what a path cannot hold. Unicode promises never to give it a meaning, and XML does not allow it.
const ESCAPE: char = '\u{ffff}';
/// Behind the escape, in what [`listable`] writes: a part with nothing in it.
const EMPTY_PART: char = '0';

/// The path that stands for a key.
pub fn path_of_key(key: &str) -> Path {
    let leading = if key.starts_with('/') { ESCAPE.to_string() } else { String::new() };
    let parts = key.split('/').map(escape_part);
    // The escape alone is the part before a leading `/`.
    parts.enumerate().fold(Path::ROOT, |path, (at, part)| match at {
        0 => join(path, &format!("{leading}{part}")),
        _ => join(path, &part),
    })
}

/// The key that a path stands for.
pub fn key_of_path(path: &Path) -> Cow<'_, str> {
    key_of_text(path.as_ref())
}

/// The path whose text was kept.
pub fn path_of_text(text: &str) -> Path {
    path_of_key(&key_of_text(text))
}

fn key_of_text(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut key = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, (character == ESCAPE).then(|| characters.next()).flatten()) {
            (_, None) => key.extend((character != ESCAPE).then_some(character)),
            (_, Some(EMPTY_PART)) => {}
            (_, Some(control @ '?'..='_')) => key.push(char::from(control as u8 ^ 0x40)),
            (_, Some(plain)) => key.push(plain),
        }
    }
    Cow::Owned(key)
}

/// What a key is for a request: how many `/` it begins with, and the rest. `None` where it has a part `.` or `..`, which
/// every HTTP client takes out of a URL, or a control character.
pub(crate) fn request_path(path: &Path) -> Option<(usize, Path)> {
    if !path.as_ref().contains(ESCAPE) {
        return Some((0, path.clone()));
    }
    let key = key_of_path(path);
    let rest = key.trim_start_matches('/');
    let path = path_of_key(rest);
    (!rest.is_empty() && path.as_ref() == rest).then(|| (key.len() - rest.len(), path))
}

/// Whether the object store understands the key where S3 names it in an answer.
pub(crate) fn is_plain(path: &Path) -> bool {
    Path::parse(path.as_ref()).is_ok_and(|parsed| parsed == *path) && !path.as_ref().contains(ESCAPE)
}

/// A listing of S3 with those keys changed that the object store cannot parse; `None` where there are none. A path that
/// it makes of one is put right by [`listed_path`].
pub(crate) fn listable(answer: &str) -> Option<String> {
    let mut changed = String::new();
    let mut rest = answer;
    let mut kept = answer;
    while let Some((name, start)) = next_name(rest) {
        let (Some(behind), closing) = (rest.get(start..), format!("</{name}>")) else { break };
        let Some(end) = behind.find(&closing) else { break };
        let (text, behind) = (behind.get(..end).unwrap_or_default(), behind.get(end..).unwrap_or_default());
        // A common prefix ends in the `/` that the object store takes away.
        let own = if name == "Prefix" { text.strip_suffix('/').unwrap_or(text) } else { text };
        if text != own || name == "Key" {
            let listed = listable_key(own);
            if listed != own {
                let at = kept.len() - behind.len() - text.len();
                changed.push_str(kept.get(..at).unwrap_or_default());
                changed.push_str(&listed);
                kept = behind;
            }
        }
        rest = behind;
    }
    if changed.is_empty() {
        return None;
    }
    changed.push_str(kept);
    Some(changed)
}

/// The path of an object in a listing that [`listable`] has changed.
pub(crate) fn listed_path(path: Path) -> Path {
    if path.as_ref().contains(ESCAPE) { path_of_text(path.as_ref()) } else { path }
}

/// The next element with a name of S3's objects: what it is called, and where its text begins.
fn next_name(text: &str) -> Option<(&'static str, usize)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('<')?;
        let element = text.get(at..)?;
        for (opening, name) in [("<Key>", "Key"), ("<Prefix>", "Prefix")] {
            if element.starts_with(opening) {
                return Some((name, at + opening.len()));
            }
        }
        from = at + 1;
    }
}

fn listable_key(text: &str) -> String {
    let escaped = |part: &str| match part {
        "" => format!("{ESCAPE}{EMPTY_PART}"),
        part => escape_part(&controls_of(part)).into_owned(),
    };
    text.split('/').map(escaped).collect::<Vec<_>>().join("/")
}

/// XML writes control characters as numbers.
fn controls_of(part: &str) -> Cow<'_, str> {
    if !part.contains("&#") {
        return Cow::Borrowed(part);
    }
    let mut text = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, behind)) = rest.split_once("&#") {
        text.push_str(before);
        let number = behind.split_once(';').and_then(|(digits, after)| {
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u8::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            number.ok().filter(u8::is_ascii_control).map(|number| (char::from(number), after))
        });
        match number {
            Some((control, after)) => {
                text.push(control);
                rest = after;
            }
            None => {
                text.push_str("&#");
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// A part as a path can hold it.
fn escape_part(part: &str) -> Cow<'_, str> {
    let is_dots = part == "." || part == "..";
    let is_odd = |c: char| c.is_ascii_control() || c == ESCAPE;
    if !is_dots && !part.contains(is_odd) {
        return Cow::Borrowed(part);
    }
    let mut escaped = String::with_capacity(part.len() + 6);
    for character in part.chars() {
        if is_dots || is_odd(character) {
            escaped.push(ESCAPE);
        }
        match character {
            control if control.is_ascii_control() => escaped.push(char::from(control as u8 ^ 0x40)),
            plain => escaped.push(plain),
        }
    }
    Cow::Owned(escaped)
}

/// Appends a part, also an empty one. What [`escape_part`] gives is always a part.
fn join(path: Path, part: &str) -> Path {
    match PathPart::parse(part) {
        Ok(part) => path.join(part),
        Err(_) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: [&str; 16] = [
        "a//b",
        "/a",
        "//a",
        "a/",
        "a//",
        "/",
        "//",
        "/a/",
        "a/./b",
        "../a",
        ".",
        "a\tb",
        "a/\u{7f}",
        "\u{ffff}/a",
        "a\u{ffff}0",
        "/\u{ffff}.",
    ];
    const PLAIN: [&str; 6] = ["a", "a/b", "a%2Fb/ü", "a b/~[x]", "a&amp;b", ".a/..b/c."];

    #[test]
    fn every_key_has_a_path_of_its_own() {
        let mut paths = std::collections::BTreeSet::new();
        for key in ODD.iter().chain(&PLAIN) {
            let path = path_of_key(key);
            assert_eq!(key_of_path(&path), *key);
            assert_eq!(path_of_text(path.as_ref()), path, "{key:?}");
            assert!(paths.insert(path), "{key:?}");
        }
        for key in PLAIN.iter().chain(&["a//b", "a/", "a//"]) {
            assert_eq!(path_of_key(key).as_ref(), *key);
        }
        assert!(PLAIN.iter().all(|key| is_plain(&path_of_key(key))));
        assert!(ODD.iter().all(|key| !is_plain(&path_of_key(key))));
    }

    #[test]
    fn what_a_url_cannot_say_is_not_sent() {
        let sent = |key| request_path(&path_of_key(key)).map(|(slashes, path)| (slashes, path.to_string()));
        assert_eq!(sent("a//b"), Some((0, "a//b".into())));
        assert_eq!(sent("//a//b/"), Some((2, "a//b/".into())));
        for key in ["/", "a/../b", "/.", "a\nb", "\u{ffff}"] {
            assert_eq!(sent(key), None, "{key:?}");
        }
    }

    #[test]
    fn a_listing_keeps_every_key() {
        let escaped = |key: &str| key.replace('&', "&amp;").replace('\t', "&#x9;");
        for key in ODD.iter().chain(&PLAIN) {
            let answer =
                format!("<L><Prefix>a//</Prefix><Contents><Key>{}</Key></Contents></L>", escaped(key));
            let listed = listable(&answer).unwrap();
            let (_, rest) = listed.split_once("<Key>").unwrap();
            let text = rest.strip_suffix("</Key></Contents></L>").unwrap().replace("&amp;", "&");
            assert_eq!(key_of_path(&listed_path(Path::parse(text).unwrap())), *key);
        }
        let folders = "<L><CommonPrefixes><Prefix>a//</Prefix></CommonPrefixes><CommonPrefixes><Prefix>/</Prefix></CommonPrefixes></L>";
        let listed = listable(folders).unwrap();
        let folder = |at: usize| {
            let text = listed.split("<Prefix>").nth(at).unwrap().split("</Prefix>").next().unwrap();
            key_of_path(&listed_path(Path::parse(text).unwrap())).into_owned()
        };
        assert_eq!((folder(1), folder(2)), ("a/".into(), String::new()));
        let plain = "<L><Prefix>a/</Prefix><Contents><Key>a/b</Key></Contents><CommonPrefixes><Prefix>a/c/</Prefix></CommonPrefixes></L>";
        assert_eq!(listable(plain), None);
        for broken in ["", "<Key>", "<Key>a//b", "</Key>", "<", "<Key></Key>"] {
            let _ = listable(broken);
        }
    }
}

//! Members of a VARIANT without a tree.
//!
//! The text of a VARIANT is JSON as [`super::json::Json::write`] writes it: no blanks, each key once. A member is found by
//! passing over what stands before it, which is many times faster than taking all of it apart. Whatever looks
//! otherwise is left to those who do.

/// The text of the member that the keys lead to: `Some(None)` where there is none, `None` where this cannot tell.
pub(super) fn find_member<'a, 'k>(
    text: &'a str,
    keys: impl IntoIterator<Item = &'k str>,
) -> Option<Option<&'a str>> {
    let mut value = text;
    for key in keys {
        match member_of(value, key)? {
            Some(found) => value = found,
            None => return Some(None),
        }
    }
    Some(Some(value))
}

/// What a cast to text gives of a VARIANT that is no array and no object: `Some(None)` for null, `None` where this
/// cannot tell.
pub(super) fn scalar_text(text: &str) -> Option<Option<&str>> {
    match text.as_bytes() {
        b"null" => Some(None),
        b"true" | b"false" => Some(Some(text)),
        [b'"', inside @ .., b'"'] if memchr::memchr2(b'\\', b'"', inside).is_none() => {
            Some(Some(text.get(1..text.len() - 1)?))
        }
        [first, rest @ ..] if first.is_ascii_digit() || *first == b'-' && !rest.is_empty() => {
            let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
            rest.iter().all(is_number).then_some(Some(text))
        }
        _ => None,
    }
}

fn member_of<'a>(text: &'a str, key: &str) -> Option<Option<&'a str>> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'{' => {}
        // Other values have no members.
        b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => return Some(None),
        _ => return None,
    }
    if bytes == b"{}" {
        return Some(None);
    }
    let mut at = 1;
    loop {
        let end = text_end(bytes, at)?;
        let name = text.get(at + 1..end - 1)?;
        if *bytes.get(end)? != b':' {
            return None;
        }
        let value = end + 1;
        let after = value_end(bytes, value)?;
        if name.contains('\\') {
            // It may be the key, written otherwise.
            return None;
        }
        if name == key {
            return Some(Some(text.get(value..after)?));
        }
        match bytes.get(after)? {
            b',' => at = after + 1,
            b'}' if after + 1 == bytes.len() => return Some(None),
            _ => return None,
        }
    }
}

/// Where the text that begins at `at` ends, behind its quote.
fn text_end(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the value that begins at `at` ends.
fn value_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => return text_end(bytes, at),
        b'{' | b'[' => {}
        _ => {
            let length = bytes.get(at..)?.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
            let is_plain = bytes[at..at + length]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
            return (length > 0 && is_plain).then_some(at + length);
        }
    }
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = text_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::json::Json;

    #[test]
    fn what_is_found_is_what_the_tree_has() {
        let texts = [
            r#"{"a":1,"b":{"c":[1,{"a":"}"}],"d":"x\"y"},"e":null,"f":"é,}"}"#,
            r#"{}"#,
            r#"[1,2]"#,
            r#""text""#,
            r#"-1.5e3"#,
            r#"{"a":{}}"#,
            r#"{"a\n":1,"b":2}"#,
            r#"{ "a" : 1 }"#,
            r#"{"a":1"#,
            r#"{"a":tru e}"#,
        ];
        let paths: [&[&str]; 9] =
            [&["a"], &["b"], &["b", "c"], &["b", "d"], &["b", "x"], &["e"], &["e", "a"], &["f"], &["a", "a"]];
        let mut told = 0;
        for text in texts {
            for path in paths {
                let Some(found) = find_member(text, path.iter().copied()) else { continue };
                told += 1;
                let tree = Json::parse(text).unwrap();
                let value = path.iter().try_fold(&tree, |value, key| value.member(key));
                assert_eq!(found.map(str::to_owned), value.map(Json::to_string), "{path:?} of {text}");
                if let (Some(found), Some(value)) = (found, value)
                    && let Some(plain) = scalar_text(found)
                {
                    assert_eq!(plain.map(str::to_owned), value.plain_text());
                }
            }
        }
        assert!(told > 50, "{told}");
        assert_eq!(find_member(r#"{ "a" : 1 }"#, ["a"]), None);
        assert_eq!(scalar_text(r#""a\n""#), None);
        assert_eq!(scalar_text("-"), None);
    }
}

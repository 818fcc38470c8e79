//! Members of a JSON text without a tree: one pass over the bytes finds where the wanted ones stand.
//!
//! What is passed over is checked as [`super::json::JsonReader`] checks it, so that both refuse the same texts. Why
//! a text is refused is not said here: whoever wants to know reads it again there.

use std::borrow::Cow;
use std::ops::Range;

use super::json::{DEPTH_MAX, Json, JsonReader};

/// The members that are wanted: keys, from the outside to the inside.
#[derive(Debug, Clone, Default)]
pub(crate) struct WantedMembers {
    root: Node,
    count: usize,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// The place of its value among the found ones.
    slot: Option<usize>,
    members: Vec<(String, Node)>,
}

/// Where the wanted members of one text stand, in the order in which they were wanted.
type FoundMembers = Vec<Option<Range<usize>>>;

/// Finds members in one text after the other, best in those that are alike.
pub(crate) struct MemberFinder<'w> {
    wanted: &'w WantedMembers,
    found: FoundMembers,
    keys: Vec<KnownKey>,
}

/// A key of the text before, which this one may have at the same place.
struct KnownKey {
    /// With its quotes and the colon.
    written: Vec<u8>,
    wanted: Option<usize>,
}

/// Keys of a text that are remembered for the next one.
const KNOWN_KEYS_MAX: usize = 1_000;

impl WantedMembers {
    /// The place of a path among the found ones; no keys mean the whole value.
    pub(crate) fn add<'k>(&mut self, path: impl IntoIterator<Item = &'k str>) -> usize {
        let mut node = &mut self.root;
        for key in path {
            let at = node.members.iter().position(|(known, _)| known == key);
            let at = at.unwrap_or_else(|| {
                node.members.push((key.to_owned(), Node::default()));
                node.members.len() - 1
            });
            node = &mut node.members[at].1;
        }
        *node.slot.get_or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }

    pub(crate) fn finder(&self) -> MemberFinder<'_> {
        MemberFinder { wanted: self, found: FoundMembers::new(), keys: Vec::new() }
    }
}

impl MemberFinder<'_> {
    /// Finds them in the one value of `text`. `None` where that is not JSON.
    pub(crate) fn find(&mut self, text: &str) -> Option<&[Option<Range<usize>>]> {
        self.found.clear();
        self.found.resize(self.wanted.count, None);
        let mut scan = Scan { text, bytes: text.as_bytes(), at: 0, depth: 0, keys: &mut self.keys };
        scan.value(Some(&self.wanted.root), &mut self.found)?;
        scan.skip_blanks();
        (scan.at == scan.bytes.len()).then_some(&self.found)
    }
}

/// The text of a value as [`Json::write`] writes it.
pub(crate) fn canonical<'a>(value: &'a str, scratch: &'a mut String) -> Option<&'a str> {
    let is_written_so = match value.as_bytes().first()? {
        b'{' | b'[' => false,
        b'"' => !value.contains('\\'),
        _ => true,
    };
    if is_written_so {
        return Some(value);
    }
    scratch.clear();
    Json::parse(value).ok()?.write(scratch);
    Some(scratch)
}

/// What a cast of a value to text gives: `Some(None)` for null. `None` where it is no value.
pub(crate) fn plain<'a>(value: &'a str, scratch: &'a mut String) -> Option<Option<&'a str>> {
    match value.as_bytes() {
        b"null" => Some(None),
        [b'"', ..] => match text_of(value)? {
            Cow::Borrowed(text) => Some(Some(text)),
            Cow::Owned(text) => {
                *scratch = text;
                Some(Some(scratch))
            }
        },
        _ => canonical(value, scratch).map(Some),
    }
}

/// What stands between the quotes of a JSON text.
pub(crate) fn text_of(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('\\') {
        return Some(Cow::Borrowed(value.get(1..value.len().checked_sub(1)?)?));
    }
    match JsonReader::new(value).value().ok()? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// Of the outermost object.
    keys: &'a mut Vec<KnownKey>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes over a value; `node` says what of it is wanted.
    fn value(&mut self, node: Option<&Node>, found: &mut FoundMembers) -> Option<()> {
        self.skip_blanks();
        let start = self.at;
        match self.peek()? {
            b'"' => {
                self.string()?;
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b'{' => self.object(node, found)?,
            b'[' => self.array(found)?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => return None,
        }
        if let Some(slot) = node.and_then(|node| node.slot) {
            found[slot] = Some(start..self.at);
        }
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        Some(())
    }

    /// Passes over a text in quotes, and says whether something in it is escaped.
    fn string(&mut self) -> Option<bool> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_length(self.bytes.get(self.at..)?);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(escaped);
                }
                b'\\' => {
                    escaped = true;
                    match self.bytes.get(self.at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
                        b'u' => {
                            let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 6;
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    fn enter(&mut self) -> Option<()> {
        self.at += 1;
        self.depth += 1;
        (self.depth <= DEPTH_MAX).then_some(())
    }

    fn array(&mut self, found: &mut FoundMembers) -> Option<()> {
        self.enter()?;
        self.skip_blanks();
        if self.peek() != Some(b']') {
            loop {
                self.value(None, found)?;
                self.skip_blanks();
                match self.peek()? {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    fn object(&mut self, node: Option<&Node>, found: &mut FoundMembers) -> Option<()> {
        let wanted = node.map(|node| node.members.as_slice()).unwrap_or_default();
        self.enter()?;
        self.skip_blanks();
        if self.peek() != Some(b'}') {
            let mut number = 0;
            loop {
                let member = self.key(wanted, number)?.map(|at| &wanted[at].1);
                number += 1;
                if let Some(member) = member {
                    // Of a repeated key the last holds, and nothing of those before it.
                    member.forget(found);
                }
                self.value(member, found)?;
                self.skip_blanks();
                match self.peek()? {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return None,
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    /// Passes over a key and its colon, the one of that number in its object; which of the wanted ones it is.
    fn key(&mut self, wanted: &[(String, Node)], number: usize) -> Option<Option<usize>> {
        let is_outermost = self.depth == 1;
        if is_outermost
            && let Some(key) = self.keys.get(number)
            && self.bytes[self.at..].starts_with(&key.written)
        {
            self.at += key.written.len();
            return Some(key.wanted);
        }
        self.skip_blanks();
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        let escaped = self.string()?;
        let wanted = self.wanted_member(wanted, start..self.at, escaped)?;
        self.skip_blanks();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        if is_outermost && number <= self.keys.len() && number < KNOWN_KEYS_MAX {
            let key = KnownKey { written: self.bytes[start..self.at].to_vec(), wanted };
            match self.keys.get_mut(number) {
                Some(known) => *known = key,
                None => self.keys.push(key),
            }
        }
        Some(wanted)
    }

    fn wanted_member(
        &self,
        wanted: &[(String, Node)],
        key: Range<usize>,
        escaped: bool,
    ) -> Option<Option<usize>> {
        if wanted.is_empty() {
            return Some(None);
        }
        Some(if escaped {
            let key = text_of(self.text.get(key)?)?;
            wanted.iter().position(|(name, _)| *name == key)
        } else {
            let key = &self.bytes[key.start + 1..key.end - 1];
            wanted.iter().position(|(name, _)| name.as_bytes() == key)
        })
    }
}

impl Node {
    fn forget(&self, found: &mut FoundMembers) {
        if let Some(slot) = self.slot {
            found[slot] = None;
        }
        for (_, member) in &self.members {
            member.forget(found);
        }
    }
}

/// How many bytes stand before the first quote, backslash or control character.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of a byte is set where it is zero; above such a byte, bits may be set wrongly.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let below_blank = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hits =
            below_blank | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member as it is written, and without the quotes of a text.
    type Shown = (String, Option<String>);

    /// What the tree has at the paths; `None` where the text is not JSON.
    fn by_tree(text: &str, paths: &[&[&str]]) -> Option<Vec<Option<Shown>>> {
        let tree = Json::parse(text).ok()?;
        let value = |path: &&[&str]| path.iter().try_fold(&tree, |value, key| value.member(key));
        Some(paths.iter().map(|path| value(path).map(|v| (v.to_string(), v.plain_text()))).collect())
    }

    fn by_scan(finder: &mut MemberFinder<'_>, text: &str) -> Option<Vec<Option<Shown>>> {
        let shown = |found: &Option<Range<usize>>| {
            let value = text.get(found.clone()?).unwrap();
            let (mut one, mut other) = (String::new(), String::new());
            let written = canonical(value, &mut one).unwrap().to_owned();
            Some((written, plain(value, &mut other).unwrap().map(str::to_owned)))
        };
        Some(finder.find(text)?.iter().map(shown).collect())
    }

    const PATHS: [&[&str]; 9] =
        [&["a"], &["b"], &["a", "b"], &["b", "a"], &["a", "b", "c"], &["ä"], &["a\"b"], &[""], &[]];

    fn wanted() -> WantedMembers {
        let mut wanted = WantedMembers::default();
        for (at, path) in PATHS.iter().enumerate() {
            assert_eq!(wanted.add(path.iter().copied()), at);
        }
        wanted
    }

    fn check(text: &str, finder: &mut MemberFinder<'_>) {
        assert_eq!(by_scan(finder, text), by_tree(text, &PATHS), "{text}");
    }

    #[test]
    fn what_is_found_is_what_the_tree_has() {
        let texts = [
            r#"{"a":1,"b":"x"}"#,
            r#" { "a" : { "b" : { "c" : [ 1 , 2.50 ] } , "b" : 7 } , "b" : null } "#,
            r#"{"a":{"b":1},"a":{"c":2}}"#,
            r#"{"a":{"b":1},"a":5}"#,
            r#"{"a":5,"a":{"b":{"c":true}}}"#,
            r#"{"\u0061":1,"b":"\ud83d\ude00\ud800x\/"}"#,
            r#"{"a\"b":[],"":{}, "ä":"é\n"}"#,
            r#"{"a":{"z":1,"y":2},"b":[{"b":1,"a":[]}]}"#,
            r#"{"a":-0.0e-12,"b":123456789012345678901234567890.5E+400}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":-}"#,
            r#"{"a":1e}"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":1"#,
            r#"{"a":"x"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12g4"}"#,
            r#"{"a":"\u12"#,
            "{\"a\":\"x\ty\"}",
            "{\"a\":\"0123456701234567\u{1}\"}",
            "{\"a\":\"\u{7f}\u{80}\u{ff}0123456\u{fffd}\"}",
            r#"{"a":tru}"#,
            r#"{"a":nul"#,
            r#"{"a":1} {"a":2}"#,
            r#"{"a":1}}"#,
            r#"[{"a":1}]"#,
            r#""a""#,
            "null",
            "-1.5e3",
            "",
            "  ",
            "[1,]",
            "[,1]",
            "{]",
        ];
        let wanted = wanted();
        let mut finder = wanted.finder();
        for text in texts {
            check(text, &mut wanted.finder());
            check(text, &mut finder);
        }
        for depth in [255, 256, 257] {
            check(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)), &mut finder);
            check(&format!(r#"{}1{}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth)), &mut finder);
        }
    }

    /// Texts made of the pieces of JSON, at random and always the same ones: most are broken, many are not.
    #[test]
    fn both_refuse_the_same_texts() {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\"a\"",
            "\"b\"",
            "\"\\u0061\"",
            "1",
            "-",
            "0",
            ".5",
            "e9",
            "null",
            "true",
            "\"",
            "\\",
            "\u{1}",
            "ä",
            "{\"a\":",
            "{\"b\":{\"a\":",
            "}}",
            "\"x\\\"y\"",
            "\n",
        ];
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % bound as u64) as usize
        };
        let wanted = wanted();
        let mut finder = wanted.finder();
        let mut valid = 0;
        for _ in 0..60_000 {
            let text: String = (0..1 + next(9)).map(|_| pieces[next(pieces.len())]).collect();
            check(&text, &mut finder);
            valid += usize::from(Json::parse(&text).is_ok());
        }
        assert!(valid > 500, "{valid}");
    }
}

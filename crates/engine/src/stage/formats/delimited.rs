//! Records of fields between delimiters: how CSV and TEXT are cut up.

use std::borrow::Cow;

/// The delimiters, quotes and escapes of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Between fields; empty where a record is one field.
    pub(crate) field_end: Vec<u8>,
    /// Behind records; a line feed also takes a carriage return before it.
    pub(crate) record_end: Vec<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    /// TEXT: an escape stands for one character anywhere, `\t` for a tab; CSV: only inside of quotes.
    pub(crate) escapes_everywhere: bool,
    /// A record without any byte is none.
    pub(crate) skip_empty: bool,
}

/// Where a field stands in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// It began with a quote; the span is without it where nothing is escaped.
    pub(crate) quoted: bool,
    /// Its text is not the bytes of its span.
    pub(crate) escaped: bool,
}

impl Layout {
    /// CSV by default.
    pub(crate) fn csv() -> Self {
        Self {
            field_end: b",".to_vec(),
            record_end: b"\n".to_vec(),
            quote: Some(b'"'),
            escape: None,
            escapes_everywhere: false,
            skip_empty: true,
        }
    }

    /// TEXT by default.
    pub(crate) fn text() -> Self {
        Self {
            field_end: b"\t".to_vec(),
            record_end: b"\n".to_vec(),
            quote: None,
            escape: Some(b'\\'),
            escapes_everywhere: true,
            skip_empty: false,
        }
    }

    /// The fields of the record at `start`, and where the next one begins. `None` where the record is not
    /// whole; `at_end` says that no more bytes come.
    pub(crate) fn record(
        &self,
        bytes: &[u8],
        mut start: usize,
        at_end: bool,
        mut fields: Option<&mut Vec<FieldSpan>>,
    ) -> Result<Option<usize>, String> {
        if self.skip_empty {
            start += bytes[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        }
        if let Some(fields) = fields.as_deref_mut() {
            fields.clear();
        }
        if start >= bytes.len() {
            return Ok(None);
        }
        if let (Some(quote), Some(fields)) = (self.plain_quote(), fields.as_deref_mut()) {
            return self.fields_by_quotes(quote, bytes, start, at_end, fields);
        }
        let mut at = start;
        loop {
            let is_quoted = self.quote.is_some() && bytes.get(at).copied() == self.quote;
            let (span, after) = match self.field(bytes, at, is_quoted, at_end)? {
                Some(found) => found,
                None => return Ok(None),
            };
            if let Some(fields) = fields.as_deref_mut() {
                fields.push(span);
            }
            match after {
                After::Field(next) => at = next,
                After::Record(next) => return Ok(Some(next)),
            }
        }
    }

    fn field(
        &self,
        bytes: &[u8],
        start: usize,
        quoted: bool,
        at_end: bool,
    ) -> Result<Option<(FieldSpan, After)>, String> {
        let mut at = start;
        let mut escaped = false;
        let mut closed = None;
        if quoted {
            match self.closing_quote(bytes, start, at_end)? {
                Some((close, has_escapes)) => {
                    closed = Some(close);
                    escaped = has_escapes;
                    at = close + 1;
                }
                None => return Ok(None),
            }
        }
        let (first_end, record_end) = (self.field_end.first().copied(), self.record_end[0]);
        let escape = self.escape.filter(|_| self.escapes_everywhere);
        loop {
            let rest = &bytes[at..];
            let hit = match (first_end, escape) {
                (Some(end), Some(escape)) => memchr::memchr3(end, record_end, escape, rest),
                (Some(other), None) | (None, Some(other)) => memchr::memchr2(other, record_end, rest),
                (None, None) => memchr::memchr(record_end, rest),
            };
            let Some(hit) = hit else {
                if !at_end {
                    return Ok(None);
                }
                let span = span(start, bytes.len(), closed, escaped);
                return Ok(Some((span, After::Record(bytes.len()))));
            };
            let found = at + hit;
            let here = &bytes[found..];
            if escape == Some(bytes[found]) {
                if found + 1 >= bytes.len() && !at_end {
                    return Ok(None);
                }
                escaped = true;
                at = (found + 2).min(bytes.len());
                continue;
            }
            if here.starts_with(&self.record_end) {
                let after = After::Record(found + self.record_end.len());
                let mut end = found;
                if self.record_end == b"\n" && end > start && bytes[end - 1] == b'\r' {
                    end -= 1;
                }
                return Ok(Some((span(start, end, closed, escaped), after)));
            }
            if !self.field_end.is_empty() && here.starts_with(&self.field_end) {
                let after = After::Field(found + self.field_end.len());
                return Ok(Some((span(start, found, closed, escaped), after)));
            }
            let may_continue = |end: &[u8]| here.len() < end.len() && end.starts_with(here);
            if !at_end && (may_continue(&self.record_end) || may_continue(&self.field_end)) {
                return Ok(None);
            }
            at = found + 1;
        }
    }

    /// The quote that closes the one at `start`, and whether anything before it is escaped.
    pub(super) fn closing_quote(
        &self,
        bytes: &[u8],
        start: usize,
        at_end: bool,
    ) -> Result<Option<(usize, bool)>, String> {
        let quote = self.quote.unwrap_or(b'"');
        let escape = self.escape.filter(|escape| *escape != quote);
        let mut at = start + 1;
        let mut escaped = false;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let hit = match escape {
                Some(escape) => memchr::memchr2(quote, escape, rest),
                None => memchr::memchr(quote, rest),
            };
            let Some(hit) = hit else {
                return if at_end { Err("a quote is opened and never closed".to_owned()) } else { Ok(None) };
            };
            let found = at + hit;
            if bytes[found] != quote || bytes.get(found + 1) == Some(&quote) {
                escaped = true;
                at = found + 2;
            } else if found + 1 == bytes.len() && !at_end {
                return Ok(None);
            } else {
                return Ok(Some((found, escaped)));
            }
        }
    }

    /// The text of a field, out of the text of its block.
    pub(crate) fn text_of<'a>(&self, block: &'a str, field: &FieldSpan) -> Cow<'a, str> {
        let raw = block.get(field.start..field.end).unwrap_or_default();
        if !field.escaped {
            return Cow::Borrowed(raw);
        }
        Cow::Owned(if field.quoted { self.unquoted(raw) } else { self.unescaped(raw) })
    }

    /// The same out of bytes that may not be text.
    pub(crate) fn lossy_text(&self, block: &[u8], field: &FieldSpan) -> String {
        let raw = String::from_utf8_lossy(block.get(field.start..field.end).unwrap_or_default()).into_owned();
        let whole = FieldSpan { start: 0, end: raw.len(), ..*field };
        self.text_of(&raw, &whole).into_owned()
    }

    /// A quoted field with what follows its closing quote.
    fn unquoted(&self, raw: &str) -> String {
        let quote = self.quote.map(char::from);
        let escape = self.escape.map(char::from).filter(|escape| Some(*escape) != quote);
        let mut text = String::with_capacity(raw.len());
        let mut characters = raw.chars().peekable();
        characters.next();
        let mut inside = true;
        while let Some(character) = characters.next() {
            if inside && Some(character) == escape {
                text.extend(characters.next());
            } else if inside && Some(character) == quote {
                if characters.peek().copied() == quote {
                    text.extend(characters.next());
                } else {
                    inside = false;
                }
            } else {
                text.push(character);
            }
        }
        text
    }

    /// A field of TEXT: an escape and a letter stand for a control character.
    fn unescaped(&self, raw: &str) -> String {
        let escape = self.escape.map(char::from);
        let mut text = String::with_capacity(raw.len());
        let mut characters = raw.chars();
        while let Some(character) = characters.next() {
            if Some(character) != escape {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('0') => text.push('\0'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some(other) => text.push(other),
                None => text.push(character),
            }
        }
        text
    }
}

/// The span of a field from `start` to `end`, whose closing quote, if it has one, is at `closed`.
pub(super) fn span(start: usize, end: usize, closed: Option<usize>, escaped: bool) -> FieldSpan {
    match closed {
        // Nothing stands between the quote and the delimiter.
        Some(close) if close + 1 == end && !escaped => {
            FieldSpan { start: start + 1, end: close, quoted: true, escaped: false }
        }
        Some(_) => FieldSpan { start, end, quoted: true, escaped: true },
        None => FieldSpan { start, end, quoted: false, escaped },
    }
}

/// What stands behind a field, and where that ends.
enum After {
    Field(usize),
    Record(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(layout: &Layout, text: &str) -> Vec<Vec<String>> {
        let mut fields = Vec::new();
        let (mut at, mut records) = (0, Vec::new());
        while let Some(next) = layout.record(text.as_bytes(), at, true, Some(&mut fields)).unwrap() {
            records.push(fields.iter().map(|field| layout.text_of(text, field).into_owned()).collect());
            at = next;
        }
        records
    }

    #[test]
    fn csv_as_it_is_found() {
        let csv = Layout::csv();
        let check = |text: &str, expected: &[&[&str]]| assert_eq!(records(&csv, text), expected, "{text:?}");
        check("a,b\r\n1,2\r\n", &[&["a", "b"], &["1", "2"]]);
        check("a,b\n\n1,\"x, \"\"y\"\"\nz\"", &[&["a", "b"], &["1", "x, \"y\"\nz"]]);
        check("a,\n,b\n", &[&["a", ""], &["", "b"]]);
        check("5\" pipe,\"\"\n", &[&["5\" pipe", ""]]);
        check("\"a\"b,c\n", &[&["ab", "c"]]);
        check("\"a\r\nb\",c\r\n", &[&["a\r\nb", "c"]]);
    }

    #[test]
    fn text_escapes_everywhere() {
        let text = Layout::text();
        assert_eq!(records(&text, "a\\tb\tc\\\\\n\n\\N\t\n"), [vec!["a\tb", "c\\"], vec![""], vec!["N", ""]]);
    }

    #[test]
    fn delimiters_of_many_bytes_and_escapes_in_quotes() {
        let layout = Layout {
            field_end: b"||".to_vec(),
            record_end: b";;".to_vec(),
            escape: Some(b'\\'),
            ..Layout::csv()
        };
        assert_eq!(records(&layout, "a|b||\"c\\\"||\";;d||e"), [vec!["a|b", "c\"||"], vec!["d", "e"]]);
    }

    #[test]
    fn a_record_is_whole_only_when_nothing_can_follow() {
        let csv = Layout::csv();
        let whole = |text: &str| csv.record(text.as_bytes(), 0, false, None).unwrap();
        assert_eq!(whole("a,b"), None);
        assert_eq!(whole("a,\"b\n"), None);
        assert_eq!(whole("a,\"b\""), None);
        assert_eq!(whole("a,\"b\"\nrest"), Some(6));
    }
}

//! Records of the common layout, CSV with delimiters of one byte and no escape but the doubled quote: found by their
//! quotes, in a fraction of the time.

use super::delimited::{FieldSpan, Layout, span};

impl Layout {
    /// The end of the last whole record of `bytes`, 0 where there is none.
    pub(crate) fn last_end(&self, bytes: &[u8], at_end: bool) -> Result<usize, String> {
        let mut end = 0;
        loop {
            let next = match self.plain_quote() {
                Some(quote) => self.record_end_by_quotes(quote, bytes, end, at_end),
                None => self.record(bytes, end, at_end, None),
            };
            match next {
                Ok(Some(next)) => end = next,
                Ok(None) => break,
                // The records before it come first, so that its line is known.
                Err(_) if end > 0 => return Ok(end),
                Err(reason) => return Err(reason),
            }
        }
        // Empty lines are no records, and may be many.
        if self.skip_empty {
            end += bytes[end..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        }
        Ok(end)
    }

    /// The quote, where nothing but quotes can hide the line feeds that end records.
    pub(super) fn plain_quote(&self) -> Option<u8> {
        let quote = self.quote?;
        let has_escape = self.escape.is_some_and(|escape| escape != quote || self.escapes_everywhere);
        let is_plain = self.record_end == b"\n" && self.field_end.len() == 1 && !has_escape;
        (is_plain && quote != b'\n' && quote != b'\r' && self.field_end[0] != quote).then_some(quote)
    }

    /// What [`Self::record`] gives, without a look at each field: a quote opens where a field begins.
    fn record_end_by_quotes(
        &self,
        quote: u8,
        bytes: &[u8],
        mut start: usize,
        at_end: bool,
    ) -> Result<Option<usize>, String> {
        if self.skip_empty {
            start += bytes[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        }
        if start >= bytes.len() {
            return Ok(None);
        }
        let mut at = start;
        loop {
            let Some(hit) = memchr::memchr2(quote, b'\n', &bytes[at..]) else {
                return Ok(at_end.then_some(bytes.len()));
            };
            let found = at + hit;
            if bytes[found] == b'\n' {
                return Ok(Some(found + 1));
            }
            if found > start && bytes[found - 1] != self.field_end[0] {
                at = found + 1;
                continue;
            }
            match self.closing_quote(bytes, found, at_end)? {
                Some((close, _)) => at = close + 1,
                None => return Ok(None),
            }
        }
    }

    /// The fields of the record at `start`, and where the next one begins.
    pub(super) fn fields_by_quotes(
        &self,
        quote: u8,
        bytes: &[u8],
        start: usize,
        at_end: bool,
        fields: &mut Vec<FieldSpan>,
    ) -> Result<Option<usize>, String> {
        let field_end = self.field_end[0];
        let mut at = start;
        loop {
            let begin = at;
            let (mut closed, mut escaped) = (None, false);
            if bytes.get(at) == Some(&quote) {
                let Some((close, has_escapes)) = self.closing_quote(bytes, at, at_end)? else {
                    return Ok(None);
                };
                (closed, escaped, at) = (Some(close), has_escapes, close + 1);
            }
            let Some(found) = find_either([field_end, b'\n'], bytes, at) else {
                fields.push(span(begin, bytes.len(), closed, escaped));
                return Ok(at_end.then_some(bytes.len()));
            };
            if bytes[found] == field_end {
                fields.push(span(begin, found, closed, escaped));
                at = found + 1;
                continue;
            }
            let has_return = found > begin && bytes[found - 1] == b'\r';
            fields.push(span(begin, found - usize::from(has_return), closed, escaped));
            return Ok(Some(found + 1));
        }
    }
}

/// Where the first of two bytes stands, from `from` on. Fields are short: a call of `memchr` costs more than they do.
fn find_either(wanted: [u8; 2], bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const WORDS_MAX: usize = 6;
    // The high bit of a byte is set where it is zero; above such a byte, bits may be set wrongly.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let rest = bytes.get(from..)?;
    let (words, _) = rest.as_chunks::<8>();
    for (index, word) in words.iter().take(WORDS_MAX).enumerate() {
        let word = u64::from_le_bytes(*word);
        let hits = zeros(word ^ (ONES * u64::from(wanted[0]))) | zeros(word ^ (ONES * u64::from(wanted[1])));
        if hits != 0 {
            return Some(from + index * 8 + (hits.trailing_zeros() / 8) as usize);
        }
    }
    let passed = words.len().min(WORDS_MAX) * 8;
    memchr::memchr2(wanted[0], wanted[1], &rest[passed..]).map(|hit| from + passed + hit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts made of what matters in CSV, at random and always the same ones.
    #[test]
    fn ends_by_quotes_are_those_of_the_fields() {
        let pieces = ["a", ",", "\"", "\n", "\r\n", "\"\"", "\",\"", "x,y\n", "\r", "é"];
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % bound as u64) as usize
        };
        let layouts = [Layout::csv(), Layout { skip_empty: false, ..Layout::csv() }];
        for _ in 0..60_000 {
            let text: String = (0..1 + next(9)).map(|_| pieces[next(pieces.len())]).collect();
            let (layout, at_end, start) = (&layouts[next(2)], next(2) == 0, next(3));
            let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let by_quotes = layout.record_end_by_quotes(b'"', text.as_bytes(), start, at_end);
            let by_fields = layout.record(text.as_bytes(), start, at_end, None);
            assert_eq!(by_quotes, by_fields, "{text:?} from {start}, {at_end}");
            // An escape that never comes makes the layout one that is looked at field by field.
            let slow = Layout { escape: Some(0), ..layout.clone() };
            let (mut fast_fields, mut slow_fields) = (Vec::new(), Vec::new());
            let fast = layout.record(text.as_bytes(), start, at_end, Some(&mut fast_fields));
            let slow = slow.record(text.as_bytes(), start, at_end, Some(&mut slow_fields));
            assert_eq!(fast, slow, "{text:?} from {start}, {at_end}");
            if fast.is_ok_and(|next| next.is_some()) {
                assert_eq!(fast_fields, slow_fields, "{text:?} from {start}, {at_end}");
            }
        }
    }
}

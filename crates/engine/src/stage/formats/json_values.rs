//! Where the values of a JSON file end: the elements of one array, or values one after the other.

/// How far the cutting has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonValues {
    began: bool,
    /// The file is one array, and its elements are the rows.
    in_array: bool,
    closed: bool,
}

impl JsonValues {
    /// The end of the last whole value of `bytes`, which begin between two values.
    pub(crate) fn last_end(&mut self, bytes: &[u8], at_end: bool) -> Result<usize, String> {
        let mut at = 0;
        if !self.began {
            let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            match bytes.get(blanks) {
                None => return Ok(if at_end { bytes.len() } else { 0 }),
                Some(first) => {
                    self.began = true;
                    self.in_array = *first == b'[';
                    at = blanks + usize::from(self.in_array);
                }
            }
        }
        let mut end = at;
        let (mut depth, mut in_text) = (0usize, false);
        while at < bytes.len() {
            let byte = bytes[at];
            if in_text {
                match memchr::memchr2(b'"', b'\\', &bytes[at..]) {
                    Some(hit) if bytes[at + hit] == b'"' => {
                        in_text = false;
                        at += hit + 1;
                    }
                    Some(hit) => at += hit + 2,
                    None => break,
                }
                continue;
            }
            if self.closed && !byte.is_ascii_whitespace() {
                return Err("something follows the closing `]`".to_owned());
            }
            match byte {
                b'"' => in_text = true,
                b'{' | b'[' => depth += 1,
                b']' if depth == 0 && self.in_array => {
                    self.closed = true;
                    end = at + 1;
                }
                b'}' | b']' => {
                    depth = depth
                        .checked_sub(1)
                        .ok_or_else(|| format!("`{}` closes what was not opened", char::from(byte)))?;
                    if depth == 0 {
                        end = at + 1;
                    }
                }
                b',' | b'\n' if depth == 0 => end = at + 1,
                _ => {}
            }
            at += 1;
        }
        if !at_end {
            return Ok(end);
        }
        if depth > 0 || in_text || (self.in_array && !self.closed) {
            return Err("the file ends inside of a value".to_owned());
        }
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_an_array_end_where_they_are_closed() {
        let mut values = JsonValues::default();
        assert_eq!(values.last_end(br#" [{"a":"}]"},{"b":"#, false), Ok(13));
        assert_eq!(values.last_end(br#"{"b":[1,2]} ] "#, true), Ok(14));
        assert!(values.last_end(b"7", false).unwrap_err().contains("follows"));
    }

    #[test]
    fn values_may_stand_one_after_the_other() {
        let mut values = JsonValues::default();
        assert_eq!(values.last_end(b"{\"a\":\n1}\n{\"a\":", false), Ok(9));
        assert!(values.clone().last_end(b"{\"a\":", true).unwrap_err().contains("ends inside"));
        let mut values = JsonValues::default();
        assert!(values.last_end(b"[1,2", true).is_err());
    }
}

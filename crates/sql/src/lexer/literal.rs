//! Strings, quoted names and numbers.

use super::{Broken, Scanner, TokenKind};

impl Scanner<'_> {
    /// `'…'` with `''` and backslash escapes. A backslash before any other character stays, so that
    /// `'.*\.csv'` is the regular expression it looks like.
    pub(super) fn scan_string(&mut self) -> TokenKind {
        self.advance();
        let mut value = String::new();
        let mut escapes_hold = true;
        while let Some(character) = self.advance() {
            match character {
                '\'' if self.peek() == Some('\'') => {
                    self.advance();
                    value.push('\'');
                }
                '\'' if escapes_hold => return TokenKind::String(value),
                '\'' => return TokenKind::Broken(Broken::Escape),
                '\\' => escapes_hold &= self.scan_escape(&mut value),
                other => value.push(other),
            }
        }
        TokenKind::Broken(Broken::OpenString)
    }

    /// What follows a backslash; false when it is no character.
    fn scan_escape(&mut self, value: &mut String) -> bool {
        let Some(character) = self.advance() else { return true };
        let plain = match character {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\'' | '"' | '\\' => character,
            'u' => return self.scan_code(value, 16, 4, 4),
            'x' => return self.scan_code(value, 16, 2, 2),
            '0'..='7' => {
                self.at -= 1;
                return self.scan_code(value, 8, 1, 3);
            }
            other => {
                value.push('\\');
                other
            }
        };
        value.push(plain);
        true
    }

    fn scan_code(&mut self, value: &mut String, radix: u32, digits_min: usize, digits_max: usize) -> bool {
        let mut code = 0;
        let mut digits = 0;
        while digits < digits_max
            && let Some(digit) = self.peek().and_then(|character| character.to_digit(radix))
        {
            self.advance();
            code = code * radix + digit;
            digits += 1;
        }
        let character = char::from_u32(code).filter(|_| digits >= digits_min);
        value.extend(character);
        character.is_some()
    }

    /// `"…"` or `` `…` ``; the quote inside is doubled.
    pub(super) fn scan_quoted_word(&mut self, quote: char) -> TokenKind {
        self.advance();
        let mut value = String::new();
        while let Some(character) = self.advance() {
            if character != quote {
                value.push(character);
            } else if self.peek() == Some(quote) {
                self.advance();
                value.push(quote);
            } else if value.is_empty() {
                return TokenKind::Broken(Broken::EmptyQuotedWord);
            } else {
                return TokenKind::QuotedWord(value);
            }
        }
        TokenKind::Broken(Broken::OpenQuotedWord)
    }

    /// `$$…$$`, nothing escaped.
    pub(super) fn scan_code_string(&mut self) -> TokenKind {
        let inside = self.rest().get(2..).unwrap_or_default();
        match inside.split_once("$$") {
            Some((value, _)) => {
                self.at += value.len() + 4;
                TokenKind::CodeString(value.to_string())
            }
            None => {
                self.at = self.text.len();
                TokenKind::Broken(Broken::OpenCodeString)
            }
        }
    }

    /// `x'…'`.
    pub(super) fn scan_hex_string(&mut self) -> TokenKind {
        self.advance();
        match self.scan_string() {
            TokenKind::String(digits)
                if digits.len().is_multiple_of(2) && digits.chars().all(|c| c.is_ascii_hexdigit()) =>
            {
                TokenKind::HexString(digits)
            }
            TokenKind::Broken(broken) => TokenKind::Broken(broken),
            _ => TokenKind::Broken(Broken::HexString),
        }
    }

    /// `1`, `1.5`, `.5`, `1e-3`, `1_000`, `0xff`.
    pub(super) fn scan_number(&mut self) -> TokenKind {
        let hexadecimal = self.rest().strip_prefix("0x").or_else(|| self.rest().strip_prefix("0X"));
        if hexadecimal.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit())) {
            self.at += 2;
            return self.scan_hexadecimal();
        }
        let mut number = String::new();
        self.scan_digits(&mut number);
        if self.peek() == Some('.') && self.is_fraction() {
            self.advance();
            number.push('.');
            self.scan_digits(&mut number);
        }
        let exponent = self.rest().get(..exponent_length(self.rest())).unwrap_or_default();
        number.push_str(exponent);
        self.at += exponent.len();
        TokenKind::Number(number)
    }

    /// Whether the `.` here belongs to the number: it does not in `1..` and `1.name`.
    fn is_fraction(&self) -> bool {
        let behind = self.rest().get(1..).unwrap_or_default();
        let ends = !behind.starts_with(|c: char| c == '.' || c == '_' || c.is_alphabetic());
        ends || exponent_length(behind) > 0
    }

    fn scan_digits(&mut self, number: &mut String) {
        while let Some(character) = self.peek() {
            let separates = character == '_'
                && number.ends_with(|c: char| c.is_ascii_digit())
                && self.peek_second().is_some_and(|c| c.is_ascii_digit());
            if character.is_ascii_digit() {
                number.push(character);
            } else if !separates {
                break;
            }
            self.advance();
        }
    }

    fn scan_hexadecimal(&mut self) -> TokenKind {
        let mut value: Option<u128> = Some(0);
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(16)) {
            self.advance();
            value = value.and_then(|value| value.checked_mul(16)).map(|value| value + u128::from(digit));
        }
        value.map_or(TokenKind::Broken(Broken::Number), |value| TokenKind::Number(value.to_string()))
    }
}

/// How many bytes of `e`, an optional sign and digits `text` begins with.
fn exponent_length(text: &str) -> usize {
    let Some(behind) = text.strip_prefix(['e', 'E']) else { return 0 };
    let digits = behind.strip_prefix(['+', '-']).unwrap_or(behind);
    let count = digits.chars().take_while(char::is_ascii_digit).count();
    if count == 0 { 0 } else { text.len() - digits.len() + count }
}

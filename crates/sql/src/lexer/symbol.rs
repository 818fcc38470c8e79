//! Operators and punctuation.

/// Longer ones first, since the longest that fits is the token.
const SYMBOLS: &[&str] = &[
    "!~~*", "<=>", "->>", "#>>", "!~*", "!~~", "~~*", "<=", ">=", "<>", "!=", "==", "=>", "->", "::", ":=",
    "||", "//", "<<", ">>", "#>", "#-", "@>", "<@", "@?", "@@", "~*", "!~", "~~", "&&", "(", ")", "[", "]",
    "{", "}", ",", ";", ".", ":", "=", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "#", "?",
    "@", "\\",
];

/// The longest symbol that `text` begins with.
pub(super) fn longest_symbol(text: &str) -> Option<&'static str> {
    SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)).copied()
}

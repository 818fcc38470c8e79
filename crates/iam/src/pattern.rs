//! Patterns of policies: `*`, `?` and policy variables, matched without backtracking into exponential time.

use std::borrow::Cow;

use crate::Context;

/// A pattern as it stands in a policy, read once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
    has_variables: bool,
}

/// One unit of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// This character and no other. What a variable's value holds is always this.
    Exact(char),
    /// `?`: one character, whichever.
    AnyOne,
    /// `*`: any characters, or none.
    AnyRun,
    /// `${key}` or `${key, 'default'}`.
    Variable { key: String, default: Option<String> },
}

/// What is special in a pattern's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    /// Whether `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// Whether `${…}` is a policy variable: in documents of version 2012-10-17.
    pub(crate) variables: bool,
}

impl Pattern {
    /// Reads a pattern. The error says what is wrong with a variable in it.
    pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<Self, &'static str> {
        let mut tokens = Vec::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        let mut has_variables = false;
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '*' if syntax.wildcards => Token::AnyRun,
                '?' if syntax.wildcards => Token::AnyOne,
                '$' if syntax.variables && characters.peek() == Some(&'{') => {
                    characters.next();
                    let token = parse_variable(&mut characters)?;
                    has_variables |= matches!(token, Token::Variable { .. });
                    token
                }
                other => Token::Exact(other),
            });
        }
        Ok(Self { tokens, has_variables })
    }

    /// Whether the pattern has variables that wait for a request.
    pub(crate) fn has_variables(&self) -> bool {
        self.has_variables
    }

    /// The pattern with its variables replaced by the request's values; `None` where one has no value.
    pub(crate) fn resolve(&self, context: &Context) -> Option<Cow<'_, [Token]>> {
        if !self.has_variables {
            return Some(Cow::Borrowed(&self.tokens));
        }
        let mut resolved = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            match token {
                Token::Variable { key, default } => {
                    // A key with many values cannot stand for one text, not even by its default.
                    let value = match context.get(key) {
                        Some([value]) => value,
                        Some(_) => return None,
                        None => default.as_ref()?,
                    };
                    resolved.extend(value.chars().map(Token::Exact));
                }
                other => resolved.push(other.clone()),
            }
        }
        Some(Cow::Owned(resolved))
    }

    /// Whether the whole text fits; `None` where a variable has no value.
    pub(crate) fn matches(&self, text: &[char], context: &Context) -> Option<bool> {
        self.resolve(context).map(|tokens| tokens_match(&tokens, text))
    }
}

/// Reads what follows `${`, up to and including `}`.
fn parse_variable(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, &'static str> {
    const NO_BRACE: &str = "a variable that starts with `${` needs its `}`";
    let mut key = String::new();
    loop {
        match characters.next().ok_or(NO_BRACE)? {
            '}' => break,
            ',' => {
                let default = parse_default(characters)?;
                return make_variable(key, Some(default));
            }
            '{' => return Err("`{` cannot stand inside a variable"),
            '$' if !key.is_empty() => return Err("`$` cannot stand inside a variable"),
            character if character.is_whitespace() => return Err("a variable's name has no spaces"),
            character => key.push(character),
        }
    }
    match key.as_str() {
        "*" => Ok(Token::Exact('*')),
        "?" => Ok(Token::Exact('?')),
        "$" => Ok(Token::Exact('$')),
        _ => make_variable(key, None),
    }
}

fn make_variable(key: String, default: Option<String>) -> Result<Token, &'static str> {
    if key.is_empty() {
        return Err("a variable needs a name");
    }
    if key.contains(['*', '?', '$']) {
        return Err("a variable's name has no `*`, `?` or `$`");
    }
    Ok(Token::Variable { key: key.to_ascii_lowercase(), default })
}

/// Reads `'default'}` after the comma.
fn parse_default(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, &'static str> {
    const NO_QUOTES: &str = "a variable's default value stands between single quotes";
    while characters.next_if_eq(&' ').is_some() {}
    characters.next_if_eq(&'\'').ok_or(NO_QUOTES)?;
    let mut default = String::new();
    loop {
        match characters.next().ok_or(NO_QUOTES)? {
            '\'' => break,
            character => default.push(character),
        }
    }
    while characters.next_if_eq(&' ').is_some() {}
    characters.next_if_eq(&'}').ok_or("a variable ends with `}` after its default value")?;
    Ok(default)
}

/// Matches a whole text in time proportional to the product of the lengths at worst: only the last `*` is
/// ever taken back, which is enough.
pub(crate) fn tokens_match(pattern: &[Token], text: &[char]) -> bool {
    let (mut at_token, mut at_character) = (0, 0);
    let mut last_run: Option<(usize, usize)> = None;
    while let Some(character) = text.get(at_character) {
        match pattern.get(at_token) {
            Some(Token::AnyRun) => {
                last_run = Some((at_token, at_character));
                at_token += 1;
                continue;
            }
            Some(Token::AnyOne) => {
                at_token += 1;
                at_character += 1;
                continue;
            }
            Some(Token::Exact(exact)) if exact == character => {
                at_token += 1;
                at_character += 1;
                continue;
            }
            _ => {}
        }
        let Some((run_token, run_character)) = last_run else { return false };
        last_run = Some((run_token, run_character + 1));
        at_token = run_token + 1;
        at_character = run_character + 1;
    }
    pattern.get(at_token..).is_some_and(|rest| rest.iter().all(|token| *token == Token::AnyRun))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOB: Syntax = Syntax { wildcards: true, variables: false };
    const BOTH: Syntax = Syntax { wildcards: true, variables: true };

    fn check(pattern: &str, syntax: Syntax, text: &str, context: &Context) -> Option<bool> {
        let characters: Vec<char> = text.chars().collect();
        Pattern::parse(pattern, syntax).unwrap().matches(&characters, context)
    }

    #[test]
    fn globs_match_whole_texts() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b:c", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*.csv", "a.csv.csv", true),
            ("a?c*", "abc", true),
            ("**a**", "xxaxx", true),
            ("*a*b*c*", "xaxbxc", true),
            ("*a*b*c*", "xcxbxa", false),
            ("A", "a", false),
        ] {
            assert_eq!(check(pattern, GLOB, text, &Context::new()), Some(fits), "{pattern} on {text}");
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        let pattern = "a*".repeat(200) + "b";
        let text = "a".repeat(5_000);
        assert_eq!(check(&pattern, GLOB, &text, &Context::new()), Some(false));
    }

    #[test]
    fn a_variables_value_is_literal() {
        let mut context = Context::new();
        context.set("aws:username", "a*?$").set_many("aws:TagKeys", ["x", "y"]);
        for (pattern, text, fits) in [
            ("${aws:username}", "a*?$", Some(true)),
            ("${AWS:UserName}", "a*?$", Some(true)),
            ("${aws:username}", "abcd", Some(false)),
            ("${aws:username}/*", "a*?$/b", Some(true)),
            ("${aws:nobody}", "", None),
            ("${aws:nobody, 'x*'}", "x*", Some(true)),
            ("${aws:nobody,'x*'}", "xy", Some(false)),
            ("${aws:nobody, ''}!", "!", Some(true)),
            ("${aws:TagKeys}", "x", None),
            ("${aws:TagKeys, 'x'}", "x", None),
            ("${*}${?}${$}", "*?$", Some(true)),
            ("${*}", "a", Some(false)),
            ("$a{b}", "$a{b}", Some(true)),
            ("$", "$", Some(true)),
        ] {
            assert_eq!(check(pattern, BOTH, text, &context), fits, "{pattern} on {text}");
        }
        assert_eq!(check("${aws:username}", GLOB, "${aws:username}", &context), Some(true));
    }

    #[test]
    fn broken_variables_are_refused() {
        for pattern in [
            "${", "${}", "${a", "${a b}", "${a, x}", "${a, 'x}", "${a,'x'", "${a*}", "${a${b}}", "${, 'x'}",
            "${**}",
        ] {
            assert!(Pattern::parse(pattern, BOTH).is_err(), "{pattern}");
        }
    }
}

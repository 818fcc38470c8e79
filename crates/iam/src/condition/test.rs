//! The comparison of one value of the request with all values of a condition.

use std::net::IpAddr;

use super::Truth;
use super::binary::decode_base64;
use super::decimal::Decimal;
use super::instant::Instant;
use super::network::Network;
use super::operator::{Comparison, Order, TextStyle};
use crate::Context;
use crate::pattern::{Pattern, Syntax, Token, tokens_match};

/// The values of a condition, read for its operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Text { patterns: Vec<Pattern>, ignore_case: bool, negated: bool },
    Arn { patterns: Vec<Pattern>, negated: bool },
    Number { values: Vec<Decimal>, order: Order },
    Date { values: Vec<Instant>, order: Order },
    Binary(Vec<Vec<u8>>),
    Network { networks: Vec<Network>, negated: bool },
    Null(Vec<bool>),
}

/// A value of a condition that its operator cannot use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not what the operator compares.
    Value { value: String, wanted: &'static str },
    /// It has a broken variable.
    Variable { value: String, cause: &'static str },
}

impl Test {
    pub(crate) fn new(comparison: Comparison, values: &[String], variables: bool) -> Result<Self, Fault> {
        let pattern = |value: &String, wildcards| {
            Pattern::parse(value, Syntax { wildcards, variables })
                .map_err(|cause| Fault::Variable { value: value.clone(), cause })
        };
        Ok(match comparison {
            Comparison::Text { style, negated } => Self::Text {
                patterns: read(values, |value| pattern(value, style == TextStyle::Like))?,
                ignore_case: style == TextStyle::IgnoreCase,
                negated,
            },
            Comparison::Bool => Self::Text {
                patterns: read(values, |value| {
                    let pattern = pattern(value, false)?;
                    if !pattern.has_variables() && parse_bool(value).is_none() {
                        return Err(fault(value, "`true` or `false`"));
                    }
                    Ok(pattern)
                })?,
                ignore_case: true,
                negated: false,
            },
            Comparison::Arn { negated } => Self::Arn {
                patterns: read(values, |value| {
                    let pattern = pattern(value, true)?;
                    if !pattern.has_variables() && value.split(':').count() < 6 {
                        return Err(fault(value, "an ARN of six parts between colons"));
                    }
                    Ok(pattern)
                })?,
                negated,
            },
            Comparison::Number(order) => Self::Number {
                values: read(values, |value| Decimal::parse(value).ok_or_else(|| fault(value, "a number")))?,
                order,
            },
            Comparison::Date(order) => Self::Date {
                values: read(values, |value| {
                    Instant::parse(value).ok_or_else(|| {
                        fault(value, "a date as in `2026-01-31T12:00:00Z` or in epoch seconds")
                    })
                })?,
                order,
            },
            Comparison::Binary => Self::Binary(read(values, |value| {
                decode_base64(value).ok_or_else(|| fault(value, "base64"))
            })?),
            Comparison::Network { negated } => Self::Network {
                networks: read(values, |value| {
                    Network::parse(value)
                        .ok_or_else(|| fault(value, "an address or range as in `192.0.2.0/24`"))
                })?,
                negated,
            },
            Comparison::Null => Self::Null(read(values, |value| {
                parse_bool(value).ok_or_else(|| fault(value, "`true` or `false`"))
            })?),
        })
    }

    /// Whether it asks for the absence of a match, so that an absent key meets it.
    pub(crate) fn is_negated(&self) -> bool {
        match self {
            Self::Text { negated, .. } | Self::Arn { negated, .. } | Self::Network { negated, .. } => {
                *negated
            }
            Self::Number { order, .. } | Self::Date { order, .. } => *order == Order::NotEquals,
            Self::Binary(_) | Self::Null(_) => false,
        }
    }

    /// Compares one value of the request. A negated test negates the list as a whole: no value may match.
    pub(crate) fn compare(&self, found: &str, context: &Context) -> Truth {
        match self {
            Self::Text { patterns, ignore_case, negated } => {
                let found = fold(found, *ignore_case);
                let matches = patterns.iter().map(|pattern| {
                    let tokens = pattern.resolve(context)?;
                    Some(match ignore_case {
                        true => exact_text(&tokens).is_some_and(|wanted| fold(&wanted, true) == found),
                        false => tokens_match(&tokens, &found),
                    })
                });
                settle(matches, *negated)
            }
            Self::Arn { patterns, negated } => {
                let characters: Vec<char> = found.chars().collect();
                let Some(found) = split_arn(&characters, |character| *character == ':') else {
                    return Truth::Unknown;
                };
                settle(patterns.iter().map(|pattern| arn_matches(pattern, &found, context)), *negated)
            }
            Self::Number { values, order } => match Decimal::parse(found) {
                Some(found) => settle_order(values, &found, *order),
                None => Truth::Unknown,
            },
            Self::Date { values, order } => match Instant::parse(found) {
                Some(found) => settle_order(values, &found, *order),
                None => Truth::Unknown,
            },
            Self::Binary(values) => match decode_base64(found) {
                Some(found) => Truth::of(values.contains(&found)),
                None => Truth::Unknown,
            },
            Self::Network { networks, negated } => match found.parse::<IpAddr>() {
                Ok(found) => settle(networks.iter().map(|network| Some(network.contains(found))), *negated),
                Err(_) => Truth::Unknown,
            },
            // Decided by the key's absence, before any value is looked at.
            Self::Null(_) => Truth::Unknown,
        }
    }
}

fn read<T>(values: &[String], parse: impl FnMut(&String) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    values.iter().map(parse).collect()
}

fn fault(value: &str, wanted: &'static str) -> Fault {
    Fault::Value { value: value.to_owned(), wanted }
}

fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Puts the matches with the single values together; `None` is a value whose variable cannot be resolved, which
/// matches nothing.
fn settle(matches: impl Iterator<Item = Option<bool>>, negated: bool) -> Truth {
    let (mut count, mut is_unresolved) = (0_usize, false);
    for is_match in matches {
        count += 1;
        match is_match {
            Some(true) => return Truth::of(!negated),
            Some(false) => {}
            None => is_unresolved = true,
        }
    }
    match negated {
        false => Truth::False,
        // "Nothing of an empty list" and "not what nobody knows" must not open a door.
        true if is_unresolved || count == 0 => Truth::Unknown,
        true => Truth::True,
    }
}

fn settle_order<T: Ord>(values: &[T], found: &T, order: Order) -> Truth {
    match order {
        Order::NotEquals => settle(values.iter().map(|value| Some(found == value)), true),
        order => settle(values.iter().map(|value| Some(order.holds(found.cmp(value)))), false),
    }
}

fn fold(text: &str, ignore_case: bool) -> Vec<char> {
    if ignore_case { text.chars().flat_map(char::to_lowercase).collect() } else { text.chars().collect() }
}

/// The text of tokens without wildcards.
fn exact_text(tokens: &[Token]) -> Option<String> {
    tokens.iter().map(|token| if let Token::Exact(exact) = token { Some(*exact) } else { None }).collect()
}

/// Each of the six parts is matched by itself.
fn arn_matches(pattern: &Pattern, found: &[&[char]; 6], context: &Context) -> Option<bool> {
    let tokens = pattern.resolve(context)?;
    let parts = split_arn(&tokens, |token| *token == Token::Exact(':'))?;
    Some(parts.iter().zip(found).all(|(pattern, text)| tokens_match(pattern, text)))
}

/// Cuts at the first five colons; `None` when there are fewer.
fn split_arn<T>(text: &[T], is_colon: impl FnMut(&T) -> bool) -> Option<[&[T]; 6]> {
    let parts: Vec<&[T]> = text.splitn(6, is_colon).collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::operator::Operator;
    use super::*;

    fn check(operator: &str, wanted: &[&str], found: &str) -> Truth {
        let mut context = Context::new();
        context.set("aws:username", "an*").set("aws:PrincipalArn", "arn:aws:iam::123456789012:role/x");
        let wanted: Vec<String> = wanted.iter().map(|value| (*value).to_owned()).collect();
        let operator = Operator::parse(operator).unwrap();
        Test::new(operator.comparison, &wanted, true).unwrap().compare(found, &context)
    }

    #[test]
    fn comparisons() {
        use Truth::{False, True, Unknown};
        for (operator, wanted, found, truth) in [
            ("StringEquals", &["a"][..], "a", True),
            ("StringEquals", &["A"], "a", False),
            ("StringEquals", &["*"], "a", False),
            ("StringEquals", &["*"], "*", True),
            ("StringEqualsIgnoreCase", &["ÄB"], "äb", True),
            ("StringNotEqualsIgnoreCase", &["AB"], "ab", False),
            ("StringLike", &["x", "a?c*"], "abcd", True),
            ("StringNotLike", &["x", "a*"], "abc", False),
            ("StringNotLike", &["x", "y*"], "abc", True),
            ("StringLike", &["${aws:username}/*"], "an*/x", True),
            ("StringLike", &["${aws:username}/*"], "anna/x", False),
            ("StringEquals", &["${aws:username}"], "an*", True),
            ("StringEquals", &["${*}"], "*", True),
            ("StringEquals", &["${aws:nobody}", "b"], "b", True),
            ("StringEquals", &["${aws:nobody}"], "b", False),
            ("StringNotEquals", &["${aws:nobody}"], "b", Unknown),
            ("StringNotEquals", &["${aws:nobody}", "b"], "b", False),
            ("StringNotEquals", &["${aws:nobody, 'c'}"], "b", True),
            ("Bool", &["true"], "True", True),
            ("Bool", &["true"], "false", False),
            ("Bool", &["false"], "yes", False),
            ("ArnEquals", &["arn:aws:iam::*:role/*"], "arn:aws:iam::123456789012:role/a:b", True),
            ("ArnLike", &["arn:aws:x:*:111122223333:f/*"], "arn:aws:x:r:9:s:111122223333:f/d", False),
            ("ArnEquals", &["${aws:PrincipalArn}"], "arn:aws:iam::123456789012:role/x", True),
            ("ArnNotEquals", &["arn:aws:iam::*:role/x"], "arn:aws:iam::1:role/y", True),
            (
                "ArnNotLike",
                &["arn:aws:iam::*:role/x", "arn:aws:iam::*:role/y"],
                "arn:aws:iam::1:role/y",
                False,
            ),
            ("ArnLike", &["arn:aws:s3:::*"], "bucket", Unknown),
            ("NumericEquals", &["10"], "10.0", True),
            ("NumericNotEquals", &["1", "2"], "2", False),
            ("NumericNotEquals", &["1", "2"], "3", True),
            ("NumericLessThan", &["1", "5"], "4", True),
            ("NumericGreaterThanEquals", &["5"], "5", True),
            ("NumericLessThan", &["10"], "9", True),
            ("NumericLessThan", &["10"], "many", Unknown),
            ("DateLessThan", &["2026-01-01T00:00:00Z"], "2025-12-31T23:59:59Z", True),
            ("DateEquals", &["2026-01-01T01:00:00+01:00"], "1767225600", True),
            ("DateGreaterThan", &["2026-01-01T00:00:00Z"], "soon", Unknown),
            ("BinaryEquals", &["QUI="], "QUI=", True),
            ("BinaryEquals", &["QUI="], "QUJD", False),
            ("BinaryEquals", &["QUI="], "?", Unknown),
            ("IpAddress", &["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", True),
            ("IpAddress", &["192.0.2.0/24"], "192.0.3.1", False),
            ("NotIpAddress", &["192.0.2.0/24", "198.51.100.7"], "198.51.100.7", False),
            ("NotIpAddress", &["192.0.2.0/24"], "203.0.113.1", True),
            ("NotIpAddress", &["192.0.2.0/24"], "nowhere", Unknown),
        ] {
            assert_eq!(check(operator, wanted, found), truth, "{operator} {wanted:?} on {found}");
        }
    }

    #[test]
    fn values_that_cannot_be_compared_are_refused() {
        for (operator, value) in [
            ("NumericEquals", "ten"),
            ("NumericEquals", "${aws:username}"),
            ("DateLessThan", "tomorrow"),
            ("Bool", "yes"),
            ("Null", "maybe"),
            ("BinaryEquals", "not base64!"),
            ("IpAddress", "192.0.2.*"),
            ("IpAddress", "192.0.2.0/33"),
            ("ArnLike", "*"),
            ("StringLike", "${aws:username"),
        ] {
            let operator = Operator::parse(operator).unwrap();
            assert!(Test::new(operator.comparison, &[value.to_owned()], true).is_err(), "{value}");
        }
    }
}

//! Conditions of a statement: one operator on one key, compared with what the request says.

mod binary;
mod decimal;
mod instant;
mod network;
mod operator;
mod test;

pub(crate) use operator::Operator;
use operator::Qualifier;
pub(crate) use test::Fault;
use test::Test;

use crate::Context;

/// The answer of a condition, and of a whole statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    /// It cannot be decided: a variable without value under a negation, a number that is none. It counts against
    /// the caller: an `Allow` does not apply, a `Deny` does.
    Unknown,
}

impl Truth {
    fn of(condition: bool) -> Self {
        if condition { Self::True } else { Self::False }
    }

    /// False if any is false, else unknown if any is unknown.
    pub(crate) fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::True;
        for truth in truths {
            match truth {
                Self::False => return Self::False,
                Self::Unknown => whole = Self::Unknown,
                Self::True => {}
            }
        }
        whole
    }

    /// True if any is true, else unknown if any is unknown.
    fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::False;
        for truth in truths {
            match truth {
                Self::True => return Self::True,
                Self::Unknown => whole = Self::Unknown,
                Self::False => {}
            }
        }
        whole
    }
}

/// `"StringLike": {"s3:prefix": ["a*", "b*"]}`: one key under one operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// As written, with qualifier and `IfExists`.
    pub(crate) operator: String,
    pub(crate) key: String,
    /// The values as written.
    pub(crate) wanted: Vec<String>,
    qualifier: Qualifier,
    if_exists: bool,
    test: Test,
}

impl Condition {
    /// `variables` is whether the document's version has them.
    pub(crate) fn new(
        operator: &Operator,
        key: &str,
        wanted: Vec<String>,
        variables: bool,
    ) -> Result<Self, Fault> {
        Ok(Self {
            test: Test::new(operator.comparison, &wanted, variables)?,
            operator: operator.text.clone(),
            key: key.to_owned(),
            wanted,
            qualifier: operator.qualifier,
            if_exists: operator.if_exists,
        })
    }

    /// Whether the request meets the condition.
    pub(crate) fn evaluate(&self, context: &Context) -> Truth {
        let found = context.get(&self.key);
        if let Test::Null(wanted) = &self.test {
            return Truth::of(wanted.contains(&found.is_none()));
        }
        let Some(values) = found else {
            return match self.qualifier {
                _ if self.if_exists => Truth::True,
                Qualifier::AllValues => Truth::True,
                Qualifier::AnyValue => Truth::False,
                Qualifier::None => Truth::of(self.test.is_negated()),
            };
        };
        // AWS counts a lone empty string as an empty set.
        let is_empty_set = matches!(values, [value] if value.is_empty());
        let mut each = values.iter().map(|value| self.test.compare(value, context));
        match self.qualifier {
            Qualifier::AllValues if is_empty_set => Truth::True,
            Qualifier::AnyValue if is_empty_set => Truth::False,
            Qualifier::AllValues => Truth::all(each),
            Qualifier::AnyValue => Truth::any(each),
            Qualifier::None => {
                // A key with many values needs a qualifier; without one AWS promises nothing, so the values must
                // agree.
                let first = each.next().unwrap_or(Truth::Unknown);
                if each.all(|truth| truth == first) { first } else { Truth::Unknown }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: &str, wanted: &[&str], found: Option<&[&str]>) -> Truth {
        let mut context = Context::new();
        if let Some(found) = found {
            context.set_many("x:key", found.iter().copied());
        }
        let operator = Operator::parse(operator).unwrap();
        let wanted = wanted.iter().map(|value| (*value).to_owned()).collect();
        Condition::new(&operator, "X:Key", wanted, true).unwrap().evaluate(&context)
    }

    #[test]
    fn a_missing_key() {
        use Truth::{False, True};
        for (operator, wanted, truth) in [
            ("StringEquals", "a", False),
            ("StringNotEquals", "a", True),
            ("StringLike", "*", False),
            ("StringNotLike", "*", True),
            ("StringNotEqualsIgnoreCase", "a", True),
            ("NumericLessThan", "1", False),
            ("NumericNotEquals", "1", True),
            ("DateGreaterThan", "2020-01-01T00:00:00Z", False),
            ("DateNotEquals", "2020-01-01T00:00:00Z", True),
            ("Bool", "false", False),
            ("BinaryEquals", "QQ==", False),
            ("IpAddress", "0.0.0.0/0", False),
            ("NotIpAddress", "0.0.0.0/0", True),
            ("ArnLike", "arn:aws:s3:::*", False),
            ("ArnNotLike", "arn:aws:s3:::*", True),
            ("StringEqualsIfExists", "a", True),
            ("StringNotEqualsIfExists", "a", True),
            ("BoolIfExists", "true", True),
            ("Null", "true", True),
            ("Null", "false", False),
            ("ForAllValues:StringEquals", "a", True),
            ("ForAllValues:StringNotEquals", "a", True),
            ("ForAnyValue:StringEquals", "a", False),
            ("ForAnyValue:StringNotEquals", "a", False),
            ("ForAnyValue:StringEqualsIfExists", "a", True),
        ] {
            assert_eq!(check(operator, &[wanted], None), truth, "{operator}");
        }
    }

    #[test]
    fn many_values() {
        use Truth::{False, True, Unknown};
        for (operator, wanted, found, truth) in [
            ("ForAllValues:StringEquals", &["a", "b"][..], &["a", "b"][..], True),
            ("ForAllValues:StringEquals", &["a"], &["a", "b"], False),
            ("ForAllValues:StringNotEquals", &["c"], &["a", "b"], True),
            ("ForAllValues:StringNotEquals", &["b"], &["a", "b"], False),
            ("ForAnyValue:StringEquals", &["b"], &["a", "b"], True),
            ("ForAnyValue:StringEquals", &["c"], &["a", "b"], False),
            ("ForAnyValue:StringNotEquals", &["a"], &["a", "b"], True),
            ("ForAnyValue:StringNotEquals", &["a", "b"], &["a", "b"], False),
            ("ForAllValues:StringEquals", &["a"], &[""], True),
            ("ForAnyValue:StringLike", &["*"], &[""], False),
            ("StringEquals", &["a", "b"], &["a", "b"], True),
            ("StringEquals", &["a"], &["a", "b"], Unknown),
            ("StringEquals", &["c"], &["a", "b"], False),
            ("StringNotEquals", &["a", "b"], &["b"], False),
            ("StringNotEquals", &["a", "b"], &["c"], True),
            ("StringEquals", &[], &["a"], False),
            ("StringNotEquals", &[], &["a"], Unknown),
        ] {
            assert_eq!(check(operator, wanted, Some(found)), truth, "{operator} {wanted:?} {found:?}");
        }
    }
}

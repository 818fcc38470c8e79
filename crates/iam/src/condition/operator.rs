//! The names of condition operators, exactly as AWS spells them.

/// A condition operator with its qualifier and suffix.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// As written.
    pub(crate) text: String,
    pub(crate) comparison: Comparison,
    pub(crate) qualifier: Qualifier,
    pub(crate) if_exists: bool,
}

/// What stands in front of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier {
    None,
    AllValues,
    AnyValue,
}

/// What an operator compares, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Text { style: TextStyle, negated: bool },
    Arn { negated: bool },
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    Network { negated: bool },
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextStyle {
    Exact,
    IgnoreCase,
    Like,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// `None` for a name that AWS does not have; case counts.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (qualifier, name) = match text.split_once(':') {
            None => (Qualifier::None, text),
            Some(("ForAllValues", name)) => (Qualifier::AllValues, name),
            Some(("ForAnyValue", name)) => (Qualifier::AnyValue, name),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let comparison = comparison(name)?;
        // Whether a key exists is asked of the key, not of its values.
        if comparison == Comparison::Null && (if_exists || qualifier != Qualifier::None) {
            return None;
        }
        Some(Self { text: text.to_owned(), comparison, qualifier, if_exists })
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    let text = |style, negated| Some(Comparison::Text { style, negated });
    match name {
        "StringEquals" => text(TextStyle::Exact, false),
        "StringNotEquals" => text(TextStyle::Exact, true),
        "StringEqualsIgnoreCase" => text(TextStyle::IgnoreCase, false),
        "StringNotEqualsIgnoreCase" => text(TextStyle::IgnoreCase, true),
        "StringLike" => text(TextStyle::Like, false),
        "StringNotLike" => text(TextStyle::Like, true),
        "ArnEquals" | "ArnLike" => Some(Comparison::Arn { negated: false }),
        "ArnNotEquals" | "ArnNotLike" => Some(Comparison::Arn { negated: true }),
        "Bool" => Some(Comparison::Bool),
        "BinaryEquals" => Some(Comparison::Binary),
        "IpAddress" => Some(Comparison::Network { negated: false }),
        "NotIpAddress" => Some(Comparison::Network { negated: true }),
        "Null" => Some(Comparison::Null),
        _ => match (name.strip_prefix("Numeric"), name.strip_prefix("Date")) {
            (Some(order_name), _) => Some(Comparison::Number(order(order_name)?)),
            (_, Some(order_name)) => Some(Comparison::Date(order(order_name)?)),
            (None, None) => None,
        },
    }
}

fn order(name: &str) -> Option<Order> {
    match name {
        "Equals" => Some(Order::Equals),
        "NotEquals" => Some(Order::NotEquals),
        "LessThan" => Some(Order::Less),
        "LessThanEquals" => Some(Order::LessOrEqual),
        "GreaterThan" => Some(Order::Greater),
        "GreaterThanEquals" => Some(Order::GreaterOrEqual),
        _ => None,
    }
}

impl Order {
    pub(crate) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::NotEquals => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_of_aws_and_no_other() {
        for name in [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
            "Bool",
            "BinaryEquals",
            "IpAddress",
            "NotIpAddress",
            "ArnEquals",
            "ArnNotEquals",
            "ArnLike",
            "ArnNotLike",
        ] {
            for text in [
                name.to_owned(),
                format!("{name}IfExists"),
                format!("ForAllValues:{name}"),
                format!("ForAnyValue:{name}IfExists"),
            ] {
                assert!(Operator::parse(&text).is_some(), "{text}");
            }
        }
        assert!(Operator::parse("Null").is_some());
        for text in [
            "",
            "stringEquals",
            "STRINGEQUALS",
            "StringEqual",
            "StringLikeIgnoreCase",
            "StringMatches",
            "NullIfExists",
            "ForAllValues:Null",
            "ForAnyValue::StringEquals",
            "ForEachValue:StringEquals",
            "StringEqualsIfExistsIfExists",
            "Numeric",
            "IfExists",
        ] {
            assert!(Operator::parse(text).is_none(), "{text}");
        }
    }
}

//! What columns the rows of a JSON file have, as far as a sample tells.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};

use crate::variant::{Json, variant_field};

/// Members of one object beyond which it is taken for a map and not for a row.
const MEMBERS_MAX: usize = 1_000;
/// Digits of the widest whole number that is one.
const DIGITS_MAX: u8 = 38;

/// What the values of one place are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Only null so far.
    Nothing,
    Boolean,
    Integer,
    /// A whole number that needs more than 64 bits.
    LongInteger,
    Float,
    Text,
    List(Box<Shape>),
    Object(Vec<(String, Shape)>),
    /// Of several kinds.
    Mixed,
}

impl Shape {
    pub(super) fn of(value: &Json<'_>) -> Self {
        match value {
            Json::Null => Self::Nothing,
            Json::Boolean(_) => Self::Boolean,
            Json::Number(digits) => {
                if digits.parse::<i64>().is_ok() {
                    Self::Integer
                } else if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
                    && digits.len() <= usize::from(DIGITS_MAX)
                {
                    Self::LongInteger
                } else {
                    Self::Float
                }
            }
            Json::Text(_) => Self::Text,
            Json::Array(elements) => {
                let element = elements.iter().map(Self::of).fold(Self::Nothing, Self::merge);
                Self::List(Box::new(element))
            }
            Json::Object(members) if members.len() > MEMBERS_MAX => Self::Mixed,
            Json::Object(members) => {
                let mut shape = Self::Object(Vec::new());
                for (key, value) in members {
                    shape = shape.merge(Self::Object(vec![(key.clone().into_owned(), Self::of(value))]));
                }
                shape
            }
        }
    }

    pub(super) fn merge(self, other: Self) -> Self {
        use Shape::{Float, Integer, List, LongInteger, Mixed, Nothing, Object};
        match (self, other) {
            (left, right) if left == right => left,
            (Nothing, shape) | (shape, Nothing) => shape,
            (Integer, LongInteger) | (LongInteger, Integer) => LongInteger,
            (Integer | LongInteger, Float) | (Float, Integer | LongInteger) => Float,
            (List(left), List(right)) => List(Box::new(left.merge(*right))),
            (Object(mut members), Object(others)) => {
                for (key, shape) in others {
                    match members.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, known)) => *known = std::mem::replace(known, Nothing).merge(shape),
                        None => members.push((key, shape)),
                    }
                }
                if members.len() > MEMBERS_MAX { Mixed } else { Object(members) }
            }
            _ => Mixed,
        }
    }

    /// The field of a column; a VARIANT where no other type holds every value.
    pub(super) fn field(&self, name: &str) -> FieldRef {
        match self.data_type() {
            Some(data_type) => Arc::new(Field::new(name, data_type, true)),
            None => Arc::new(variant_field(name)),
        }
    }

    fn data_type(&self) -> Option<DataType> {
        Some(match self {
            Self::Nothing | Self::Mixed => return None,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::LongInteger => DataType::Decimal128(DIGITS_MAX, 0),
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::List(element) => {
                DataType::List(Arc::new(Field::new_list_field(element.data_type()?, true)))
            }
            // A struct without fields is nothing that Parquet or a client could hold.
            Self::Object(members) if members.is_empty() => return None,
            Self::Object(members) => {
                let fields: Option<Vec<FieldRef>> = members
                    .iter()
                    .map(|(name, shape)| Some(Arc::new(Field::new(name, shape.data_type()?, true)) as _))
                    .collect();
                DataType::Struct(fields?.into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rows: &[&str]) -> Shape {
        rows.iter().map(|row| Shape::of(&Json::parse(row).unwrap())).fold(Shape::Nothing, Shape::merge)
    }

    #[test]
    fn rows_together_give_the_columns_in_the_order_of_their_first_sight() {
        let Shape::Object(members) = shape(&[r#"{"b":1,"a":null}"#, r#"{"a":"x","b":1.5,"c":[]}"#]) else {
            panic!("no object")
        };
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(members[0].1, Shape::Float);
        assert_eq!(members[1].1, Shape::Text);
    }

    #[test]
    fn what_fits_no_type_is_a_variant() {
        assert_eq!(shape(&["1", "\"a\""]), Shape::Mixed);
        assert_eq!(shape(&["[1]", "[\"a\"]"]).data_type(), None);
        assert_eq!(shape(&["9223372036854775808", "1"]).data_type(), Some(DataType::Decimal128(38, 0)));
        assert_eq!(shape(&["{}"]).data_type(), None);
    }
}

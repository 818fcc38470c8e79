//! Folders that say a column's value: `dt=2024-02-10/`.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use chrono::NaiveDate;
use datafusion::common::ScalarValue;

/// What a folder is called whose column is NULL.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";
/// Digits that surely fit into 64 bits.
const DIGITS_MAX: usize = 18;

/// How a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    AtMost,
    AtLeast,
}

/// A filter of the query on one column: it compares with one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) column: String,
    pub(crate) comparison: Comparison,
    pub(crate) values: Vec<String>,
}

impl Condition {
    pub(crate) fn is_on(&self, column: &str) -> bool {
        self.column.eq_ignore_ascii_case(column)
    }

    /// Whether a folder of that value may hold rows that pass, in a column of that type. Yes, where that
    /// cannot be told.
    pub(crate) fn may_match(&self, value: &str, data_type: &DataType) -> bool {
        if value == NULL_FOLDER {
            return false;
        }
        self.values.iter().any(|wanted| match (self.comparison, compare(value, wanted, data_type)) {
            (_, None) => true,
            (Comparison::Equal, Some(order)) => order.is_eq(),
            (Comparison::AtMost, Some(order)) => order.is_le(),
            (Comparison::AtLeast, Some(order)) => order.is_ge(),
        })
    }
}

/// How the folder's value and what the query names compare; `None` where that depends on what the query
/// makes of them: `1` and `01`, `2024-02-10` and `2024-02-10 00:00:00`.
fn compare(folder: &str, wanted: &str, data_type: &DataType) -> Option<Ordering> {
    match data_type {
        DataType::Int64 => number(folder).zip(number(wanted)).map(|(folder, wanted)| folder.cmp(&wanted)),
        DataType::Date32 => day(folder).zip(day(wanted)).map(|(folder, wanted)| folder.cmp(&wanted)),
        _ => {
            let looks_otherwise = wanted.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
            (folder == wanted || !looks_otherwise).then(|| folder.cmp(wanted))
        }
    }
}

fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain =
        !digits.is_empty() && digits.len() <= DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit());
    (plain && (digits.len() == 1 || !digits.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn day(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// One folder's name taken apart.
pub(crate) fn split_folder(name: &str) -> Option<(&str, &str)> {
    let (column, value) = name.split_once('=')?;
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.' || c == ' ';
    (!column.is_empty() && column.chars().all(plain)).then_some((column, value))
}

/// The columns that all of the keys' folders give, in the order of the folders; none if any key lacks one.
/// `keys` are without the prefix that the location names.
pub(crate) fn common_columns<'a>(mut keys: impl Iterator<Item = &'a str>) -> Vec<String> {
    let columns = |key: &str| -> Vec<String> {
        let folders = key.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').filter_map(split_folder).map(|(column, _)| column.to_owned()).collect()
    };
    let Some(first) = keys.next().map(columns) else { return Vec::new() };
    if first.is_empty() || keys.any(|key| columns(key) != first) {
        return Vec::new();
    }
    let mut once = first.clone();
    once.sort();
    once.dedup();
    if once.len() == first.len() { first } else { Vec::new() }
}

/// The values of a key's folders, in their order; `None` for NULL.
pub(crate) fn folder_values(key: &str) -> Vec<Option<String>> {
    let folders = key.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').filter_map(split_folder).map(|(_, value)| decode(value)).collect()
}

fn decode(value: &str) -> Option<String> {
    if value == NULL_FOLDER {
        return None;
    }
    Some(percent_decode(value))
}

/// What writers put as `%3A`.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let mut ahead = rest.clone();
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// A column of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderColumn {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

impl FolderColumn {
    /// The narrowest of whole number, day and text that all the values have.
    pub(crate) fn infer<'a>(name: &str, values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut known = values.filter(|value| *value != NULL_FOLDER).peekable();
        let data_type = if known.peek().is_none() {
            DataType::Utf8
        } else if known.clone().all(|value| number(value).is_some()) {
            DataType::Int64
        } else if known.all(|value| day(value).is_some()) {
            DataType::Date32
        } else {
            DataType::Utf8
        };
        Self { name: name.to_owned(), data_type }
    }

    pub(crate) fn field(&self) -> FieldRef {
        Arc::new(Field::new(&self.name, self.data_type.clone(), true))
    }

    /// The value that the folders of a key give.
    pub(crate) fn value_in(&self, key: &str) -> ScalarValue {
        let names = common_columns(std::iter::once(key));
        let values = folder_values(key);
        let at = names.iter().position(|name| *name == self.name);
        self.value(at.and_then(|at| values.get(at)).and_then(Option::as_deref))
    }

    /// A value of the column; NULL where the text is none.
    pub(crate) fn value(&self, text: Option<&str>) -> ScalarValue {
        match self.data_type {
            DataType::Int64 => ScalarValue::Int64(text.and_then(number)),
            DataType::Date32 => {
                let days = text.and_then(day).map(arrow::datatypes::Date32Type::from_naive_date);
                ScalarValue::Date32(days)
            }
            _ => ScalarValue::Utf8(text.map(str::to_owned)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(comparison: Comparison, values: &[&str]) -> Condition {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Condition { column: "c".into(), comparison, values }
    }

    #[test]
    fn folders_that_cannot_match_are_told() {
        let equal = condition(Comparison::Equal, &["2024-02-10"]);
        assert!(equal.may_match("2024-02-10", &DataType::Date32));
        assert!(!equal.may_match("2024-02-11", &DataType::Date32));
        assert!(!equal.may_match(NULL_FOLDER, &DataType::Date32));
        let least = condition(Comparison::AtLeast, &["9"]);
        assert!(least.may_match("10", &DataType::Int64) && !least.may_match("8", &DataType::Int64));
        assert!(least.may_match("10", &DataType::Utf8), "as texts or as numbers: kept");
        let time = condition(Comparison::Equal, &["2024-02-10 00:00:00"]);
        assert!(time.may_match("2024-02-11", &DataType::Date32), "cannot be told: kept");
        assert!(condition(Comparison::Equal, &["1"]).may_match("01", &DataType::Utf8));
        let text = condition(Comparison::Equal, &["de", "fr"]);
        assert!(text.may_match("fr", &DataType::Utf8) && !text.may_match("it", &DataType::Utf8));
    }

    #[test]
    fn columns_are_those_of_all_keys() {
        let keys = ["y=2024/m=1/a.parquet", "y=2024/m=2/b.parquet"];
        assert_eq!(common_columns(keys.into_iter()), ["y", "m"]);
        assert!(common_columns(["y=2024/a.parquet", "b.parquet"].into_iter()).is_empty());
        assert!(common_columns(["y=1/y=2/a"].into_iter()).is_empty());
        assert_eq!(folder_values("y=2024/m=a%20b/a.parquet"), [Some("2024".into()), Some("a b".into())]);
    }

    #[test]
    fn types_are_the_narrowest() {
        let infer = |values: &[&str]| FolderColumn::infer("c", values.iter().copied()).data_type;
        assert_eq!(infer(&["1", "20", NULL_FOLDER]), DataType::Int64);
        assert_eq!(infer(&["01", "02"]), DataType::Utf8);
        assert_eq!(infer(&["2024-01-01"]), DataType::Date32);
        assert_eq!(infer(&[NULL_FOLDER]), DataType::Utf8);
        let day = FolderColumn::infer("c", ["2024-01-01"].into_iter());
        assert_eq!(day.value(Some("1970-01-02")), ScalarValue::Date32(Some(1)));
    }
}

//! Functions of VARIANT values, under Databend's names.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::from_arrow::{plain_text, write_value};
use super::json::Json;
use super::lookup::{find_member, scalar_text};
use super::path::{Step, follow, parse_key_path, parse_path};
use super::{is_variant, variant_field};

/// `a:b.c[0]` in the tree that the planner sees: the value, then a key or an index a step.
pub(crate) const PATH_FUNCTION: &str = "variant_path";
/// What `CAST(… AS VARIANT)` is planned as.
pub(crate) const CAST_FUNCTION: &str = "cast_to_variant";
/// What a VARIANT is read through where text or a number is wanted.
pub(crate) const TEXT_FUNCTION: &str = "variant_text";

/// One argument in one row.
#[derive(Clone, Copy)]
struct Argument<'a> {
    /// JSON for a VARIANT and for what is neither text nor a single value; else the plain text.
    text: Option<&'a str>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Variant,
    Text,
    Number,
    Boolean,
    Other,
}

enum Value {
    Text(String),
    Boolean(bool),
    Integer(i64),
    Float(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Output {
    Variant,
    Text,
    Boolean,
    Integer,
    Float,
}

type Answer = std::result::Result<Option<Value>, String>;
type Work = fn(&[Argument<'_>]) -> Answer;

/// Name, fewest and most arguments, what comes out, how.
type Row = (&'static str, usize, usize, Output, Work);

const ANY: usize = 64;

/// Sorted by what they do. A NULL argument gives NULL, except where a function says otherwise.
const FUNCTIONS: &[Row] = &[
    ("parse_json", 1, 1, Output::Variant, |a| strict(a, |a| Ok(variant(&parse(a[0])?)))),
    ("try_parse_json", 1, 1, Output::Variant, |a| {
        strict(a, |a| Ok(parse(a[0]).ok().and_then(|v| variant(&v))))
    }),
    ("check_json", 1, 1, Output::Text, |a| strict(a, |a| Ok(parse(a[0]).err().map(Value::Text)))),
    ("to_variant", 1, 1, Output::Variant, |a| strict(a, |a| Ok(Some(Value::Text(json_of(a[0])))))),
    (CAST_FUNCTION, 1, 1, Output::Variant, |a| {
        strict(a, |a| match a[0].kind {
            Kind::Text => Ok(variant(&parse(a[0])?)),
            _ => Ok(Some(Value::Text(json_of(a[0])))),
        })
    }),
    (TEXT_FUNCTION, 1, 1, Output::Text, |a| strict(a, |a| plain(a[0]))),
    (PATH_FUNCTION, 1, ANY, Output::Variant, |a| strict(a, |a| at_steps(a[0], &a[1..]))),
    ("get", 2, 2, Output::Variant, |a| strict(a, |a| at_steps(a[0], &a[1..]))),
    ("get_ignore_case", 2, 2, Output::Variant, |a| {
        strict(a, |a| Ok(parse(a[0])?.member_of_any_case(text(a[1])).and_then(variant)))
    }),
    ("get_path", 2, 2, Output::Variant, |a| strict(a, |a| first_of(a[0], &parse_path(text(a[1]))?))),
    ("get_by_keypath", 2, 2, Output::Variant, |a| {
        strict(a, |a| first_of(a[0], &parse_key_path(text(a[1]))?))
    }),
    ("json_extract_path_text", 2, 2, Output::Text, |a| {
        strict(a, |a| {
            let value = parse(a[0])?;
            let steps = parse_path(text(a[1]))?;
            Ok(follow(&value, &steps).first().and_then(|value| value.plain_text()).map(Value::Text))
        })
    }),
    ("json_path_query_first", 2, 2, Output::Variant, |a| {
        strict(a, |a| first_of(a[0], &parse_path(text(a[1]))?))
    }),
    ("json_path_query_array", 2, 2, Output::Variant, |a| {
        strict(a, |a| {
            let value = parse(a[0])?;
            let found = follow(&value, &parse_path(text(a[1]))?).into_iter().cloned().collect();
            Ok(variant(&Json::Array(found)))
        })
    }),
    ("json_path_exists", 2, 2, Output::Boolean, |a| {
        strict(a, |a| {
            let value = parse(a[0])?;
            Ok(Some(Value::Boolean(!follow(&value, &parse_path(text(a[1]))?).is_empty())))
        })
    }),
    ("object_keys", 1, 1, Output::Variant, |a| strict(a, keys)),
    ("json_object_keys", 1, 1, Output::Variant, |a| strict(a, keys)),
    ("json_array_length", 1, 1, Output::Integer, |a| {
        strict(a, |a| match parse(a[0])? {
            Json::Array(elements) => Ok(i64::try_from(elements.len()).ok().map(Value::Integer)),
            _ => Ok(None),
        })
    }),
    ("json_typeof", 1, 1, Output::Text, |a| {
        strict(a, |a| {
            Ok(Some(Value::Text(parse(a[0])?.type_name().to_uppercase().replace("TEXT", "STRING"))))
        })
    }),
    ("as_string", 1, 1, Output::Text, |a| {
        strict(a, |a| match parse(a[0])? {
            Json::Text(text) => Ok(Some(Value::Text(text.into_owned()))),
            _ => Ok(None),
        })
    }),
    ("as_integer", 1, 1, Output::Integer, |a| {
        strict(a, |a| match parse(a[0])? {
            Json::Number(digits) => Ok(digits.parse().ok().map(Value::Integer)),
            _ => Ok(None),
        })
    }),
    ("as_float", 1, 1, Output::Float, |a| {
        strict(a, |a| match parse(a[0])? {
            Json::Number(digits) => Ok(digits.parse().ok().map(Value::Float)),
            _ => Ok(None),
        })
    }),
    ("as_boolean", 1, 1, Output::Boolean, |a| {
        strict(a, |a| match parse(a[0])? {
            Json::Boolean(value) => Ok(Some(Value::Boolean(value))),
            _ => Ok(None),
        })
    }),
    ("as_array", 1, 1, Output::Variant, |a| strict(a, |a| only(a[0], "array"))),
    ("as_object", 1, 1, Output::Variant, |a| strict(a, |a| only(a[0], "object"))),
    ("is_null_value", 1, 1, Output::Boolean, |a| strict(a, |a| is(a[0], "null"))),
    ("is_string", 1, 1, Output::Boolean, |a| strict(a, |a| is(a[0], "string"))),
    ("is_boolean", 1, 1, Output::Boolean, |a| strict(a, |a| is(a[0], "boolean"))),
    ("is_array", 1, 1, Output::Boolean, |a| strict(a, |a| is(a[0], "array"))),
    ("is_object", 1, 1, Output::Boolean, |a| strict(a, |a| is(a[0], "object"))),
    ("is_integer", 1, 1, Output::Boolean, |a| {
        strict(a, |a| {
            let whole = matches!(parse(a[0])?, Json::Number(digits) if digits.parse::<i128>().is_ok());
            Ok(Some(Value::Boolean(whole)))
        })
    }),
    ("is_float", 1, 1, Output::Boolean, |a| {
        strict(a, |a| {
            let broken = matches!(parse(a[0])?, Json::Number(digits) if digits.parse::<i128>().is_err());
            Ok(Some(Value::Boolean(broken)))
        })
    }),
    ("json_to_string", 1, 1, Output::Text, |a| strict(a, |a| Ok(variant(&parse(a[0])?)))),
    ("json_pretty", 1, 1, Output::Text, |a| {
        strict(a, |a| {
            let mut out = String::new();
            write_pretty(&parse(a[0])?, 0, &mut out);
            Ok(Some(Value::Text(out)))
        })
    }),
    ("json_strip_nulls", 1, 1, Output::Variant, |a| strict(a, |a| Ok(variant(&without_nulls(parse(a[0])?))))),
    ("json_object", 0, ANY, Output::Variant, |a| object(a, false)),
    ("object_construct", 0, ANY, Output::Variant, |a| object(a, true)),
    ("json_object_keep_null", 0, ANY, Output::Variant, |a| object(a, false)),
    ("json_array", 0, ANY, Output::Variant, |a| {
        let elements: Vec<String> = a.iter().map(|argument| json_of(*argument)).collect();
        Ok(Some(Value::Text(format!("[{}]", elements.join(",")))))
    }),
];

/// All of them, for the shared state.
pub(crate) fn variant_functions() -> Vec<Arc<ScalarUDF>> {
    FUNCTIONS.iter().map(|row| Arc::new(ScalarUDF::new_from_impl(VariantFunction::new(row)))).collect()
}

/// One of them, by its name.
pub(super) fn variant_function(name: &str) -> Result<ScalarUDF> {
    match FUNCTIONS.iter().find(|row| row.0 == name) {
        Some(row) => Ok(ScalarUDF::new_from_impl(VariantFunction::new(row))),
        None => Err(DataFusionError::Internal(format!("no function `{name}`"))),
    }
}

/// Whether a function reads VARIANT values itself.
pub(crate) fn reads_variants(name: &str) -> bool {
    name == super::flatten::FLATTEN_FUNCTION || FUNCTIONS.iter().any(|row| row.0 == name)
}

fn strict(arguments: &[Argument<'_>], work: impl Fn(&[Argument<'_>]) -> Answer) -> Answer {
    if arguments.iter().any(|argument| argument.text.is_none()) { Ok(None) } else { work(arguments) }
}

fn text<'a>(argument: Argument<'a>) -> &'a str {
    argument.text.unwrap_or_default()
}

fn parse(argument: Argument<'_>) -> std::result::Result<Json<'_>, String> {
    Json::parse(text(argument)).map_err(|error| error.to_string())
}

fn variant(value: &Json<'_>) -> Option<Value> {
    Some(Value::Text(value.to_string()))
}

/// Any argument as JSON: a text in quotes.
fn json_of(argument: Argument<'_>) -> String {
    match (argument.text, argument.kind) {
        (None, _) => "null".to_owned(),
        (Some(text), Kind::Text) => Json::Text(Cow::Borrowed(text)).to_string(),
        (Some(text), _) => text.to_owned(),
    }
}

fn steps_of(arguments: &[Argument<'_>]) -> Vec<Step> {
    let step = |argument: &Argument<'_>| match (argument.kind, text(*argument).parse()) {
        (Kind::Number, Ok(index)) => Step::Index(index),
        _ => Step::Key(text(*argument).to_owned()),
    };
    arguments.iter().map(step).collect()
}

fn plain(argument: Argument<'_>) -> Answer {
    if argument.kind == Kind::Variant
        && let Some(plain) = scalar_text(text(argument))
    {
        return Ok(plain.map(|plain| Value::Text(plain.to_owned())));
    }
    Ok(parse(argument)?.plain_text().map(Value::Text))
}

fn at_steps(argument: Argument<'_>, steps: &[Argument<'_>]) -> Answer {
    if argument.kind == Kind::Variant
        && steps.iter().all(|step| step.kind == Kind::Text)
        && let Some(found) = find_member(text(argument), steps.iter().map(|step| text(*step)))
    {
        return Ok(found.map(|found| Value::Text(found.to_owned())));
    }
    first_of(argument, &steps_of(steps))
}

fn first_of(argument: Argument<'_>, steps: &[Step]) -> Answer {
    let value = parse(argument)?;
    Ok(follow(&value, steps).first().and_then(|value| variant(value)))
}

fn keys(arguments: &[Argument<'_>]) -> Answer {
    match parse(arguments[0])? {
        Json::Object(members) => {
            let mut keys: Vec<Json<'_>> = members.into_iter().map(|(key, _)| Json::Text(key)).collect();
            keys.sort_by_key(|key| key.plain_text());
            keys.dedup();
            Ok(variant(&Json::Array(keys)))
        }
        _ => Ok(None),
    }
}

fn only(argument: Argument<'_>, type_name: &str) -> Answer {
    let value = parse(argument)?;
    Ok(if value.type_name() == type_name { variant(&value) } else { None })
}

fn is(argument: Argument<'_>, type_name: &str) -> Answer {
    Ok(Some(Value::Boolean(parse(argument)?.type_name() == type_name)))
}

fn object(arguments: &[Argument<'_>], without_null: bool) -> Answer {
    if arguments.len() % 2 == 1 {
        return Err("it takes keys and values in turn".to_owned());
    }
    let mut members = String::from("{");
    for pair in arguments.chunks(2) {
        let Some(key) = pair[0].text else { continue };
        if without_null && pair[1].text.is_none() {
            continue;
        }
        if members.len() > 1 {
            members.push(',');
        }
        members.push_str(&Json::Text(Cow::Borrowed(key)).to_string());
        members.push(':');
        members.push_str(&json_of(pair[1]));
    }
    members.push('}');
    Ok(variant(&Json::parse(&members).map_err(|error| error.to_string())?))
}

fn without_nulls(value: Json<'_>) -> Json<'_> {
    match value {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(_, value)| *value != Json::Null)
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Json::Array(elements) => Json::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

fn write_pretty(value: &Json<'_>, depth: usize, out: &mut String) {
    let indent = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Json::Array(elements) if !elements.is_empty() => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(depth + 1, out);
                write_pretty(element, depth + 1, out);
            }
            indent(depth, out);
            out.push(']');
        }
        Json::Object(members) if !members.is_empty() => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|left, right| left.0.cmp(&right.0));
            out.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(depth + 1, out);
                Json::Text(key.clone()).write(out);
                out.push_str(": ");
                write_pretty(value, depth + 1, out);
            }
            indent(depth, out);
            out.push('}');
        }
        other => other.write(out),
    }
}

/// One row of the table above as a function of DataFusion's.
#[derive(Debug, PartialEq, Eq, Hash)]
struct VariantFunction {
    name: &'static str,
    arguments_min: usize,
    arguments_max: usize,
    output: Output,
    signature: Signature,
}

impl VariantFunction {
    fn new(row: &Row) -> Self {
        let signature = Signature::variadic_any(Volatility::Immutable);
        let signature = if row.1 == 0 {
            Signature::one_of(
                vec![
                    datafusion::logical_expr::TypeSignature::Nullary,
                    datafusion::logical_expr::TypeSignature::VariadicAny,
                ],
                Volatility::Immutable,
            )
        } else {
            signature
        };
        Self { name: row.0, arguments_min: row.1, arguments_max: row.2, output: row.3, signature }
    }

    fn work(&self) -> Option<Work> {
        FUNCTIONS.iter().find(|row| row.0 == self.name).map(|row| row.4)
    }
}

impl ScalarUDFImpl for VariantFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.output.data_type())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let count = arguments.arg_fields.len();
        if !(self.arguments_min..=self.arguments_max).contains(&count) {
            let wanted = match (self.arguments_min, self.arguments_max) {
                (min, max) if min == max => format!("{min}"),
                (min, _) => format!("at least {min}"),
            };
            return Err(DataFusionError::Plan(format!(
                "function `{}` takes {wanted} arguments, and {count} are given",
                self.name
            )));
        }
        Ok(Arc::new(match self.output {
            Output::Variant => variant_field(self.name),
            other => Field::new(self.name, other.data_type(), true),
        }))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_scalar = !arguments.args.is_empty()
            && arguments.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { arguments.number_rows };
        let mut columns = Vec::with_capacity(arguments.args.len());
        for (value, field) in arguments.args.iter().zip(&arguments.arg_fields) {
            let array = value.to_array(rows)?;
            columns.push((texts_of(&array, field)?, kind_of(field)));
        }
        let work = self.work().ok_or_else(|| DataFusionError::Internal("no such function".into()))?;
        let mut answers = Vec::with_capacity(rows);
        let mut row_arguments = Vec::with_capacity(columns.len());
        for row in 0..rows {
            row_arguments.clear();
            row_arguments.extend(columns.iter().map(|(texts, kind)| Argument {
                text: texts.is_valid(row).then(|| texts.value(row)),
                kind: *kind,
            }));
            answers.push(work(&row_arguments).map_err(|reason| self.failed(&row_arguments, &reason))?);
        }
        let array = self.output.array(answers);
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

impl VariantFunction {
    fn failed(&self, arguments: &[Argument<'_>], reason: &str) -> DataFusionError {
        let shown: String = arguments.first().map_or("", |first| text(*first)).chars().take(60).collect();
        let what = if self.name == TEXT_FUNCTION { "a VARIANT" } else { self.name };
        DataFusionError::Execution(format!("`{what}` cannot read `{shown}`: {reason}"))
    }
}

impl Output {
    fn data_type(self) -> DataType {
        match self {
            Self::Variant | Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
        }
    }

    fn array(self, answers: Vec<Option<Value>>) -> ArrayRef {
        let answers = answers.into_iter();
        match self {
            Self::Variant | Self::Text => Arc::new(
                answers
                    .map(|answer| match answer {
                        Some(Value::Text(text)) => Some(text),
                        _ => None,
                    })
                    .collect::<StringArray>(),
            ),
            Self::Boolean => Arc::new(
                answers
                    .map(|answer| match answer {
                        Some(Value::Boolean(value)) => Some(value),
                        _ => None,
                    })
                    .collect::<BooleanArray>(),
            ),
            Self::Integer => Arc::new(
                answers
                    .map(|answer| match answer {
                        Some(Value::Integer(value)) => Some(value),
                        _ => None,
                    })
                    .collect::<Int64Array>(),
            ),
            Self::Float => Arc::new(
                answers
                    .map(|answer| match answer {
                        Some(Value::Float(value)) => Some(value),
                        _ => None,
                    })
                    .collect::<Float64Array>(),
            ),
        }
    }
}

fn kind_of(field: &Field) -> Kind {
    match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            if is_variant(field) {
                Kind::Variant
            } else {
                Kind::Text
            }
        }
        DataType::Boolean => Kind::Boolean,
        data_type if data_type.is_numeric() => Kind::Number,
        _ => Kind::Other,
    }
}

/// A column as the texts of [`Argument`].
pub(super) fn texts_of(array: &ArrayRef, field: &Field) -> Result<StringArray> {
    if matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let texts = cast(array, &DataType::Utf8)?;
        let texts: &StringArray = arrow::array::AsArray::as_string(&texts);
        return Ok(texts.clone());
    }
    json_texts(array, field)
}

/// Every row of a column as JSON, NULL where it is NULL.
pub(crate) fn json_texts(array: &ArrayRef, field: &Field) -> Result<StringArray> {
    let mut builder = StringBuilder::new();
    let mut out = String::new();
    for row in 0..array.len() {
        if array.is_null(row) || array.data_type() == &DataType::Null {
            builder.append_null();
            continue;
        }
        out.clear();
        write_value(array.as_ref(), field, row, &mut out)?;
        builder.append_value(&out);
    }
    Ok(builder.finish())
}

/// Every row of a column as text: what `TO_STRING` gives.
pub(crate) fn plain_texts(array: &ArrayRef, field: &Field) -> Result<StringArray> {
    let nested = matches!(
        array.data_type(),
        DataType::Struct(_) | DataType::Map(_, _) | DataType::List(_) | DataType::LargeList(_)
    );
    if nested {
        return json_texts(array, field);
    }
    let mut builder = StringBuilder::new();
    for row in 0..array.len() {
        if array.is_null(row) || array.data_type() == &DataType::Null {
            builder.append_null();
        } else {
            builder.append_value(plain_text(array.as_ref(), row)?);
        }
    }
    Ok(builder.finish())
}

/// Any value as a VARIANT.
pub(crate) fn to_variant(expr: Expr) -> Expr {
    match variant_function("to_variant") {
        Ok(function) => function.call(vec![expr]),
        Err(_) => expr,
    }
}

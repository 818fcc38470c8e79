//! Functions that DataFusion has no counterpart of.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::stage::sql_type;
use crate::variant::plain_texts;

/// All of them, for the shared state.
pub(crate) fn dialect_functions() -> Vec<Arc<ScalarUDF>> {
    [Kind::ToString, Kind::IntegerDivide, Kind::SqlTypeOf]
        .into_iter()
        .map(|kind| Arc::new(ScalarUDF::new_from_impl(DialectFunction::new(kind))))
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// Any value as text.
    ToString,
    /// `DIV` and `//`: the quotient without what is behind its point.
    IntegerDivide,
    /// The SQL name of a value's type.
    SqlTypeOf,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DialectFunction {
    kind: Kind,
    signature: Signature,
}

impl DialectFunction {
    fn new(kind: Kind) -> Self {
        let arguments = if kind == Kind::IntegerDivide { 2 } else { 1 };
        Self { kind, signature: Signature::any(arguments, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DialectFunction {
    fn name(&self) -> &str {
        match self.kind {
            Kind::ToString => "to_string",
            Kind::IntegerDivide => "intdiv",
            Kind::SqlTypeOf => "sql_type_of",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::ToString | Kind::SqlTypeOf => DataType::Utf8,
            Kind::IntegerDivide => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if self.kind == Kind::SqlTypeOf {
            let name = arguments.arg_fields.first().map(|field| sql_type(field));
            return Ok(ColumnarValue::Scalar(ScalarValue::Utf8(name)));
        }
        let is_scalar = arguments.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { arguments.number_rows };
        let arrays: Vec<ArrayRef> =
            arguments.args.iter().map(|value| value.to_array(rows)).collect::<Result<_>>()?;
        let answer: ArrayRef = match (self.kind, arrays.as_slice()) {
            (Kind::ToString, [value]) => Arc::new(texts(value, &arguments.arg_fields[0])?),
            (Kind::IntegerDivide, [left, right]) => Arc::new(divide(left, right)?),
            _ => return Err(DataFusionError::Internal("a function has too few arguments".into())),
        };
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

fn texts(value: &ArrayRef, field: &arrow::datatypes::Field) -> Result<StringArray> {
    if matches!(value.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let texts = cast(value, &DataType::Utf8)?;
        return Ok(texts.as_string::<i32>().clone());
    }
    plain_texts(value, field)
}

fn divide(left: &ArrayRef, right: &ArrayRef) -> Result<Int64Array> {
    let zero = || DataFusionError::Execution("divide by zero error".to_owned());
    if left.data_type().is_integer() && right.data_type().is_integer() {
        let left = cast(left, &DataType::Int64)?;
        let right = cast(right, &DataType::Int64)?;
        let pairs = left.as_primitive::<Int64Type>().iter().zip(right.as_primitive::<Int64Type>());
        return pairs
            .map(|pair| match pair {
                (Some(_), Some(0)) => Err(zero()),
                (Some(left), Some(right)) => left.checked_div(right).map(Some).ok_or_else(|| {
                    DataFusionError::Execution(format!("{left} DIV {right} is outside of BIGINT"))
                }),
                _ => Ok(None),
            })
            .collect();
    }
    let left = cast(left, &DataType::Float64)?;
    let right = cast(right, &DataType::Float64)?;
    let pairs = left.as_primitive::<Float64Type>().iter().zip(right.as_primitive::<Float64Type>());
    pairs
        .map(|pair| match pair {
            (Some(_), Some(0.0)) => Err(zero()),
            (Some(left), Some(right)) => {
                let quotient = (left / right).trunc();
                // Every whole double below this magnitude is a BIGINT.
                if quotient.abs() < 9.2e18 {
                    return Ok(Some(quotient as i64));
                }
                Err(DataFusionError::Execution(format!("{left} DIV {right} is outside of BIGINT")))
            }
            _ => Ok(None),
        })
        .collect()
}

//! `+ - * /` of whole numbers as Databend has them: `/` gives what is behind the point too, and a result that
//! is out of range is an error. DataFusion's own wrap around.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast as cast_array;
use arrow::compute::kernels::numeric::{add, div, mul, sub};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility, cast, lit,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Two numbers of this many bits or fewer have a sum and a product that 64 bits hold.
const NARROW_BITS: u32 = 32;

/// Plans the operators.
#[derive(Debug)]
pub(crate) struct Arithmetic;

impl ExprPlanner for Arithmetic {
    fn plan_binary_op(
        &self,
        binary: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let operation = match binary.op {
            BinaryOperator::Plus => Operation::Plus,
            BinaryOperator::Minus => Operation::Minus,
            BinaryOperator::Multiply => Operation::Times,
            BinaryOperator::Divide => Operation::Divide,
            _ => return Ok(PlannerResult::Original(binary)),
        };
        let types = (binary.left.get_type(schema), binary.right.get_type(schema));
        let (Ok(left), Ok(right)) = types else { return Ok(PlannerResult::Original(binary)) };
        if operation == Operation::Divide {
            let is_plain = |data_type: &DataType| data_type.is_integer() || data_type.is_floating();
            if !is_plain(&left) || !is_plain(&right) {
                return Ok(PlannerResult::Original(binary));
            }
            let call = operation.call(
                cast(binary.left, DataType::Float64),
                cast(binary.right, DataType::Float64),
                DataType::Float64,
            );
            return Ok(PlannerResult::Planned(call));
        }
        if !left.is_integer() || !right.is_integer() {
            return Ok(PlannerResult::Original(binary));
        }
        if is_narrow(&binary.left, &left) && is_narrow(&binary.right, &right) {
            let op = match operation {
                Operation::Plus => Operator::Plus,
                Operation::Minus => Operator::Minus,
                _ => Operator::Multiply,
            };
            let (left, right) = (as_bigint(binary.left, &left), as_bigint(binary.right, &right));
            return Ok(PlannerResult::Planned(Expr::BinaryExpr(BinaryExpr::new(
                Box::new(left),
                op,
                Box::new(right),
            ))));
        }
        let unsigned = |expr: &Expr, data_type: &DataType| {
            data_type.is_unsigned_integer() || integer_literal(expr).is_some_and(|value| value >= 0)
        };
        let has_wide_unsigned = left == DataType::UInt64 || right == DataType::UInt64;
        let result = if !has_wide_unsigned || operation == Operation::Minus {
            DataType::Int64
        } else if unsigned(&binary.left, &left) && unsigned(&binary.right, &right) {
            DataType::UInt64
        } else {
            return Ok(PlannerResult::Original(binary));
        };
        let as_result = |expr: Expr, data_type: DataType| match data_type == result {
            true => expr,
            false => cast(expr, result.clone()),
        };
        let (left, right) = (as_result(binary.left, left), as_result(binary.right, right));
        Ok(PlannerResult::Planned(operation.call(left, right, result)))
    }
}

fn integer_literal(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(value), _) => *value,
        Expr::Literal(ScalarValue::UInt64(Some(value)), _) => i64::try_from(*value).ok(),
        _ => None,
    }
}

fn is_narrow(expr: &Expr, data_type: &DataType) -> bool {
    if let Some(value) = integer_literal(expr) {
        return value.unsigned_abs() <= 1 << (NARROW_BITS - 1);
    }
    !matches!(data_type, DataType::Int64 | DataType::UInt64)
}

fn as_bigint(expr: Expr, data_type: &DataType) -> Expr {
    match (integer_literal(&expr), data_type) {
        (_, DataType::Int64) => expr,
        (Some(value), _) => lit(value),
        _ => cast(expr, DataType::Int64),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Plus,
    Minus,
    Times,
    Divide,
}

impl Operation {
    fn call(self, left: Expr, right: Expr, result: DataType) -> Expr {
        let signature = Signature::exact(vec![result.clone(), result.clone()], Volatility::Immutable);
        ScalarUDF::new_from_impl(Checked { operation: self, result, signature }).call(vec![left, right])
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
        }
    }
}

/// An operator on two values of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operation: Operation,
    result: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Plus => "checked_plus",
            Operation::Minus => "checked_minus",
            Operation::Times => "checked_times",
            Operation::Divide => "checked_divide",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = arguments.args.as_slice() else {
            return Err(DataFusionError::Internal("an operator has two sides".into()));
        };
        // What stays a single value is not made into a column.
        let is_scalar = matches!((left, right), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { arguments.number_rows };
        let (left, right) = (left.to_array(rows)?, right.to_array(rows)?);
        let answer = self.compute(&left, &right)?;
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

impl Checked {
    fn compute(&self, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
        let (left, right) = (cast_array(left, &self.result)?, cast_array(right, &self.result)?);
        let answer = match self.operation {
            Operation::Plus => add(&left, &right),
            Operation::Minus => sub(&left, &right),
            Operation::Times => mul(&left, &right),
            Operation::Divide => {
                let (dividends, divisors) =
                    (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
                let by_zero =
                    divisors.values().iter().enumerate().any(|(row, value)| {
                        *value == 0.0 && divisors.is_valid(row) && dividends.is_valid(row)
                    });
                if by_zero {
                    return Err(DataFusionError::Execution("divide by zero error".to_owned()));
                }
                div(&left, &right)
            }
        };
        answer.map_err(|_| {
            DataFusionError::Execution(format!(
                "`{}` gives a number that is outside of {}",
                self.operation.symbol(),
                if self.result == DataType::UInt64 { "BIGINT UNSIGNED" } else { "BIGINT" }
            ))
        })
    }
}

//! A member of `$1`, the row of a file: a function that the optimizer moves to the scan, which may read the member
//! in place of the row.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use super::functions::{PATH_FUNCTION, TEXT_FUNCTION, variant_function};
use super::variant_field;

/// The column that is the row itself.
pub(crate) const ROW: &str = "$1";

/// What of a row is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowMember {
    /// Keys, from the outside to the inside.
    pub(crate) path: Vec<String>,
    /// Its text, as a cast gives it, and not the VARIANT.
    pub(crate) as_text: bool,
}

impl RowMember {
    /// The field of a column of such members.
    pub(crate) fn field(&self, name: &str) -> Field {
        if self.as_text { Field::new(name, DataType::Utf8, true) } else { variant_field(name) }
    }

    /// What a call made by [`as_row_member`] wants, and of which column.
    pub(crate) fn of_call(expr: &Expr) -> Option<(Self, &Column)> {
        let Expr::ScalarFunction(ScalarFunction { func, args }) = expr else { return None };
        let function = func.inner().downcast_ref::<RowMemberFunction>()?;
        let Some(Expr::Column(column)) = args.first() else { return None };
        let path: Option<Vec<String>> = args[1..].iter().map(key).collect();
        Some((Self { path: path?, as_text: function.as_text }, column))
    }
}

fn key(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(key))
            | ScalarValue::LargeUtf8(Some(key))
            | ScalarValue::Utf8View(Some(key)),
            _,
        ) => Some(key.clone()),
        _ => None,
    }
}

/// The same expression with a member of `$1` as a call that the optimizer may move; `None` for any other.
pub(crate) fn as_row_member(expr: &Expr) -> Option<Expr> {
    let Expr::ScalarFunction(ScalarFunction { func, args }) = expr else { return None };
    if func.name() == TEXT_FUNCTION {
        // Bottom up: the path below is such a call already.
        let [inner] = args.as_slice() else { return None };
        let Expr::ScalarFunction(call) = inner else { return None };
        let member = call.func.inner().downcast_ref::<RowMemberFunction>()?;
        return (!member.as_text).then(|| row_member(true).call(call.args.clone()));
    }
    if func.name() != PATH_FUNCTION {
        return None;
    }
    match args.as_slice() {
        [Expr::Column(column), keys @ ..] if column.name == ROW => {
            let texts = keys.iter().take_while(|step| key(step).is_some()).count();
            if texts == 0 {
                return None;
            }
            let member = row_member(false).call(args[..=texts].to_vec());
            // `$1:a[0]`: the element is looked up in the member.
            let others = &args[texts + 1..];
            if others.is_empty() {
                return Some(member);
            }
            Some(func.call(std::iter::once(member).chain(others.iter().cloned()).collect()))
        }
        // `$1['a']['b']`
        [Expr::ScalarFunction(call), keys @ ..] if keys.iter().all(|step| key(step).is_some()) => {
            let member = call.func.inner().downcast_ref::<RowMemberFunction>()?;
            let args = call.args.iter().chain(keys).cloned().collect();
            (!member.as_text).then(|| row_member(false).call(args))
        }
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowMemberFunction {
    as_text: bool,
    signature: Signature,
}

fn row_member(as_text: bool) -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(RowMemberFunction { as_text, signature })
}

impl ScalarUDFImpl for RowMemberFunction {
    fn name(&self) -> &str {
        if self.as_text { "row_member_text" } else { "row_member" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, _arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let member = RowMember { path: Vec::new(), as_text: self.as_text };
        Ok(Arc::new(member.field(self.name())))
    }

    /// Where the row is wanted as a whole too, the member is looked up in it.
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let config_options = arguments.config_options.clone();
        let member: FieldRef = Arc::new(variant_field(ROW));
        let found = variant_function(PATH_FUNCTION)?
            .invoke_with_args(ScalarFunctionArgs { return_field: member.clone(), ..arguments })?;
        if !self.as_text {
            return Ok(found);
        }
        variant_function(TEXT_FUNCTION)?.invoke_with_args(ScalarFunctionArgs {
            args: vec![found],
            arg_fields: vec![member],
            number_rows: rows,
            return_field: Arc::new(Field::new(self.name(), DataType::Utf8, true)),
            config_options,
        })
    }

    fn placement(&self, arguments: &[ExpressionPlacement]) -> ExpressionPlacement {
        match arguments {
            [ExpressionPlacement::Column, keys @ ..]
                if keys.iter().all(|key| *key == ExpressionPlacement::Literal) =>
            {
                ExpressionPlacement::MoveTowardsLeafNodes
            }
            _ => ExpressionPlacement::KeepInPlace,
        }
    }
}

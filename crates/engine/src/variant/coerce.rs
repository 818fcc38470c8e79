//! What a VARIANT is beside values of other types: in casts, comparisons, arithmetic and functions of text.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Cast, InList, Like, ScalarFunction, TryCast};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, GetFieldAccess, LogicalPlan, Operator, ScalarUDF, cast, lit, try_cast,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

use super::functions::{PATH_FUNCTION, TEXT_FUNCTION, reads_variants, variant_functions};
use super::is_variant;

/// Functions that hand a value on as it is.
const PASSES_ON: [&str; 12] = [
    "coalesce",
    "ifnull",
    "nvl",
    "nvl2",
    "nullif",
    "if",
    "iff",
    "greatest",
    "least",
    "named_struct",
    "make_array",
    "to_string",
];

fn is_variant_expr(expr: &Expr, schema: &DFSchema) -> bool {
    // A cast carries the mark of what it casts and is none: `cast_to_variant` is how to make one.
    if matches!(expr, Expr::Cast(_) | Expr::TryCast(_)) {
        return false;
    }
    expr.to_field(schema).is_ok_and(|(_, field)| is_variant(&field))
}

/// Plans subscripts and operators of VARIANT values.
#[derive(Debug)]
pub(crate) struct FieldAccess {
    path: Arc<ScalarUDF>,
    text: Arc<ScalarUDF>,
}

impl FieldAccess {
    pub(crate) fn new() -> Option<Self> {
        Some(Self { path: function(PATH_FUNCTION)?, text: function(TEXT_FUNCTION)? })
    }

    fn text_of(&self, expr: Expr) -> Expr {
        self.text.call(vec![expr])
    }

    /// A VARIANT beside a value of another type, as that type.
    fn beside(&self, variant: Expr, other: &Expr, schema: &DFSchema) -> Result<Expr> {
        let text = self.text_of(variant);
        Ok(match other.get_type(schema)? {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => text,
            data_type if data_type.is_numeric() => try_cast(text, DataType::Float64),
            data_type => cast(text, data_type),
        })
    }
}

fn function(name: &str) -> Option<Arc<ScalarUDF>> {
    variant_functions().into_iter().find(|function| function.name() == name)
}

impl ExprPlanner for FieldAccess {
    fn plan_field_access(
        &self,
        access: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        if !is_variant_expr(&access.expr, schema) {
            return Ok(PlannerResult::Original(access));
        }
        let key = match &access.field_access {
            GetFieldAccess::NamedStructField { name } => lit(name.clone()),
            GetFieldAccess::ListIndex { key } => key.as_ref().clone(),
            GetFieldAccess::ListRange { .. } => return Ok(PlannerResult::Original(access)),
        };
        Ok(PlannerResult::Planned(self.path.call(vec![access.expr, key])))
    }

    fn plan_binary_op(
        &self,
        binary: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        use BinaryOperator::{
            Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Plus, Spaceship, StringConcat,
        };
        let is_arithmetic = matches!(binary.op, Plus | Minus | Multiply | Divide | Modulo);
        let is_comparison = matches!(binary.op, Eq | NotEq | Lt | LtEq | Gt | GtEq | Spaceship);
        if !is_arithmetic && !is_comparison && binary.op != StringConcat {
            return Ok(PlannerResult::Original(binary));
        }
        let left = is_variant_expr(&binary.left, schema);
        let right = is_variant_expr(&binary.right, schema);
        let RawBinaryExpr { op, left: left_expr, right: right_expr } = binary;
        let (left_expr, right_expr) = match (left, right) {
            (false, false) => (left_expr, right_expr),
            (true, true) if is_comparison => (left_expr, right_expr),
            (true, true) if is_arithmetic => (
                try_cast(self.text_of(left_expr), DataType::Float64),
                try_cast(self.text_of(right_expr), DataType::Float64),
            ),
            (true, true) => (self.text_of(left_expr), self.text_of(right_expr)),
            (true, false) => (self.beside(left_expr, &right_expr, schema)?, right_expr),
            (false, true) => {
                let right_expr = self.beside(right_expr, &left_expr, schema)?;
                (left_expr, right_expr)
            }
        };
        // The planners behind this one and DataFusion itself do the rest.
        Ok(PlannerResult::Original(RawBinaryExpr { op, left: left_expr, right: right_expr }))
    }
}

/// Reads VARIANT values as text where they are cast, compared or given to functions of text.
pub(crate) fn coerce_variants(plan: LogicalPlan) -> Result<LogicalPlan> {
    let Some(text) = function(TEXT_FUNCTION) else { return Ok(plan) };
    plan.transform_up_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        if !schema.fields().iter().any(|field| is_variant(field)) && !mentions_variants(&node) {
            return Ok(Transformed::no(node));
        }
        let names = NamePreserver::new(&node);
        let rewritten = node.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(expr.transform_up(|expr| coerce(expr, &schema, &text))?.update_data(|expr| name.restore(expr)))
        })?;
        if !rewritten.transformed {
            return Ok(rewritten);
        }
        rewritten.map_data(LogicalPlan::recompute_schema)
    })
    .data()
}

/// Whether a function that makes VARIANT values is called.
fn mentions_variants(node: &LogicalPlan) -> bool {
    node.expressions().iter().any(|expr| {
        expr.exists(|expr| Ok(matches!(expr, Expr::ScalarFunction(call) if reads_variants(call.func.name()))))
            .unwrap_or(false)
    })
}

fn coerce(expr: Expr, schema: &DFSchema, text: &Arc<ScalarUDF>) -> Result<Transformed<Expr>> {
    let as_text = |expr: Box<Expr>| Box::new(text.call(vec![*expr]));
    Ok(match expr {
        Expr::Cast(Cast { expr, field }) if is_variant_expr(&expr, schema) && !is_variant(&field) => {
            Transformed::yes(Expr::Cast(Cast { expr: as_text(expr), field }))
        }
        Expr::TryCast(TryCast { expr, field }) if is_variant_expr(&expr, schema) && !is_variant(&field) => {
            Transformed::yes(Expr::TryCast(TryCast { expr: as_text(expr), field }))
        }
        Expr::Like(Like { expr, pattern, negated, escape_char, case_insensitive })
            if is_variant_expr(&expr, schema) =>
        {
            let expr = as_text(expr);
            Transformed::yes(Expr::Like(Like { expr, pattern, negated, escape_char, case_insensitive }))
        }
        Expr::InList(InList { expr, list, negated }) if is_variant_expr(&expr, schema) => {
            let is_number =
                list.iter().all(|item| item.get_type(schema).is_ok_and(|data_type| data_type.is_numeric()));
            let expr = as_text(expr);
            let expr = if is_number { Box::new(try_cast(*expr, DataType::Float64)) } else { expr };
            Transformed::yes(Expr::InList(InList { expr, list, negated }))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            // A comparison that the planner of operators did not see: one side only is a VARIANT.
            let null = |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Null, _));
            let (l, r) = (is_variant_expr(&left, schema), is_variant_expr(&right, schema));
            match (l, r) {
                (true, false) if !null(&right) => {
                    Transformed::yes(Expr::BinaryExpr(BinaryExpr { left: as_text(left), op, right }))
                }
                (false, true) if !null(&left) => {
                    Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right: as_text(right) }))
                }
                _ => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
            }
        }
        Expr::ScalarFunction(ScalarFunction { func, args })
            if !reads_variants(func.name()) && !PASSES_ON.contains(&func.name()) =>
        {
            let mut changed = false;
            let args = args
                .into_iter()
                .map(|argument| {
                    if !is_variant_expr(&argument, schema) {
                        return argument;
                    }
                    changed = true;
                    text.call(vec![argument])
                })
                .collect();
            let call = Expr::ScalarFunction(ScalarFunction { func, args });
            if changed { Transformed::yes(call) } else { Transformed::no(call) }
        }
        other => Transformed::no(other),
    })
}

fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
    )
}

//! Operators that are read and have no counterpart.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::variant::call;

pub(super) fn rewrite(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide,
            right,
        } => Some(call("intdiv", [left.as_ref().clone(), right.as_ref().clone()])),
        Expr::RLike { negated, expr, pattern, .. } => {
            let matches = call("regexp_like", [expr.as_ref().clone(), pattern.as_ref().clone()]);
            Some(if *negated {
                Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(matches) }
            } else {
                matches
            })
        }
        _ => None,
    }
}

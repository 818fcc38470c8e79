//! Makes the trees of long AND, OR and UNION ALL chains balanced. All are associative, so the meaning stays.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Query, SetExpr, SetOperator, SetQuantifier, Value, Values, VisitMut, VisitorMut,
};

/// Chains of fewer operands stay as they were parsed.
const OPERANDS_MIN: usize = 16;

/// Balances every chain in `tree`.
pub(crate) fn balance(tree: &mut impl VisitMut) {
    let _: ControlFlow<()> = tree.visit(&mut Balance);
}

struct Balance;

impl VisitorMut for Balance {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let chain = std::mem::replace(query.body.as_mut(), no_rows());
        *query.body = balance_chain(chain, split_union_all, |left, right| SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left: Box::new(left),
            right: Box::new(right),
        });
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = expression {
            let op = op.clone();
            let chain = std::mem::replace(expression, Expr::Value(Value::Null.into()));
            *expression = balance_chain(
                chain,
                |expression| split_condition(expression, &op),
                |left, right| Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) },
            );
        }
        ControlFlow::Continue(())
    }
}

/// A link of a chain apart: what is left of the operator, if it is one, and what is right of it.
fn split_union_all(body: SetExpr) -> (Option<SetExpr>, SetExpr) {
    match body {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::All, left, right } => {
            (Some(*left), *right)
        }
        other => (None, other),
    }
}

fn split_condition(expression: Expr, operator: &BinaryOperator) -> (Option<Expr>, Expr) {
    match expression {
        Expr::BinaryOp { left, op, right } if op == *operator => (Some(*left), *right),
        other => (None, other),
    }
}

/// Takes a chain that leans to the left apart and joins its operands again: neighbours, round by round, so
/// that the tree is as deep as there are rounds. A short chain comes out as it was.
fn balance_chain<T>(chain: T, split: impl Fn(T) -> (Option<T>, T), join: impl Fn(T, T) -> T) -> T {
    let mut operands = Vec::new();
    let mut rest = chain;
    let first = loop {
        let (left, right) = split(rest);
        let Some(left) = left else { break right };
        operands.push(right);
        rest = left;
    };
    operands.reverse();
    if operands.len() < OPERANDS_MIN {
        return operands.into_iter().fold(first, join);
    }
    operands.insert(0, first);
    loop {
        let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
        let mut pairs = operands.into_iter();
        while let Some(left) = pairs.next() {
            joined.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        if joined.len() == 1
            && let Some(tree) = joined.pop()
        {
            return tree;
        }
        operands = joined;
    }
}

fn no_rows() -> SetExpr {
    SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() })
}

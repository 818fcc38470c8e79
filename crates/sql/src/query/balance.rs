//! Makes the trees of long AND and OR chains balanced. Both are associative, so the meaning stays.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Value, VisitMut, VisitorMut};

/// Chains of fewer operands stay as they were parsed.
const OPERANDS_MIN: usize = 16;

/// Balances every chain in `tree`.
pub(crate) fn balance_conditions(tree: &mut impl VisitMut) {
    let _: ControlFlow<()> = tree.visit(&mut Balance);
}

struct Balance;

impl VisitorMut for Balance {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = expression {
            let op = op.clone();
            if chain_length(expression, &op) >= OPERANDS_MIN {
                let operands = take_operands(std::mem::replace(expression, placeholder()), &op);
                *expression = combine(operands, &op);
            }
        }
        ControlFlow::Continue(())
    }
}

fn chain_length(expression: &Expr, operator: &BinaryOperator) -> usize {
    let mut length = 1;
    let mut rest = expression;
    while let Expr::BinaryOp { left, op, .. } = rest
        && op == operator
    {
        length += 1;
        rest = left;
    }
    length
}

/// The operands of a chain that leans to the left, in order.
fn take_operands(chain: Expr, operator: &BinaryOperator) -> Vec<Expr> {
    let mut operands = Vec::new();
    let mut rest = chain;
    loop {
        match rest {
            Expr::BinaryOp { left, op, right } if op == *operator => {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                operands.reverse();
                return operands;
            }
        }
    }
}

/// Joins neighbours until one is left: as many rounds as the tree is deep.
fn combine(mut operands: Vec<Expr>, operator: &BinaryOperator) -> Expr {
    while operands.len() > 1 {
        let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => {
                    Expr::BinaryOp { left: Box::new(left), op: operator.clone(), right: Box::new(right) }
                }
                None => left,
            });
        }
        operands = joined;
    }
    operands.pop().unwrap_or_else(placeholder)
}

fn placeholder() -> Expr {
    Expr::Value(Value::Null.into())
}

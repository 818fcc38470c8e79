//! Databend's functions and operators in terms of those that DataFusion has.
//!
//! Names that mean the same are exchanged in the syntax tree; what DataFusion lacks is in `scalar`.

mod aggregates;
mod arithmetic;
mod casts;
mod dates;
mod headings;
mod operators;
mod scalar;
mod sum;
mod texts;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectNamePart, Statement, Value, VisitMut, VisitorMut,
};

pub(crate) use arithmetic::Arithmetic;
pub(crate) use headings::{Headings, name_columns};
pub(crate) use scalar::dialect_functions;
pub(crate) use sum::checked_sum;

/// Rewrites every function and operator of `statement` that DataFusion knows under another name.
pub(crate) fn plan_functions(statement: &mut Statement) {
    let _ = VisitMut::visit(statement, &mut Pass);
}

struct Pass;

impl VisitorMut for Pass {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let rewritten = match &mut *expr {
            Expr::Function(function) => rewrite_function(function),
            _ => operators::rewrite(expr),
        };
        if let Some(rewritten) = rewritten {
            *expr = rewritten;
        }
        ControlFlow::Continue(())
    }
}

fn rewrite_function(function: &mut Function) -> Option<Expr> {
    let name = match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => name.value.to_lowercase(),
        _ => return None,
    };
    if let Some(rewritten) = aggregates::rewrite(&name, function) {
        return rewritten;
    }
    if function.over.is_some() || function.filter.is_some() {
        return None;
    }
    let arguments = plain_arguments(function)?;
    casts::rewrite(&name, &arguments)
        .or_else(|| dates::rewrite(&name, &arguments))
        .or_else(|| texts::rewrite(&name, &arguments))
        .or_else(|| conditional(&name, &arguments))
}

/// `if(condition, value, …, otherwise)` and its kin.
fn conditional(name: &str, arguments: &[Expr]) -> Option<Expr> {
    match (name, arguments) {
        ("if" | "iff", [_, _, _, ..]) if arguments.len() % 2 == 1 => {
            let (otherwise, pairs) = arguments.split_last()?;
            let whens = pairs
                .chunks_exact(2)
                .map(|pair| CaseWhen { condition: pair[0].clone(), result: pair[1].clone() })
                .collect();
            Some(case(whens, Some(otherwise.clone())))
        }
        ("is_null" | "isnull", [value]) => Some(Expr::IsNull(Box::new(bracketed(value)))),
        ("is_not_null", [value]) => Some(Expr::IsNotNull(Box::new(bracketed(value)))),
        ("assume_not_null" | "to_nullable", [value]) => Some(bracketed(value)),
        _ => None,
    }
}

/// The arguments of a call that has nothing but values in its brackets.
fn plain_arguments(function: &Function) -> Option<Vec<Expr>> {
    match &function.args {
        FunctionArguments::List(list) if list.duplicate_treatment.is_none() && list.clauses.is_empty() => {
            list.args
                .iter()
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                    _ => None,
                })
                .collect()
        }
        _ => None,
    }
}

fn case(conditions: Vec<CaseWhen>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: otherwise.map(Box::new),
    }
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

fn number(value: i64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).into())
}

fn bracketed(expr: &Expr) -> Expr {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::Nested(_)
        | Expr::Function(_) => expr.clone(),
        _ => Expr::Nested(Box::new(expr.clone())),
    }
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

fn try_cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::TryCast, expr: Box::new(expr), data_type, array: false, format: None }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    #[test]
    fn names_of_databend_are_understood() {
        let check = |sql: &str, expected: &str| {
            let mut statement =
                Parser::parse_sql(&SnowflakeDialect, &format!("SELECT {sql}")).unwrap().remove(0);
            plan_functions(&mut statement);
            assert_eq!(statement.to_string(), format!("SELECT {expected}"));
        };
        check("if(a, 1, 2)", "CASE WHEN a THEN 1 ELSE 2 END");
        check("count_if(a > 1)", "count(CASE WHEN a > 1 THEN 1 END)");
        check("to_int32(a)", "CAST(a AS INT)");
        check("date_add(day, 2, d)", "(d + INTERVAL '2 day')");
        check("to_year(d)", "date_part('year', d)");
        check("div(a, b)", "intdiv(a, b)");
        check("a RLIKE 'x'", "regexp_like(a, 'x')");
        check("is_not_null(a)", "a IS NOT NULL");
        check("arg_max(a, b)", "first_value(a ORDER BY b DESC NULLS LAST)");
        check("mod(a, b)", "(a % b)");
    }
}

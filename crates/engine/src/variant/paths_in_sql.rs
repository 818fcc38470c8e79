//! Paths in the syntax tree: `v:a.b[0]`, `tags[1]`, `address['city']`, and casts to VARIANT.
//!
//! The dialect's parser reads all of them as paths into JSON, which DataFusion does not plan. A path of
//! nothing but `[…]` becomes a subscript, which may be of a VARIANT, a tuple, a map or an array; any other
//! becomes a call.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, JsonPathElem, ObjectName, Statement, Subscript, Value, VisitMut, VisitorMut,
};

use super::functions::{CAST_FUNCTION, PATH_FUNCTION};

/// Rewrites every path of `statement`.
pub(crate) fn plan_paths(statement: &mut Statement) {
    let _ = VisitMut::visit(statement, &mut Pass);
}

struct Pass;

impl VisitorMut for Pass {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let rewritten = match expr {
            Expr::JsonAccess { value, path } => {
                let keys: Option<Vec<AccessExpr>> = path.path.iter().map(subscript).collect();
                match keys {
                    Some(access_chain) => Expr::CompoundFieldAccess { root: value.clone(), access_chain },
                    None => {
                        let steps = path.path.iter().map(step);
                        call(PATH_FUNCTION, std::iter::once(value.as_ref().clone()).chain(steps))
                    }
                }
            }
            Expr::Cast { expr: inner, data_type, kind, .. } if is_variant_type(data_type) => {
                let cast = call(CAST_FUNCTION, [inner.as_ref().clone()]);
                match kind {
                    CastKind::TryCast | CastKind::SafeCast => {
                        call("try_parse_json", [inner.as_ref().clone()])
                    }
                    _ => cast,
                }
            }
            _ => return ControlFlow::Continue(()),
        };
        *expr = rewritten;
        ControlFlow::Continue(())
    }
}

fn is_variant_type(data_type: &DataType) -> bool {
    match data_type {
        DataType::JSON => true,
        DataType::Custom(name, arguments) => {
            arguments.is_empty() && name.to_string().eq_ignore_ascii_case("VARIANT")
        }
        _ => false,
    }
}

fn subscript(element: &JsonPathElem) -> Option<AccessExpr> {
    match element {
        JsonPathElem::Bracket { key } => Some(AccessExpr::Subscript(Subscript::Index { index: key.clone() })),
        _ => None,
    }
}

/// A step as an argument: a text for a key, whatever stands in brackets for the rest.
fn step(element: &JsonPathElem) -> Expr {
    match element {
        JsonPathElem::Dot { key, .. } => Expr::Value(Value::SingleQuotedString(key.clone()).into()),
        JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => key.clone(),
    }
}

/// `name(arguments)`.
pub(crate) fn call(name: &str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    let args =
        arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    #[test]
    fn paths_become_calls_and_subscripts() {
        let check = |sql: &str, expected: &str| {
            let mut statement = Parser::parse_sql(&SnowflakeDialect, sql).unwrap().remove(0);
            plan_paths(&mut statement);
            assert_eq!(statement.to_string(), expected);
        };
        check("SELECT v:a.b[0] FROM t", "SELECT variant_path(v, 'a', 'b', 0) FROM t");
        check("SELECT v['a'] FROM t", "SELECT v['a'] FROM t");
        check("SELECT v:a::INT FROM t", "SELECT variant_path(v, 'a')::INT FROM t");
        check("SELECT x::VARIANT FROM t", "SELECT cast_to_variant(x) FROM t");
    }
}

//! `tags[1]` and `address['city']`: the dialect's parser reads a subscript as a path into JSON, which
//! DataFusion does not plan; as a subscript it does.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, JsonPathElem, Statement, Subscript, VisitMut, VisitorMut,
};

/// Turns paths of nothing but `[…]` into subscripts.
pub(crate) fn plan_subscripts(statement: &mut Statement) {
    let _ = VisitMut::visit(statement, &mut Pass);
}

struct Pass;

impl VisitorMut for Pass {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::JsonAccess { value, path } = expr {
            let keys: Option<Vec<AccessExpr>> = path
                .path
                .iter()
                .map(|element| match element {
                    JsonPathElem::Bracket { key } => {
                        Some(AccessExpr::Subscript(Subscript::Index { index: key.clone() }))
                    }
                    _ => None,
                })
                .collect();
            if let Some(access_chain) = keys {
                *expr = Expr::CompoundFieldAccess { root: value.clone(), access_chain };
            }
        }
        ControlFlow::Continue(())
    }
}

//! Which positions and metadata columns a statement names: they are there only then.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Statement, VisitMut, VisitorMut};

use crate::stage::{ColumnUse, MetadataColumn};

/// Finds `$1` and `metadata$filename`, and gives the latter the name of its column.
pub(super) fn find_columns(statement: &mut Statement) -> ColumnUse {
    let mut pass = Pass { used: ColumnUse::default() };
    let _ = VisitMut::visit(statement, &mut pass);
    pass.used.metadata.sort_unstable();
    pass.used.metadata.dedup();
    pass.used
}

struct Pass {
    used: ColumnUse,
}

impl Pass {
    fn see(&mut self, ident: &mut Ident) {
        if let Some(column) = MetadataColumn::from_name(&ident.value) {
            self.used.metadata.push(column);
            *ident = Ident::with_quote('"', column.name());
        } else if let Some(position) = ident.value.strip_prefix('$').and_then(|digits| digits.parse().ok())
            && position > 0
        {
            let max = self.used.position_max.get_or_insert(0);
            *max = (*max).max(position);
        }
    }
}

impl VisitorMut for Pass {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.see(ident),
            Expr::CompoundIdentifier(parts) => {
                if let Some(last) = parts.last_mut() {
                    self.see(last);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

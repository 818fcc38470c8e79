//! What a query's WHERE says of the columns of a location, read off before the location is opened: a folder
//! `dt=2024-02-10/` that cannot match need not even be listed.
//!
//! Only comparisons that no NULL passes are read, joined by AND, so that a row that is left out would not
//! have come through whatever the join. What is read is a help alone: the filter itself still runs.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, ObjectName, ObjectNamePart, Select, SelectItem, SetExpr, Statement,
    TableFactor, Value, Visit, Visitor,
};

use crate::stage::{Comparison, Condition};

/// Conditions on the columns of the generated table `name`.
pub(super) fn conditions_on(statement: &Statement, name: &str) -> Vec<Condition> {
    let mut places = Places { name, found: Vec::new(), count: 0 };
    let _ = statement.visit(&mut places);
    // Named twice, one place may want what the other does not.
    if places.count == 1 { places.found } else { Vec::new() }
}

struct Places<'a> {
    name: &'a str,
    found: Vec<Condition>,
    count: usize,
}

impl Visitor for Places<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if is_table(relation, self.name) {
            self.count += 1;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &datafusion::sql::sqlparser::ast::Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_ref() {
            self.look_at(select);
        }
        ControlFlow::Continue(())
    }
}

impl Places<'_> {
    fn look_at(&mut self, select: &Select) {
        let Some(selection) = &select.selection else { return };
        let mut factors: Vec<&TableFactor> = Vec::new();
        for table in &select.from {
            factors.push(&table.relation);
            factors.extend(table.joins.iter().map(|join| &join.relation));
        }
        let alias = factors.iter().find_map(|factor| match factor {
            TableFactor::Table { name, alias, .. } if is_table(name, self.name) => {
                Some(alias.as_ref().map(|alias| alias.name.value.clone()))
            }
            factor => hands_on(factor, self.name).map(Some),
        });
        let Some(alias) = alias else { return };
        let scope = Scope { alone: factors.len() == 1, table: self.name, alias: alias.as_deref() };
        scope.collect(selection, &mut self.found);
    }
}

/// The alias of a subquery that hands on the table's rows as they are, as a view over a location does.
fn hands_on(factor: &TableFactor, table: &str) -> Option<String> {
    let TableFactor::Derived { lateral: false, subquery, alias: Some(alias), .. } = factor else {
        return None;
    };
    let plain = subquery.with.is_none() && subquery.limit_clause.is_none() && subquery.fetch.is_none();
    let SetExpr::Select(select) = subquery.body.as_ref() else { return None };
    let [SelectItem::Wildcard(options)] = select.projection.as_slice() else { return None };
    let [from] = select.from.as_slice() else { return None };
    // Its own filter is looked at where it stands, and leaves out rows alone.
    let whole = plain
        && options.opt_ilike.is_none()
        && options.opt_alias.is_none()
        && options.opt_rename.is_none()
        && options.opt_replace.is_none()
        && alias.columns.is_empty()
        && from.joins.is_empty()
        && select.distinct.is_none()
        && select.top.is_none()
        && select.qualify.is_none()
        && select.having.is_none();
    let inner = match &from.relation {
        TableFactor::Table { name, .. } => is_table(name, table),
        other => hands_on(other, table).is_some(),
    };
    (whole && inner).then(|| alias.name.value.clone())
}

fn is_table(name: &ObjectName, wanted: &str) -> bool {
    matches!(name.0.last(), Some(ObjectNamePart::Identifier(ident)) if ident.value == wanted)
}

/// How the table's columns can be named.
struct Scope<'a> {
    /// A bare name can only mean this table's column.
    alone: bool,
    table: &'a str,
    alias: Option<&'a str>,
}

impl Scope<'_> {
    fn collect(&self, expr: &Expr, found: &mut Vec<Condition>) {
        match expr {
            Expr::Nested(inner) => self.collect(inner, found),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                self.collect(left, found);
                self.collect(right, found);
            }
            Expr::BinaryOp { left, op, right } => {
                let there = self.column(left).zip(literal(right)).zip(comparison(op));
                let back = || self.column(right).zip(literal(left)).zip(comparison(op).map(turned));
                if let Some(((column, value), comparison)) = there.or_else(back) {
                    found.push(Condition { column, comparison, values: vec![value] });
                }
            }
            Expr::InList { expr, list, negated: false } => {
                let values: Option<Vec<String>> = list.iter().map(literal).collect();
                if let Some((column, values)) = self.column(expr).zip(values) {
                    found.push(Condition { column, comparison: Comparison::Equal, values });
                }
            }
            Expr::Between { expr, negated: false, low, high } => {
                if let Some(column) = self.column(expr) {
                    let mut push = |comparison, value: Option<String>| {
                        if let Some(value) = value {
                            found.push(Condition { column: column.clone(), comparison, values: vec![value] });
                        }
                    };
                    push(Comparison::AtLeast, literal(low));
                    push(Comparison::AtMost, literal(high));
                }
            }
            _ => {}
        }
    }

    fn column(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Nested(inner) => self.column(inner),
            Expr::Identifier(name) if self.alone => Some(name.value.clone()),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] if self.is_meant(table) => Some(column.value.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_meant(&self, table: &Ident) -> bool {
        match self.alias {
            Some(alias) => table.value.eq_ignore_ascii_case(alias),
            None => table.value == self.table,
        }
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    match op {
        BinaryOperator::Eq => Some(Comparison::Equal),
        // At the bound itself more is kept than must be.
        BinaryOperator::Lt | BinaryOperator::LtEq => Some(Comparison::AtMost),
        BinaryOperator::Gt | BinaryOperator::GtEq => Some(Comparison::AtLeast),
        _ => None,
    }
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::Equal,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::AtLeast => Comparison::AtMost,
    }
}

/// A literal as a folder's name would have it.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::Value(value) => plain(&value.value),
        Expr::TypedString(typed) => plain(&typed.value.value),
        Expr::Cast { expr, .. } => literal(expr),
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::SingleQuotedString(text) => Some(text.clone()),
        Value::Number(number, _) => Some(number.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn read(sql: &str) -> Vec<String> {
        let statement = Parser::parse_sql(&GenericDialect {}, sql).unwrap().remove(0);
        let show = |condition: Condition| {
            format!("{} {:?} {}", condition.column, condition.comparison, condition.values.join(","))
        };
        conditions_on(&statement, "loc").into_iter().map(show).collect()
    }

    #[test]
    fn conjuncts_of_the_where_are_read() {
        assert_eq!(
            read(
                "SELECT * FROM \"loc\" WHERE dt = '2024-01-02' AND (n > 5 OR n < 2) AND 3 <= h AND k IN (1, 2)"
            ),
            ["dt Equal 2024-01-02", "h AtLeast 3", "k Equal 1,2"]
        );
        assert_eq!(
            read("SELECT * FROM \"loc\" WHERE dt BETWEEN DATE '2024-01-01' AND '2024-01-31'::date"),
            ["dt AtLeast 2024-01-01", "dt AtMost 2024-01-31"]
        );
    }

    #[test]
    fn names_that_may_mean_another_table_are_left() {
        assert!(read("SELECT * FROM \"loc\", t WHERE dt = 'x'").is_empty());
        assert_eq!(read("SELECT * FROM \"loc\" AS l, t WHERE l.dt = 'x' AND t.dt = 'y'"), ["dt Equal x"]);
        assert!(read("SELECT * FROM \"loc\" WHERE dt = 'x' UNION SELECT * FROM \"loc\"").is_empty());
        assert!(read("SELECT * FROM \"loc\" WHERE dt = other OR dt = 'x'").is_empty());
        let view = "SELECT * FROM (SELECT * FROM \"loc\") AS v WHERE v.dt = 'x'";
        assert_eq!(read(view), ["dt Equal x"]);
        assert_eq!(read(&view.replace("v.dt", "dt")), ["dt Equal x"]);
        assert!(read(&view.replace("\") AS", "\" LIMIT 3) AS")).is_empty());
        assert!(read(&view.replace("SELECT * FROM \"", "SELECT y AS dt FROM \"")).is_empty());
        assert_eq!(read("WITH a AS (SELECT * FROM \"loc\" WHERE dt = 'x') SELECT * FROM a"), ["dt Equal x"]);
    }
}

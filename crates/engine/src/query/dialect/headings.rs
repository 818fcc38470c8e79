//! What a column without an alias is headed: the expression as the user wrote it.
//!
//! DataFusion would head it in its own words, and refuses two columns that are headed alike.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, Statement, VisitMut, VisitorMut,
};
use std::ops::ControlFlow;

/// The headings of a statement's answer, by position; `None` where `*` makes their number unknown.
#[derive(Debug, Default)]
pub(crate) struct Headings(Option<Vec<Heading>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Heading {
    /// What the planner calls it: a column's name, an alias.
    Planned,
    Text(String),
    /// That of the column at this place, which is the same column.
    Same(usize),
}

impl Headings {
    /// The heading of each column, given what the planner calls them.
    pub(crate) fn of_columns(&self, planned: &[&str]) -> Option<Vec<String>> {
        let headings = self.0.as_deref().filter(|headings| headings.len() == planned.len())?;
        let heading = |(index, heading): (usize, &Heading)| match heading {
            Heading::Planned => Some((*planned.get(index)?).to_owned()),
            Heading::Text(text) => Some(text.clone()),
            Heading::Same(other) => Some((*planned.get(*other)?).to_owned()),
        };
        headings.iter().enumerate().map(heading).collect()
    }
}

/// Gives every expression without an alias one, and says what the columns of the answer are headed.
pub(crate) fn name_columns(statement: &mut Statement) -> Headings {
    let headings = match statement {
        Statement::Query(query) => first_select(query).map(headings_of),
        _ => None,
    };
    let _ = VisitMut::visit(statement, &mut Pass);
    Headings(headings.flatten())
}

fn first_select(query: &Query) -> Option<&Select> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(query) => body = query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return None,
        }
    }
}

fn headings_of(select: &Select) -> Option<Vec<Heading>> {
    let mut columns: Vec<Option<&str>> = Vec::new();
    let mut headings = Vec::new();
    for item in &select.projection {
        let column = match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.as_str()),
            _ => None,
        };
        headings.push(match item {
            SelectItem::UnnamedExpr(Expr::Identifier(_)) => {
                match columns.iter().position(|known| *known == column) {
                    Some(other) => Heading::Same(other),
                    None => Heading::Planned,
                }
            }
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(_)) | SelectItem::ExprWithAlias { .. } => {
                Heading::Planned
            }
            SelectItem::UnnamedExpr(expr) => Heading::Text(text_of(expr)),
            _ => return None,
        });
        columns.push(column);
    }
    Some(headings)
}

/// The expression's text; a position without the quotes that it has in the tree.
fn text_of(expr: &Expr) -> String {
    let text = expr.to_string();
    if !text.contains("\"$") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\"$") {
        plain.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (position, behind) = after.split_at(digits);
        match behind.strip_prefix('"') {
            Some(behind) if digits > 0 => {
                plain.push('$');
                plain.push_str(position);
                rest = behind;
            }
            _ => {
                plain.push_str("\"$");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

struct Pass;

impl VisitorMut for Pass {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut taken: HashSet<String> = select
            .projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
                _ => None,
            })
            .collect();
        for item in &mut select.projection {
            let SelectItem::UnnamedExpr(expr) = item else { continue };
            let heading = match &*expr {
                Expr::Identifier(name) => name.value.clone(),
                // Two of these may have one name in different tables, which the planner keeps apart.
                Expr::CompoundIdentifier(_) => continue,
                other => text_of(other),
            };
            let is_column = matches!(expr, Expr::Identifier(_));
            let mut unique = heading.clone();
            let mut number = 1;
            while !taken.insert(unique.clone()) {
                number += 1;
                unique = format!("{heading}:{number}");
            }
            if is_column && number == 1 {
                continue;
            }
            let expr = expr.clone();
            *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', unique) };
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    #[test]
    fn expressions_are_headed_by_their_text() {
        let check = |sql: &str, expected: &str, planned: &[&str], headings: &[&str]| {
            let mut statement = Parser::parse_sql(&SnowflakeDialect, sql).unwrap().remove(0);
            let found = name_columns(&mut statement);
            assert_eq!(statement.to_string(), expected);
            assert_eq!(found.of_columns(planned).unwrap_or_default(), headings);
        };
        check("SELECT 1, 1", r#"SELECT 1 AS "1", 1 AS "1:2""#, &["1", "1:2"], &["1", "1"]);
        check("SELECT a, a", r#"SELECT a, a AS "a:2""#, &["A", "a:2"], &["A", "A"]);
        check(r#"SELECT "$1":id FROM t"#, r#"SELECT "$1":id AS "$1:id" FROM t"#, &["$1:id"], &["$1:id"]);
        check(
            "SELECT *, count(*) FROM t",
            r#"SELECT *, count(*) AS "count(*)" FROM t"#,
            &["a", "count(*)"],
            &[],
        );
    }
}

//! Column names as people type them: an unquoted name finds the column whatever its case.
//!
//! DataFusion folds unquoted names to lower case and then compares exactly, so that `CounterID` never
//! finds a column `CounterID`. Databend compares unquoted names without regard to case. This pass gives
//! each unquoted name the case of the column it means, before planning.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Statement, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use crate::{Error, ErrorKind};

/// The columns that the tables of one statement have.
#[derive(Debug, Default)]
pub(crate) struct ColumnNames {
    /// Lower-case name → the names as they are.
    by_lower_case: HashMap<String, BTreeSet<String>>,
}

impl ColumnNames {
    pub(crate) fn add(&mut self, name: &str) {
        self.by_lower_case.entry(name.to_lowercase()).or_default().insert(name.to_owned());
    }

    /// The column that an unquoted `name` means, if any.
    fn find(&self, name: &str) -> Result<Option<&str>, Error> {
        let lower_case = name.to_lowercase();
        let Some(candidates) = self.by_lower_case.get(&lower_case) else { return Ok(None) };
        if let Some(exact) = candidates.get(name) {
            return Ok(Some(exact));
        }
        let mut names = candidates.iter();
        match (names.next(), names.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Err(Error::new(
                ErrorKind::Semantic,
                format!(
                    "column name `{name}` is ambiguous: it may be {}",
                    candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
                ),
            )
            .with_hint("quote the name to say which")),
        }
    }

    /// Rewrites the unquoted names of `statement`.
    pub(crate) fn apply(&self, statement: &mut Statement) -> Result<(), Error> {
        if self.by_lower_case.iter().all(|(lower, names)| names.len() == 1 && names.contains(lower)) {
            return Ok(());
        }
        let mut relations = Relations::default();
        let _ = VisitMut::visit(statement, &mut relations);
        let mut pass = Pass { columns: self, relations: relations.names };
        match VisitMut::visit(statement, &mut pass) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

/// Names that stand for tables in the statement, lower case.
#[derive(Default)]
struct Relations {
    names: HashSet<String>,
}

impl VisitorMut for Relations {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let Some(ObjectNamePart::Identifier(name)) = relation.0.last() {
            self.names.insert(name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::TableFunction { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. } = factor
        {
            self.names.insert(alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.names.insert(table.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }
}

struct Pass<'a> {
    columns: &'a ColumnNames,
    relations: HashSet<String>,
}

impl Pass<'_> {
    fn rewrite(&self, ident: &mut Ident) -> Result<(), Error> {
        if ident.quote_style.is_some() {
            return Ok(());
        }
        if let Some(name) = self.columns.find(&ident.value)? {
            ident.value = name.to_owned();
            ident.quote_style = Some('"');
        }
        Ok(())
    }

    fn rewrite_compound(&self, parts: &mut [Ident]) -> Result<(), Error> {
        let skip = match parts.first() {
            Some(first) => usize::from(self.relations.contains(&first.value.to_lowercase())),
            None => 0,
        };
        parts.iter_mut().skip(skip).try_for_each(|part| self.rewrite(part))
    }

    fn rewrite_select(&self, select: &mut Select) -> Result<(), Error> {
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => self.rewrite(alias)?,
                SelectItem::Wildcard(options) => self.rewrite_wildcard(options)?,
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(_), options) => {
                    self.rewrite_wildcard(options)?;
                }
                _ => {}
            }
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            if let Some(JoinConstraint::Using(names)) = join_constraint(&mut join.join_operator) {
                for name in names {
                    if let Some(ObjectNamePart::Identifier(ident)) = name.0.last_mut() {
                        self.rewrite(ident)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn rewrite_wildcard(&self, options: &mut WildcardAdditionalOptions) -> Result<(), Error> {
        use datafusion::sql::sqlparser::ast::ExcludeSelectItem;
        match &mut options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => self.rewrite_last(name)?,
            Some(ExcludeSelectItem::Multiple(names)) => {
                names.iter_mut().try_for_each(|name| self.rewrite_last(name))?;
            }
            None => {}
        }
        if let Some(except) = &mut options.opt_except {
            self.rewrite(&mut except.first_element)?;
            except.additional_elements.iter_mut().try_for_each(|name| self.rewrite(name))?;
        }
        Ok(())
    }

    fn rewrite_last(&self, name: &mut ObjectName) -> Result<(), Error> {
        match name.0.last_mut() {
            Some(ObjectNamePart::Identifier(ident)) => self.rewrite(ident),
            _ => Ok(()),
        }
    }
}

impl VisitorMut for Pass<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let outcome = match expr {
            Expr::Identifier(ident) => self.rewrite(ident),
            Expr::CompoundIdentifier(parts) => self.rewrite_compound(parts),
            _ => Ok(()),
        };
        into_flow(outcome)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        into_flow(self.rewrite_select(select))
    }
}

fn into_flow(outcome: Result<(), Error>) -> ControlFlow<Error> {
    outcome.map_or_else(ControlFlow::Break, ControlFlow::Continue)
}

fn join_constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::LeftAnti(constraint) => Some(constraint),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn rewrite(sql: &str, columns: &[&str]) -> Result<String, Error> {
        let mut names = ColumnNames::default();
        columns.iter().for_each(|column| names.add(column));
        let mut statement = Parser::parse_sql(&SnowflakeDialect, sql).unwrap().remove(0);
        names.apply(&mut statement)?;
        Ok(statement.to_string())
    }

    #[test]
    fn unquoted_names_take_the_case_of_their_column() {
        let check = |sql, expected: &str| assert_eq!(rewrite(sql, &["CounterID", "url"]).unwrap(), expected);
        check("SELECT counterid, URL FROM t", r#"SELECT "CounterID", "url" FROM t"#);
        check("SELECT t.CounterId FROM x AS t", r#"SELECT t."CounterID" FROM x AS t"#);
        check(r#"SELECT "counterid" FROM t"#, r#"SELECT "counterid" FROM t"#);
        check(
            "SELECT count(*) AS counterid FROM t GROUP BY CounterID",
            r#"SELECT count(*) AS "CounterID" FROM t GROUP BY "CounterID""#,
        );
        check("SELECT * EXCLUDE (COUNTERID) FROM t", r#"SELECT * EXCLUDE ("CounterID") FROM t"#);
        check("SELECT 1 FROM a JOIN b USING(counterid)", r#"SELECT 1 FROM a JOIN b USING("CounterID")"#);
    }

    #[test]
    fn a_name_that_fits_two_columns_is_refused_unless_it_fits_one_exactly() {
        assert_eq!(rewrite("SELECT ab FROM t", &["AB", "ab"]).unwrap(), r#"SELECT "ab" FROM t"#);
        let error = rewrite("SELECT aB FROM t", &["AB", "ab"]).unwrap_err();
        assert!(error.message.contains("`AB` or `ab`"), "{error}");
    }
}

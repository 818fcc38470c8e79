//! `*` over staged files does not mean their hidden columns: positions beside names, and metadata.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Ident, ObjectName, ObjectNamePart, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Statement, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

/// Leaves the hidden columns out of every `*`; `hidden` has them by the generated name of their location.
pub(super) fn hide_columns(statement: &mut Statement, hidden: &HashMap<String, Vec<String>>) {
    if hidden.values().any(|columns| !columns.is_empty()) {
        let _ = VisitMut::visit(statement, &mut Pass { hidden });
    }
}

struct Pass<'a> {
    hidden: &'a HashMap<String, Vec<String>>,
}

/// A table of one SELECT: what it is called there, and what is hidden of it.
struct Table<'a> {
    name: ObjectName,
    hidden: &'a [String],
}

impl Pass<'_> {
    /// The tables of a SELECT, where each has a name of its own.
    fn tables(&self, select: &Select) -> Option<Vec<Table<'_>>> {
        let factors = select.from.iter().flat_map(|from| {
            std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
        });
        factors
            .map(|factor| match factor {
                TableFactor::Table { name, alias, .. } => {
                    let hidden = match name.0.last() {
                        Some(ObjectNamePart::Identifier(ident)) => self.hidden.get(&ident.value),
                        _ => None,
                    };
                    let shown = match alias {
                        Some(alias) => ObjectName::from(vec![alias.name.clone()]),
                        None => name.clone(),
                    };
                    Some(Table { name: shown, hidden: hidden.map(Vec::as_slice).unwrap_or_default() })
                }
                TableFactor::Derived { alias: Some(alias), .. }
                | TableFactor::Function { alias: Some(alias), .. } => {
                    Some(Table { name: ObjectName::from(vec![alias.name.clone()]), hidden: &[] })
                }
                _ => None,
            })
            .collect()
    }
}

impl VisitorMut for Pass<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let Some(tables) = self.tables(select) else { return ControlFlow::Continue(()) };
        if tables.iter().all(|table| table.hidden.is_empty()) {
            return ControlFlow::Continue(());
        }
        let mut items = Vec::with_capacity(select.projection.len());
        for item in std::mem::take(&mut select.projection) {
            match item {
                SelectItem::Wildcard(mut options) if tables.len() == 1 => {
                    exclude(&mut options, tables[0].hidden);
                    items.push(SelectItem::Wildcard(options));
                }
                SelectItem::Wildcard(options) => {
                    for table in &tables {
                        let mut options = options.clone();
                        exclude(&mut options, table.hidden);
                        let kind = SelectItemQualifiedWildcardKind::ObjectName(table.name.clone());
                        items.push(SelectItem::QualifiedWildcard(kind, options));
                    }
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    mut options,
                ) => {
                    let meant = tables.iter().find(|table| {
                        table.name.to_string().to_lowercase() == name.to_string().to_lowercase()
                    });
                    exclude(&mut options, meant.map(|table| table.hidden).unwrap_or_default());
                    let kind = SelectItemQualifiedWildcardKind::ObjectName(name);
                    items.push(SelectItem::QualifiedWildcard(kind, options));
                }
                other => items.push(other),
            }
        }
        select.projection = items;
        ControlFlow::Continue(())
    }
}

fn exclude(options: &mut WildcardAdditionalOptions, hidden: &[String]) {
    if hidden.is_empty() {
        return;
    }
    let mut names = match options.opt_exclude.take() {
        Some(ExcludeSelectItem::Single(name)) => vec![name],
        Some(ExcludeSelectItem::Multiple(names)) => names,
        None => Vec::new(),
    };
    names.extend(hidden.iter().map(|name| ObjectName::from(vec![Ident::with_quote('"', name)])));
    options.opt_exclude = Some(ExcludeSelectItem::Multiple(names));
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    #[test]
    fn a_star_leaves_out_what_is_hidden() {
        let hidden = HashMap::from([("l1".to_owned(), vec!["$1".to_owned()])]);
        let check = |sql: &str, expected: &str| {
            let mut statement = Parser::parse_sql(&SnowflakeDialect, sql).unwrap().remove(0);
            hide_columns(&mut statement, &hidden);
            assert_eq!(statement.to_string(), expected);
        };
        check(r#"SELECT * FROM "l1""#, r#"SELECT * EXCLUDE ("$1") FROM "l1""#);
        check(r#"SELECT a.* FROM "l1" AS a"#, r#"SELECT a.* EXCLUDE ("$1") FROM "l1" AS a"#);
        check(
            r#"SELECT * FROM "l1" CROSS JOIN b"#,
            r#"SELECT "l1".* EXCLUDE ("$1"), b.* FROM "l1" CROSS JOIN b"#,
        );
        check("SELECT * FROM b", "SELECT * FROM b");
    }
}

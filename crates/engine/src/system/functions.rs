//! `system.functions`: what a query may call.

use std::collections::BTreeMap;

use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let functions = all(session);
    vec![
        Column::text("name", functions.keys()),
        Column::boolean("is_aggregate", functions.values().map(|function| function.is_aggregate)),
        Column::text("description", functions.values().map(|function| function.description.as_str())),
        Column::text("syntax", functions.values().map(|function| function.syntax.as_str())),
        Column::text("example", functions.values().map(|function| function.example.as_str())),
    ]
}

#[derive(Default)]
struct Function {
    is_aggregate: bool,
    description: String,
    syntax: String,
    example: String,
}

impl Function {
    fn documented(
        is_aggregate: bool,
        documentation: Option<&datafusion::logical_expr::Documentation>,
    ) -> Self {
        let Some(documentation) = documentation else { return Self { is_aggregate, ..Self::default() } };
        Self {
            is_aggregate,
            description: documentation.description.trim().to_owned(),
            syntax: documentation.syntax_example.trim().to_owned(),
            example: documentation.sql_example.clone().unwrap_or_default().trim().to_owned(),
        }
    }
}

fn all(session: &Session) -> BTreeMap<String, Function> {
    let state = session.engine.shared_state();
    let mut functions = BTreeMap::new();
    for (name, function) in state.scalar_functions() {
        functions.insert(name.clone(), Function::documented(false, function.documentation()));
    }
    for (name, function) in state.window_functions() {
        functions.insert(name.clone(), Function::documented(false, function.documentation()));
    }
    for (name, function) in state.aggregate_functions() {
        functions.insert(name.clone(), Function::documented(true, function.documentation()));
    }
    for function in crate::query::session_functions(session) {
        functions.insert(function.name().to_owned(), Function::default());
    }
    for name in state.table_functions().keys().map(String::as_str).chain(["numbers"]) {
        functions.insert(name.to_owned(), Function::default());
    }
    functions
}

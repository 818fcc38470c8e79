//! Functions that stand where a table stands and look at staged files: `infer_schema(…)` and its kin.
//!
//! A call is answered before the statement is planned, and its answer is a table under a generated name.

mod infer_schema;
mod inspect_parquet;
mod list_stage;
mod read_file;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Statement, TableFactor, Value,
    VisitMut, VisitorMut,
};

use super::StatementTables;
use super::failure::from_datafusion;
use crate::rows::{self, Column};
use crate::session::Session;
use crate::{Error, ErrorKind};

const FUNCTIONS: [&str; 4] = ["infer_schema", "list_stage", "inspect_parquet", "read_file"];
/// Calls in one statement.
const CALLS_MAX: usize = 32;

/// Answers every call in `body` and puts a table in its place.
pub(super) async fn add_tables(
    session: &Session,
    body: &mut Statement,
    tables: &mut StatementTables,
) -> Result<(), Error> {
    let mut pass = Pass { calls: Vec::new() };
    if let ControlFlow::Break(error) = VisitMut::visit(body, &mut pass) {
        return Err(error);
    }
    if pass.calls.len() > CALLS_MAX {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("a statement calls functions over staged files at most {CALLS_MAX} times"),
        ));
    }
    for (name, call) in pass.calls {
        let columns: Vec<Column> = match call.function {
            "infer_schema" => Box::pin(infer_schema::columns(session, &call)).await?,
            "list_stage" => list_stage::columns(session, &call).await?,
            "inspect_parquet" => inspect_parquet::columns(session, &call).await?,
            _ => read_file::columns(session, &call).await?,
        };
        let batch = rows::batch(columns)?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_datafusion)?;
        tables.add(&session.state.database, &name, Arc::new(table));
    }
    Ok(())
}

/// One call with its arguments, which are all written out.
pub(super) struct Call {
    function: &'static str,
    /// By name, lower case; an argument without a name is the location.
    arguments: HashMap<String, String>,
}

impl Call {
    pub(super) fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Error> {
        let Some(text) = self.argument(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.invalid(&format!("`{name}` is `{text}`, which is no number")))
    }

    /// The location with its options, as if it stood behind FROM.
    pub(super) fn location(&self) -> Result<sql::LocationTable, Error> {
        let quoted =
            |value: &str| sql::Text { value: value.to_owned(), span: sql::Span::default() }.to_string();
        let Some(location) = self.argument("location") else {
            return Err(self
                .invalid("it has no location")
                .with_hint(format!("write `{}(location => '@stage/path')`", self.function)));
        };
        let mut options = Vec::new();
        if let Some(pattern) = self.argument("pattern") {
            options.push(format!("PATTERN => {}", quoted(pattern)));
        }
        if let Some(format) = self.argument("file_format") {
            options.push(format!("FILE_FORMAT => {}", quoted(format)));
        }
        if let Some(connection) = self.argument("connection_name") {
            options.push(format!("CONNECTION => (CONNECTION_NAME = {})", quoted(connection)));
        }
        let options = if options.is_empty() { String::new() } else { format!("({})", options.join(", ")) };
        let parsed = sql::parse(&format!("SELECT * FROM {} {options}", quoted(location)));
        match parsed {
            Ok(sql::Statement::Query(query)) => query
                .locations
                .into_iter()
                .next()
                .ok_or_else(|| self.invalid(&format!("`{location}` is no location"))),
            _ => Err(self
                .invalid(&format!("`{location}` is no location"))
                .with_hint("write `'@stage/path'` or `'s3://bucket/path'`")),
        }
    }

    pub(super) fn invalid(&self, reason: &str) -> Error {
        Error::new(ErrorKind::InvalidValue, format!("`{}` cannot be answered: {reason}", self.function))
    }
}

struct Pass {
    calls: Vec<(String, Call)>,
}

impl VisitorMut for Pass {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table { name, args: arguments, alias, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let (Some(given), [ObjectNamePart::Identifier(word)]) = (arguments.as_ref(), name.0.as_slice())
        else {
            return ControlFlow::Continue(());
        };
        let Some(function) = FUNCTIONS.into_iter().find(|known| word.value.eq_ignore_ascii_case(known))
        else {
            return ControlFlow::Continue(());
        };
        let mut call = Call { function, arguments: HashMap::new() };
        for argument in &given.args {
            match read_argument(argument) {
                Some((name, value)) => {
                    call.arguments.insert(name, value);
                }
                None => {
                    let reason = format!("its argument `{argument}` is not written out");
                    return ControlFlow::Break(call.invalid(&reason));
                }
            }
        }
        let table = format!("{function}:{}", self.calls.len() + 1);
        if alias.is_none() {
            *alias = Some(datafusion::sql::sqlparser::ast::TableAlias {
                explicit: true,
                name: Ident::with_quote('"', function),
                columns: Vec::new(),
                at: None,
            });
        }
        *name = ObjectName::from(vec![Ident::with_quote('"', &table)]);
        *arguments = None;
        self.calls.push((table, call));
        ControlFlow::Continue(())
    }
}

/// `name => 'value'`, or a value alone, which is the location.
fn read_argument(argument: &FunctionArg) -> Option<(String, String)> {
    let (name, value) = match argument {
        FunctionArg::Named { name, arg, .. } => (name.value.to_lowercase(), arg),
        FunctionArg::ExprNamed { name: Expr::Identifier(name), arg, .. } => (name.value.to_lowercase(), arg),
        FunctionArg::Unnamed(arg) => ("location".to_owned(), arg),
        FunctionArg::ExprNamed { .. } => return None,
    };
    let FunctionArgExpr::Expr(Expr::Value(value)) = value else { return None };
    match &value.value {
        Value::SingleQuotedString(text) => Some((name, text.clone())),
        Value::Number(digits, _) => Some((name, digits.to_string())),
        Value::Boolean(value) => Some((name, value.to_string())),
        _ => None,
    }
}

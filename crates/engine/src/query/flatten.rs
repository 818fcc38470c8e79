//! `FROM t, LATERAL FLATTEN(INPUT => t.v, …) f`: a VARIANT's elements or members as rows beside their own.
//!
//! The planner of DataFusion sees a table function alone, without what stands before it. So each FLATTEN is
//! put into brackets with what stands before it, and those brackets are planned here: a list of rows for each
//! row, which is then unnested.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::UnnestOptions;
use datafusion::common::{Column, DataFusionError, Result as DataFusionResult, TableReference};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ScalarUDF};
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Join, JoinConstraint,
    JoinOperator, ObjectName, ObjectNamePart, Select, Statement, TableAlias, TableFactor, TableWithJoins,
    Value, VisitMut, VisitorMut,
};

use crate::variant::{FLATTEN_COLUMNS, FlattenMode, FlattenOptions, FlattenRows, to_variant};
use crate::{Error, ErrorKind};

/// The name of the function, and of its table where it has no alias.
const FLATTEN: &str = "flatten";
/// The column that is unnested.
const ROWS: &str = "flatten:rows";

/// Puts every FLATTEN into brackets with what stands before it. Says whether there is any.
pub(super) fn place_flattens(statement: &mut Statement) -> Result<bool, Error> {
    let mut pass = Pass { found: false };
    match VisitMut::visit(statement, &mut pass) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(pass.found),
    }
}

/// The names of the columns that FLATTEN has.
pub(super) fn columns() -> [&'static str; 6] {
    FLATTEN_COLUMNS
}

struct Pass {
    found: bool,
}

impl VisitorMut for Pass {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        let tables: Vec<TableWithJoins> = std::mem::take(&mut select.from);
        for table in tables {
            let placed = self.place(table, &mut select.from);
            if let Err(error) = placed {
                return ControlFlow::Break(error);
            }
        }
        ControlFlow::Continue(())
    }
}

impl Pass {
    /// One table with its joins, behind the tables before it.
    fn place(&mut self, table: TableWithJoins, before: &mut Vec<TableWithJoins>) -> Result<(), Error> {
        let TableWithJoins { relation, joins } = table;
        let mut current = if is_flatten(&relation) {
            self.found = true;
            let call = normal(relation)?;
            let left = match brackets(std::mem::take(before)) {
                Some(left) => left,
                None => nothing(),
            };
            TableWithJoins { relation: bracketed(left, call, false), joins: Vec::new() }
        } else {
            TableWithJoins { relation, joins: Vec::new() }
        };
        for join in joins {
            if !is_flatten(&join.relation) {
                current.joins.push(join);
                continue;
            }
            self.found = true;
            let outer = match &join.join_operator {
                JoinOperator::CrossJoin(_) => false,
                JoinOperator::Join(on) | JoinOperator::Inner(on) if is_true(on) => false,
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) if is_true(on) => true,
                _ => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "FLATTEN is joined with `,`, CROSS JOIN, or JOIN and LEFT JOIN … ON TRUE",
                    )
                    .with_hint("put a condition into WHERE"));
                }
            };
            let call = normal(join.relation)?;
            let left = TableFactor::NestedJoin { table_with_joins: Box::new(current), alias: None };
            current = TableWithJoins { relation: bracketed(left, call, outer), joins: Vec::new() };
        }
        before.push(current);
        Ok(())
    }
}

fn is_true(on: &JoinConstraint) -> bool {
    match on {
        JoinConstraint::None => true,
        JoinConstraint::On(SqlExpr::Value(value)) => value.value == Value::Boolean(true),
        _ => false,
    }
}

fn is_named_flatten(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [ObjectNamePart::Identifier(name)] if name.value.eq_ignore_ascii_case(FLATTEN))
}

fn is_flatten(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Table { name, args: Some(_), .. } => is_named_flatten(name),
        TableFactor::Function { name, .. } => is_named_flatten(name),
        TableFactor::TableFunction { expr: SqlExpr::Function(function), .. } => {
            is_named_flatten(&function.name)
        }
        _ => false,
    }
}

/// The call in one form, with an alias.
fn normal(factor: TableFactor) -> Result<TableFactor, Error> {
    let (args, alias) = match factor {
        TableFactor::Table { args: Some(given), alias, .. } => (given.args, alias),
        TableFactor::Function { args, alias, .. } => (args, alias),
        TableFactor::TableFunction { expr: SqlExpr::Function(function), alias } => match function.args {
            FunctionArguments::List(list) => (list.args, alias),
            _ => (Vec::new(), alias),
        },
        other => return Err(Error::new(ErrorKind::Internal, format!("`{other}` is no FLATTEN"))),
    };
    let alias = alias.or_else(|| {
        let name = Ident::with_quote('"', FLATTEN);
        Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None })
    });
    let name = ObjectName::from(vec![Ident::new(FLATTEN)]);
    Ok(TableFactor::Function { lateral: true, name, args, with_ordinality: false, alias })
}

/// `(left CROSS JOIN FLATTEN(…))`, or a LEFT JOIN, which the planner below knows again.
fn bracketed(left: TableFactor, call: TableFactor, outer: bool) -> TableFactor {
    let join_operator = if outer {
        JoinOperator::LeftOuter(JoinConstraint::None)
    } else {
        JoinOperator::CrossJoin(JoinConstraint::None)
    };
    let joins = vec![Join { relation: call, global: false, join_operator }];
    let table_with_joins = Box::new(TableWithJoins { relation: left, joins });
    TableFactor::NestedJoin { table_with_joins, alias: None }
}

/// Tables with commas between them as one.
fn brackets(tables: Vec<TableWithJoins>) -> Option<TableFactor> {
    let nested = |table: TableWithJoins| match table.joins.is_empty() {
        true => table.relation,
        false => TableFactor::NestedJoin { table_with_joins: Box::new(table), alias: None },
    };
    let mut tables = tables.into_iter();
    let relation = nested(tables.next()?);
    let cross = |table| Join {
        relation: nested(table),
        global: false,
        join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
    };
    Some(nested(TableWithJoins { relation, joins: tables.map(cross).collect() }))
}

/// What stands before a FLATTEN that nothing stands before.
fn nothing() -> TableFactor {
    TableFactor::UNNEST {
        alias: None,
        array_exprs: Vec::new(),
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    }
}

fn is_nothing(factor: &TableFactor) -> bool {
    matches!(factor, TableFactor::UNNEST { array_exprs, .. } if array_exprs.is_empty())
}

/// Plans the brackets that [`place_flattens`] made.
#[derive(Debug)]
pub(super) struct FlattenPlanner;

impl RelationPlanner for FlattenPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> DataFusionResult<RelationPlanning> {
        let TableFactor::NestedJoin { table_with_joins, alias: None } = relation else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let TableWithJoins { relation: left, joins } = *table_with_joins;
        let [join] = joins.as_slice() else { return Ok(original(left, joins)) };
        let TableFactor::Function { lateral: true, name, args, alias: Some(alias), .. } = &join.relation
        else {
            return Ok(original(left, joins));
        };
        if !is_named_flatten(name) {
            return Ok(original(left, joins));
        }
        let outer = matches!(join.join_operator, JoinOperator::LeftOuter(_));
        let (input, mut options) = read_arguments(args)?;
        options.outer |= outer;
        let left = match is_nothing(&left) {
            true => LogicalPlanBuilder::empty(true).build()?,
            false => context.plan(left)?,
        };
        let input = context.sql_to_expr(input, left.schema())?;
        let rows = ScalarUDF::from(FlattenRows::new(options)).call(vec![to_variant(input)]);
        let table = TableReference::bare(context.normalize_ident(alias.name.clone()));
        let names = column_names(alias, context)?;

        let mut columns: Vec<Expr> = left.schema().columns().into_iter().map(Expr::Column).collect();
        let kept = columns.clone();
        columns.push(rows.alias(ROWS));
        let unnested = Column::new_unqualified(ROWS);
        let plan = LogicalPlanBuilder::from(left).project(columns)?.unnest_columns_with_options(
            vec![unnested.clone()],
            UnnestOptions::default().with_preserve_nulls(false),
        )?;
        let own = FLATTEN_COLUMNS.iter().zip(names).map(|(column, name)| {
            get_field(Expr::Column(unnested.clone()), *column).alias_qualified(Some(table.clone()), name)
        });
        let plan = plan.project(kept.into_iter().chain(own))?.build()?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, None))))
    }
}

fn original(relation: TableFactor, joins: Vec<Join>) -> RelationPlanning {
    let table_with_joins = Box::new(TableWithJoins { relation, joins });
    RelationPlanning::Original(Box::new(TableFactor::NestedJoin { table_with_joins, alias: None }))
}

/// The names of the columns: those of the alias, as far as it gives some.
fn column_names(
    alias: &TableAlias,
    context: &mut dyn RelationPlannerContext,
) -> DataFusionResult<Vec<String>> {
    if alias.columns.len() > FLATTEN_COLUMNS.len() {
        return Err(DataFusionError::Plan(format!(
            "FLATTEN has {} columns, and its alias names {}",
            FLATTEN_COLUMNS.len(),
            alias.columns.len()
        )));
    }
    let mut names: Vec<String> =
        alias.columns.iter().map(|column| context.normalize_ident(column.name.clone())).collect();
    names.extend(FLATTEN_COLUMNS.iter().skip(names.len()).map(|name| (*name).to_owned()));
    Ok(names)
}

fn read_arguments(arguments: &[FunctionArg]) -> DataFusionResult<(SqlExpr, FlattenOptions)> {
    let mut options =
        FlattenOptions { path: String::new(), outer: false, recursive: false, mode: FlattenMode::Both };
    let mut input = None;
    for argument in arguments {
        let (name, value) = match argument {
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => {
                (name.value.to_lowercase(), value)
            }
            FunctionArg::ExprNamed {
                name: SqlExpr::Identifier(name),
                arg: FunctionArgExpr::Expr(value),
                ..
            } => (name.value.to_lowercase(), value),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => ("input".to_owned(), value),
            other => return Err(wrong(&format!("`{other}` is no argument of it"))),
        };
        match name.as_str() {
            "input" => input = Some(value.clone()),
            "path" => options.path = text(value).ok_or_else(|| wrong("PATH is a text, such as 'a.b'"))?,
            "outer" => options.outer = boolean(value).ok_or_else(|| wrong("OUTER is TRUE or FALSE"))?,
            "recursive" => {
                options.recursive = boolean(value).ok_or_else(|| wrong("RECURSIVE is TRUE or FALSE"))?;
            }
            "mode" => {
                options.mode = match text(value).map(|word| word.to_lowercase()).as_deref() {
                    Some("both") => FlattenMode::Both,
                    Some("object") => FlattenMode::Object,
                    Some("array") => FlattenMode::Array,
                    _ => return Err(wrong("MODE is 'OBJECT', 'ARRAY' or 'BOTH'")),
                };
            }
            other => return Err(wrong(&format!("it has no argument `{other}`"))),
        }
    }
    input.map(|input| (input, options)).ok_or_else(|| wrong("it has no INPUT"))
}

fn wrong(reason: &str) -> DataFusionError {
    DataFusionError::Plan(format!(
        "FLATTEN is not written so: {reason}. Write `FLATTEN(INPUT => v, PATH => 'a', OUTER => TRUE, RECURSIVE => TRUE, MODE => 'BOTH')`"
    ))
}

fn text(expr: &SqlExpr) -> Option<String> {
    match expr {
        SqlExpr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn boolean(expr: &SqlExpr) -> Option<bool> {
    match expr {
        SqlExpr::Value(value) => match &value.value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// The planner, as DataFusion takes it.
pub(super) fn planner() -> Arc<dyn RelationPlanner> {
    Arc::new(FlattenPlanner)
}

//! Queries: locations are opened, names found, the plan made and run.

mod columns_used;
mod compact;
mod conditions;
mod context;
mod cooperate;
mod count_distinct;
mod dialect;
mod effort;
mod executor;
mod failure;
mod flatten;
mod functions;
mod memory;
mod names;
mod numbers;
mod progress;
mod row_members;
mod sorted_joins;
mod table_functions;
mod transfer;
mod views;
mod wildcards;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlanProperties;
use datafusion::sql::parser::Statement as PlannedStatement;
use futures::{FutureExt, StreamExt};

pub(crate) use context::{StatementTables, shared_state};
pub(crate) use cooperate::Cancellation;
pub(crate) use effort::{Effort, spawn, spawn_blocking};
pub(crate) use executor::{AbortOnDrop, Executor};
pub(crate) use failure::from_datafusion;
pub(crate) use functions::{VERSION, session_functions};
pub(crate) use views::{VIEWS_DATABASE, visible_views};

use crate::session::Session;
use crate::stage::{Condition, OpenedTable, ScanHints, open_table};
use crate::system;
use crate::variant::{coerce_variants, plan_paths};
use crate::{Error, StatementOutput};
use conditions::conditions_on;
use context::statement_state;
use names::ColumnNames;
use views::{Expanded, Source, expand_views};

/// Answers a query.
pub(crate) async fn run(session: &Session, query: sql::Query) -> Result<StatementOutput, Error> {
    let expanded = expand_views(session, query, None).await?;
    let shown = shown_names(&expanded);
    let (output, headings) = answer(session, expanded, Ok).await.map_err(|error| shown.apply(error))?;
    Ok(with_headings(output, &headings))
}

/// The columns that a view of this query would have. Nothing is run.
pub(crate) async fn columns_of_view(
    session: &Session,
    view: &str,
    query: sql::Query,
    column_names: &[String],
) -> Result<Vec<catalog::ViewColumn>, Error> {
    // Names inside of a view are those of its own database.
    let mut session = session.clone();
    session.state.database = VIEWS_DATABASE.to_owned();
    let expanded = expand_views(&session, query, Some(view)).await?;
    let shown = shown_names(&expanded);
    let planned = plan(&session, expanded, Ok).await.map_err(|error| shown.apply(error))?;
    let schema = planned.plan.schema().as_arrow().clone();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let schema = match planned.headings.of_columns(&names) {
        None => schema,
        Some(names) => {
            let named = schema.fields().iter().zip(names);
            Schema::new(named.map(|(field, name)| field.as_ref().clone().with_name(name)).collect::<Vec<_>>())
        }
    };
    views::view_columns(view, &schema, column_names)
}

/// Answers with the query's plan; with `analyze`, with what running it took.
pub(crate) async fn explain(
    session: &Session,
    query: sql::Query,
    analyze: bool,
    verbose: bool,
) -> Result<StatementOutput, Error> {
    let expanded = expand_views(session, query, None).await?;
    let shown = shown_names(&expanded);
    let explain = |plan| LogicalPlanBuilder::from(plan).explain(verbose, analyze)?.build();
    let (output, _) = answer(session, expanded, explain).await.map_err(|error| shown.apply(error))?;
    Ok(if analyze { transfer::tell(session, output) } else { output })
}

/// Plans the query, and runs what `wrap` makes of the plan. The headings are those of the query's own columns.
async fn answer(
    session: &Session,
    expanded: Expanded,
    wrap: impl FnOnce(LogicalPlan) -> DataFusionResult<LogicalPlan>,
) -> Result<(StatementOutput, dialect::Headings), Error> {
    let Planned { state, plan, headings, warnings } = plan(session, expanded, wrap).await?;
    let output = execute(session, &state, &plan).await?;
    Ok((StatementOutput { warnings, ..output }, headings))
}

/// A query that is ready to run.
struct Planned {
    state: SessionState,
    plan: LogicalPlan,
    headings: dialect::Headings,
    warnings: Vec<String>,
}

/// Opens what the query names, plans it, and optimizes what `wrap` makes of the plan.
async fn plan(
    session: &Session,
    expanded: Expanded,
    wrap: impl FnOnce(LogicalPlan) -> DataFusionResult<LogicalPlan>,
) -> Result<Planned, Error> {
    let Expanded { mut body, sources, headings } = expanded;
    let mut tables = StatementTables::default();
    transfer::set_limits(session)?;
    let warnings = open_locations(session, &sources, &mut body, &mut tables).await?;
    table_functions::add_tables(session, &mut body, &mut tables).await?;
    system::add_tables(session, &body, &mut tables).await?;
    let flattens = flatten::place_flattens(&mut body)?;

    let mut columns = ColumnNames::default();
    tables.column_names().for_each(|name| columns.add(&name));
    if flattens {
        flatten::columns().iter().for_each(|name| columns.add(name));
    }
    columns.apply(&mut body)?;
    plan_paths(&mut body);
    dialect::plan_functions(&mut body);

    let mut state = statement_state(session, tables)?;
    let plan = logical_plan(&state, body).await?;
    if stops_early(&plan) {
        // Each further partition would begin to read before the limit is known to be reached.
        state.config_mut().options_mut().execution.target_partitions = 1;
        state.config_mut().set_extension(Arc::new(ScanHints { first_rows: true }));
    }
    let plan = row_members::mark(plan).map_err(from_datafusion)?;
    let plan = state.optimize(&wrap(plan).map_err(from_datafusion)?).map_err(from_datafusion)?;
    let plan = row_members::read_in_scans(plan).map_err(from_datafusion)?;
    Ok(Planned { state, plan, headings, warnings })
}

/// The same answer with its columns headed as the user wrote them.
fn with_headings(output: StatementOutput, headings: &dialect::Headings) -> StatementOutput {
    let planned: Vec<&str> = output.schema.fields().iter().map(|field| field.name().as_str()).collect();
    let Some(names) = headings.of_columns(&planned) else { return output };
    let fields: Vec<Field> = output
        .schema
        .fields()
        .iter()
        .zip(names)
        .map(|(field, name)| field.as_ref().clone().with_name(name))
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let renamed = schema.clone();
    let batches = output.batches.map(move |batch| {
        let batch = batch?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(renamed.clone(), batch.columns().to_vec(), &options)
            .map_err(|error| from_datafusion(error.into()))
    });
    StatementOutput { schema, batches: batches.boxed(), ..output }
}

/// The generated names of the query's locations, and what to show in their place.
fn shown_names(expanded: &Expanded) -> ShownNames {
    let tables = expanded.sources.iter().map(|source| &source.table);
    ShownNames(tables.map(|table| (table.name.clone(), table.location.to_string())).collect())
}

struct ShownNames(Vec<(String, String)>);

impl ShownNames {
    fn apply(&self, mut error: Error) -> Error {
        // Names inside of views end with names of the statement: the last ones first.
        for (name, location) in self.0.iter().rev() {
            error.message =
                error.message.replace(&format!("\"{name}\"."), "").replace(name.as_str(), location);
        }
        error
    }
}

/// Opens every location of the query, side by side, and makes each a table. Returns what the user should know.
async fn open_locations(
    session: &Session,
    sources: &[Source],
    body: &mut sql::sqlparser::ast::Statement,
    tables: &mut StatementTables,
) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let mut hidden = HashMap::new();
    let opened = sources.iter().map(|source| {
        let conditions = conditions_on(body, &source.table.name);
        open_source(session, source, conditions).boxed()
    });
    for (source, table) in sources.iter().zip(futures::future::try_join_all(opened).await?) {
        let location = &source.table;
        warnings.extend(table.place.warnings());
        warnings.extend(table.warnings);
        tables.add_store(&table.place.store_address(), table.place.store());
        tables.add(&session.state.database, &location.name, table.provider);
        hidden.insert(location.name.clone(), table.hidden);
    }
    wildcards::hide_columns(body, &hidden);
    Ok(warnings)
}

/// Opens a location of the statement, or of the query of a view, by the rights of the session.
async fn open_source(
    session: &Session,
    source: &Source,
    conditions: Vec<Condition>,
) -> Result<OpenedTable, Error> {
    let Some(view) = &source.view else {
        return open_table(session, &source.table, &source.used, conditions).await;
    };
    // Places in the text are those of the view's.
    let session = Session { sql: view.query.as_str().into(), ..session.clone() };
    open_table(&session, &source.table, &source.used, conditions).await.map_err(|mut error| {
        error.message = format!("view `{}`: {}", view.name, error.message);
        error
    })
}

async fn logical_plan(
    state: &SessionState,
    body: sql::sqlparser::ast::Statement,
) -> Result<LogicalPlan, Error> {
    let statement = PlannedStatement::Statement(Box::new(body));
    let plan = state.statement_to_plan(statement).await.map_err(from_datafusion)?;
    let plan = coerce_variants(plan).map_err(from_datafusion)?;
    // INVARIANT: DataFusion's own DDL, COPY TO and SET never run.
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(from_datafusion)?;
    Ok(plan)
}

async fn execute(
    session: &Session,
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<StatementOutput, Error> {
    let physical = state.query_planner().create_physical_plan(plan, state).await.map_err(from_datafusion)?;
    tracing::debug!(
        query = session.query_id,
        partitions = physical.output_partitioning().partition_count(),
        "planned"
    );
    let schema = physical.schema();
    let effort = session.engine.executor().begin_effort();
    let stream =
        effort.spend(|| sorted_joins::run(state, plan, physical.clone())).map_err(from_datafusion)?;
    let batches = stream.map(|batch| batch.map(compact::compact).map_err(from_datafusion)).boxed();
    let batches = progress::watch(physical, batches, session.progress.clone());
    Ok(StatementOutput {
        schema,
        has_result_set: true,
        batches: session.engine.executor().drive(batches, effort, session.cancellation.clone())?,
        state: session.state.clone(),
        effect: None,
        warnings: Vec::new(),
    })
}

/// Whether a plan is a scan with a LIMIT and nothing that must see every row first.
fn stops_early(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Limit(limit) => is_row_by_row(&limit.input),
        LogicalPlan::Projection(projection) => stops_early(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => stops_early(&alias.input),
        _ => false,
    }
}

fn is_row_by_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::TableScan(_) => true,
        LogicalPlan::Projection(projection) => is_row_by_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_row_by_row(&alias.input),
        LogicalPlan::Filter(filter) => is_row_by_row(&filter.input),
        LogicalPlan::Limit(limit) => is_row_by_row(&limit.input),
        _ => false,
    }
}

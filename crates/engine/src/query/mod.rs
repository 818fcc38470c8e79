//! Queries: locations are opened, names found, the plan made and run.

mod context;
mod cooperate;
mod executor;
mod failure;
mod functions;
mod names;
mod numbers;
mod progress;
mod subscripts;

use std::sync::Arc;

use datafusion::error::Result as DataFusionResult;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlanProperties, execute_stream};
use datafusion::sql::parser::Statement as PlannedStatement;
use futures::{FutureExt, StreamExt};

pub(crate) use context::{StatementTables, shared_state};
pub(crate) use cooperate::Cancellation;
pub(crate) use executor::Executor;
pub(crate) use functions::{VERSION, session_functions};

use crate::session::Session;
use crate::stage::listing::Selection;
use crate::stage::{Place, StageTable, open_location};
use crate::system;
use crate::{Error, ErrorKind, StatementOutput};
use context::statement_state;
use failure::from_datafusion;
use names::ColumnNames;

/// Answers a query.
pub(crate) async fn run(session: &Session, query: sql::Query) -> Result<StatementOutput, Error> {
    let shown = shown_names(&query);
    answer(session, query, Ok).await.map_err(|error| shown.apply(error))
}

/// Answers with the query's plan; with `analyze`, with what running it took.
pub(crate) async fn explain(
    session: &Session,
    query: sql::Query,
    analyze: bool,
    verbose: bool,
) -> Result<StatementOutput, Error> {
    let shown = shown_names(&query);
    let explain = |plan| LogicalPlanBuilder::from(plan).explain(verbose, analyze)?.build();
    answer(session, query, explain).await.map_err(|error| shown.apply(error))
}

/// Opens what the query names, plans it, and runs what `wrap` makes of the plan.
async fn answer(
    session: &Session,
    query: sql::Query,
    wrap: impl FnOnce(LogicalPlan) -> DataFusionResult<LogicalPlan>,
) -> Result<StatementOutput, Error> {
    let sql::Query { mut body, locations, .. } = query;
    let mut tables = StatementTables::default();
    let warnings = open_locations(session, &locations, &mut tables).await?;
    system::add_tables(session, &body, &mut tables).await?;

    let mut columns = ColumnNames::default();
    tables.column_names().for_each(|name| columns.add(&name));
    columns.apply(&mut body)?;
    subscripts::plan_subscripts(&mut body);

    let mut state = statement_state(session, tables)?;
    let plan = logical_plan(&state, body).await?;
    if stops_early(&plan) {
        // Each further partition would begin to read before the limit is known to be reached.
        state.config_mut().options_mut().execution.target_partitions = 1;
    }
    let plan = state.optimize(&wrap(plan).map_err(from_datafusion)?).map_err(from_datafusion)?;
    let output = execute(session, &state, &plan).await?;
    Ok(StatementOutput { warnings, ..output })
}

/// The generated names of the query's locations, and what to show in their place.
fn shown_names(query: &sql::Query) -> ShownNames {
    ShownNames(query.locations.iter().map(|table| (table.name.clone(), table.location.to_string())).collect())
}

struct ShownNames(Vec<(String, String)>);

impl ShownNames {
    fn apply(&self, mut error: Error) -> Error {
        for (name, location) in &self.0 {
            error.message =
                error.message.replace(&format!("\"{name}\"."), "").replace(name.as_str(), location);
        }
        error
    }
}

/// Opens every location of the query, side by side, and makes each a table. Returns what the user should know.
async fn open_locations(
    session: &Session,
    locations: &[sql::LocationTable],
    tables: &mut StatementTables,
) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let opened = locations.iter().map(|location| open_table(session, location).boxed());
    for (location, table) in locations.iter().zip(futures::future::try_join_all(opened).await?) {
        warnings.extend(table.place().warnings());
        tables.add_store(&table.place().store_address(), table.place().store());
        tables.add(&session.state.database, &location.name, Arc::new(table));
    }
    Ok(warnings)
}

async fn open_table(session: &Session, location: &sql::LocationTable) -> Result<StageTable, Error> {
    let options = &location.options;
    let place = open_location(session, &location.location, Some(options), credentials::Access::Read).await?;
    require_parquet(session, options, &place).await?;
    let selection = Selection::from_options(&session.sql, options)?;
    StageTable::open(place, &selection, session.progress.clone()).await
}

/// The format that a location is read with: the one it names, else the stage's, else Parquet.
async fn require_parquet(
    session: &Session,
    options: &sql::LocationOptions,
    place: &Place,
) -> Result<(), Error> {
    let format = match &options.file_format {
        Some(name) if sql::FileFormatType::from_word(&name.value).is_some() => name.value.to_uppercase(),
        Some(name) => {
            let found =
                session.engine.catalog().file_format(&session.identity.organization, &name.value).await?;
            let found = found.ok_or_else(|| {
                Error::new(
                    ErrorKind::UnknownFileFormat,
                    format!("file format `{}` does not exist", name.value),
                )
                .with_excerpt(sql::excerpt(&session.sql, name.span))
                .with_hint("`SHOW FILE FORMATS` lists them")
            })?;
            type_of_format(&found.options)
        }
        None => type_of_format(&place.file_format),
    };
    if format == "PARQUET" {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("files of format {format} cannot be read by this version of Stagedoor"),
    )
    .with_hint("Parquet files can"))
}

/// The type in a format's JSON, in upper case.
fn type_of_format(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    value.get("type").and_then(|value| value.as_str()).unwrap_or("PARQUET").to_uppercase()
}

async fn logical_plan(
    state: &SessionState,
    body: sql::sqlparser::ast::Statement,
) -> Result<LogicalPlan, Error> {
    let statement = PlannedStatement::Statement(Box::new(body));
    let plan = state.statement_to_plan(statement).await.map_err(from_datafusion)?;
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
    let stream = execute_stream(physical.clone(), state.task_ctx()).map_err(from_datafusion)?;
    let batches = stream.map(|batch| batch.map_err(from_datafusion)).boxed();
    let batches = progress::watch(physical, batches, session.progress.clone());
    Ok(StatementOutput {
        schema,
        has_result_set: true,
        batches: session.engine.executor().drive(batches, session.cancellation.clone())?,
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

//! DataFusion's session for one statement: its tables, its stores and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, TableFunction, TableProvider,
};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use url::Url;

use super::cooperate::CooperateInJoins;
use super::dialect::{Arithmetic, checked_sum, dialect_functions};
use super::failure::from_datafusion;
use super::functions::session_functions;
use super::numbers::Numbers;
use super::{count_distinct, memory, sorted_joins};
use crate::engine::EngineOptions;
use crate::session::Session;
use crate::variant::{FieldAccess, variant_functions};
use crate::{Error, ErrorKind};

/// What all statements share: memory, spill space, functions. No store, no table, no cache of listings
/// or footers: DataFusion keys those by path alone.
pub(crate) fn shared_state(options: &EngineOptions) -> Result<SessionState, Error> {
    let pool = FairSpillPool::new(options.memory_bytes_max);
    let disk = match &options.spill_folder {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(disk))
        .with_max_temp_directory_size(options.spill_bytes_max)
        .with_object_store_registry(Arc::new(StatementStores::default()))
        .with_object_list_cache_limit(0)
        .with_file_statistics_cache_limit(0)
        .with_metadata_cache_limit(0)
        .build_arc()
        .map_err(from_datafusion)?;
    let mut state = SessionStateBuilder::new()
        .with_config(SessionConfig::new().with_create_default_catalog_and_schema(false))
        .with_runtime_env(runtime)
        .with_default_features();
    if let Some(planner) = FieldAccess::new() {
        // Before DataFusion's own, which take a VARIANT for the text that it is.
        let planners = state.expr_planners().get_or_insert_default();
        planners.insert(0, Arc::new(Arithmetic));
        planners.insert(0, Arc::new(planner));
    }
    let mut state = state.build();
    state.register_relation_planner(super::flatten::planner()).map_err(from_datafusion)?;
    // Statements that make tables or files out of paths never reach DataFusion; without factories they
    // could not work even then.
    state.table_factories_mut().clear();
    for function in variant_functions().into_iter().chain(dialect_functions()) {
        FunctionRegistry::register_udf(&mut state, function).map_err(from_datafusion)?;
    }
    FunctionRegistry::register_udaf(&mut state, Arc::new(checked_sum())).map_err(from_datafusion)?;
    FunctionRegistry::register_udaf(&mut state, count_distinct::count()).map_err(from_datafusion)?;
    Ok(state)
}

/// The tables of one statement.
#[derive(Default)]
pub(crate) struct StatementTables {
    /// (database, table) → provider.
    tables: HashMap<String, HashMap<String, Arc<dyn TableProvider>>>,
    stores: HashMap<String, Arc<dyn ObjectStore>>,
}

impl StatementTables {
    pub(crate) fn add(&mut self, database: &str, table: &str, provider: Arc<dyn TableProvider>) {
        self.tables.entry(database.to_owned()).or_default().insert(table.to_owned(), provider);
    }

    /// Makes a store reachable under the address that scans of the statement carry.
    pub(crate) fn add_store(&mut self, address: &str, store: Arc<dyn ObjectStore>) {
        self.stores.insert(address.to_owned(), store);
    }

    pub(crate) fn column_names(&self) -> impl Iterator<Item = String> {
        self.tables.values().flat_map(HashMap::values).flat_map(|table| {
            table.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
        })
    }
}

/// The state that plans and runs one statement.
pub(crate) fn statement_state(session: &Session, tables: StatementTables) -> Result<SessionState, Error> {
    let catalog = MemoryCatalogProvider::new();
    let mut databases = tables.tables;
    databases.entry(session.state.database.clone()).or_default();
    for (database, tables) in databases {
        let schema = MemorySchemaProvider::new();
        for (name, table) in tables {
            schema.register_table(name, table).map_err(from_datafusion)?;
        }
        catalog.register_schema(&database, Arc::new(schema)).map_err(from_datafusion)?;
    }
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(session.state.catalog.clone(), Arc::new(catalog));

    let shared = session.engine.shared_state();
    let memory = number(session, "max_memory_usage")?;
    let memory = memory::statement_pool(&shared.runtime_env().memory_pool, memory);
    let runtime = RuntimeEnvBuilder::from_runtime_env(shared.runtime_env())
        .with_memory_pool(memory)
        .with_object_store_registry(Arc::new(StatementStores { stores: tables.stores }))
        .build_arc()
        .map_err(from_datafusion)?;
    let mut config = config(session)?;
    sorted_joins::reserve_for_sorts(&mut config, &runtime.memory_pool.memory_limit());
    let mut functions = shared.table_functions().clone();
    let numbers = Arc::new(Numbers { progress: session.progress.clone() });
    functions.insert("numbers".into(), Arc::new(TableFunction::new("numbers".into(), numbers)));
    let mut state = SessionStateBuilder::new_from_existing(shared.clone())
        .with_table_functions(functions)
        .with_session_id(session.query_id.clone())
        .with_config(config)
        .with_runtime_env(runtime)
        .with_catalog_list(Arc::new(catalogs))
        .with_physical_optimizer_rule(Arc::new(CooperateInJoins(session.cancellation.clone())))
        .build();
    for function in session_functions(session) {
        FunctionRegistry::register_udf(&mut state, function).map_err(from_datafusion)?;
    }
    // `now()` is the time of this moment throughout the statement.
    let options = state.config().options().clone();
    state.execution_props_mut().mark_start_execution(options);
    Ok(state)
}

fn number(session: &Session, name: &str) -> Result<usize, Error> {
    let text = session.setting(name);
    text.parse::<usize>().map_err(|_| {
        Error::new(
            ErrorKind::InvalidValue,
            format!("setting `{name}` is `{text}`, which is not a whole number"),
        )
    })
}

fn config(session: &Session) -> Result<SessionConfig, Error> {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(&session.state.catalog, &session.state.database)
        .with_target_partitions(number(session, "max_threads")?.max(1))
        .with_batch_size(number(session, "max_block_size")?.max(1));
    let options = config.options_mut();
    options.execution.time_zone = Some(session.setting("timezone"));
    options.execution.parquet.pushdown_filters = false;
    Ok(config)
}

/// The stores of one statement, by the address its scans carry. There is no default and no local disk.
#[derive(Debug, Default)]
struct StatementStores {
    stores: HashMap<String, Arc<dyn ObjectStore>>,
}

impl ObjectStoreRegistry for StatementStores {
    fn register_store(&self, _url: &Url, _store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        // INVARIANT: a statement reaches only the stores that its locations opened.
        None
    }

    fn get_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        let address = format!("{}://{}", url.scheme(), url.authority());
        self.stores.get(&address).cloned().ok_or_else(|| {
            DataFusionError::Plan(format!("location `{url}` was not opened by this statement"))
        })
    }
}

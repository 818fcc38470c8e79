//! What of a file a scan must read: row groups by statistics and bloom filters, rows by the page index.

use std::sync::Arc;

use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::datasource::physical_plan::ParquetFileMetrics;
use datafusion::datasource::physical_plan::parquet::{
    PagePruningAccessPlanFilter, ParquetAccessPlan, RowGroupAccess, RowGroupAccessPlanFilter,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::simplifier::PhysicalExprSimplifier;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapterFactory, replace_columns_with_literals,
};
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet};

use super::columns::partition_literals;
use super::{Scan, ScanFile};
use crate::stage::footer::ParquetFile;
use crate::{Error, ErrorKind};

/// A file with what is left of it.
#[derive(Debug)]
pub(super) struct PreparedFile {
    pub(super) parquet: ParquetFile,
    pub(super) access: ParquetAccessPlan,
}

impl PreparedFile {
    /// The plan of one unit's row groups alone; `None` if nothing of them is left.
    pub(super) fn access_of(&self, row_groups: std::ops::Range<usize>) -> Option<ParquetAccessPlan> {
        let groups = self.access.inner().iter().enumerate().map(|(index, access)| match access {
            access if row_groups.contains(&index) => access.clone(),
            _ => RowGroupAccess::Skip,
        });
        let groups: Vec<RowGroupAccess> = groups.collect();
        groups.iter().any(RowGroupAccess::should_scan).then(|| ParquetAccessPlan::new(groups))
    }
}

/// Prunes one file; asks S3 for its page index and bloom filters where they can save more than they cost.
pub(super) async fn prepare(
    scan: Arc<Scan>,
    index: usize,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    wants_pages: bool,
) -> Result<PreparedFile, Error> {
    let file = &scan.files[index];
    let groups = file.parquet.metadata.num_row_groups();
    let mut access = ParquetAccessPlan::new_all(groups);
    let mut parquet = file.parquet.clone();
    let Some(predicate) = predicate else {
        if wants_pages && groups > 0 {
            parquet = parquet.with_page_index(&scan.place).await?;
        }
        return Ok(PreparedFile { parquet, access });
    };
    let predicate = in_terms_of_file(&scan, file, predicate).map_err(planning_failed)?;
    if never_true(&predicate) {
        return Ok(PreparedFile { parquet, access: ParquetAccessPlan::new_none(groups) });
    }
    let Some(pruning) = pruning_predicate(&parquet, &predicate) else {
        return Ok(PreparedFile { parquet, access });
    };
    let metrics = ExecutionPlanMetricsSet::new();
    let metrics = ParquetFileMetrics::new(0, "", &metrics);
    let descriptor = parquet.metadata.file_metadata().schema_descr_ptr();

    let mut filter = RowGroupAccessPlanFilter::new(access);
    filter.prune_by_statistics(
        &parquet.schema,
        &descriptor,
        parquet.metadata.row_groups(),
        &pruning,
        &metrics,
    );
    super::bloom::prune(&scan.place, &parquet, &pruning, &mut filter, &metrics).await?;
    let undecided = filter.row_group_indexes().any(|group| !filter.is_fully_matched()[group]);
    access = filter.build();

    let pages = PagePruningAccessPlanFilter::new(&predicate, parquet.schema.clone());
    if undecided && pages.filter_number() > 0 {
        parquet = parquet.with_page_index(&scan.place).await?;
        access = pages.prune_plan_with_page_index(
            access,
            &parquet.schema,
            &descriptor,
            &parquet.metadata,
            &metrics,
        );
    }
    Ok(PreparedFile { parquet, access })
}

/// Row groups that statistics alone leave, for an estimate.
pub(super) fn row_groups_by_statistics(
    scan: &Scan,
    file: &ScanFile,
    predicate: &Arc<dyn PhysicalExpr>,
) -> Option<Vec<usize>> {
    let predicate = in_terms_of_file(scan, file, predicate.clone()).ok()?;
    let parquet = &file.parquet;
    let pruning = pruning_predicate(parquet, &predicate)?;
    let metrics = ExecutionPlanMetricsSet::new();
    let metrics = ParquetFileMetrics::new(0, "", &metrics);
    let all = ParquetAccessPlan::new_all(parquet.metadata.num_row_groups());
    let mut filter = RowGroupAccessPlanFilter::new(all);
    let descriptor = parquet.metadata.file_metadata().schema_descr();
    filter.prune_by_statistics(
        &parquet.schema,
        descriptor,
        parquet.metadata.row_groups(),
        &pruning,
        &metrics,
    );
    Some(filter.row_group_indexes().collect())
}

/// Whether the file's folder alone, or a column that the file lacks, settles it.
fn never_true(predicate: &Arc<dyn PhysicalExpr>) -> bool {
    let value = predicate.downcast_ref::<Literal>().map(Literal::value);
    value.is_some_and(|value| value.is_null() || matches!(value, ScalarValue::Boolean(Some(false))))
}

/// The predicate over the columns that the file has, what its folder says put in.
pub(super) fn in_terms_of_file(
    scan: &Scan,
    file: &ScanFile,
    predicate: Arc<dyn PhysicalExpr>,
) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
    let folder = partition_literals(file, scan.table_schema.table_partition_cols());
    let predicate = match folder.is_empty() {
        true => predicate,
        false => replace_columns_with_literals(predicate, &folder)?,
    };
    let physical = &file.parquet.schema;
    let adapter = DefaultPhysicalExprAdapterFactory.create(scan.file_schema().clone(), physical.clone())?;
    PhysicalExprSimplifier::new(physical).simplify(adapter.rewrite(predicate)?)
}

fn pruning_predicate(
    parquet: &ParquetFile,
    predicate: &Arc<dyn PhysicalExpr>,
) -> Option<Arc<PruningPredicate>> {
    let errors = Count::new();
    PruningPredicateBuilder::new()
        .with_file_schema(parquet.schema.clone())
        .with_error_counter(&errors)
        .build(predicate.clone())
}

fn planning_failed(error: datafusion::error::DataFusionError) -> Error {
    Error::new(ErrorKind::Internal, "a filter cannot be compared with a file's statistics")
        .with_hint("please report the statement; the server's log has the details")
        .with_context(error.to_string())
}

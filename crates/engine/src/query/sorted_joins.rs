//! Joins that need more memory than there is.
//!
//! A hash join holds one side in memory and cannot spill; a join of sorted sides can. Where the first cannot get
//! its memory, and no row was given yet, the query begins anew with the second.

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use arrow::record_batch::RecordBatch;

/// What a sort sets aside for merging what it has spilled, where memory is scarce: this part of all.
const SORT_RESERVE_PART: usize = 64;
const SORT_RESERVE_BYTES_MIN: usize = 512 << 10;

/// Lets sorts fit into the memory that there is.
pub(super) fn reserve_for_sorts(config: &mut SessionConfig, limit: &MemoryLimit) {
    if let MemoryLimit::Finite(bytes) = limit {
        let reserved = &mut config.options_mut().execution.sort_spill_reservation_bytes;
        *reserved = (*reserved).min((bytes / SORT_RESERVE_PART).max(SORT_RESERVE_BYTES_MIN));
    }
}

/// Runs a physical plan of `plan`.
pub(super) fn run(
    state: &SessionState,
    plan: &LogicalPlan,
    physical: Arc<dyn ExecutionPlan>,
) -> DataFusionResult<SendableRecordBatchStream> {
    let batches = execute_stream(physical.clone(), state.task_ctx())?;
    if !has_hash_join(&physical) {
        return Ok(batches);
    }
    let (schema, anew) = (batches.schema(), (state.clone(), plan.clone()));
    let batches = stream::unfold((batches.boxed(), Some(anew)), |(mut batches, anew)| async move {
        let batch = batches.next().await?;
        match (batch, anew) {
            (Err(error), Some((state, plan))) if is_out_of_memory(&error) => {
                tracing::info!(
                    query = state.session_id(),
                    "a join needs more memory than there is: it is sorted"
                );
                // What the first attempt holds is free before the second begins.
                drop(batches);
                let mut batches = run_sorted(state, &plan).await;
                let batch = batches.next().await?;
                Some((batch, (batches, None)))
            }
            (Ok(batch), anew) => {
                let anew = anew.filter(|_| batch.num_rows() == 0);
                Some((Ok(batch), (batches, anew)))
            }
            (batch, _) => Some((batch, (batches, None))),
        }
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

async fn run_sorted(
    mut state: SessionState,
    plan: &LogicalPlan,
) -> BoxStream<'static, DataFusionResult<RecordBatch>> {
    let options = state.config_mut().options_mut();
    options.optimizer.prefer_hash_join = false;
    // One partition has none but hash joins.
    options.execution.target_partitions = options.execution.target_partitions.max(2);
    let physical = state.query_planner().create_physical_plan(plan, &state).await;
    match physical.and_then(|physical| execute_stream(physical, state.task_ctx())) {
        Ok(batches) => batches.boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    }
}

fn has_hash_join(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<HashJoinExec>() || plan.children().into_iter().any(has_hash_join)
}

fn is_out_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

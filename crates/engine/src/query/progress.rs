//! Moves a statement's progress while its plan runs.

use std::sync::Arc;
use std::time::Duration;

use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use tokio::time::{Interval, MissedTickBehavior};

use crate::{Batches, Progress};

/// How often the counters move when no batch comes out.
const PERIOD: Duration = Duration::from_millis(200);

/// The same batches; in between, the rows that the plan's scans have given go into `progress`.
pub(crate) fn watch(plan: Arc<dyn ExecutionPlan>, batches: Batches, progress: Arc<Progress>) -> Batches {
    struct Watch {
        plan: Arc<dyn ExecutionPlan>,
        batches: Batches,
        progress: Arc<Progress>,
        interval: Interval,
    }
    let mut interval = tokio::time::interval(PERIOD);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch { plan, batches, progress, interval };
    futures::stream::unfold(watch, |mut watch| async move {
        loop {
            tokio::select! {
                biased;
                batch = watch.batches.next() => {
                    watch.progress.set_plan_rows(scanned_rows(&watch.plan));
                    return batch.map(|batch| (batch, watch));
                }
                _ = watch.interval.tick() => watch.progress.set_plan_rows(scanned_rows(&watch.plan)),
            }
        }
    })
    .boxed()
}

/// Rows that left the scans of staged files.
fn scanned_rows(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let own = match plan.downcast_ref::<DataSourceExec>() {
        Some(scan) => scan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0) as u64,
        None => 0,
    };
    own + plan.children().into_iter().map(scanned_rows).sum::<u64>()
}

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
/// DataFusion's name for the time in which a scan of files was at work.
const SCAN_TIME: &str = "time_elapsed_processing";

struct Watch {
    plan: Arc<dyn ExecutionPlan>,
    batches: Batches,
    progress: Arc<Progress>,
    interval: Interval,
}

impl Watch {
    fn tell(&self) {
        self.progress.set_plan_rows(scanned_rows(&self.plan));
        self.progress.set_computed(Duration::from_nanos(computed_nanos(&self.plan)));
    }
}

/// The same batches; in between, the rows that the plan's scans have given, and the time that it computed, go into
/// `progress`.
pub(crate) fn watch(plan: Arc<dyn ExecutionPlan>, batches: Batches, progress: Arc<Progress>) -> Batches {
    let mut interval = tokio::time::interval(PERIOD);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch { plan, batches, progress, interval };
    futures::stream::unfold(watch, |mut watch| async move {
        loop {
            tokio::select! {
                biased;
                batch = watch.batches.next() => {
                    watch.tell();
                    return batch.map(|batch| (batch, watch));
                }
                _ = watch.interval.tick() => watch.tell(),
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

/// Nanoseconds in which operators computed and scans decoded, added up over partitions. An operator's own time is
/// without that of its inputs; a scan's is that of its polls, which do not block.
fn computed_nanos(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let own = plan.metrics().map_or(0, |metrics| {
        let operator = metrics.elapsed_compute().unwrap_or(0);
        let scan = metrics.sum_by_name(SCAN_TIME).map_or(0, |time| time.as_usize());
        (operator + scan) as u64
    });
    own + plan.children().into_iter().map(computed_nanos).sum::<u64>()
}

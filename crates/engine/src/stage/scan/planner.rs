//! Opens the units of a scan for DataFusion's Parquet reader.

use std::sync::Arc;

use datafusion::datasource::listing::PartitionedFile;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion_datasource::morsel::{MorselPlan, MorselPlanner, Morselizer};

use super::execution::Execution;
use super::faults::DecodedUnit;
use super::reader::UnitReading;
use super::units::UnitNumber;

/// Waits until a unit is pruned and on its way, then lets DataFusion's reader plan what is left of it.
pub(super) struct UnitMorselizer {
    pub(super) execution: Arc<Execution>,
    pub(super) inner: Arc<dyn Morselizer>,
}

impl std::fmt::Debug for UnitMorselizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitMorselizer").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Morselizer for UnitMorselizer {
    fn plan_file(&self, file: PartitionedFile) -> DataFusionResult<Box<dyn MorselPlanner>> {
        Ok(Box::new(UnitPlanner { execution: self.execution.clone(), inner: self.inner.clone(), file }))
    }
}

struct UnitPlanner {
    execution: Arc<Execution>,
    inner: Arc<dyn Morselizer>,
    file: PartitionedFile,
}

impl std::fmt::Debug for UnitPlanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitPlanner").field("file", &self.file.object_meta.location).finish_non_exhaustive()
    }
}

impl MorselPlanner for UnitPlanner {
    fn plan(self: Box<Self>) -> DataFusionResult<Option<MorselPlan>> {
        Ok(Some(MorselPlan::new().with_pending_planner(self.open())))
    }
}

impl UnitPlanner {
    async fn open(self: Box<Self>) -> DataFusionResult<Box<dyn MorselPlanner>> {
        let UnitPlanner { execution, inner, file } = *self;
        let unit = file
            .extension::<UnitNumber>()
            .map(|number| number.0)
            .ok_or_else(|| DataFusionError::Internal("a staged file came without its unit".into()))?;
        let prepared =
            execution.prepared(unit).await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let Some(access) = execution.access(unit, &prepared) else {
            execution.ahead.finish(unit);
            return Ok(Box::new(NothingLeft));
        };
        let decoded = DecodedUnit { execution: execution.clone(), unit };
        let reading = UnitReading { execution, unit, prepared };
        let planner = inner.plan_file(file.with_extension(access).with_extension(reading))?;
        Ok(decoded.watch(planner))
    }
}

/// A unit of which nothing must be read.
#[derive(Debug)]
struct NothingLeft;

impl MorselPlanner for NothingLeft {
    fn plan(self: Box<Self>) -> DataFusionResult<Option<MorselPlan>> {
        Ok(None)
    }
}

//! Faults of the Parquet decoder, told with the file and where in it.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::parquet::errors::ParquetError;
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner};
use futures::StreamExt;
use futures::stream::BoxStream;

use super::execution::Execution;
use crate::Error;
use crate::stage::footer::broken_file;

/// What of which file is decoded.
#[derive(Clone)]
pub(super) struct DecodedUnit {
    pub(super) execution: Arc<Execution>,
    pub(super) unit: usize,
}

impl DecodedUnit {
    /// The error with the name of the file, if the decoder says that the file is not what it should be.
    fn name(&self, error: DataFusionError) -> DataFusionError {
        let Some(reason) = fault_of(error.find_root()) else { return error };
        let scan = &self.execution.scan;
        let Some(unit) = scan.units.get(self.unit) else { return error };
        let Some(file) = scan.files.get(unit.file) else { return error };
        let groups = &unit.row_groups;
        let place = match groups.end.saturating_sub(groups.start) {
            1 => format!("row group {}", groups.start),
            _ => format!("row groups {} to {}", groups.start, groups.end.saturating_sub(1)),
        };
        let reason = format!("{place} cannot be decoded: {reason}");
        DataFusionError::External(Box::new(broken_file(&scan.place, &file.parquet.file.meta, reason)))
    }

    /// A planner of this unit, and what comes of it.
    pub(super) fn watch(self, inner: Box<dyn MorselPlanner>) -> Box<dyn MorselPlanner> {
        Box::new(Watched { of: self, inner })
    }
}

/// How Arrow begins what it says of the values that an expression of the query met.
const OF_THE_QUERY: [&str; 6] = [
    "Arrow: ",
    "Divide by zero",
    "Compute error: ",
    "Cast error: ",
    "Arithmetic overflow: ",
    "External error: ",
];
/// What stands before the reason.
const HEADINGS: [&str; 4] = ["Parquet argument error: ", "Parquet error: ", "EOF: ", "External: "];

/// What the decoder says of a file; nothing where reading it or the query met the error.
fn fault_of(root: &DataFusionError) -> Option<String> {
    let text = match root {
        DataFusionError::ParquetError(error) => match error.as_ref() {
            ParquetError::External(inner) if inner.is::<Error>() => return None,
            other => other.to_string(),
        },
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::ParquetError(text) => text.clone(),
            _ => return None,
        },
        _ => return None,
    };
    let mut text = text.as_str();
    while let Some(rest) = HEADINGS.iter().find_map(|heading| text.strip_prefix(heading)) {
        text = rest;
    }
    let is_of_the_query = OF_THE_QUERY.iter().any(|start| text.starts_with(start));
    (!is_of_the_query).then(|| text.trim_end_matches('.').to_owned())
}

struct Watched<T: ?Sized> {
    of: DecodedUnit,
    inner: Box<T>,
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl MorselPlanner for Watched<dyn MorselPlanner> {
    fn plan(self: Box<Self>) -> DataFusionResult<Option<MorselPlan>> {
        let Watched { of, inner } = *self;
        let Some(mut plan) = inner.plan().map_err(|error| of.name(error))? else { return Ok(None) };
        let morsels = plan.take_morsels().into_iter();
        let morsels = morsels.map(|inner| Box::new(Watched { of: of.clone(), inner }) as Box<dyn Morsel>);
        let planners = plan.take_ready_planners().into_iter().map(|planner| of.clone().watch(planner));
        let watched = MorselPlan::new().with_morsels(morsels.collect()).with_planners(planners.collect());
        Ok(Some(match plan.take_pending_planner() {
            None => watched,
            Some(pending) => watched.with_pending_planner(async move {
                match pending.await {
                    Ok(planner) => Ok(of.watch(planner)),
                    Err(error) => Err(of.name(error)),
                }
            }),
        }))
    }
}

impl Morsel for Watched<dyn Morsel> {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, DataFusionResult<RecordBatch>> {
        let Watched { of, inner } = *self;
        inner.into_stream().map(move |batch| batch.map_err(|error| of.name(error))).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn faults_of_a_file_are_told_from_those_of_a_query() {
        let arrow =
            |text: &str| DataFusionError::ArrowError(Box::new(ArrowError::ParquetError(text.into())), None);
        assert_eq!(fault_of(&arrow("EOF: Invalid page header.")).as_deref(), Some("Invalid page header"));
        let eof = DataFusionError::ParquetError(Box::new(ParquetError::EOF("too short".into())));
        assert_eq!(fault_of(&eof).as_deref(), Some("too short"));
        assert_eq!(
            fault_of(&arrow("External: snappy: corrupt input")).as_deref(),
            Some("snappy: corrupt input")
        );
        assert_eq!(fault_of(&arrow("Arrow: Divide by zero error")), None);
        assert_eq!(fault_of(&arrow("External: Divide by zero error")), None);
        let ours = ParquetError::External(Box::new(Error::new(ErrorKind::StorageNotFound, "no file")));
        assert_eq!(fault_of(&DataFusionError::ParquetError(Box::new(ours))), None);
        assert_eq!(fault_of(&DataFusionError::Execution("out of range".into())), None);
    }
}

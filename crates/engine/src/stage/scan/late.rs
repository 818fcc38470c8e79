//! Late columns: the columns that a filter looks at are read first, the others for the rows that pass.
//!
//! Statistics and indexes cannot tell where a value of an unsorted column lies. Where the filter looks for
//! few rows, and the columns it looks at are small beside the others, reading those first costs a round and
//! saves most of the bytes. The decoder then gets the rows that pass as its selection; the filter above it
//! still runs, so that nothing depends on what was found here.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::prep_null_mask_filter;
use arrow::datatypes::DataType;
use bytes::Bytes;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::Operator;
use datafusion::parquet::DecodeResult;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use datafusion::parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, InListExpr, LikeExpr};
use datafusion::physical_expr::split_conjunction;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};

use super::prune::PreparedFile;

/// Bytes that reading the other columns late must be able to save: less is not worth a round.
const SAVED_BYTES_MIN: u64 = 16 << 20;
/// The other columns have at least so many times the bytes of those that the filter looks at.
const REST_PART: u64 = 3;
/// A column with fewer bytes a value has so few different ones that looking for one finds rows everywhere.
const VALUE_BYTES_MIN: f64 = 1.5;
/// A filter that leaves more than one row of so many of a row group is no reason to read by rows.
const ROWS_LEFT_PART: usize = 8;

/// Wider scans are not looked at: telling the sizes of so many columns takes its time too.
const COLUMNS_MAX: usize = 500;

/// The columns that a filter looks at, by their place in the schema of the files, if reading them first
/// pays. `column_bytes` are the bytes that the scan reads of each column, and how many values it has.
pub(super) fn filter_columns(
    predicate: &Arc<dyn PhysicalExpr>,
    wanted: &BTreeSet<usize>,
    column_bytes: impl Fn(usize) -> (u64, u64),
) -> Option<BTreeSet<usize>> {
    let columns: BTreeSet<usize> = collect_columns(predicate).iter().map(Column::index).collect();
    if !columns.is_subset(wanted) || wanted.len() > COLUMNS_MAX {
        return None;
    }
    let bytes = |columns: &mut dyn Iterator<Item = usize>| -> u64 {
        columns.map(|column| column_bytes(column).0).sum()
    };
    let filter_bytes = bytes(&mut columns.iter().copied());
    let rest_bytes = bytes(&mut wanted.difference(&columns).copied());
    if rest_bytes < SAVED_BYTES_MIN || filter_bytes.saturating_mul(REST_PART) > rest_bytes {
        return None;
    }
    let looks_for_few = split_conjunction(predicate).into_iter().any(|part| {
        looked_for(part).is_some_and(|column| {
            let (bytes, values) = column_bytes(column);
            bytes as f64 >= VALUE_BYTES_MIN * values as f64
        })
    });
    looks_for_few.then_some(columns)
}

/// The column of `column = value`, `column IN (…)`, `column LIKE …`.
fn looked_for(part: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    let column = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Column>().map(Column::index);
    if let Some(binary) = part.downcast_ref::<BinaryExpr>() {
        return (*binary.op() == Operator::Eq)
            .then(|| column(binary.left()).or_else(|| column(binary.right())))?;
    }
    if let Some(list) = part.downcast_ref::<InListExpr>() {
        return (!list.negated()).then(|| column(list.expr()))?;
    }
    let like = part.downcast_ref::<LikeExpr>()?;
    (!like.negated()).then(|| column(like.expr()))?
}

/// A unit's filter columns: where they lie, and their bytes.
pub(super) struct FilterBytes {
    pub(super) ranges: Vec<Range<u64>>,
    pub(super) bytes: Vec<Bytes>,
}

/// What of some row groups is left by the filter: the file's access plan with the rows that pass.
///
/// `predicate` is in terms of the file. CPU work: not for a thread that waits for S3.
pub(super) fn apply_filter(
    prepared: &PreparedFile,
    row_groups: Range<usize>,
    leaves: &[usize],
    predicate: &Arc<dyn PhysicalExpr>,
    filter: &FilterBytes,
) -> DataFusionResult<ParquetAccessPlan> {
    let parquet = &prepared.parquet;
    let options = ArrowReaderOptions::new().with_schema(parquet.schema.clone());
    let metadata = ArrowReaderMetadata::try_new(parquet.metadata.clone(), options)?;
    let mask =
        ProjectionMask::leaves(parquet.metadata.file_metadata().schema_descr(), leaves.iter().copied());
    let mut groups = vec![RowGroupAccess::Skip; parquet.metadata.num_row_groups()];
    for group in row_groups {
        let access = &prepared.access.inner()[group];
        if !access.should_scan() {
            continue;
        }
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(metadata.clone())
            .with_projection(mask.clone())
            .with_row_groups(vec![group]);
        if let RowGroupAccess::Selection(selection) = access {
            builder = builder.with_row_selection(selection.clone());
        }
        let mut decoder = builder.build()?;
        let mut passes: Vec<BooleanArray> = Vec::new();
        loop {
            match decoder.try_decode()? {
                DecodeResult::Finished => break,
                DecodeResult::NeedsData(ranges) => {
                    let bytes =
                        ranges.iter().map(|range| filter.slice(range)).collect::<DataFusionResult<_>>()?;
                    decoder.push_ranges(ranges, bytes)?;
                }
                DecodeResult::Data(batch) => {
                    let predicate = reassign_expr_columns(predicate.clone(), &batch.schema())?;
                    let passed = predicate.evaluate(&batch)?.into_array(batch.num_rows())?;
                    passes.push(as_filter(&passed)?);
                }
            }
        }
        let decoded: usize = passes.iter().map(Array::len).sum();
        let passed: usize = passes.iter().map(BooleanArray::true_count).sum();
        groups[group] = match access {
            _ if passed == 0 => RowGroupAccess::Skip,
            access if passed > decoded / ROWS_LEFT_PART => access.clone(),
            RowGroupAccess::Selection(before) => {
                RowGroupAccess::Selection(before.and_then(&RowSelection::from_filters(&passes)))
            }
            _ => RowGroupAccess::Selection(RowSelection::from_filters(&passes)),
        };
    }
    Ok(ParquetAccessPlan::new(groups))
}

fn as_filter(passed: &Arc<dyn Array>) -> DataFusionResult<BooleanArray> {
    if passed.data_type() != &DataType::Boolean {
        return Err(DataFusionError::Internal("a filter gave something that is no boolean".into()));
    }
    let passed = passed.as_boolean();
    Ok(if passed.null_count() > 0 { prep_null_mask_filter(passed) } else { passed.clone() })
}

impl FilterBytes {
    fn slice(&self, range: &Range<u64>) -> DataFusionResult<Bytes> {
        let found = self.ranges.iter().zip(&self.bytes).find_map(|(known, bytes)| {
            let from = usize::try_from(range.start.checked_sub(known.start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(known.start)?).ok()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        });
        found.ok_or_else(|| DataFusionError::Internal("a filter's column was not read whole".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{Field, Schema};
    use datafusion::common::ScalarValue;
    use datafusion::physical_expr::expressions::{binary, lit};

    fn equal(column: &str, index: usize, value: i64) -> Arc<dyn PhysicalExpr> {
        let schema =
            Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Int64, true)]);
        let column = Arc::new(Column::new(column, index));
        binary(column, Operator::Eq, lit(ScalarValue::Int64(Some(value))), &schema).unwrap()
    }

    #[test]
    fn columns_come_late_where_few_rows_are_looked_for_and_much_can_be_saved() {
        const MIB: u64 = 1 << 20;
        let wanted = BTreeSet::from([0, 1]);
        let sizes = |a: u64, b: u64| move |column: usize| (if column == 0 { a } else { b }, MIB);
        let predicate = equal("a", 0, 7);
        assert_eq!(filter_columns(&predicate, &wanted, sizes(8 * MIB, 64 * MIB)), Some(BTreeSet::from([0])));
        assert_eq!(filter_columns(&predicate, &wanted, sizes(8 * MIB, 12 * MIB)), None, "little to save");
        assert_eq!(filter_columns(&predicate, &wanted, sizes(40 * MIB, 64 * MIB)), None, "as large itself");
        assert_eq!(filter_columns(&predicate, &wanted, sizes(MIB, 64 * MIB)), None, "few different values");
        assert_eq!(filter_columns(&predicate, &BTreeSet::from([1]), sizes(8 * MIB, 64 * MIB)), None);
    }
}

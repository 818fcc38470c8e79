//! Which columns of a file a scan reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::schema::types::SchemaDescriptor;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::ScanFile;

/// The columns that a projection reads whole, by their place in the schema of the files.
///
/// A column of which only fields of a struct are read is not among them: the decoder reads less than all of
/// it, and says which.
pub(super) fn whole_columns(projection: Option<&ProjectionExprs>, schema: &SchemaRef) -> BTreeSet<usize> {
    let mut columns = BTreeSet::new();
    match projection {
        Some(projection) => projection.iter().for_each(|expr| collect(&expr.expr, &mut columns)),
        None => columns.extend(0..schema.fields().len()),
    }
    columns.retain(|column| *column < schema.fields().len());
    columns
}

fn collect(expr: &Arc<dyn PhysicalExpr>, columns: &mut BTreeSet<usize>) {
    if let Some(column) = expr.downcast_ref::<Column>() {
        columns.insert(column.index());
        return;
    }
    let is_field = expr.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| call.name() == "get_field");
    for (position, child) in expr.children().into_iter().enumerate() {
        if !(is_field && position == 0 && child.is::<Column>()) {
            collect(child, columns);
        }
    }
}

/// The leaves of one file that hold those columns. A column that is the same in every row of the file is
/// not read: the decoder takes it from the statistics.
pub(super) fn leaves(file: &ScanFile, columns: &BTreeSet<usize>, schema: &SchemaRef) -> Vec<usize> {
    let descriptor = file.parquet.metadata.file_metadata().schema_descr();
    let roots = descriptor.root_schema().get_fields();
    let wanted = columns.iter().filter(|column| {
        let statistics = file.statistics.column_statistics.get(**column);
        !statistics.is_some_and(|statistics| is_constant(statistics, &file.statistics.num_rows))
    });
    let names: BTreeSet<&str> = wanted.map(|column| schema.field(*column).name().as_str()).collect();
    let indices = roots.iter().enumerate().filter(|(_, root)| names.contains(root.name()));
    let mask = ProjectionMask::roots(descriptor, indices.map(|(index, _)| index));
    included(&mask, descriptor)
}

fn included(mask: &ProjectionMask, descriptor: &SchemaDescriptor) -> Vec<usize> {
    (0..descriptor.num_columns()).filter(|leaf| mask.leaf_included(*leaf)).collect()
}

/// As DataFusion's reader decides it.
fn is_constant(column: &ColumnStatistics, rows: &Precision<usize>) -> bool {
    if let (Precision::Exact(min), Precision::Exact(max)) = (&column.min_value, &column.max_value)
        && min == max
        && !min.is_null()
        && matches!(column.null_count, Precision::Exact(0))
    {
        return true;
    }
    matches!((rows, &column.null_count), (Precision::Exact(rows), Precision::Exact(nulls)) if rows == nulls)
}

/// Whether an expression names a column behind those of the files: a folder gives its value.
pub(super) fn partition_literals(
    file: &ScanFile,
    fields: &arrow::datatypes::Fields,
) -> std::collections::HashMap<String, ScalarValue> {
    fields.iter().map(|field| field.name().clone()).zip(file.partition_values.iter().cloned()).collect()
}

//! Columns that are made of others: `$1` over files that have columns by name, the whole row as a VARIANT, and
//! the number of a row.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::named_struct;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, lit};

use super::MetadataColumn;
use crate::variant::to_variant;

/// The name of the inner table in plans.
const TABLE: &str = "staged";

/// The same columns, with the number of a row as every format has it: the decoder of Parquet counts in `Int64`.
pub(crate) fn with_row_number(provider: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let schema = provider.schema();
    let number = MetadataColumn::FileRowNumber.name();
    let columns: Vec<Expr> = schema
        .fields()
        .iter()
        .map(|field| {
            let column = Expr::Column(Column::new(Some(TABLE), field.name()));
            if field.name() == number { cast(column, DataType::UInt64).alias(number) } else { column }
        })
        .collect();
    let plan =
        LogicalPlanBuilder::scan(TABLE, provider_as_source(provider), None)?.project(columns)?.build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// The same columns, and `$1` beside them. Only the columns that a statement needs are read.
pub(crate) fn with_row_variant(
    provider: Arc<dyn TableProvider>,
    visible: usize,
) -> Result<Arc<dyn TableProvider>> {
    let schema = provider.schema();
    let column = |name: &str| Expr::Column(Column::new(Some(TABLE), name));
    let members = schema
        .fields()
        .iter()
        .take(visible)
        .flat_map(|field| [lit(field.name().as_str()), column(field.name())])
        .collect::<Vec<_>>();
    let row = if members.is_empty() { lit("{}") } else { to_variant(named_struct(members)) };
    let mut columns: Vec<Expr> = schema.fields().iter().map(|field| column(field.name())).collect();
    columns.push(row.alias("$1"));
    let plan =
        LogicalPlanBuilder::scan(TABLE, provider_as_source(provider), None)?.project(columns)?.build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

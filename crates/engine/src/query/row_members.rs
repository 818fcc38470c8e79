//! Members of `$1` (`$1:a.b`) as columns of the scan, where a format can read them without the rest of the row.
//!
//! Before the optimizer runs they become calls that it moves down to the scan; behind it, those that have arrived
//! there become columns. What has not arrived is looked up in the row as before.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, TableScan, TableScanBuilder};

use crate::stage::FilesTable;
use crate::variant::{ROW, RowMember, as_row_member, is_variant};

/// Makes members of `$1` calls that move to the scan. Plans without a scan that could use them stay as they are.
pub(super) fn mark(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut wanted = false;
    plan.apply_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else { return Ok(TreeNodeRecursion::Continue) };
        wanted = with_files(scan, FilesTable::has_row_members).unwrap_or(false);
        Ok(if wanted { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if !wanted {
        return Ok(plan);
    }
    plan.transform_up_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        if !schema.iter().any(|(_, field)| field.name() == ROW && is_variant(field)) {
            return Ok(Transformed::no(node));
        }
        let names = NamePreserver::new(&node);
        let marked = node.map_expressions(|expr| {
            let name = names.save(&expr);
            let marked = expr.transform_up(|expr| {
                Ok(match as_row_member(&expr).filter(|call| is_of_variant(call, &schema)) {
                    Some(call) => Transformed::yes(call),
                    None => Transformed::no(expr),
                })
            })?;
            Ok(marked.update_data(|expr| name.restore(expr)))
        })?;
        if !marked.transformed {
            return Ok(marked);
        }
        marked.map_data(LogicalPlan::recompute_schema)
    })
    .data()
}

/// Makes the calls that stand right above a scan columns of it.
pub(super) fn read_in_scans(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Projection(projection) => read_below(projection),
        other => Ok(Transformed::no(other)),
    })
    .data()
}

/// Text files have a `$1` too, which is no VARIANT.
fn is_of_variant(call: &Expr, schema: &DFSchema) -> bool {
    let mut rows = call.column_refs().into_iter().filter(|column| column.name == ROW);
    rows.all(|column| schema.field_from_column(column).is_ok_and(|field| is_variant(field)))
}

fn with_files<T>(scan: &TableScan, work: impl FnOnce(&FilesTable) -> T) -> Option<T> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<FilesTable>().map(work)
}

fn read_below(projection: Projection) -> Result<Transformed<LogicalPlan>> {
    let unchanged = |projection| Ok(Transformed::no(LogicalPlan::Projection(projection)));
    let LogicalPlan::TableScan(scan) = projection.input.as_ref() else { return unchanged(projection) };
    let members = members_in(&projection.expr)?;
    if members.is_empty() {
        return unchanged(projection);
    }
    let Some(table) = with_files(scan, |files| files.with_row_members(&members)).flatten() else {
        return unchanged(projection);
    };
    let scan = scan.clone();
    let before = scan.source.schema().fields().len();
    let schema = table.schema();
    let columns: Vec<Column> = (0..members.len())
        .map(|at| Column::new(Some(scan.table_name.clone()), schema.field(before + at).name()))
        .collect();
    let names = NamePreserver::new_for_projection();
    let exprs: Vec<Expr> = projection
        .expr
        .into_iter()
        .map(|expr| {
            let name = names.save(&expr);
            let read = expr.transform_down(|expr| {
                let member = RowMember::of_call(&expr).map(|(member, _)| member);
                let at = members.iter().position(|known| Some(known) == member.as_ref());
                Ok(match at {
                    Some(at) => Transformed::yes(Expr::Column(columns[at].clone())),
                    None => Transformed::no(expr),
                })
            })?;
            Ok(name.restore(read.data))
        })
        .collect::<Result<_>>()?;
    let needs_row = exprs.iter().any(|expr| expr.column_refs().iter().any(|column| column.name == ROW));
    let projected = scan.projection.clone().unwrap_or_else(|| (0..before).collect());
    let projected = projected
        .into_iter()
        .filter(|at| needs_row || scan.source.schema().field(*at).name() != ROW)
        .chain((0..members.len()).map(|at| before + at))
        .collect();
    let read = TableScanBuilder::new(scan.table_name, provider_as_source(Arc::new(table)))
        .with_projection(Some(projected))
        .with_filters(scan.filters)
        .with_fetch(scan.fetch)
        .with_statistics_requests(scan.statistics_requests)
        .build()?;
    let projection = Projection::try_new(exprs, Arc::new(LogicalPlan::TableScan(read)))?;
    Ok(Transformed::yes(LogicalPlan::Projection(projection)))
}

/// The members that are wanted, each once.
fn members_in(exprs: &[Expr]) -> Result<Vec<RowMember>> {
    let mut members: Vec<RowMember> = Vec::new();
    for expr in exprs {
        expr.apply(|expr| {
            if let Some((member, _)) = RowMember::of_call(expr)
                && !members.contains(&member)
            {
                members.push(member);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(members)
}

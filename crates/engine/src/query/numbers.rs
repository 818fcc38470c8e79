//! `numbers(n)`: a table of one column `number`, 0 to n-1, as in Databend.

use std::sync::Arc;

use arrow::array::UInt64Array;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use crate::Progress;

/// The table function, bound to the statement whose progress it moves.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) progress: Arc<Progress>,
}

impl TableFunctionImpl for Numbers {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let count = match args.exprs() {
            [Expr::Literal(ScalarValue::Int64(Some(count)), _)] if *count >= 0 => count.unsigned_abs(),
            [Expr::Literal(ScalarValue::UInt64(Some(count)), _)] => *count,
            _ => return plan_err!("`numbers` takes one whole number, for example `numbers(10)`"),
        };
        self.progress.add_scan_total(count, count.saturating_mul(8));
        let schema = Arc::new(Schema::new(vec![Field::new("number", DataType::UInt64, false)]));
        let stream = NumberStream { schema: schema.clone(), count, progress: self.progress.clone() };
        Ok(Arc::new(StreamingTable::try_new(schema, vec![Arc::new(stream)])?))
    }
}

#[derive(Debug)]
struct NumberStream {
    schema: SchemaRef,
    count: u64,
    progress: Arc<Progress>,
}

impl PartitionStream for NumberStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, count, progress) = (self.schema.clone(), self.count, self.progress.clone());
        let step = context.session_config().batch_size() as u64;
        let batches = futures::stream::unfold(0u64, move |start| {
            let (schema, progress) = (schema.clone(), progress.clone());
            async move {
                if start >= count {
                    return None;
                }
                let end = start.saturating_add(step).min(count);
                progress.add_scanned(end - start, (end - start) * 8);
                let column = Arc::new(UInt64Array::from_iter_values(start..end));
                let batch = RecordBatch::try_new(schema, vec![column]).map_err(Into::into);
                Some((batch, end))
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches))
    }
}

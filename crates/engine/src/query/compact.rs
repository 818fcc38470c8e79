//! Results without what they hold on to.
//!
//! A text of a few letters can keep a page of megabytes in memory: string views point into the buffers that
//! were decoded, whole ones, and a result waits for its client. What uses little of its buffers is copied.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ByteView, GenericByteViewArray};
use arrow::datatypes::{BinaryViewType, ByteViewType, DataType, StringViewType};
use arrow::record_batch::RecordBatch;

/// So much may be held for nothing in one column of a batch.
const HELD_BYTES_FREE: usize = 64 << 10;
/// Buffers are kept if that part of them, one in so many bytes, is used.
const USED_PART: usize = 2;

/// The same batch, its views on buffers of their own where they use little of those that they have.
pub(super) fn compact(batch: RecordBatch) -> RecordBatch {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(compact_column).collect();
    RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch)
}

fn compact_column(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => compact_views::<StringViewType>(column),
        DataType::BinaryView => compact_views::<BinaryViewType>(column),
        _ => column.clone(),
    }
}

fn compact_views<T: ByteViewType>(column: &ArrayRef) -> ArrayRef {
    let views: &GenericByteViewArray<T> = column.as_byte_view();
    let held: usize = views.data_buffers().iter().map(|buffer| buffer.len()).sum();
    if held <= HELD_BYTES_FREE {
        return column.clone();
    }
    let inline_max = 12;
    let length = |view: &u128| ByteView::from(*view).length as usize;
    let used: usize = views.views().iter().map(length).filter(|length| *length > inline_max).sum();
    if used.saturating_mul(USED_PART) >= held { column.clone() } else { Arc::new(views.gc()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringViewArray;
    use arrow::datatypes::{Field, Schema};

    #[test]
    fn one_row_of_many_lets_the_others_go() {
        let text = |number: usize| format!("a text that is longer than a view, number {number}");
        let all = StringViewArray::from_iter_values((0..10_000).map(text));
        let schema = Arc::new(Schema::new(vec![Field::new("t", DataType::Utf8View, false)]));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(all)]).unwrap();
        let held = |batch: &RecordBatch| -> usize {
            batch.column(0).as_string_view().data_buffers().iter().map(|buffer| buffer.len()).sum()
        };
        let row = compact(batch.slice(5_000, 1));
        assert!(held(&row) < 1_000, "{}", held(&row));
        assert_eq!(row.column(0).as_string_view().value(0), text(5_000));
        assert_eq!(held(&compact(batch.clone())), held(&batch));
    }
}

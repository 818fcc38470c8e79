//! How much of a page a batch takes.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

/// About how many bytes the rows of a batch have. Unlike the memory that the batch holds on to, this does
/// not count what other batches share or what a slice leaves out.
pub(crate) fn size_of_batch(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| size_of_array(column.as_ref())).sum()
}

fn size_of_array(array: &dyn Array) -> usize {
    let rows = array.len();
    match array.data_type() {
        DataType::Utf8 => size_between(array.as_string::<i32>().value_offsets()) + rows * 4,
        DataType::LargeUtf8 => size_between(array.as_string::<i64>().value_offsets()) + rows * 8,
        DataType::Binary => size_between(array.as_binary::<i32>().value_offsets()) + rows * 4,
        DataType::LargeBinary => size_between(array.as_binary::<i64>().value_offsets()) + rows * 8,
        DataType::Utf8View => size_of_views(array.as_string_view().views()),
        DataType::BinaryView => size_of_views(array.as_binary_view().views()),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            size_of_items(list.values().as_ref(), list.value_offsets()) + rows * 4
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            size_of_items(list.values().as_ref(), list.value_offsets()) + rows * 8
        }
        DataType::Map(_, _) => {
            let map = array.as_map();
            size_of_items(map.entries(), map.value_offsets()) + rows * 4
        }
        DataType::Struct(_) => {
            array.as_struct().columns().iter().map(|column| size_of_array(column.as_ref())).sum()
        }
        other => other.primitive_width().unwrap_or(8) * rows,
    }
}

fn size_between<O: Copy + Into<i64>>(offsets: &[O]) -> usize {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
        return 0;
    };
    usize::try_from((*last).into() - (*first).into()).unwrap_or(0)
}

fn size_of_views(views: &[u128]) -> usize {
    // The low 32 bits of a view are the length of its text.
    views.iter().map(|view| (*view as u32) as usize + 16).sum()
}

fn size_of_items<O: Copy + Into<i64>>(items: &dyn Array, offsets: &[O]) -> usize {
    let Some(first) = offsets.first() else {
        return 0;
    };
    let from = usize::try_from((*first).into()).unwrap_or(0);
    size_of_array(items.slice(from, size_between(offsets)).as_ref())
}

//! Arrays, maps and tuples.

use arrow::array::{Array, GenericListArray, MapArray, OffsetSizeTrait, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowNativeType, Field, Fields};
use chrono_tz::Tz;

use super::cells::{Cells, cells_of_column, write_quoted};
use super::files::{quoted_name, write_json_cell};
use super::json::write_escaped;

/// `[1,NULL,3]`.
pub(super) struct ListCells<'a, O: OffsetSizeTrait> {
    list: &'a GenericListArray<O>,
    items: Box<dyn Cells + 'a>,
}

impl<'a, O: OffsetSizeTrait> ListCells<'a, O> {
    pub(super) fn new(list: &'a GenericListArray<O>, item: &Field, zone: Tz) -> Self {
        Self { list, items: cells_of_column(list.values(), item, zone) }
    }
}

impl<O: OffsetSizeTrait> Cells for ListCells<'_, O> {
    fn is_null(&self, row: usize) -> bool {
        self.list.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        let offsets = self.list.value_offsets();
        let (from, to) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        write_sequence(b'[', from..to, b']', out, |index, out| write_item(self.items.as_ref(), index, out));
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let offsets = self.list.value_offsets();
        let (from, to) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        write_sequence(b'[', from..to, b']', out, |index, out| {
            write_json_cell(self.items.as_ref(), index, out);
        });
    }

    fn needs_no_escape(&self) -> bool {
        false
    }
}

/// `{"a":1}`.
pub(super) struct MapCells<'a> {
    map: &'a MapArray,
    keys: Box<dyn Cells + 'a>,
    values: Box<dyn Cells + 'a>,
}

impl<'a> MapCells<'a> {
    pub(super) fn new(map: &'a MapArray, zone: Tz) -> Self {
        let fields = map.entries().fields();
        Self {
            map,
            keys: cells_of_column(map.keys(), &fields[0], zone),
            values: cells_of_column(map.values(), &fields[1], zone),
        }
    }
}

impl Cells for MapCells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.map.is_null(row)
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        let offsets = self.map.value_offsets();
        let entries = offsets[row].as_usize()..offsets[row + 1].as_usize();
        write_sequence(b'{', entries, b'}', out, |index, out| {
            write_item(self.keys.as_ref(), index, out);
            out.push(b':');
            write_item(self.values.as_ref(), index, out);
        });
    }

    /// Keys are texts in JSON, whatever they are here.
    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let offsets = self.map.value_offsets();
        let entries = offsets[row].as_usize()..offsets[row + 1].as_usize();
        write_sequence(b'{', entries, b'}', out, |index, out| {
            let mut key = Vec::new();
            self.keys.write_text(index, &mut key);
            write_quoted(out, |out| write_escaped(&key, out));
            out.push(b':');
            write_json_cell(self.values.as_ref(), index, out);
        });
    }

    fn needs_no_escape(&self) -> bool {
        false
    }
}

/// `(1,"x")`.
pub(super) struct TupleCells<'a> {
    nulls: Option<&'a NullBuffer>,
    names: Vec<Vec<u8>>,
    columns: Vec<Box<dyn Cells + 'a>>,
}

impl<'a> TupleCells<'a> {
    pub(super) fn new(array: &'a StructArray, fields: &Fields, zone: Tz) -> Self {
        let columns = array
            .columns()
            .iter()
            .zip(fields)
            .map(|(column, field)| cells_of_column(column, field, zone))
            .collect();
        let names = fields.iter().map(|field| quoted_name(field.name())).collect();
        Self { nulls: array.nulls(), names, columns }
    }
}

impl Cells for TupleCells<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    fn write_text(&self, row: usize, out: &mut Vec<u8>) {
        write_sequence(b'(', 0..self.columns.len(), b')', out, |index, out| {
            write_item(self.columns[index].as_ref(), row, out);
        });
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        write_sequence(b'{', 0..self.columns.len(), b'}', out, |index, out| {
            out.extend_from_slice(&self.names[index]);
            out.push(b':');
            write_json_cell(self.columns[index].as_ref(), row, out);
        });
    }

    fn needs_no_escape(&self) -> bool {
        false
    }
}

fn write_sequence(
    open: u8,
    items: std::ops::Range<usize>,
    close: u8,
    out: &mut Vec<u8>,
    write: impl Fn(usize, &mut Vec<u8>),
) {
    out.push(open);
    for index in items.clone() {
        if index > items.start {
            out.push(b',');
        }
        write(index, out);
    }
    out.push(close);
}

fn write_item(cells: &dyn Cells, row: usize, out: &mut Vec<u8>) {
    if cells.is_null(row) {
        out.extend_from_slice(b"NULL");
    } else {
        cells.write_nested(row, out);
    }
}

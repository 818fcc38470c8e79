//! `system.one`: one row, as Databend has it.

use crate::rows::Column;

pub(super) fn columns() -> Vec<Column> {
    vec![Column::number("dummy", [1])]
}

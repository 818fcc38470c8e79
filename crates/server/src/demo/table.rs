//! Rows as a table of text.

/// Longest text of a cell; more is cut.
const CELL_CHARACTERS_MAX: usize = 80;

/// Lines of cells under the columns' names.
pub(super) fn format_table(columns: &[String], rows: &[Vec<Option<String>>]) -> String {
    let heads: Vec<String> = columns.iter().map(|name| shorten(name)).collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| shorten(cell.as_deref().unwrap_or("NULL"))).collect())
        .collect();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(index, head)| {
            let of_cells = cells.iter().filter_map(|row| row.get(index)).map(|cell| width(cell)).max();
            width(head).max(of_cells.unwrap_or(0))
        })
        .collect();
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    let mut lines = vec![format_line(&heads, &widths, " │ "), rule.join("─┼─")];
    lines.extend(cells.iter().map(|row| format_line(row, &widths, " │ ")));
    let count = rows.len();
    lines.push(format!("({count} row{})", if count == 1 { "" } else { "s" }));
    lines.join("\n")
}

fn format_line(cells: &[String], widths: &[usize], separator: &str) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, total)| format!("{cell}{}", " ".repeat(total.saturating_sub(width(cell)))))
        .collect();
    padded.join(separator).trim_end().to_owned()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn shorten(text: &str) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    if width(&text) <= CELL_CHARACTERS_MAX {
        return text;
    }
    text.chars().take(CELL_CHARACTERS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let columns = ["id".to_owned(), "city".to_owned()];
        let rows =
            [vec![Some("1".to_owned()), Some("Lisbon".to_owned())], vec![Some("200".to_owned()), None]];
        assert_eq!(
            format_table(&columns, &rows),
            "id  │ city\n────┼───────\n1   │ Lisbon\n200 │ NULL\n(2 rows)"
        );
        assert_eq!(format_table(&columns[..1], &[]), "id\n──\n(0 rows)");
    }
}

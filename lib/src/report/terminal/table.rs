//! A row of columns, each wrapped in its own width.

use super::page::{Fitted, Page, Span, wrapped};

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// How wide it is; two blanks stand between columns.
    pub(super) width: usize,
}

/// Lays out one row.
pub(super) fn row<const N: usize>(
    page: &mut Page,
    indent: usize,
    columns: &[Column; N],
    cells: &[Vec<Span>; N],
) {
    let cells: Vec<(Column, Vec<Fitted>)> = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| (*column, wrapped(cell, column.width, column.width)))
        .collect();
    let height = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    for line in 0..height {
        page.blanks(indent);
        for (column, lines) in &cells {
            let taken = match lines.get(line) {
                Some(fitted) => {
                    page.spans(&fitted.spans);
                    fitted.width
                }
                None => 0,
            };
            page.blanks((column.width + 2).saturating_sub(taken));
        }
        page.end();
    }
}

//! Shows the first records as a table that fits the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{BatchRow, ShownColumn, columns, write_cell};
use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::row::{LeafType, Schema};
use runtime::source::{Encoder, Format};

/// Width of the table if the output is no terminal.
const DEFAULT_WIDTH: usize = 120;
/// Largest width of a cell, in columns of the terminal.
const MAX_CELL_WIDTH: usize = 80;
/// Smallest width of a text column. If it is reached, columns are left out.
const MIN_WIDTH: usize = 8;
/// Spaces between columns.
const GAP: usize = 2;

/// A table of the first records: a line of names, a line of types, then one line per record.
#[derive(Clone, Copy, Debug)]
pub struct TableFormat {
    /// Number of records that are shown. The table states if there are more.
    pub rows: usize,
    /// Width of the table. `None`: the width of the terminal, or 120 without a terminal.
    pub width: Option<usize>,
}

impl Format for TableFormat {
    fn name(&self) -> &'static str {
        "table"
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(TableEncoder {
            format: *self,
            types: schema.types(),
            columns: columns(schema),
            rows: Vec::new(),
            has_more: false,
            output: Vec::new(),
            reserved: memory.reserve(0)?,
            bytes: 0,
        }))
    }
}

struct TableEncoder {
    format: TableFormat,
    types: Vec<LeafType>,
    columns: Vec<ShownColumn>,
    rows: Vec<Vec<String>>,
    has_more: bool,
    output: Vec<u8>,
    reserved: Reservation,
    bytes: usize,
}

impl Encoder for TableEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        for &row in input.selection().rows() {
            if self.rows.len() == self.format.rows {
                self.has_more = true;
                break;
            }
            let row = BatchRow { batch: input.batch(), types: &self.types, row: row as usize };
            let cell = |column: &ShownColumn| {
                let mut text = String::new();
                if write_cell(column, &row, &mut text) { shorten(&text, MAX_CELL_WIDTH) } else { "null".to_owned() }
            };
            let cells: Vec<String> = self.columns.iter().map(cell).collect();
            self.bytes += cells.iter().map(|cell| cell.capacity() + size_of::<String>()).sum::<usize>();
            self.rows.push(cells);
        }
        self.settle()
    }

    fn finish(&mut self) -> Result<()> {
        let table = self.table(self.format.width.unwrap_or_else(terminal_width));
        self.output.extend_from_slice(table.as_bytes());
        self.settle()
    }

    fn settle(&mut self) -> Result<()> {
        self.reserved.resize(self.bytes + self.output.capacity())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}

impl TableEncoder {
    fn table(&self, room: usize) -> String {
        let widths = self.widths(room);
        let mut out = String::new();
        self.line(&widths, |index| &self.columns[index].name, &mut out);
        self.line(&widths, |index| &self.columns[index].type_name, &mut out);
        let rules: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        self.line(&widths, |index| &rules[index], &mut out);
        for row in &self.rows {
            self.line(&widths, |index| &row[index], &mut out);
        }
        out.push_str(&self.footer(widths.len()));
        out
    }

    fn line<'t>(&self, widths: &[usize], text: impl Fn(usize) -> &'t str, out: &mut String) {
        let begin = out.len();
        for (index, &width) in widths.iter().enumerate() {
            let text = shorten(text(index), width);
            let blank = " ".repeat(width.saturating_sub(text.width()));
            out.push_str(if index == 0 { "" } else { "  " });
            let parts = if self.columns[index].is_number { [blank, text] } else { [text, blank] };
            parts.iter().for_each(|part| out.push_str(part));
        }
        out.truncate(begin + out[begin..].trim_end().len());
        out.push('\n');
    }

    fn footer(&self, shown: usize) -> String {
        let (rows, left) = (self.rows.len(), self.columns.len() - shown);
        let noun = if rows == 1 { "row" } else { "rows" };
        let rows =
            if self.has_more { format!("first {rows} {noun}, there are more") } else { format!("{rows} {noun}") };
        let names: Vec<&str> = self.columns[shown..].iter().map(|column| column.name.as_str()).collect();
        match left {
            0 => format!("{rows}\n"),
            _ => format!("{rows}; too narrow for {}\n", names.join(", ")),
        }
    }

    /// Returns the widths of the columns that fit into `room`. Texts are shortened before columns
    /// are left out. Numbers are never shortened.
    fn widths(&self, room: usize) -> Vec<usize> {
        let of_cells = |index: usize| self.rows.iter().map(|row| row[index].width()).max().unwrap_or(0);
        let wanted = |(index, column): (usize, &ShownColumn)| {
            let cells = of_cells(index);
            let all = cells.max(column.name.width()).max(column.type_name.width());
            (all, if column.is_number { cells.max(all.min(MIN_WIDTH)) } else { all.min(MIN_WIDTH) })
        };
        let wanted: Vec<(usize, usize)> = self.columns.iter().enumerate().map(wanted).collect();
        let mut used = 0;
        let fitting = wanted.iter().take_while(|(_, minimum)| {
            used += minimum + GAP;
            used <= room + GAP
        });
        // At least one column is shown.
        let count = fitting.count().max(1).min(wanted.len());
        let mut widths: Vec<usize> = wanted[..count].iter().map(|&(all, _)| all).collect();
        while widths.iter().sum::<usize>() + GAP * count > room + GAP {
            let widest = (0..count).filter(|&index| widths[index] > wanted[index].1).max_by_key(|&index| widths[index]);
            let Some(widest) = widest else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

/// Shortens a text to at most `width` columns of the terminal. A shortened text ends with `…`.
fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |char: &char| {
        used += char.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn terminal_width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => DEFAULT_WIDTH,
    }
}

//! Writes JSON lines.

use std::convert::Infallible;
use std::sync::Arc;

use smallvec::SmallVec;

use super::program::{check, is_text, names_fields};
use crate::cells::Cell;
use crate::concatenated::concatenated;
use crate::row_encoder::row_encoder;
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::output::Appending;
use runtime::page::{Input, Row, windows};
use runtime::row::{Datum, Element, Items, LeafType, Schema, Shape, show_leaf};
use runtime::source::{Encoder, Format, Parts};
use runtime::value::Texts;
use runtime::value::json::write_text;

/// Writes one record per line. Nulls are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonFormat;

impl Format for JsonFormat {
    fn name(&self) -> &'static str {
        "json"
    }

    fn appending(&self, schema: &Schema) -> Appending {
        if names_fields(schema) { Appending::Objects } else { Appending::Lines }
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(*self, schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        check(schema, schema.shape()).map_err(|reason| Error::Plan(format!("cannot write JSON: {reason}")))?;
        let types = schema.types();
        let part = Template::new(schema.shape(), &types);
        row_encoder(memory, Vec::new(), move |input, output| {
            input.visit(|mut leaves, rows| {
                let cells = types.iter().map(|&ty| Cell::take(&mut leaves, ty)).collect();
                let mut line = LineWriter { types: &types, input, cells, output, shown: String::new() };
                for position in 0..rows.len() {
                    line.write(&part, rows.get(position), position);
                    line.output.push(b'\n');
                }
            });
            Ok(())
        })
    }
}

/// A template of a record's JSON text.
enum Template {
    Leaf(usize),
    Optional(usize, Box<Template>),
    /// The leaf of a list of records or of a map, with the template of an element and the brackets
    /// around it.
    Items(usize, &'static Items, Box<Template>, [u8; 2]),
    /// Parts with the text before each, and the text after the last.
    Several(Vec<(Vec<u8>, Template)>, &'static [u8]),
}

impl Template {
    fn new(shape: &Shape, types: &[LeafType]) -> Self {
        match shape {
            Shape::Leaf(leaf) => match types.get(*leaf) {
                Some(LeafType::Items(items)) => Template::items(*leaf, items),
                _ => Template::Leaf(*leaf),
            },
            Shape::Optional(validity, inner) => Template::Optional(*validity, Box::new(Template::new(inner, types))),
            Shape::Record { name, fields } => {
                let is_array = name.is_empty();
                let open: &[u8] = if is_array { b"[" } else { b"{" };
                let part = |(index, field): (usize, &runtime::row::Field)| {
                    let mut before = if index == 0 { open.to_vec() } else { b",".to_vec() };
                    if !is_array {
                        write_text(field.name, &mut before);
                        before.push(b':');
                    }
                    (before, Template::new(&field.shape, types))
                };
                let parts: Vec<_> = fields.iter().enumerate().map(part).collect();
                let close: &[u8] = match (parts.is_empty(), is_array) {
                    (false, true) => b"]",
                    (false, false) => b"}",
                    (true, true) => b"[]",
                    (true, false) => b"{}",
                };
                Template::Several(parts, close)
            }
            // `check` refuses enums before.
            Shape::Enum { .. } => Template::Several(Vec::new(), b"null"),
        }
    }
}

impl Template {
    /// Returns the template of a list. It is an array, or an object for a map whose keys are texts.
    /// Other maps are arrays of pairs.
    fn items(leaf: usize, items: &'static Items) -> Self {
        let types = items.layout().types();
        match items.entry().filter(|(key, _)| is_text(key, types)) {
            Some((key, value)) => {
                let entry = vec![(Vec::new(), Template::new(key, types)), (b":".to_vec(), Template::new(value, types))];
                Template::Items(leaf, items, Box::new(Template::Several(entry, "".as_bytes())), *b"{}")
            }
            None => Template::Items(leaf, items, Box::new(Template::new(items.schema().shape(), types)), *b"[]"),
        }
    }
}

/// The line that is being written.
struct LineWriter<'e, 'b> {
    types: &'e [LeafType],
    input: &'e Input<'e>,
    cells: SmallVec<[Cell<'b>; 16]>,
    output: &'e mut Vec<u8>,
    /// Buffer for the text of a list's element.
    shown: String,
}

impl<'b> LineWriter<'_, 'b> {
    fn write(&mut self, part: &Template, row: Row<'b>, position: usize) {
        match part {
            Template::Leaf(leaf) => self.leaf(*leaf, row, position),
            Template::Optional(validity, _) if !self.cells[*validity].is_valid(row) => {
                self.output.extend_from_slice(b"null");
            }
            Template::Optional(_, inner) => self.write(inner, row, position),
            Template::Items(leaf, items, part, around) => self.items(*leaf, position, (items, part), *around),
            Template::Several(parts, close) => {
                for (before, part) in parts {
                    self.output.extend_from_slice(before);
                    self.write(part, row, position);
                }
                self.output.extend_from_slice(close);
            }
        }
    }

    #[inline]
    fn leaf(&mut self, leaf: usize, row: Row<'b>, position: usize) {
        match &self.cells[leaf] {
            Cell::Text(text) => write_text(text.read(row), self.output),
            Cell::Tag(leaf, tag) => write_text(tag.variant(leaf.read(row)), self.output),
            Cell::Char(char) => {
                let char = char::from_u32(char.read(row)).unwrap_or(char::REPLACEMENT_CHARACTER);
                write_text(char.encode_utf8(&mut [0; 4]), self.output);
            }
            Cell::List => self.list(leaf, position),
            cell => {
                let is_string = match cell {
                    Cell::Date(_) | Cell::Timestamp(_) | Cell::TimeDelta(_) | Cell::Bytes(_) => true,
                    Cell::F32(value) => !value.read(row).is_finite(),
                    Cell::F64(value) => !value.read(row).is_finite(),
                    _ => false,
                };
                let quote: &[u8] = if is_string { b"\"" } else { b"" };
                self.output.extend_from_slice(quote);
                cell.write(row, self.output);
                self.output.extend_from_slice(quote);
            }
        }
    }

    fn items(&mut self, leaf: usize, position: usize, (items, part): (&Items, &Template), [open, close]: [u8; 2]) {
        let row = self.input.selection().rows()[position] as usize;
        let (batch, types) = (self.input.batch().items(leaf, row), items.layout().types());
        let output = &mut *self.output;
        output.push(open);
        let mut is_first = true;
        let Ok(()) = windows(&batch, |input| -> Result<(), Infallible> {
            input.visit(|mut leaves, rows| {
                let cells = types.iter().map(|&ty| Cell::take(&mut leaves, ty)).collect();
                let mut line = LineWriter { types, input, cells, output: &mut *output, shown: String::new() };
                for position in 0..rows.len() {
                    line.output.extend_from_slice(if is_first { b"" } else { b"," });
                    is_first = false;
                    line.write(part, rows.get(position), position);
                }
            });
            Ok(())
        });
        self.output.push(close);
    }

    fn texts(&mut self, texts: Texts<'_>) {
        self.output.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            self.output.extend_from_slice(if index == 0 { b"" } else { b"," });
            write_text(text, self.output);
        }
        self.output.push(b']');
    }

    fn list(&mut self, leaf: usize, position: usize) {
        let row = self.input.selection().rows()[position] as usize;
        let bytes = self.input.batch().leaf_bytes(leaf, row);
        let LeafType::List(element) = self.types[leaf] else { return self.texts(Texts::stored(bytes)) };
        self.output.push(b'[');
        for (index, bytes) in bytes.chunks_exact(element.width()).enumerate() {
            let mut wide = [0; 16];
            wide[..bytes.len()].copy_from_slice(bytes);
            self.element(element, u128::from_le_bytes(wide), index);
        }
        self.output.push(b']');
    }

    fn element(&mut self, element: Element, bits: u128, index: usize) {
        self.shown.clear();
        show_leaf(element.leaf(), &Datum::Fixed(bits), &mut self.shown);
        let is_string = match element {
            Element::Date | Element::Timestamp | Element::TimeDelta => true,
            Element::F32 => !f32::from_bits(bits as u32).is_finite(),
            Element::F64 => !f64::from_bits(bits as u64).is_finite(),
            _ => false,
        };
        let quote: &[u8] = if is_string { b"\"" } else { b"" };
        let before: &[u8] = if index == 0 { b"" } else { b"," };
        [before, quote, self.shown.as_bytes(), quote].iter().for_each(|part| self.output.extend_from_slice(part));
    }
}

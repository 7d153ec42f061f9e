//! The outputs of a driver.

use crate::page::{RowWriter, Selection};
use crate::stream::{Control, Item};

/// The outputs of a driver: rows in pages, or rows of its input that pass unchanged. Output 0 is
/// the operator's main output. The others are side outputs: the result of a loop, late records, and
/// records that a closure sets aside.
pub struct Outputs {
    main: RowWriter,
    passed: Option<Selection>,
    /// Items of the main output that precede the rows in its pages.
    items: Vec<Item>,
    others: Vec<OtherOutput>,
}

/// An output other than the main one.
struct OtherOutput {
    writer: RowWriter,
    items: Vec<Item>,
}

impl Outputs {
    /// One output, through a writer.
    #[must_use]
    pub fn new(writer: RowWriter) -> Self {
        Outputs { main: writer, passed: None, items: Vec::new(), others: Vec::new() }
    }

    /// Adds another output. Its number is one more than that of the last one.
    #[must_use]
    pub fn and(mut self, writer: RowWriter) -> Self {
        self.others.push(OtherOutput { writer, items: Vec::new() });
        self
    }

    /// The number of outputs.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// The pages of the main output.
    #[must_use]
    pub fn pages(&mut self) -> &mut RowWriter {
        &mut self.main
    }

    /// The pages of an output. Those of the main output if there is no output with this number.
    #[must_use]
    pub fn pages_of(&mut self, output: usize) -> &mut RowWriter {
        match output.checked_sub(1).and_then(|other| self.others.get_mut(other)) {
            Some(other) => &mut other.writer,
            None => &mut self.main,
        }
    }

    /// Sends a control item after all rows that the output has so far. For drivers that make their
    /// own rounds.
    pub(crate) fn send(&mut self, output: usize, control: Control) {
        let (writer, items) = match output.checked_sub(1).and_then(|other| self.others.get_mut(other)) {
            Some(OtherOutput { writer, items }) => (writer, items),
            None => (&mut self.main, &mut self.items),
        };
        writer.seal();
        items.extend(writer.take_sealed().map(Item::Page));
        items.push(Item::Control(control));
    }

    /// Returns `true` if an output has a closed page or a control item to send.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let has_items = |writer: &RowWriter, items: &[Item]| writer.has_sealed() || !items.is_empty();
        has_items(&self.main, &self.items) || self.others.iter().any(|other| has_items(&other.writer, &other.items))
    }

    /// Takes the items of the main output: control items, and closed pages.
    pub(crate) fn take_items(&mut self) -> impl Iterator<Item = Item> {
        self.items.drain(..).chain(self.main.take_sealed().map(Item::Page))
    }

    /// As [`Outputs::take_items`], of the output `1 + other`.
    pub(crate) fn take_items_of_other(&mut self, other: usize) -> impl Iterator<Item = Item> {
        let other = self.others.get_mut(other);
        other.into_iter().flat_map(|other| other.items.drain(..).chain(other.writer.take_sealed().map(Item::Page)))
    }

    /// Closes the pages that are open.
    pub(crate) fn seal(&mut self) {
        self.main.seal();
        self.others.iter_mut().for_each(|other| other.writer.seal());
    }

    /// Passes rows of the current input unchanged.
    pub fn pass(&mut self, rows: Selection) {
        self.passed = Some(rows);
    }

    /// Takes the rows that were passed.
    pub fn take_passed(&mut self) -> Option<Selection> {
        self.passed.take()
    }
}

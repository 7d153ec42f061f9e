//! What a driver gives.

use crate::page::{RowWriter, Selection};
use crate::stream::{Control, Item};

/// What a driver gives: rows in pages, or the rows of its input that pass. Outputs are numbered; the first is the operator's own, the others leave by
/// themselves: what a loop comes to, records that are late, what a closure sets aside.
pub struct Outputs {
    main: RowWriter,
    passed: Option<Selection>,
    /// Items of the main output before what is in its pages.
    said: Vec<Item>,
    others: Vec<OtherOutput>,
}

/// An output beside the main one.
struct OtherOutput {
    writer: RowWriter,
    said: Vec<Item>,
}

impl Outputs {
    /// One output, through a writer.
    #[must_use]
    pub fn new(writer: RowWriter) -> Self {
        Outputs { main: writer, passed: None, said: Vec::new(), others: Vec::new() }
    }

    /// With another output, whose number is one more than that of the last.
    #[must_use]
    pub fn and(mut self, writer: RowWriter) -> Self {
        self.others.push(OtherOutput { writer, said: Vec::new() });
        self
    }

    /// How many outputs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// The pages of the main output.
    #[must_use]
    pub fn pages(&mut self) -> &mut RowWriter {
        &mut self.main
    }

    /// The pages of an output; the main one's where there is none of this number.
    #[must_use]
    pub fn pages_of(&mut self, output: usize) -> &mut RowWriter {
        match output.checked_sub(1).and_then(|other| self.others.get_mut(other)) {
            Some(other) => &mut other.writer,
            None => &mut self.main,
        }
    }

    /// Says something on an output behind all that it was given so far: for a driver that makes rounds of its own.
    pub(crate) fn send(&mut self, output: usize, control: Control) {
        let (writer, said) = match output.checked_sub(1).and_then(|other| self.others.get_mut(other)) {
            Some(OtherOutput { writer, said }) => (writer, said),
            None => (&mut self.main, &mut self.said),
        };
        writer.seal();
        said.extend(writer.take_sealed().map(Item::Page));
        said.push(Item::Control(control));
    }

    /// Whether a page is closed, or something said: time to hand on.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let has_items = |writer: &RowWriter, said: &[Item]| writer.has_sealed() || !said.is_empty();
        has_items(&self.main, &self.said) || self.others.iter().any(|other| has_items(&other.writer, &other.said))
    }

    /// Takes what the main output has: what was said, and closed pages.
    pub(crate) fn take_items(&mut self) -> impl Iterator<Item = Item> {
        self.said.drain(..).chain(self.main.take_sealed().map(Item::Page))
    }

    /// As [`Outputs::take_items`], of the output `1 + other`.
    pub(crate) fn take_items_of_other(&mut self, other: usize) -> impl Iterator<Item = Item> {
        let other = self.others.get_mut(other);
        other.into_iter().flat_map(|other| other.said.drain(..).chain(other.writer.take_sealed().map(Item::Page)))
    }

    /// Closes the pages that are open.
    pub(crate) fn seal(&mut self) {
        self.main.seal();
        self.others.iter_mut().for_each(|other| other.writer.seal());
    }

    /// Lets rows of the current input go on as they are.
    pub fn pass(&mut self, rows: Selection) {
        self.passed = Some(rows);
    }

    /// The rows that passed, once.
    pub fn take_passed(&mut self) -> Option<Selection> {
        self.passed.take()
    }
}

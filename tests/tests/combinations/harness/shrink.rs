//! Shrinks the data and the options of a failing program. Nothing is compiled: each try is a
//! process.

use std::time::{Duration, Instant};

use super::child::{self, Task};
use super::edit::Edit;
use super::entry::Entry;
use super::program::Program;
use super::way::Way;

/// Many times the duration of the longest try.
const TRY_LIMIT: Duration = Duration::from_secs(15);

/// Time to shrink one program.
const LIMIT: Duration = Duration::from_secs(60);

/// The smallest form of a failing program that was found.
pub struct Shrunk {
    pub way: Way,
    /// Changes of the table's program.
    pub edits: Vec<Edit>,
    pub program: Program,
    pub error: String,
}

/// The kind of an error: its text without numbers and values. Errors of one kind are taken for the
/// same fault.
pub fn kind(error: &str) -> String {
    if error.contains(" records for ") {
        return "other records".to_owned();
    }
    let text = error.lines().next().unwrap_or_default();
    let is_kept = |c: &char| c.is_ascii_alphabetic() || *c == ' ';
    let words = text.split(|c: char| c.is_whitespace()).filter(|word| !word.contains(['/', '`', ':']));
    words.collect::<Vec<_>>().join(" ").chars().filter(is_kept).take(60).collect()
}

/// Tries a program several times in one way. Returns its error if one of the tries fails with this
/// kind.
pub fn fails(number: usize, edits: &[Edit], way: Way, of_kind: &str, tries: usize) -> Option<String> {
    (0..tries).find_map(|_| {
        let mut child = child::spawn(number, edits, Task::Try(way));
        child::wait(&mut child, TRY_LIMIT).err().filter(|error| kind(error) == of_kind)
    })
}

struct Shrinking<'e> {
    entry: &'e Entry,
    kind: String,
    tries: usize,
    shrunk: Shrunk,
    begun: Instant,
}

/// Drops records and options while the program fails in the same way.
pub fn shrink(entry: &Entry, way: Way, error: String) -> Shrunk {
    let (edits, program) = (entry.edits.clone(), entry.program.clone());
    let mut shrinking = Shrinking {
        entry,
        kind: kind(&error),
        tries: if way.is_steady() { 2 } else { 4 },
        shrunk: Shrunk { way, edits, program, error },
        begun: Instant::now(),
    };
    shrinking.change_way();
    for edit in [Edit::OneFile, Edit::Cut(20), Edit::Cut(3_000)] {
        shrinking.change(edit);
    }
    for _ in 0..2 {
        for input in 0..shrinking.shrunk.program.inputs.len() {
            shrinking.drop_rows(input);
        }
    }
    shrinking.shrunk
}

impl Shrinking<'_> {
    /// Looks for the simplest way in which the program fails.
    fn change_way(&mut self) {
        for way in Way::all(&self.entry.program).into_iter().take_while(|way| *way != self.shrunk.way) {
            if let Some(error) = fails(self.entry.number, &self.shrunk.edits, way, &self.kind, 1) {
                (self.shrunk.way, self.shrunk.error) = (way, error);
                return;
            }
        }
    }

    /// Applies a change if the program still fails with it. Returns whether it does.
    fn change(&mut self, edit: Edit) -> bool {
        let Some(mut program) = edit.apply(&self.shrunk.program).filter(|_| self.begun.elapsed() < LIMIT) else {
            return false;
        };
        let mut edits = self.shrunk.edits.clone();
        edits.push(edit);
        let Some(error) = fails(self.entry.number, &edits, self.shrunk.way, &self.kind, self.tries) else {
            return false;
        };
        program.evaluate();
        self.shrunk = Shrunk { way: self.shrunk.way, edits, program, error };
        true
    }

    /// Drops parts of an input: first halves, then smaller parts.
    fn drop_rows(&mut self, input: usize) {
        let name = self.shrunk.program.inputs[input].name.clone();
        let count = |shrinking: &Self| shrinking.shrunk.program.inputs[input].rows.len();
        // A flow of one record keeps it.
        let mut size = if name == "one" { 0 } else { count(self) };
        while size > 0 && self.begun.elapsed() < LIMIT {
            let mut begin = 0;
            while begin < count(self) {
                let kept = (0..count(self)).filter(|place| !(begin..begin + size).contains(place)).collect();
                if !self.change(Edit::Keep(name.clone(), kept)) {
                    begin += size;
                }
            }
            size /= 2;
        }
    }
}

/// Words and records, for a report.
pub fn size(program: &Program) -> String {
    let rows: usize = program.inputs.iter().map(|input| input.rows.len()).sum();
    format!("{} words, {rows} records", program.words())
}

//! A program of a table of compiled programs.

use super::edit::Edit;
use super::given::Declare;
use super::program::Program;
use super::spec::Spec;

pub struct Entry {
    /// Its index in the table.
    pub number: usize,
    /// Changes after those of the table.
    pub edits: Vec<Edit>,
    pub program: Program,
    pub declare: Declare,
}

impl Entry {
    pub fn new(number: usize, (spec, declare): &(Spec, Declare), edits: Vec<Edit>) -> Self {
        let program = Program::of(&Spec { edits: [spec.edits.clone(), edits.clone()].concat(), ..spec.clone() });
        Entry { number, edits, program, declare: *declare }
    }
}

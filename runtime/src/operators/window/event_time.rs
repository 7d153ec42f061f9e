//! Where event time comes from.

use crate::error::Result;
use crate::operators::project::Project;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::strategy::{EventTimeOf, InPlace, Role};

/// Puts event time behind records: a leaf of theirs once more.
pub struct EventTime {
    /// Picks the leaves.
    pub view: Project,
    /// Which leaf it is, and how late records may come.
    pub of: EventTimeOf,
}

impl Operator for EventTime {
    fn name(&self) -> &'static str {
        "event_time"
    }

    fn details(&self) -> String {
        let lateness = std::time::Duration::from_micros(self.of.lateness_micros.unsigned_abs());
        format!("at most {lateness:?} late")
    }

    fn schema(&self) -> &Schema {
        self.view.schema()
    }

    /// Watermarks are made of it, even if no operator reads it.
    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        let mut reads = self.view.reads(input, live);
        reads.insert(self.of.leaf);
        reads
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::EventTime(self.view.leaves.clone(), self.of))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.view.reference(inputs)
    }
}

//! The origin of event time.

use crate::error::Result;
use crate::operators::project::Project;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::strategy::{EventTimeOf, InPlace, Role};

/// Adds event time to records: a copy of one of their leaves.
pub struct EventTime {
    /// The projection that adds the leaf.
    pub view: Project,
    /// The leaf with event time, and its lateness.
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

    /// Watermarks are computed from it, even if no operator reads it.
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

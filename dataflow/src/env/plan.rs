//! Plans as values.

use runtime::explain;
use runtime::physical::{Candidate, Decisions, JoinRegion, OperatorInfo, PhysicalPlan};
use runtime::strategy::Estimate;

use super::explaining;
use crate::error::Result;

/// A plan before it is run.
pub struct Plan {
    decisions: Decisions,
    json: String,
    operators: Vec<OperatorInfo>,
    join_regions: Vec<JoinRegion>,
}

impl Plan {
    pub(super) fn of(plan: PhysicalPlan) -> Self {
        let (decisions, json) = (plan.decisions(), explain::json(&plan, None));
        Plan { decisions, json, operators: plan.operators, join_regions: plan.join_regions }
    }

    /// What was chosen for each operator that has a choice, and for the order of joins.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The ways to run each operator that has any, by its identity, the cheapest first.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &[Candidate])> {
        let driven = self.operators.iter().filter(|operator| operator.chosen.is_some());
        driven.map(|operator| (operator.identity.as_str(), operator.candidates.as_slice()))
    }

    /// What each operator is expected to give, by its identity, inputs before what reads them; nothing of sinks.
    pub fn estimates(&self) -> impl Iterator<Item = (&str, Estimate)> {
        let gives = self.operators.iter().filter(|operator| operator.estimate.row_bytes > 0.0);
        gives.map(|operator| (operator.identity.as_str(), operator.estimate))
    }

    /// The inner joins of three and more relations that may be made in any order: the order in which the program has them, and that of the plan.
    #[must_use]
    pub fn join_regions(&self) -> &[JoinRegion] {
        &self.join_regions
    }

    /// The plan as JSON, as `docs/explain.md` says: each operator's identity, what it does, what it reads, how it runs and how many records are expected; and the
    /// decisions, which [`Decisions::from_json`] takes out of it.
    #[must_use]
    pub fn to_json(&self) -> &str {
        &self.json
    }

    /// The plan as a page to look at, which needs nothing beside it; with the JSON of an earlier run or plan, both on one page.
    ///
    /// # Errors
    /// Where `earlier` is something else.
    pub fn to_html(&self, earlier: Option<&str>) -> Result<String> {
        explaining::page(&self.json, earlier)
    }
}

//! Plans as values.

use runtime::explain;
use runtime::physical::{Candidate, Decisions, JoinRegion, OperatorInfo, PhysicalPlan};
use runtime::strategy::Estimate;

use super::plan_output;
use crate::error::Result;

/// A plan that has not been run.
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

    /// The choices for each operator with alternatives, and the order of joins.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The candidate strategies of each operator that has any, by its identity, cheapest first.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &[Candidate])> {
        let driven = self.operators.iter().filter(|operator| operator.chosen.is_some());
        driven.map(|operator| (operator.identity.as_str(), operator.candidates.as_slice()))
    }

    /// The estimated output of each operator, by its identity, inputs first. Sinks have none.
    pub fn estimates(&self) -> impl Iterator<Item = (&str, Estimate)> {
        let gives = self.operators.iter().filter(|operator| operator.estimate.row_bytes > 0.0);
        gives.map(|operator| (operator.identity.as_str(), operator.estimate))
    }

    /// Groups of three or more relations whose inner joins may be made in any order: the program's
    /// order, and the plan's.
    #[must_use]
    pub fn join_regions(&self) -> &[JoinRegion] {
        &self.join_regions
    }

    /// The plan as JSON, as `docs/explain.md` describes. For each operator: its identity, name,
    /// fields read, strategy, and estimated records. [`Decisions::from_json`] extracts the
    /// decisions.
    #[must_use]
    pub fn to_json(&self) -> &str {
        &self.json
    }

    /// The plan as a self-contained HTML page. With the JSON of an earlier run or plan, the page
    /// shows both.
    ///
    /// # Errors
    /// Fails if `earlier` is not such JSON.
    pub fn to_html(&self, earlier: Option<&str>) -> Result<String> {
        plan_output::page(&self.json, earlier)
    }
}

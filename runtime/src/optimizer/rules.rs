//! The rules that can be left out of a plan.

/// A rule that changes how a plan runs, and never its result.
///
/// Each is a file of this folder, but for [`Rule::Combiners`]: operators offer strategies with
/// combiners, and `choose` picks among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Moves filters below operators that copy the filtered fields.
    Filters,
    /// Orders inner joins so that the fewest bytes pass between them.
    Joins,
    /// Decodes and ships only the fields that are read.
    Fields,
    /// Combines the rows of a group in each task before they are shipped.
    Combiners,
    /// Repeats a scan whose branches meet again, so that no rows are buffered.
    Scans,
    /// Drops rows that have no partner in a join before they are shipped to it.
    RuntimeFilters,
}

impl Rule {
    /// All rules that can be left out.
    pub const ALL: [Rule; 6] =
        [Rule::Filters, Rule::Joins, Rule::Fields, Rule::Combiners, Rule::Scans, Rule::RuntimeFilters];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::Filters => "filters",
            Rule::Joins => "joins",
            Rule::Fields => "fields",
            Rule::Combiners => "combiners",
            Rule::Scans => "scans",
            Rule::RuntimeFilters => "runtime-filters",
        }
    }
}

/// The rules that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules([bool; Rule::ALL.len()]);

impl Rules {
    /// All rules but these.
    #[must_use]
    pub fn without(rules: &[Rule]) -> Self {
        Rules(Rule::ALL.map(|rule| !rules.contains(&rule)))
    }

    /// Whether a rule runs.
    #[must_use]
    pub fn runs(self, rule: Rule) -> bool {
        Rule::ALL.iter().zip(self.0).any(|(&other, runs)| other == rule && runs)
    }
}

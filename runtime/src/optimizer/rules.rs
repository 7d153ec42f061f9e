//! The rules that a plan can do without.

/// A rule of the optimizer that changes how a plan runs, and never what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Filters move below the operators that take over what they look at.
    Filters,
    /// Inner joins are made in the order in which least is carried between them.
    Joins,
    /// Sources decode, and exchanges carry, the fields that somebody reads.
    Fields,
    /// Tasks fold what they have of each group before they ship it.
    Combiners,
    /// A scan whose branches meet again is repeated, so that nothing needs to be kept.
    Scans,
    /// Rows that will find no partner in a join are dropped before they are sent there.
    RuntimeFilters,
}

impl Rule {
    /// All of them.
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

/// Which rules run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules([bool; Rule::ALL.len()]);

impl Rules {
    /// All but these.
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

//! Size hints of a program, compared with the counts of a run.

use crate::metrics::{JobMetrics, OperatorCounts};
use crate::physical::{OperatorInfo, PhysicalPlan};
use crate::plan::SizeHint;

use super::{count, counts};

/// The least factor by which a wrong hint is reported. Smaller errors hardly change the plan.
const MIN_FACTOR: f64 = 4.0;
/// The least number of records by which a wrong hint is reported.
const MIN_DIFFERENCE: f64 = 5_000.0;

/// A note for each hint that was far off.
pub(super) fn wrong(plan: &PhysicalPlan, metrics: &JobMetrics) -> Vec<String> {
    let counts = counts(plan, metrics);
    let facts = |&(operator, hint): &(usize, SizeHint)| {
        Some(((plan.operators.get(operator)?, counts.get(operator)?, hint), operator))
    };
    let (hints, operators): (Vec<Fact<'_>>, Vec<usize>) = plan.size_hints.iter().filter_map(facts).unzip();
    let notes = hints.iter().zip(operators);
    notes.filter_map(|(&hint, operator)| note(hint, &hints, || is_cut_short(plan, &counts, operator))).collect()
}

/// Returns `true` if an operator may have emitted fewer records than there are: a later operator
/// stopped reading, or the runtime filter of a later join removed records before this operator.
fn is_cut_short(plan: &PhysicalPlan, counts: &[OperatorCounts], operator: usize) -> bool {
    let inputs = |of: usize| plan.operators.get(of).into_iter().flat_map(|info| &info.inputs).map(|&(input, _)| input);
    // Operators come after their inputs.
    let (mut before, mut after) = (vec![false; counts.len()], vec![false; counts.len()]);
    (before[operator], after[operator]) = (true, true);
    for at in (0..=operator).rev() {
        if before[at] {
            inputs(at).for_each(|input| before[input] = true);
        }
    }
    for at in operator..counts.len() {
        after[at] |= inputs(at).any(|input| after[input]);
    }
    let all = || counts.iter().zip(&before).zip(&after);
    all().any(|((counts, &before), _)| before && counts.stopped_tasks + counts.skipped_splits > 0)
        || all().any(|((counts, _), &after)| after && counts.filtered_rows > 0)
}

type Fact<'p> = (&'p OperatorInfo, &'p OperatorCounts, SizeHint);

fn note((info, counts, hint): Fact<'_>, all: &[Fact<'_>], is_cut_short: impl Fn() -> bool) -> Option<String> {
    let place = |info: &OperatorInfo| (info.origin.file.clone(), info.origin.line, info.origin.column);
    let given = counts.rows_in as f64;
    let (said, expected, came, found) = match hint {
        SizeHint::Rows(rows) => {
            let came = counts.rows_out as f64;
            if came < rows as f64 && is_cut_short() {
                return None;
            }
            (format!("expect_rows({rows})"), rows as f64, came, format!("{} records came", count(came)))
        }
        // Parts of a conjunction: the first one has the hint for all of them.
        SizeHint::Share(share) if share >= 1.0 => return None,
        SizeHint::Share(share) => {
            let parts = all.iter().filter(|(part, ..)| place(part) == place(info));
            let kept = |(_, part, _): &Fact<'_>| part.rows_out as f64 / (part.rows_in as f64).max(1.0);
            let came = given * parts.map(kept).product::<f64>();
            let found = format!("{} of {} records were kept", count(came), count(given));
            (format!("expect_selectivity({share})"), given * share, came, found)
        }
    };
    let (least, most) = (expected.min(came).max(1.0), expected.max(came));
    let (file, line, _) = place(info);
    (most >= MIN_FACTOR * least && most - least >= MIN_DIFFERENCE)
        .then(|| format!("note: `{said}` at {file}:{line}: {found}\n"))
}

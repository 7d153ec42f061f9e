//! Checks that the plan chosen for a query is the fastest one, by comparing it with all plans that
//! differ in one decision, and with random plans.
//!
//! The machine's speed changes from minute to minute, so each plan is timed right after the chosen
//! one.

mod orders;
mod alternatives;
mod program;

use std::fs;
use std::time::Duration;

use examples::tpch::QUERIES;
use examples::tpch_data::{self, Table};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::harness::{Check, RowOrder, Spread, difference};
use crate::options::Plans;
use crate::workspace::Workspace;
use alternatives::Alternatives;
use orders::{Costs, WrittenOrder};
use program::{Decided, Program, Run};

/// The TPC-H queries with most joins.
const CASES: [&str; 10] = ["q2", "q3", "q5", "q7", "q8", "q9", "q17", "q18", "q20", "q21"];

/// A plan is ended after this multiple of the best time.
const MAX_RUN_RATIO: f64 = 3.0;
/// A plan runs again if it takes at most this multiple of the best time.
const MAX_RERUN_RATIO: f64 = 1.3;
/// Number of plans in the final comparison with the chosen one. Several, because the fastest of a
/// hundred plans was also lucky.
const FINAL_PLANS: usize = 3;
/// Ratio of two plans' times from which one counts as faster.
const MIN_DISTINCT_RATIO: f64 = 1.2;

/// The chosen plan's maximum time relative to the best one, in this share of the queries.
const MAX_CHOSEN_RATIO: (f64, f64) = (1.15, 0.9);
/// The maximum in all queries.
const MAX_WORST_RATIO: f64 = 1.5;
/// Maximum time of a query with joins written in random order, relative to the chosen plan.
const MAX_ORDER_RATIO: f64 = 1.1;

/// The results of a query's plans.
#[derive(Debug, Serialize)]
struct Row {
    case: &'static str,
    chosen_seconds: f64,
    best_seconds: f64,
    ratio: f64,
    /// The same ratio in the cost model.
    estimated_ratio: f64,
    /// The share of distinguishable pairs of plans that the cost model orders correctly.
    in_order: f64,
    refused: usize,
    differences: Vec<Difference>,
    plans: Vec<Timed>,
    /// The costs of writing its joins in random orders.
    written: Vec<Costs>,
    wrong: Vec<String>,
}

/// The strategy of an operator in the chosen plan and in the best one.
#[derive(Debug, Serialize)]
struct Difference {
    operator: String,
    chosen: String,
    best: String,
}

/// A plan that is compared with the chosen one.
#[derive(Debug, Serialize)]
struct Timed {
    /// The median of its runs. `None` if it was ended early.
    seconds: Option<f64>,
    estimated_seconds: f64,
    decisions: String,
}

/// Measures, prints and writes the results. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if an existing plan fails, or a file cannot be read or written.
pub(crate) fn run(workspace: &Workspace, options: &Plans) -> Result<bool> {
    let cases = match &options.cases {
        None => CASES.to_vec(),
        Some(asked) => asked.iter().map(|name| find(name)).collect::<Result<_>>()?,
    };
    tpch_data::ensure(&workspace.tpch(), options.scale, &Table::ALL)?;
    let output = workspace.make_output("answers")?.join("plans.tsv");
    println!(
        "{:<5} {:>5} {:>7} {:>7} {:>9} {:>9} {:>6} {:>9} {:>8}",
        "query", "plans", "cut off", "refused", "chosen s", "best s", "ratio", "estimated", "in order"
    );
    let mut rows = Vec::new();
    for query in QUERIES.iter().filter(|query| cases.contains(&query.name)) {
        let tables = workspace.paths(options.scale).tpch;
        let program = Program { query, tables, parallelism: options.parallelism, output: output.clone() };
        let row = Row::of(&program, options)?;
        row.print();
        rows.push(row);
    }
    let _ = fs::remove_file(&output);
    let wrong: Vec<&str> = rows.iter().flat_map(|row| row.wrong.iter().map(String::as_str)).collect();
    let detail = if wrong.is_empty() { "of all plans".to_owned() } else { wrong.join("; ") };
    let mut checks = vec![Check { name: "answers agree".to_owned(), ok: wrong.is_empty(), detail }];
    // Queries of some milliseconds show no difference between plans.
    if options.scale >= 1.0 {
        if !options.orders_alone {
            checks.extend(check_chosen_plans(&rows));
        }
        checks.push(check_orders(&rows));
    }
    super::tables::finish("plans", workspace, &rows, &checks)
}

fn find(name: &str) -> Result<&'static str> {
    let found = QUERIES.iter().find(|query| query.name == name);
    found.map(|query| query.name).ok_or_else(|| Error::UnknownName {
        kind: "case",
        name: name.to_owned(),
        known: CASES.join(", "),
    })
}

fn check_chosen_plans(rows: &[Row]) -> [Check; 2] {
    let (near, part) = MAX_CHOSEN_RATIO;
    let within = |most: f64| rows.iter().filter(|row| row.ratio <= most).count();
    let named = |most: f64| {
        let beyond = rows.iter().filter(|row| row.ratio > most);
        let beyond: Vec<String> = beyond.map(|row| format!("{} {:.2}", row.case, row.ratio)).collect();
        if beyond.is_empty() { "all of them".to_owned() } else { format!("beyond: {}", beyond.join(", ")) }
    };
    [
        Check {
            name: format!("the chosen plan takes at most {near} of the best one's time in {part} of the queries"),
            ok: within(near) as f64 >= part * rows.len() as f64,
            detail: named(near),
        },
        Check {
            name: format!("the chosen plan takes at most {MAX_WORST_RATIO} of the best one's time in each query"),
            ok: within(MAX_WORST_RATIO) == rows.len(),
            detail: named(MAX_WORST_RATIO),
        },
    ]
}

fn check_orders(rows: &[Row]) -> Check {
    let all = rows.iter().flat_map(|row| row.written.iter().map(move |costs| (row.case, costs)));
    let beyond = all.clone().filter(|(_, costs)| costs.optimized.is_none_or(|ratio| ratio > MAX_ORDER_RATIO));
    let named = |(case, costs): (&str, &Costs)| match costs.optimized {
        Some(ratio) => format!("{case} {ratio:.2}"),
        None => format!("{case} cut off"),
    };
    let beyond: Vec<String> = beyond.map(named).collect();
    Check {
        name: format!(
            "joins that are written in a random order take at most {MAX_ORDER_RATIO} of the chosen plan's time"
        ),
        ok: beyond.is_empty(),
        detail: if beyond.is_empty() {
            format!("{} orders", all.count())
        } else {
            format!("beyond: {}", beyond.join(", "))
        },
    }
}

impl Row {
    fn of(program: &Program, options: &Plans) -> Result<Self> {
        let plan = program.plan(dataflow::Decisions::default())?;
        let chosen = Decided::of(&plan);
        let alternatives = match options.orders_alone {
            true => Alternatives { plans: Vec::new(), refused: 0 },
            false => Alternatives::of(program, &plan, options.random, options.seed)?,
        };
        let mut times = Times::of(program, &chosen)?;
        let written = WrittenOrder::draw(program, &plan, options.orders, options.seed)?;
        let ratios = times.ratios(&WrittenOrder::plans(&written), options.runs)?;
        let first = times.first(&alternatives.plans)?;
        let limit = MAX_RERUN_RATIO * times.best;
        let mut near: Vec<usize> = (0..first.len()).filter(|&at| first[at].is_some_and(|time| time <= limit)).collect();
        let mut seconds: Vec<Vec<f64>> = first.into_iter().map(|time| time.into_iter().collect()).collect();
        times.rounds(&alternatives.plans, &near, options.runs - 1, &mut seconds)?;
        let median = Spread::median_of;
        near.sort_by(|&left, &right| median(&seconds[left]).total_cmp(&median(&seconds[right])));
        near.truncate(FINAL_PLANS);

        let mut last = vec![Vec::new(); alternatives.plans.len()];
        let chosen_last = times.rounds(&alternatives.plans, &near, 2 * options.runs, &mut last)?;
        let chosen_seconds = median(if near.is_empty() { &times.chosen } else { &chosen_last });
        let best = near.into_iter().min_by(|&left, &right| median(&last[left]).total_cmp(&median(&last[right])));
        let best = best.filter(|&best| median(&last[best]) < chosen_seconds);
        let (best_seconds, best) =
            best.map_or((chosen_seconds, &chosen), |at| (median(&last[at]), &alternatives.plans[at]));
        let differences = chosen.differences(best).map(|(operator, chosen, best)| Difference {
            operator: operator.to_owned(),
            chosen: chosen.to_string(),
            best: best.to_string(),
        });
        let plans: Vec<Timed> =
            alternatives.plans.iter().zip(&seconds).map(|(plan, times)| Timed::of(plan, times)).collect();
        let all = Timed::of(&chosen, &times.chosen);
        Ok(Self {
            case: program.query.name,
            chosen_seconds,
            best_seconds,
            ratio: chosen_seconds / best_seconds,
            estimated_ratio: chosen.estimated_seconds / best.estimated_seconds,
            in_order: in_order(plans.iter().chain([&all])),
            refused: alternatives.refused,
            differences: differences.collect(),
            plans,
            written: WrittenOrder::costs(written, &ratios),
            wrong: times.wrong,
        })
    }

    fn print(&self) {
        let Self { case, chosen_seconds, best_seconds, ratio, estimated_ratio, in_order, refused, .. } = self;
        let cut_off = self.plans.iter().filter(|plan| plan.seconds.is_none()).count();
        println!(
            "{case:<5} {:>5} {cut_off:>7} {refused:>7} {chosen_seconds:>9.4} {best_seconds:>9.4} {ratio:>6.2} {estimated_ratio:>9.2} {in_order:>8.2}",
            self.plans.len() + 1
        );
        for Difference { operator, chosen, best } in &self.differences {
            println!("      {operator}: {chosen} -> {best}");
        }
        self.written.iter().for_each(Costs::print);
    }
}

impl Timed {
    fn of(plan: &Decided, times: &[f64]) -> Self {
        Self {
            seconds: Spread::of(times).map(|spread| spread.median),
            estimated_seconds: plan.estimated_seconds,
            decisions: plan.decisions.to_json(),
        }
    }
}

/// The share of distinguishable pairs of plans in which the faster one has the lower estimate.
fn in_order<'p>(plans: impl Iterator<Item = &'p Timed>) -> f64 {
    let timed = plans.map(|plan| (plan.seconds.unwrap_or(f64::INFINITY), plan.estimated_seconds));
    let timed: Vec<(f64, f64)> = timed.collect();
    let (mut pairs, mut right) = (0.0, 0.0);
    for (seconds, estimated) in &timed {
        for (_, estimated_of_slower) in timed.iter().filter(|(slower, _)| *slower > seconds * MIN_DISTINCT_RATIO) {
            pairs += 1.0;
            right += f64::from(estimated < estimated_of_slower);
        }
    }
    if pairs > 0.0 { right / pairs } else { 1.0 }
}

/// Times of a query's plans, each compared with the chosen one.
struct Times<'p> {
    program: &'p Program,
    plan: &'p Decided,
    /// The times of the chosen plan.
    chosen: Vec<f64>,
    /// The least time of all plans.
    best: f64,
    answer: String,
    /// Descriptions of wrong answers.
    wrong: Vec<String>,
}

impl<'p> Times<'p> {
    /// Starts with a run that is not timed.
    fn of(program: &'p Program, plan: &'p Decided) -> Result<Self> {
        let mut times =
            Self { program, plan, chosen: Vec::new(), best: f64::INFINITY, answer: String::new(), wrong: Vec::new() };
        times.answer = program.run(&plan.decisions, Duration::MAX)?.map(|run| run.answer).unwrap_or_default();
        Ok(times)
    }

    /// Runs each plan once and compares the answers.
    fn first(&mut self, plans: &[Decided]) -> Result<Vec<Option<f64>>> {
        let order = if self.program.query.sorted { RowOrder::Given } else { RowOrder::Any };
        let mut found = Vec::new();
        for plan in plans {
            self.run_chosen()?;
            let run = self.run(plan)?;
            if let Some(wrong) = run.as_ref().and_then(|run| difference(&self.answer, &run.answer, order)) {
                self.wrong.push(format!("{} {}: {wrong}", self.program.query.name, plan.decisions.to_json()));
            }
            found.push(run.map(|run| run.seconds));
        }
        Ok(found)
    }

    /// Runs `rounds` rounds of some plans. Returns the times of the chosen plan in these rounds.
    fn rounds(&mut self, plans: &[Decided], some: &[usize], rounds: usize, times: &mut [Vec<f64>]) -> Result<Vec<f64>> {
        let mut chosen = Vec::new();
        for _ in 0..rounds {
            for &at in some {
                chosen.push(self.run_chosen()?);
                times[at].extend(self.run(&plans[at])?.map(|run| run.seconds));
            }
        }
        Ok(chosen)
    }

    /// The time of each plan relative to the chosen one. `None` for plans that were ended early.
    fn ratios(&mut self, plans: &[Decided], runs: usize) -> Result<Vec<Option<f64>>> {
        let is_chosen = |plan: &Decided| plan.decisions == self.plan.decisions;
        let alternatives: Vec<Decided> = plans.iter().filter(|plan| !is_chosen(plan)).cloned().collect();
        self.run_chosen()?;
        let first = self.first(&alternatives)?;
        let some: Vec<usize> = (0..alternatives.len()).filter(|&at| first[at].is_some()).collect();
        let mut seconds = vec![Vec::new(); alternatives.len()];
        let chosen = self.rounds(&alternatives, &some, runs, &mut seconds)?;
        let chosen = Spread::median_of(&chosen);
        let mut ratios = seconds.iter().map(|times| Some(Spread::of(times)?.median / chosen));
        // The chosen plan itself has the ratio 1.
        Ok(plans
            .iter()
            .map(|plan| if plan.decisions == self.plan.decisions { Some(1.0) } else { ratios.next().flatten() })
            .collect())
    }

    /// Runs without a time limit.
    fn run_chosen(&mut self) -> Result<f64> {
        let run = self.program.run(&self.plan.decisions, Duration::MAX)?;
        let seconds = run.map_or(f64::INFINITY, |run| run.seconds);
        self.best = self.best.min(seconds);
        self.chosen.push(seconds);
        Ok(seconds)
    }

    /// Returns `None` if it takes too long.
    fn run(&mut self, plan: &Decided) -> Result<Option<Run>> {
        let limit = Duration::try_from_secs_f64(MAX_RUN_RATIO * self.best).unwrap_or(Duration::MAX);
        let run = self.program.run(&plan.decisions, limit)?;
        self.best = run.as_ref().map_or(self.best, |run| run.seconds.min(self.best));
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(case: &'static str, ratio: f64) -> Row {
        Row {
            case,
            chosen_seconds: ratio,
            best_seconds: 1.0,
            ratio,
            estimated_ratio: 1.0,
            in_order: 1.0,
            refused: 0,
            differences: Vec::new(),
            plans: Vec::new(),
            written: Vec::new(),
            wrong: Vec::new(),
        }
    }

    #[test]
    fn a_too_expensive_order_is_named() {
        let rows = |ratio| {
            let written = vec![Costs::of_ratio(Some(1.05)), Costs::of_ratio(ratio)];
            [row("q2", 1.0), Row { written, ..row("q5", 1.0) }]
        };
        let check = |ratio| check_orders(&rows(ratio));
        assert!(check(Some(1.1)).ok && check(Some(1.1)).detail == "2 orders");
        assert!(!check(Some(1.2)).ok && check(Some(1.2)).detail == "beyond: q5 1.20");
        assert!(!check(None).ok && check(None).detail == "beyond: q5 cut off");
    }

    #[test]
    fn one_in_ten_may_be_slower_and_none_much() {
        let rows = |last: &[f64]| -> Vec<Row> {
            (last.len()..10).map(|_| row("q2", 1.0)).chain(last.iter().map(|&ratio| row("q3", ratio))).collect()
        };
        assert_eq!(check_chosen_plans(&rows(&[1.4])).map(|check| check.ok), [true, true]);
        assert_eq!(check_chosen_plans(&rows(&[1.4, 1.2])).map(|check| check.ok), [false, true]);
        let checks = check_chosen_plans(&rows(&[1.6]));
        assert_eq!(checks.clone().map(|check| check.ok), [true, false]);
        assert_eq!(checks[1].detail, "beyond: q3 1.60");
    }

    #[test]
    fn distinguishable_pairs_are_in_order_or_not() {
        let plan = |seconds, estimated_seconds| Timed { seconds, estimated_seconds, decisions: String::new() };
        let plans = [plan(Some(1.0), 1.0), plan(Some(1.1), 0.5), plan(Some(2.0), 2.0), plan(None, 0.7)];
        // Distinguishable are the first two from the last two, and these from each other: 1 < 2,
        // 0.5 < 2, 1 < 0.7, 0.5 < 0.7, 2 < 0.7.
        assert_eq!(in_order(plans.iter()), 0.6);
        assert_eq!(in_order(plans[..2].iter()), 1.0);
    }
}

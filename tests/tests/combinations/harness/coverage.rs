//! Coverage of random programs: their shares, and pairs of words.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::Draw;
use super::flow::FlowKind;
use super::generator::{RESULT, SOURCE};
use super::program::Program;
use super::spec::{Pair, Route, Share, Spec, all_pairs};
use super::words;

pub struct Coverage {
    uncovered: BTreeSet<Pair>,
    all: usize,
    /// The number of programs drawn for each pair.
    tries: BTreeMap<Pair, usize>,
    shares: BTreeMap<Share, usize>,
    programs: usize,
    empty: usize,
    loops: usize,
    joins: usize,
    updates: usize,
    sinks: BTreeMap<String, usize>,
}

impl Default for Coverage {
    fn default() -> Self {
        let uncovered = all_pairs().into_iter().collect::<BTreeSet<_>>();
        let all = uncovered.len();
        Coverage {
            uncovered,
            all,
            tries: BTreeMap::new(),
            shares: BTreeMap::new(),
            programs: 0,
            empty: 0,
            loops: 0,
            joins: 0,
            updates: 0,
            sinks: BTreeMap::new(),
        }
    }
}

impl Coverage {
    /// Draws the next program. Two of three are steered along uncovered pairs.
    pub fn next(&mut self, seed: u64) -> Program {
        let mut draw = Draw::new(!seed);
        let route = if seed.is_multiple_of(3) { None } else { self.route(&mut draw) };
        let program = Program::of(&Spec { seed, route, edits: Vec::new() });
        self.add(&program);
        program
    }

    fn route(&mut self, draw: &mut Draw) -> Option<Route> {
        let share = Share::draw(draw);
        let begin = self.open(draw, |pair| pair.next != RESULT && share.may_have(*pair))?;
        let mut words = if begin.first == SOURCE { vec![begin.next] } else { vec![begin.first, begin.next] };
        let mut kind = result_of(begin);
        while words.len() < 7 {
            let last = words[words.len() - 1];
            let fits = |pair: &Pair| (pair.kind, pair.in_loop, pair.first) == (kind, begin.in_loop, last);
            let Some(pair) = self.open(draw, fits).filter(|pair| pair.next != RESULT) else { break };
            words.push(pair.next);
            kind = result_of(pair);
        }
        Some(Route { share, in_loop: begin.in_loop, words })
    }

    /// An uncovered pair that was not tried too often.
    fn open(&mut self, draw: &mut Draw, fits: impl Fn(&Pair) -> bool) -> Option<Pair> {
        let few_tries = |pair: &&Pair| self.tries.get(pair).is_none_or(|tries| *tries < 6);
        let open = self.uncovered.iter().filter(|pair| fits(pair)).filter(few_tries).copied().collect::<Vec<_>>();
        let pair = draw.some(&open)?;
        *self.tries.entry(pair).or_default() += 1;
        Some(pair)
    }

    fn add(&mut self, program: &Program) {
        self.programs += 1;
        *self.shares.entry(program.share).or_default() += 1;
        self.empty += usize::from(program.expected.is_empty());
        let has =
            |name: &str| program.pairs.iter().any(|pair| pair.next.starts_with(name) || pair.next.ends_with(name));
        self.loops += usize::from(has("iterate"));
        self.joins += usize::from(has("join"));
        self.updates += usize::from(program.flow().kind == FlowKind::Updates);
        *self.sinks.entry(program.sink.share()).or_default() += 1;
        for pair in &program.pairs {
            self.uncovered.remove(pair);
        }
    }

    pub fn has_enough_results(&self) -> bool {
        2 * self.empty <= self.programs
    }

    /// Returns `true` if each share has at least one program in fifty.
    pub fn has_all_shares(&self) -> bool {
        Share::ALL.iter().all(|share| 50 * self.shares.get(share).copied().unwrap_or(0) >= self.programs)
    }

    /// The shares, and the uncovered pairs.
    pub fn report(&self) -> String {
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / self.programs.max(1) as f64);
        let mut text = format!("{} programs", self.programs);
        for of in Share::ALL {
            text += &format!(", {of:?} {}", share(self.shares.get(&of).copied().unwrap_or(0)));
        }
        let sinks = self.sinks.iter().map(|(sink, count)| format!("{sink} {}", share(*count)));
        text += &format!("\nresults: {}", sinks.collect::<Vec<_>>().join(", "));
        text += &format!(
            "\nwith joins {}, with loops {}, updates {}, empty results {}\n{} of {} pairs of words are not covered\n",
            share(self.joins),
            share(self.loops),
            share(self.updates),
            share(self.empty),
            self.uncovered.len(),
            self.all
        );
        text
    }

    pub fn uncovered(&self) -> String {
        self.uncovered.iter().map(|pair| format!("  {pair}\n")).collect()
    }
}

/// The kind of the second word's result.
fn result_of(pair: Pair) -> FlowKind {
    words::all().iter().find(|word| word.name == pair.next).map_or(pair.kind, |word| (word.to)(pair.kind))
}

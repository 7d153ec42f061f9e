//! Finds the cheapest alternatives of all operators of a graph, from the sources to the sinks.
//!
//! A *candidate* of an operator is one of its alternatives over one candidate of each input. It has
//! the properties of its output, and a total cost. Of candidates with equal properties, the
//! cheapest is kept. A candidate with interesting properties is kept even if it costs more.
//!
//! # Forks
//! The rows of a fork are made once, so all its readers use one candidate. A fork is *open* until
//! an operator follows all its readers. Until then, later candidates name the fork's candidate that
//! they are built on, and are joined only if they name the same one. The cost before a fork is
//! added when it closes.
//!
//! # Limits
//! The result is the cheapest of all plans if few forks with several candidates are open together.
//! Beyond that number, later forks keep only their cheapest candidate.
//!
//! Source: Selinger and others, 1979; Graefe, *The Cascades Framework*, 1995.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::physical::Choice;
use crate::strategy::Properties;

/// The greatest number of candidates of a fork.
const MAX_FORK_CANDIDATES: usize = 3;
/// The greatest number of forks with several candidates that are open together.
const MAX_OPEN_FORKS: usize = 4;
/// The greatest number of combinations of inputs' candidates that are compared for one operator.
const MAX_COMBINATIONS: usize = 1024;

/// The alternatives of operators.
pub(super) trait Alternatives {
    /// The alternatives of an operator for inputs with these properties. Empty if the decided one
    /// cannot run over them.
    fn alternatives(&mut self, node: usize, inputs: &[&Properties]) -> Result<Rc<[Alternative]>>;

    /// Those properties of an operator's output that a later operator can use.
    fn interesting(&self, node: usize, delivered: &Properties) -> Properties;

    /// Returns `true` if all candidates of an operator must have the same number of tasks. The end
    /// of a loop needs the tasks of its beginning.
    fn needs_equal_tasks(&self, node: usize) -> bool;

    /// Called with all candidates of an operator, the cheapest first, before later operators are
    /// visited.
    fn on_candidates(&mut self, node: usize, candidates: &[Candidate]);

    /// The error for an operator without a candidate.
    fn impossible(&self, node: usize) -> Error;
}

/// An alternative to run an operator over given inputs.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// The number of its strategy.
    pub(super) strategy: usize,
    /// The choice, if the operator has strategies.
    pub(super) choice: Option<Rc<Choice>>,
    /// The properties of its output.
    pub(super) delivered: Properties,
    /// The cost of the operator itself.
    pub(super) seconds: f64,
}

/// A way to run an operator and all operators before it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The alternative of the operator.
    pub(super) alternative: Alternative,
    /// The total cost, without operators before open forks.
    pub(super) seconds: f64,
    /// The candidate of each input.
    inputs: Vec<usize>,
    /// For each open fork, in order, the candidate that this one is built on.
    open: Vec<(usize, usize)>,
}

impl Candidate {
    /// The properties of its output.
    pub(super) fn delivered(&self) -> &Properties {
        &self.alternative.delivered
    }
}

/// The candidate of each operator in the cheapest plan. The `inputs` of an operator come before it.
pub(super) fn cheapest(inputs: &[Vec<usize>], graph: &mut impl Alternatives) -> Result<Vec<Candidate>> {
    match Search::of(inputs, MAX_FORK_CANDIDATES).run(graph)? {
        Some(plan) => Ok(plan),
        // The candidates that the branches could agree on were dropped.
        None => {
            let plan = Search::of(inputs, 1).run(graph)?;
            plan.ok_or_else(|| Error::Internal("the branches of a plan do not agree on their fork".to_owned()))
        }
    }
}

/// A fork, and the number of one of its candidates.
type ForkCandidate = (usize, usize);

pub(super) struct Search<'g> {
    inputs: &'g [Vec<usize>],
    max_fork_candidates: usize,
    /// The number of inputs that read each node.
    readers: Vec<u32>,
    candidates: Vec<Vec<Candidate>>,
    /// For each node, its open forks, each with the set of its edges that lead to the node.
    open: Vec<HashMap<usize, u64>>,
    /// Forks with several candidates that no operator has closed yet, and the number of visited
    /// edges.
    unclosed: HashMap<usize, u32>,
}

impl<'g> Search<'g> {
    pub(super) fn of(inputs: &'g [Vec<usize>], max_fork_candidates: usize) -> Self {
        let mut readers = vec![0; inputs.len()];
        inputs.iter().flatten().for_each(|&input| readers[input] += 1);
        Search {
            inputs,
            max_fork_candidates,
            readers,
            candidates: Vec::new(),
            open: Vec::new(),
            unclosed: HashMap::new(),
        }
    }

    /// `None` if the candidates do not agree on a fork.
    pub(super) fn run(mut self, graph: &mut impl Alternatives) -> Result<Option<Vec<Candidate>>> {
        for node in 0..self.inputs.len() {
            let closing = self.close(node);
            let (mut candidates, are_incomplete) = self.candidates_of(node, &closing, graph)?;
            if candidates.is_empty() {
                return if are_incomplete { Ok(None) } else { Err(graph.impossible(node)) };
            }
            candidates.sort_by(|left, right| left.seconds.total_cmp(&right.seconds));
            if graph.needs_equal_tasks(node) {
                let tasks = candidates[0].delivered().tasks;
                candidates.retain(|candidate| candidate.delivered().tasks == tasks);
            }
            graph.on_candidates(node, &candidates);
            let mut candidates = pruned(candidates, |delivered| graph.interesting(node, delivered));
            if self.readers[node] > 1 {
                self.open_fork(node, &mut candidates);
            }
            self.candidates.push(candidates);
        }
        Ok(self.extract())
    }

    /// The forks that are open after a node, and those that close there.
    fn close(&mut self, node: usize) -> Vec<usize> {
        let mut open: HashMap<usize, u64> = HashMap::new();
        for &input in &self.inputs[node] {
            for (&fork, &edges) in &self.open[input] {
                let edges = match self.unclosed.get_mut(&fork).filter(|_| fork == input) {
                    // The fork's next edge begins here.
                    Some(met) => {
                        *met += 1;
                        1 << (*met - 1)
                    }
                    None => edges,
                };
                *open.entry(fork).or_default() |= edges;
            }
        }
        let is_met = |fork: &usize| open[fork].count_ones() == self.readers[*fork];
        let (mut closing, mut others): (Vec<usize>, Vec<usize>) = open.keys().copied().partition(is_met);
        // All readers of a fork that is built on this one are built on this one, too.
        while let Some(at) =
            closing.iter().position(|fork| others.iter().any(|other| self.open[*other].contains_key(fork)))
        {
            others.push(closing.swap_remove(at));
        }
        for fork in &closing {
            open.remove(fork);
            self.unclosed.remove(fork);
        }
        debug_assert_eq!(self.open.len(), node);
        self.open.push(open);
        closing
    }

    /// Returns all candidates of a node, and whether some combinations were dropped because they do
    /// not agree on a fork.
    fn candidates_of(
        &self,
        node: usize,
        closing: &[usize],
        graph: &mut impl Alternatives,
    ) -> Result<(Vec<Candidate>, bool)> {
        let inputs = &self.inputs[node];
        let (combinations, mut are_incomplete) = self.combinations(inputs);
        let mut found = Vec::new();
        for combination in combinations {
            let input_candidates = || inputs.iter().copied().zip(combination.iter().copied());
            let chosen: Vec<&Candidate> =
                input_candidates().map(|(input, number)| &self.candidates[input][number]).collect();
            let opened = input_candidates().map(|(input, number)| self.open_after(input, number));
            let Some(open) = opened.reduce(|left, right| merged(&left?, &right?)).unwrap_or_else(|| Some(Vec::new()))
            else {
                are_incomplete = true;
                continue;
            };
            let before = input_candidates().filter(|(input, _)| self.readers[*input] == 1);
            let (closed, open): (Vec<ForkCandidate>, _) =
                open.into_iter().partition(|(fork, _)| closing.contains(fork));
            let seconds: f64 = before.chain(closed).map(|(node, number)| self.candidates[node][number].seconds).sum();
            let delivered: Vec<&Properties> = chosen.iter().map(|candidate| candidate.delivered()).collect();
            for alternative in graph.alternatives(node, &delivered)?.iter() {
                found.push(Candidate {
                    alternative: alternative.clone(),
                    seconds: seconds + alternative.seconds,
                    inputs: combination.clone(),
                    open: open.clone(),
                });
            }
        }
        Ok((found, are_incomplete))
    }

    /// The forks that are open after a candidate, if its node has a reader.
    fn open_after(&self, node: usize, number: usize) -> Option<Vec<ForkCandidate>> {
        let open = &self.candidates[node][number].open;
        if self.open[node].contains_key(&node) { merged(open, &[(node, number)]) } else { Some(open.clone()) }
    }

    /// Returns the combinations of the inputs' candidates, and whether some were left out.
    fn combinations(&self, inputs: &[usize]) -> (Vec<Vec<usize>>, bool) {
        let mut combinations: Vec<Vec<usize>> = vec![Vec::new()];
        let mut are_incomplete = false;
        for &input in inputs {
            let most = (MAX_COMBINATIONS / combinations.len()).max(1);
            let of_input = self.candidates[input].len();
            are_incomplete |= of_input > most;
            let extended = |combination: &Vec<usize>| {
                let combination = combination.clone();
                (0..of_input.min(most)).map(move |candidate| {
                    let mut extended = combination.clone();
                    extended.push(candidate);
                    extended
                })
            };
            combinations = combinations.iter().flat_map(extended).collect();
        }
        (combinations, are_incomplete)
    }

    /// Opens a fork with several candidates, whose readers have to agree on one. A single candidate
    /// is part of every plan.
    fn open_fork(&mut self, node: usize, candidates: &mut Vec<Candidate>) {
        let too_many = self.unclosed.len() >= MAX_OPEN_FORKS || self.readers[node] > u64::BITS;
        candidates.truncate(if too_many { 1 } else { self.max_fork_candidates });
        if candidates.len() > 1 {
            self.open[node].insert(node, 0);
            self.unclosed.insert(node, 0);
        }
    }

    /// Picks candidates from the last operators back to the first.
    fn extract(&self) -> Option<Vec<Candidate>> {
        let last: Vec<usize> = (0..self.inputs.len()).filter(|&node| self.readers[node] == 0).collect();
        let mut combinations = vec![Combination { seconds: 0.0, open: Vec::new(), picked: Vec::new() }];
        for &node in &last {
            let mut longer: Vec<Combination> = Vec::new();
            for combination in &combinations {
                for (number, candidate) in self.candidates[node].iter().enumerate() {
                    let Some(open) = merged(&combination.open, &candidate.open) else { continue };
                    let seconds = combination.seconds + candidate.seconds;
                    let picked = combination.picked.iter().copied().chain([number]).collect();
                    match longer.iter_mut().find(|other| other.open == open) {
                        Some(other) if other.seconds <= seconds => {}
                        Some(other) => *other = Combination { seconds, open, picked },
                        None => longer.push(Combination { seconds, open, picked }),
                    }
                }
            }
            longer.sort_by(|left, right| left.seconds.total_cmp(&right.seconds));
            longer.truncate(MAX_COMBINATIONS);
            combinations = longer;
        }
        let of_forks =
            |of: &Combination| of.open.iter().map(|&(fork, number)| self.candidates[fork][number].seconds).sum::<f64>();
        let all = |of: &Combination| of.seconds + of_forks(of);
        let combination = combinations.into_iter().min_by(|left, right| all(left).total_cmp(&all(right)))?;
        let mut picked: Vec<Option<usize>> = vec![None; self.inputs.len()];
        last.iter().zip(combination.picked).for_each(|(&node, number)| picked[node] = Some(number));
        let mut plan = Vec::with_capacity(self.inputs.len());
        for node in (0..self.inputs.len()).rev() {
            let candidate = &self.candidates[node][picked[node]?];
            let input_candidates = self.inputs[node].iter().zip(&candidate.inputs);
            input_candidates.for_each(|(&input, &number)| picked[input] = Some(number));
            plan.push(candidate.clone());
        }
        plan.reverse();
        Some(plan)
    }
}

/// One candidate for each of the last operators that were visited.
struct Combination {
    seconds: f64,
    open: Vec<ForkCandidate>,
    picked: Vec<usize>,
}

/// The forks that either is built on. `None` if they are built on different candidates of one.
fn merged(left: &[ForkCandidate], right: &[ForkCandidate]) -> Option<Vec<ForkCandidate>> {
    let mut merged = left.to_vec();
    for &(fork, number) in right {
        match merged.binary_search_by_key(&fork, |&(fork, _)| fork) {
            Ok(at) if merged[at].1 != number => return None,
            Ok(_) => {}
            Err(at) => merged.insert(at, (fork, number)),
        }
    }
    Some(merged)
}

/// Candidates, the cheapest first, without dominated ones. A candidate is dominated if another one
/// costs no more, is built on the same forks, and has all its interesting properties.
fn pruned(candidates: Vec<Candidate>, interesting: impl Fn(&Properties) -> Properties) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let of_this = interesting(candidate.delivered());
        let is_no_worse = |other: &Candidate| other.open == candidate.open && other.delivered().has(&of_this);
        if !kept.iter().any(is_no_worse) {
            kept.push(candidate);
        }
    }
    kept
}

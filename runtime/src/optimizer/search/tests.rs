//! Compares the plans of the search with all possible plans of random graphs.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::page::tests::Random;
use crate::strategy::{Placement, Properties};

use super::candidates::{Alternative, Alternatives, Candidate, Search, cheapest};

/// Operators of one or two inputs that want rows by keys of one or two leaves, at random costs.
/// Leaves keep their numbers.
struct Graph {
    inputs: Vec<Vec<usize>>,
    /// For each operator, the key by which it wants its rows, if it has one.
    keys: Vec<Option<Vec<usize>>>,
    /// For each operator, the costs to ship by a key, to broadcast, and to work.
    costs: Vec<[f64; 3]>,
    /// For each operator, whether it copies leaves.
    forwards: Vec<bool>,
    /// For each operator, the keys that later operators want.
    interesting: Vec<Vec<Vec<usize>>>,
    asked: usize,
}

impl Graph {
    fn random(random: &mut Random, nodes: usize) -> Self {
        let (keys, forwards) = (Vec::new(), Vec::new());
        let mut graph =
            Graph { inputs: Vec::new(), keys, costs: Vec::new(), forwards, interesting: Vec::new(), asked: 0 };
        for node in 0..nodes {
            let inputs = match random.below(4) {
                _ if node == 0 => Vec::new(),
                0 | 1 => vec![random.below(node)],
                2 => vec![random.below(node), random.below(node)],
                _ => vec![node - 1],
            };
            let key = match random.below(4) {
                0 => None,
                1 => Some(vec![random.below(3)]),
                _ => Some(vec![0, 1 + random.below(2)]),
            };
            graph.keys.push(key.filter(|_| !inputs.is_empty()));
            graph.inputs.push(inputs);
            graph.costs.push([(); 3].map(|()| (1 + random.below(20)) as f64));
            graph.forwards.push(random.below(4) > 0);
        }
        graph.interesting = vec![Vec::new(); nodes];
        for node in (0..nodes).rev() {
            let mut interesting: Vec<Vec<usize>> = graph.keys[node].iter().cloned().collect();
            if graph.forwards[node] {
                interesting.extend(graph.interesting[node].clone());
            }
            for &input in &graph.inputs[node] {
                graph.interesting[input].extend(interesting.clone());
                graph.interesting[input].sort();
                graph.interesting[input].dedup();
            }
        }
        graph
    }

    /// The alternatives of a node.
    fn of(&self, node: usize, inputs: &[&Properties]) -> Vec<Alternative> {
        let [by_key, to_all, work] = self.costs[node];
        let tasks = 2;
        let behind = |placement: &Placement| {
            let placement = if self.forwards[node] { placement.clone() } else { Placement::Anywhere };
            Properties::placed(tasks, placement)
        };
        let mut found = Vec::new();
        let mut add =
            |delivered, seconds| found.push(Alternative { strategy: found.len(), choice: None, delivered, seconds });
        match (&self.keys[node], inputs) {
            (_, []) => add(Properties::anywhere(tasks), work),
            (None, _) => add(behind(&inputs[0].placement), work),
            (Some(key), [input]) => {
                if input.has_together(key) {
                    add(behind(&input.placement), work);
                }
                add(behind(&Placement::hashed(key)), by_key + work);
            }
            (Some(key), inputs) => {
                let missing = inputs.iter().filter(|input| input.hashed_by() != Some(key)).count();
                add(behind(&Placement::hashed(key)), by_key * missing as f64 + work);
                add(behind(&inputs[0].placement), to_all + work);
            }
        }
        found
    }

    /// The cost of the cheapest plan, found by trying all plans. All readers of an operator use the
    /// same alternative.
    fn brute_force(&self) -> f64 {
        fn from(graph: &Graph, node: usize, delivered: &mut Vec<Properties>) -> f64 {
            if node == graph.inputs.len() {
                return 0.0;
            }
            let inputs: Vec<Properties> = graph.inputs[node].iter().map(|&input| delivered[input].clone()).collect();
            let mut least = f64::INFINITY;
            for alternative in graph.of(node, &inputs.iter().collect::<Vec<_>>()) {
                delivered.push(alternative.delivered);
                least = least.min(alternative.seconds + from(graph, node + 1, delivered));
                delivered.pop();
            }
            least
        }
        from(self, 0, &mut Vec::new())
    }

    /// The total cost of a plan.
    fn seconds(&self, plan: &[Candidate]) -> f64 {
        let of_node = |(node, candidate): (usize, &Candidate)| {
            let inputs: Vec<&Properties> = self.inputs[node].iter().map(|&input| plan[input].delivered()).collect();
            let alternatives = self.of(node, &inputs);
            let alternative = &alternatives[candidate.alternative.strategy];
            assert_eq!(&alternative.delivered, candidate.delivered());
            alternative.seconds
        };
        plan.iter().enumerate().map(of_node).sum()
    }
}

impl Alternatives for Graph {
    fn alternatives(&mut self, node: usize, inputs: &[&Properties]) -> Result<Rc<[Alternative]>> {
        self.asked += 1;
        Ok(self.of(node, inputs).into())
    }

    fn interesting(&self, node: usize, delivered: &Properties) -> Properties {
        let is_wanted =
            |leaves: &[usize]| self.interesting[node].iter().any(|key| leaves.iter().all(|leaf| key.contains(leaf)));
        if delivered.hashed_by().is_some_and(is_wanted) {
            delivered.clone()
        } else {
            Properties::anywhere(delivered.tasks)
        }
    }

    fn needs_equal_tasks(&self, _: usize) -> bool {
        false
    }

    fn on_candidates(&mut self, _: usize, _: &[Candidate]) {}

    fn impossible(&self, node: usize) -> Error {
        Error::Internal(format!("{node} is impossible"))
    }
}

#[test]
fn search_finds_the_cheapest_plan_of_small_graphs() {
    let mut random = Random(1);
    let (mut shared, mut limited) = (0, 0);
    for case in 0..30_000 {
        let nodes = 2 + random.below(5);
        let mut graph = Graph::random(&mut random, nodes);
        let least = graph.brute_force();
        let inputs = graph.inputs.clone();
        // All candidates of a fork are kept.
        let plan = Search::of(&inputs, usize::MAX).run(&mut graph).unwrap().unwrap();
        assert_eq!(graph.seconds(&plan), least, "case {case}: {inputs:?} {:?}", graph.keys);
        let plan = cheapest(&inputs, &mut graph).unwrap();
        limited += usize::from(graph.seconds(&plan) > least);
        shared +=
            usize::from((0..nodes).any(|node| inputs.iter().flatten().filter(|&&input| input == node).count() > 1));
    }
    assert!(shared > 10_000, "{shared} plans have a fork");
    assert!(limited < 300, "{limited} plans are worse where a fork keeps the three cheapest");
}

#[test]
fn search_is_fast_for_many_forks() {
    let mut random = Random(7);
    for _ in 0..20 {
        let mut graph = Graph::random(&mut random, 60);
        let (inputs, start) = (graph.inputs.clone(), Instant::now());
        let plan = cheapest(&inputs, &mut graph).unwrap();
        assert!(graph.seconds(&plan).is_finite());
        assert!(graph.asked < 500_000, "{} alternatives were asked for", graph.asked);
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

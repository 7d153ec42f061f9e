//! Plans that are found, against all plans there are.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::page::tests::Random;
use crate::strategy::{Placement, Properties};

use super::candidates::{Alternative, Alternatives, Candidate, Search, cheapest};

/// Operators of one or two inputs that want rows by keys of one or two leaves, at random costs. Leaves keep their numbers.
struct Graph {
    inputs: Vec<Vec<usize>>,
    /// Of each operator, the key by which it wants its rows, if it does.
    keys: Vec<Option<Vec<usize>>>,
    /// What it costs to ship by a key, to ship to all, and to work.
    costs: Vec<[f64; 3]>,
    /// Whether leaves are copied.
    forwards: Vec<bool>,
    /// Of each operator, the keys that somebody behind it wants.
    wanted: Vec<Vec<Vec<usize>>>,
    asked: usize,
}

impl Graph {
    fn random(random: &mut Random, nodes: usize) -> Self {
        let (keys, forwards) = (Vec::new(), Vec::new());
        let mut graph = Graph { inputs: Vec::new(), keys, costs: Vec::new(), forwards, wanted: Vec::new(), asked: 0 };
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
        graph.wanted = vec![Vec::new(); nodes];
        for node in (0..nodes).rev() {
            let mut wanted: Vec<Vec<usize>> = graph.keys[node].iter().cloned().collect();
            if graph.forwards[node] {
                wanted.extend(graph.wanted[node].clone());
            }
            for &input in &graph.inputs[node] {
                graph.wanted[input].extend(wanted.clone());
                graph.wanted[input].sort();
                graph.wanted[input].dedup();
            }
        }
        graph
    }

    /// What operator `node` may do.
    fn of(&self, node: usize, inputs: &[&Properties]) -> Vec<Alternative> {
        let [by_key, to_all, work] = self.costs[node];
        let tasks = 2;
        let behind = |placement: &Placement| {
            let placement = if self.forwards[node] { placement.clone() } else { Placement::Anywhere };
            Properties::placed(tasks, placement)
        };
        let mut found = Vec::new();
        let mut add = |gives, seconds| found.push(Alternative { strategy: found.len(), choice: None, gives, seconds });
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

    /// The cost of the cheapest plan, by trying all: each operator does one thing, however many read it.
    fn brute_force(&self) -> f64 {
        fn from(graph: &Graph, node: usize, gives: &mut Vec<Properties>) -> f64 {
            if node == graph.inputs.len() {
                return 0.0;
            }
            let inputs: Vec<Properties> = graph.inputs[node].iter().map(|&input| gives[input].clone()).collect();
            let mut least = f64::INFINITY;
            for alternative in graph.of(node, &inputs.iter().collect::<Vec<_>>()) {
                gives.push(alternative.gives);
                least = least.min(alternative.seconds + from(graph, node + 1, gives));
                gives.pop();
            }
            least
        }
        from(self, 0, &mut Vec::new())
    }

    /// What a plan takes.
    fn seconds(&self, plan: &[Candidate]) -> f64 {
        let of_node = |(node, candidate): (usize, &Candidate)| {
            let inputs: Vec<&Properties> = self.inputs[node].iter().map(|&input| plan[input].gives()).collect();
            let alternatives = self.of(node, &inputs);
            let alternative = &alternatives[candidate.alternative.strategy];
            assert_eq!(&alternative.gives, candidate.gives());
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

    fn wanted(&self, node: usize, gives: &Properties) -> Properties {
        let is_wanted =
            |leaves: &[usize]| self.wanted[node].iter().any(|key| leaves.iter().all(|leaf| key.contains(leaf)));
        if gives.hashed_by().is_some_and(is_wanted) { gives.clone() } else { Properties::anywhere(gives.tasks) }
    }

    fn has_one_width(&self, _: usize) -> bool {
        false
    }

    fn found(&mut self, _: usize, _: &[Candidate]) {}

    fn impossible(&self, node: usize) -> Error {
        Error::Internal(format!("{node} is impossible"))
    }
}

#[test]
fn no_plan_of_up_to_six_operators_is_cheaper_than_the_one_that_is_found() {
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
fn many_forks_are_planned_in_little_time() {
    let mut random = Random(7);
    for _ in 0..20 {
        let mut graph = Graph::random(&mut random, 60);
        let (inputs, begun) = (graph.inputs.clone(), Instant::now());
        let plan = cheapest(&inputs, &mut graph).unwrap();
        assert!(graph.seconds(&plan).is_finite());
        assert!(graph.asked < 500_000, "{} alternatives were asked for", graph.asked);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

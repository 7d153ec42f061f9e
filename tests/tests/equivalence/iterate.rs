//! Loops: every operator over several rounds, with other records in each round.

use dataflow::prelude::*;
use tests::{PARALLELISM, embedded, local, same_records, within_two_minutes};

/// A key and a value.
type Pair = (u64, u64);

/// A pseudo-random number derived from `n`.
fn mixed(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) % 1_000
}

/// A loop body, and a flow from outside of the loop.
type Body = fn(DataSet<Pair>, DataSet<Pair>) -> DataSet<Pair>;

#[dataflow]
fn mapped(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.filter(|p| p.1 % 7 != 0).flat_map(|p| (0..p.1 % 3).map(move |n| (p.0, mixed(p.1 + n))))
}

#[dataflow]
fn summed(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (mixed(p.1) % 200, p.1 + 1)).group_by(|p| p.0).sum(|p| p.1).map(|p| (p.0, p.1 % 1_000))
}

#[dataflow]
fn aggregated(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    let groups = pairs.map(|p| (mixed(p.1 + p.0) % 300, p.1)).group_by(|p| p.0);
    groups.aggregate(|g| (g.key, g.max(|p| p.1) + g.count_distinct(|p| p.1)))
}

#[dataflow]
fn reduced(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (mixed(p.1 + p.0) % 300, p.1)).group_by(|p| p.0).reduce(|l, r| (l.0, (l.1 + r.1) % 1_000))
}

#[dataflow]
fn in_groups(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (mixed(p.1) % 100, p.1)).group_by(|p| p.0).sorted_by(|p| p.1).reduce_group(|group, out| {
        let mut number = 0;
        while let Some(pair) = group.next() {
            number += 1;
            out.emit((pair.0, mixed(pair.1 + number)));
        }
    })
}

#[dataflow]
fn top_of_groups(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (mixed(p.1) % 100, mixed(p.0 + p.1))).group_by(|p| p.0).top(3, |p| desc(p.1))
}

#[dataflow]
fn least_of_groups(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (mixed(p.1) % 400, mixed(p.0 + p.1))).group_by(|p| p.0).min_by(|p| p.1)
}

#[dataflow]
fn different(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.union(others).map(|p| (mixed(p.0) % 50, mixed(p.1) % 20)).distinct()
}

#[dataflow]
fn sorted(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.sort(|p| (desc(p.1), p.0)).map(|p| (p.0, mixed(p.1)))
}

#[dataflow]
fn numbered(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.sort(|p| (p.1, p.0)).zip_with_index().map(|p| (p.0 % 100, mixed(p.1.1 + p.0)))
}

#[dataflow]
fn in_ranges(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.partition_by_range(|p| p.1).sort_partition(|p| p.1).map(|p| (p.1 % 77, mixed(p.0 + p.1)))
}

#[dataflow]
fn best(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.map(|p| (p.0, mixed(p.1 + p.0))).top(500, |p| (desc(p.1), p.0))
}

#[dataflow]
fn joined(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.join(others).on(|p| p.0, |o| o.0).map(|p, o| (o.1 % 600, mixed(p.1 + o.1)))
}

#[dataflow]
fn joined_from_the_other_side(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    others.left_join(pairs).on(|o| o.1, |p| p.0).map(|o, p| (o.0, mixed(p.map_or(o.1, |p| p.1 + 1))))
}

#[dataflow]
fn joined_with_itself(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    let least = pairs.group_by(|p| p.0).min(|p| p.1);
    pairs.join(least).on(|p| p.0, |l| l.0).map(|p, l| (mixed(p.1) % 600, mixed(p.1 + l.1)))
}

#[dataflow]
fn merged(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    pairs
        .full_join(others)
        .hint(SortMerge)
        .on(|p| p.0, |o| o.0)
        .map(|p, o| (p.map_or(1, |p| p.0), mixed(p.map_or(2, |p| p.1) + o.map_or(3, |o| o.1))))
}

#[dataflow]
fn semi_joined(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    let kept = pairs.semi_join(others).on(|p| p.0, |o| o.1);
    pairs.anti_join(others).on(|p| p.0, |o| o.1).map(|p| (mixed(p.0) % 600, p.1)).union(kept.map(|p| (p.0, mixed(p.1))))
}

#[dataflow]
fn co_grouped(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.co_group(others).on(|p| p.0, |o| o.0).reduce_group(|pairs, others, out| {
        let (mut count, mut sum) = (0, 0);
        for pair in pairs {
            count += 1;
            sum += pair.1 + pair.0;
        }
        for other in others {
            sum += other.1;
        }
        out.emit((mixed(sum + count) % 600, mixed(sum)));
    })
}

#[dataflow]
fn beside_all(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    let least = others.sort(|o| (o.0, o.1)).first(3);
    pairs.with_all(least).map(|p, all| (p.0, mixed(p.1 + all.len() as u64)))
}

/// The semi-join passes rows on in place while `with_all` still reads the small flow.
#[dataflow]
fn partners_beside_all(pairs: DataSet<Pair>, others: DataSet<Pair>) -> DataSet<Pair> {
    let least = others.sort(|o| (o.0, o.1)).first(3);
    pairs.semi_join(others).on(|p| p.0, |o| o.0).with_all(least).map(|p, all| (p.0, mixed(p.1 + all.len() as u64)))
}

#[dataflow]
fn beside_the_greatest(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    let greatest = pairs.aggregate(|g| g.max(|p| p.1));
    pairs.with(greatest).map(|p, greatest| (p.0, mixed(p.1 + greatest)))
}

#[dataflow]
fn in_partitions(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.partition_by(|p| p.0).map_partition(|pairs, out| pairs.for_each(|p| out.emit((p.0, mixed(p.1 + 5)))))
}

#[dataflow]
fn of_a_few(pairs: DataSet<Pair>, _others: DataSet<Pair>) -> DataSet<Pair> {
    pairs.sort(|p| (p.1, p.0)).first(700).map(|p| (mixed(p.0) % 600, mixed(p.1)))
}

const BODIES: [(&str, Body); 23] = [
    ("mapped", mapped),
    ("summed", summed),
    ("aggregated", aggregated),
    ("reduced", reduced),
    ("in_groups", in_groups),
    ("top_of_groups", top_of_groups),
    ("least_of_groups", least_of_groups),
    ("different", different),
    ("sorted", sorted),
    ("numbered", numbered),
    ("in_ranges", in_ranges),
    ("best", best),
    ("joined", joined),
    ("joined_from_the_other_side", joined_from_the_other_side),
    ("joined_with_itself", joined_with_itself),
    ("merged", merged),
    ("semi_joined", semi_joined),
    ("co_grouped", co_grouped),
    ("beside_all", beside_all),
    ("partners_beside_all", partners_beside_all),
    ("beside_the_greatest", beside_the_greatest),
    ("in_partitions", in_partitions),
    ("of_a_few", of_a_few),
];

fn pairs(env: &Env, count: u64) -> DataSet<Pair> {
    env.collection((0..count).map(|n| (mixed(n) % 600, mixed(n * n + 1)))).unwrap()
}

/// The body called `rounds` times, without a loop.
fn unrolled(env: &Env, body: Body, rounds: u32) -> Vec<Pair> {
    let mut rows: Vec<Pair> = pairs(env, 2_000).collect().unwrap();
    for _ in 0..rounds {
        rows = body(env.collection(rows).unwrap(), pairs(env, 500)).collect().unwrap();
    }
    rows
}

/// State that a driver keeps in one round must not show in the next.
#[test]
fn every_operator_works_in_every_round() {
    for (name, body) in BODIES {
        within_two_minutes(name, move || {
            for rounds in 0..=3 {
                let expected = unrolled(&embedded(), body, rounds);
                let looped = |env: &Env| {
                    let others = pairs(env, 500);
                    pairs(env, 2_000).iterate(rounds, |pairs| body(pairs, others)).collect().unwrap()
                };
                same_records(&format!("{name}, embedded, {rounds} rounds"), looped(&embedded()), expected.clone());
                for parallelism in PARALLELISM {
                    let engine = format!("{name}, parallelism {parallelism}, {rounds} rounds");
                    eprintln!("{engine}");
                    same_records(&engine, looped(&local(parallelism)), expected.clone());
                }
            }
        });
    }
}

/// A town or a graph node, and a number assigned to it.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Vertex {
    id: u64,
    component: u64,
}

#[dataflow]
fn told(workset: DataSet<Vertex>, edges: DataSet<Pair>) -> DataSet<Vertex> {
    let told = workset.join(edges).on(|v| v.id, |e| e.0).map(|v, e| Vertex { id: e.1, component: v.component });
    told.group_by(|v| v.id).min(|v| v.component)
}

fn better(set: Solution<Vertex, u64>, workset: DataSet<Vertex>, edges: DataSet<Pair>) -> DataSet<Vertex> {
    told(workset, edges).join(set).on(|v| v.id).process(|v, known, out| {
        if v.component < known.component {
            out.emit(v);
        }
    })
}

/// The least number in each node's component, computed by plain loops.
fn components(edges: &[Pair], nodes: u64) -> Vec<Vertex> {
    let mut component: Vec<u64> = (0..nodes).collect();
    loop {
        let mut changed = false;
        for &(from, to) in edges {
            let (from, to) = (from as usize, to as usize);
            changed |= component[from] < component[to];
            component[to] = component[to].min(component[from]);
        }
        if !changed {
            return (0..).zip(component).map(|(id, component)| Vertex { id, component }).collect();
        }
    }
}

#[test]
fn solution_set_is_updated_until_no_rows_are_left() {
    within_two_minutes("components", || {
        // One long chain, and some clusters.
        let (nodes, chain) = (600, 60);
        let cluster = (chain..nodes).map(|n| (n, chain + mixed(n) % (nodes - chain) / 40 * 40));
        let edges: Vec<Pair> =
            (1..chain).map(|n| (n - 1, n)).chain(cluster).flat_map(|(l, r)| [(l, r), (r, l)]).collect();
        let expected = components(&edges, nodes);
        let run = |env: &Env, most_rounds: u32| {
            let vertices = env.collection((0..nodes).map(|id| Vertex { id, component: id })).unwrap();
            let edges = env.collection(edges.clone()).unwrap();
            let components = vertices.iterate_delta(
                vertices.clone(),
                |v| v.id,
                most_rounds,
                |set, workset| {
                    let better = better(set, workset, edges);
                    (better.clone(), better)
                },
            );
            components.sort(|v| v.id).collect().unwrap()
        };
        assert_eq!(run(&embedded(), 1_000), expected);
        for parallelism in PARALLELISM {
            let env = local(parallelism);
            eprintln!("{parallelism}");
            assert_eq!(run(&env, 1_000), expected, "{parallelism} tasks");
            for rounds in [0, 1, 7] {
                assert_eq!(run(&env, rounds), run(&embedded(), rounds), "{parallelism} tasks, {rounds} rounds");
            }
        }
    });
}

/// The same vertex, delayed.
fn delayed(vertex: Vertex) -> Vertex {
    std::thread::sleep(std::time::Duration::from_millis(2));
    vertex
}

#[dataflow]
fn set_of_no_round(vertices: DataSet<Vertex>, first: DataSet<Vertex>, edges: DataSet<Pair>) -> DataSet<Vertex> {
    vertices.map(|v| delayed(v)).iterate_delta(
        first,
        |v| v.id,
        10,
        |set, workset| {
            let better = better(set, workset, edges);
            (better.clone(), better)
        },
    )
}

/// The loop ends before the solution set arrives.
#[test]
fn solution_set_is_complete_if_no_round_runs() {
    within_two_minutes("no round", || {
        for parallelism in PARALLELISM {
            let env = local(parallelism);
            let vertices: Vec<_> = (0..40).map(|id| Vertex { id, component: id }).collect();
            let (first, edges) =
                (env.collection(Vec::<Vertex>::new()).unwrap(), env.collection(vec![(1_u64, 2_u64)]).unwrap());
            let set = set_of_no_round(env.collection(vertices.clone()).unwrap(), first, edges);
            let mut set = set.collect().unwrap();
            set.sort_by_key(|v| v.id);
            assert_eq!(set, vertices, "{parallelism} tasks");
        }
    });
}

/// Uses loop bodies that are written inline, and bodies that are separate pipelines.
#[dataflow]
fn ranks(pages: DataSet<(u64, f64)>, links: DataSet<Pair>, degrees: DataSet<Pair>) -> DataSet<(u64, f64)> {
    let count = 5.0;
    let links = links.join(degrees).on(|l| l.0, |d| d.0).map(|l, d| (l.0, l.1, d.1));
    pages.iterate(20, |ranks| {
        let given = ranks.join(links).on(|p| p.0, |l| l.0).map(|p, l| (l.1, p.1 / l.2 as f64));
        given.group_by(|p| p.0).sum(|p| p.1).map(|p| (p.0, 0.15 / count + 0.85 * p.1))
    })
}

#[dataflow]
fn hops(towns: DataSet<Pair>, roads: DataSet<Pair>) -> DataSet<Pair> {
    let first = towns.filter(|t| t.1 == 0);
    towns.iterate_delta(
        first,
        |t| t.0,
        100,
        |known, reached| {
            let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
            let nearer =
                next.group_by(|n| n.0).min(|n| n.1).join(known).on(|n| n.0).filter(|n, k| n.1 < k.1).map(|n, _| n);
            (nearer, nearer)
        },
    )
}

#[test]
fn bodies_may_be_inline_or_separate_pipelines() {
    let links = [(0u64, 1u64), (1, 2), (2, 0), (3, 2), (4, 0), (1, 0), (2, 3), (3, 4)];
    let mut degrees = [0u64; 5];
    links.iter().for_each(|link| degrees[link.0 as usize] += 1);
    let mut expected = [0.2; 5];
    for _ in 0..20 {
        let mut next = [0.0; 5];
        links
            .iter()
            .for_each(|&(from, to)| next[to as usize] += expected[from as usize] / degrees[from as usize] as f64);
        expected = next.map(|rank| 0.15 / 5.0 + 0.85 * rank);
    }
    for env in [embedded(), local(1), local(3)] {
        let pages = env.collection((0..5u64).map(|page| (page, 0.2))).unwrap();
        let links = env.collection(links).unwrap();
        let degrees = env.collection((0..5u64).zip(degrees)).unwrap();
        let found = ranks(pages, links, degrees).sort(|p| p.0).collect().unwrap();
        assert!(
            found.iter().zip(&expected).all(|(found, rank)| (found.1 - rank).abs() < 1e-12),
            "{found:?} {expected:?}"
        );
        let towns = env.collection((0..6u64).map(|town| (town, if town == 0 { 0u64 } else { 99 }))).unwrap();
        let roads = env.collection([(0u64, 1u64), (1, 2), (2, 3), (0, 2), (3, 0), (4, 5)]).unwrap();
        let found = hops(towns, roads).sort(|t| t.0).collect().unwrap();
        assert_eq!(found, [(0, 0), (1, 1), (2, 1), (3, 2), (4, 99), (5, 99)]);
    }
}

/// Reached towns and the round that reached them. Keys that are missing in the solution set are
/// new.
#[dataflow]
fn reached_first(start: DataSet<Pair>, roads: DataSet<Pair>, most: u32) -> DataSet<Pair> {
    start.iterate_delta(
        start,
        |t| t.0,
        most,
        |known, reached| {
            let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1)).distinct();
            let new = next.left_join(known).on(|n| n.0).filter(|_, k| k.is_none()).map(|n, _| n);
            (new, new)
        },
    )
}

/// Left join of the rows with a solution set by both fields. Some keys are new to the set.
#[dataflow]
fn grown(set: Solution<Triple, (u64, u64)>, rows: DataSet<Triple>) -> DataSet<Triple> {
    next_of(rows).left_join(set).on(|r| (r.0, r.1)).map(|r, known| (r.0, r.1, known.map_or(1, |known| known.2 + 1)))
}

type Triple = (u64, u64, u64);

#[dataflow]
fn next_of(rows: DataSet<Triple>) -> DataSet<Triple> {
    rows.map(|r| ((r.0 + 1) % 50, r.1, r.2))
}

#[test]
fn left_join_with_a_solution_set_finds_new_keys() {
    within_two_minutes("new keys", || {
        let roads: Vec<Pair> = (0..3_000).map(|n| (mixed(n), mixed(n * 7 + 1))).collect();
        let mut expected: std::collections::BTreeMap<u64, u64> = [(mixed(1), 0)].into();
        let mut reached = vec![mixed(1)];
        for round in 1..=40 {
            let mut new: Vec<u64> = roads.iter().filter(|road| reached.contains(&road.0)).map(|road| road.1).collect();
            new.sort_unstable();
            new.dedup();
            new.retain(|town| !expected.contains_key(town));
            expected.extend(new.iter().map(|&town| (town, round)));
            reached = new;
        }
        let expected: Vec<Pair> = expected.into_iter().collect();
        assert!(expected.len() > 500);
        let first: Vec<Triple> = (0..20).map(|n| (n, n % 3, 5)).collect();
        let run = |env: &Env| {
            let start = env.collection([(mixed(1), 0u64)]).unwrap();
            let found = reached_first(start, env.collection(roads.clone()).unwrap(), 40);
            let first = || env.collection(first.clone()).unwrap();
            let of_two = first().iterate_delta(
                first(),
                |t| (t.0, t.1),
                30,
                |set, rows| {
                    let grown = grown(set, rows);
                    (grown.clone(), grown)
                },
            );
            (found.collect().unwrap(), of_two.collect().unwrap())
        };
        let (_, triples) = run(&embedded());
        // Each of 20 rows passes through 30 keys, some of which are known.
        assert!(triples.len() > 100 && triples.iter().any(|t| t.2 == 6) && triples.iter().any(|t| t.2 == 1));
        for env in [embedded(), local(1), local(2), local(4)] {
            let (found, of_two) = run(&env);
            same_records("towns", found, expected.clone());
            same_records("two keys", of_two, triples.clone());
        }
    });
}

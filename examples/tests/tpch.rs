//! The answers of all TPC-H queries at scale 0.02, compared with those of DuckDB for the same
//! tables and the specification's SQL. `benches/peers/python/worker.py` wrote them to `answers/`.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use dataflow::{Env, Options};
use examples::tpch::{QUERIES, Tables};
use examples::tpch_data::{self, Table};

const SCALE: f64 = 0.02;

/// Relative difference up to which numbers count as equal, since sums of floats depend on their
/// order.
const TOLERANCE: f64 = 1e-9;

fn tables() -> PathBuf {
    tpch_data::ensure(Path::new(env!("CARGO_TARGET_TMPDIR")), SCALE, &Table::ALL).unwrap()
}

fn expected(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/answers/{name}.tsv"));
    std::fs::read_to_string(path).unwrap()
}

fn rows(text: &str, sorted: bool) -> Vec<Vec<&str>> {
    let mut rows: Vec<Vec<_>> = text.lines().map(|line| line.split('\t').collect()).collect();
    if !sorted {
        rows.sort_unstable();
    }
    rows
}

fn equal(left: &str, right: &str) -> bool {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()),
        _ => left == right,
    }
}

#[test]
fn answers_equal_those_of_the_sql() {
    let folder = tables();
    for parallelism in [1, 2, 4] {
        let env = Env::new(Options { parallelism, ..Options::default() });
        for query in QUERIES {
            let mut found = Vec::new();
            query.run(&Tables::new(&env, &folder)).unwrap().write(&mut found).unwrap();
            let (expected, found) = (expected(query.name), String::from_utf8(found).unwrap());
            let (expected, found) = (rows(&expected, query.sorted), rows(&found, query.sorted));
            assert_eq!(found.len(), expected.len(), "{} with parallelism {parallelism}", query.name);
            for (found, expected) in found.iter().zip(&expected) {
                let same = found.len() == expected.len() && found.iter().zip(expected).all(|(l, r)| equal(l, r));
                assert!(same, "{} with parallelism {parallelism}: {found:?} instead of {expected:?}", query.name);
            }
        }
    }
}

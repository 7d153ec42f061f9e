//! Budgets that are too small: the job ends with an error that names the operator and the bytes,
//! and releases all memory.

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Result};
use runtime::error::Error;
use tests::{Folder, Input, Keys, PARALLELISM, Reading, Sale, local, within_two_minutes};

#[dataflow]
fn sorted(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort(|s| (desc(s.name), s.id))
}

#[dataflow]
fn grouped(sales: DataSet<Sale>) -> DataSet<((u64, String), u64)> {
    sales.group_by(|s| (s.id, s.name)).count()
}

#[dataflow]
fn reduced(sales: DataSet<Sale>) -> DataSet<Reading> {
    let readings = sales.map(|s| Reading { key: s.id as u32, value: s.amount, count: 1 });
    readings.group_by(|r| r.key).reduce(|a, b| Reading { count: a.count + b.count, ..a })
}

#[dataflow]
fn distinct(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.distinct()
}

#[dataflow]
fn counted(sales: DataSet<Sale>) -> DataSet<(u32, u64)> {
    sales.group_by(|s| s.key).aggregate(|g| (g.key, g.count_distinct(|s| (s.id, s.name))))
}

#[dataflow]
fn least(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.group_by(|s| s.id).min_by(|s| s.amount)
}

#[dataflow]
fn firsts(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.group_by(|s| (s.id, s.name)).first(1)
}

#[dataflow]
fn tops(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.group_by(|s| s.id).top(1, |s| (s.amount, s.name, s.note))
}

#[dataflow]
fn whole_groups(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.id).sorted_by(|s| s.name).reduce_group(|g, out| {
        for s in g {
            out.emit(s.id);
        }
    })
}

#[dataflow]
fn both_groups(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.co_group(sales).on(|l| l.id, |r| r.id).sorted_by(|l| l.name, |r| r.note).reduce_group(|lefts, rights, out| {
        if lefts.len() == rights.len() {
            for l in lefts {
                out.emit(l.id);
            }
        }
    })
}

#[dataflow]
fn partial_groups(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.key).sorted_by(|s| s.name).combine_group(|g, out| {
        for s in g {
            out.emit(s.id);
        }
    })
}

#[dataflow]
fn all_at_once(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.reduce_group(|all, out| {
        for s in all {
            out.emit(s);
        }
    })
}

#[dataflow]
fn sorted_in_tasks(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort_partition(|s| (desc(s.name), s.id))
}

#[dataflow]
fn mapped_in_tasks(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map_partition(|records, out| records.for_each(|s| out.emit(s.id)))
}

#[dataflow]
fn numbered(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales.partition_with(|s| 1 - s.id / ROWS).zip_with_index()
}

/// A pipeline over a file of sales that returns the number of its records.
type Job = fn(DataSet<Sale>) -> Result<u64>;

const ROWS: u64 = 30_000;

const JOBS: [(&str, Job); 17] = [
    ("sort", |sales| sorted(sales).count()),
    ("group", |sales| grouped(sales).count()),
    ("reduce", |sales| reduced(sales).count()),
    ("distinct", |sales| distinct(sales).count()),
    ("min_by", |sales| least(sales).count()),
    ("first of groups", |sales| firsts(sales).count()),
    ("top of groups", |sales| tops(sales).count()),
    ("reduce_group", |sales| whole_groups(sales).count()),
    ("co_group", |sales| both_groups(sales).count()),
    ("combine_group", |sales| partial_groups(sales).count()),
    ("reduce_group of all", |sales| all_at_once(sales).count()),
    ("count_distinct", |sales| counted(sales).collect().map(|counts| counts.iter().map(|count| count.1).sum())),
    ("sort_partition", |sales| sorted_in_tasks(sales).count()),
    ("map_partition", |sales| mapped_in_tasks(sales).count()),
    ("zip_with_index", |sales| numbered(sales).collect().map(|records| records.len() as u64)),
    ("sample_n", |sales| sales.sample_n(usize::MAX, 7).collect().map(|records| records.len() as u64)),
    ("collect", |sales| sales.collect().map(|records| records.len() as u64)),
];

fn budget(parallelism: usize, memory_bytes: usize) -> Env {
    Env::new(Options { parallelism, memory_bytes, progress: ProgressWhen::Never, ..Options::default() })
}

/// The innermost error, and whether an operator of this file is named above it.
fn cause(error: &Error) -> (&Error, bool) {
    match error {
        Error::At { origin, error } => (error, origin.file.ends_with("memory.rs")),
        error => (error, false),
    }
}

#[test]
fn a_refused_job_names_operator_need_and_budget() {
    let folder = Folder::default();
    let path = folder.join("sales.parquet");
    let env = local(2);
    env.collection(Input { rows: ROWS as usize, keys: Keys::Zipf, seed: 1 }.sales()).unwrap().write_parquet(&path);
    env.run().unwrap();
    for (name, job) in JOBS {
        let path = path.clone();
        within_two_minutes(name, move || fits_or_is_refused(name, job, &path));
    }
}

fn fits_or_is_refused(name: &str, job: Job, path: &str) {
    const AMPLE: usize = 512 << 20;
    let mut refused = 0;
    for memory_bytes in [64 << 10, 512 << 10, 2 << 20, 8 << 20, AMPLE] {
        for parallelism in PARALLELISM {
            match budget(parallelism, memory_bytes).read_parquet(path).and_then(job) {
                Ok(count) => assert_eq!(count, ROWS, "{name}"),
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    if let Error::TooLittleMemory { need, .. } = error.cause() {
                        // This is known before the start.
                        assert!(*need > memory_bytes && text.contains("memory.rs:"), "{name}: {text}");
                        continue;
                    }
                    let (cause, placed) = cause(error.cause());
                    assert!(placed && matches!(cause, Error::OutOfMemory { .. }), "{name}: {error}");
                    let parts =
                        ["memory.rs:", "out of memory: ", " more, and ", "of the budget of", "raise `--memory`"];
                    assert!(parts.iter().all(|part| text.contains(part)), "{name}: {text}");
                    assert!(memory_bytes < AMPLE, "{name}, parallelism {parallelism}: {text}");
                }
            }
        }
    }
    assert!(refused >= 3, "{name}: only {refused} budgets were refused");
}

#[test]
fn a_refused_job_releases_all_memory() {
    let folder = Folder::default();
    let path = folder.join("sales.parquet");
    let env = local(2);
    env.collection(Input { rows: 250_000, keys: Keys::Zipf, seed: 1 }.sales()).unwrap().write_parquet(&path);
    env.run().unwrap();
    for parallelism in PARALLELISM {
        let env = budget(parallelism, 20 << 20);
        let too_large = sorted(env.read_parquet(&path).unwrap());
        let fitting = env.collection(0..30_000u64).unwrap().distinct();
        for _ in 0..5 {
            too_large.collect().unwrap_err();
            // The memory that was enough before must be enough again.
            assert_eq!(fitting.count().unwrap(), 30_000);
        }
    }
}

#[test]
fn a_collection_larger_than_memory_is_rejected_when_created() {
    let sales = Input { rows: 5_000, keys: Keys::Zipf, seed: 1 }.sales();
    let error = budget(2, 100 << 10).collection(&sales).err().unwrap().to_string();
    assert!(error.contains("out of memory: a collection of the program's needs 64.0 KiB more"), "{error}");
}

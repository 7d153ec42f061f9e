//! Measures the weights of the engine's cost model on this machine, such as the time of a row, a
//! byte, or a lookup. Each comes from pipelines with only one difference.
//!
//! Times are summed over tasks: two tasks that run concurrently count twice. All pipelines have one
//! task, except those with an exchange and the one that spills.

mod pipelines;

use std::time::Instant;

use dataflow::prelude::*;
use dataflow::{Options, Profile, ProgressWhen, Weights};
use serde::Serialize;

use crate::data::random;
use crate::error::{Error, Result};
use crate::harness::{Cores, Spread};
use crate::options::Calibrate;
use crate::workspace::Workspace;
use pipelines::{
    Narrow, Wide, grouped, joined, mapped, narrow_by_hash, sorted, sorted_texts, sum_of_narrow, sum_of_wide, unsorted,
    unsorted_texts, wide_by_hash,
};

/// Rows of a pipeline, except for tables that need another number.
const ROWS: u64 = 2_000_000;
/// Bytes that the cost model adds to a row in a table.
const INDEX_BYTES: u64 = 24;
/// Bytes of a narrow row.
const NARROW_BYTES: u64 = 16;
/// Bytes of a wide row.
const WIDE_BYTES: u64 = 64;
/// Sizes of tables in the cost model, from a core's first-level cache to beyond the last level.
const TABLES_MIB: [f64; 6] = [0.1, 1.0, 4.0, 16.0, 64.0, 256.0];
/// Number of texts to sort.
const TEXTS: u64 = 500_000;
/// Number of rows that are sorted in a quarter of their bytes.
const SPILLED_ROWS: u64 = 8_000_000;

const KEYS: u64 = 1;
const PICKS: u64 = 2;
const STRANGERS: u64 = 3;

/// A weight of the cost model.
#[derive(Debug, Serialize)]
struct Weight {
    weight: &'static str,
    nanos: f64,
    default_nanos: f64,
    of: &'static str,
}

/// The costs of a table of one size, in nanoseconds per row.
#[derive(Debug, Serialize)]
struct Table {
    mib: f64,
    rows: u64,
    /// The cost model's default for a lookup.
    default_lookup: f64,
    /// A row that has a partner.
    join_lookup: f64,
    /// A row that has no partner.
    join_miss: f64,
    join_insert: f64,
    /// The same for keys that are numbers from 0 on, which are found without a hash.
    dense_lookup: f64,
    dense_insert: f64,
    /// A row that is added to its group.
    group_lookup: f64,
    /// The first row of a group.
    group_insert: f64,
}

/// Measures, prints and writes the results.
///
/// # Errors
/// Fails if a pipeline fails, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Calibrate) -> Result<bool> {
    let mut cores = Cores::new();
    println!("a word from core to core and back: {:.0} ns", cores.measure_distance());
    let bench = Bench { runs: options.runs };
    let defaults = Profile::default().weights;
    let mut weights = Vec::new();
    let mut add = |weight, nanos, default: f64, of| {
        let found = Weight { weight, nanos, default_nanos: default * 1e9, of };
        let Weight { weight, nanos, default_nanos, of } = &found;
        println!("{weight:<14} {nanos:>9.2} {default_nanos:>9.2}  {of}");
        weights.push(found);
    };
    println!("{:<14} {:>9} {:>9}", "weight", "ns", "default");

    let closures = bench.closures()?;
    add("row", closures.row, defaults.row, "a row through a closure, to a page");
    let [narrow, wide] = bench.exchanges()?;
    let byte = (wide - narrow) / (2 * (WIDE_BYTES - NARROW_BYTES)) as f64;
    add("byte", byte, defaults.byte, "each of those by which the rows of one exchange are wider, written and read");
    let pick = narrow - closures.row - (2 * NARROW_BYTES) as f64 * byte;
    add("pick", pick, defaults.pick, "a narrow row by hash to one of two tasks, without its bytes and the row itself");
    let [numbers, texts] = bench.comparisons(closures.row)?;
    add("comparison", numbers, defaults.comparison, "of numbers, in a sort of narrow rows");
    add("comparison", texts, defaults.comparison, "of texts of 16 bytes, in a sort of them");
    let spilled = bench.spilled_byte(workspace)?;
    add(
        "spilled_byte",
        spilled,
        defaults.spilled_byte,
        "a sort in a quarter of its bytes, against one in ample memory",
    );

    println!("\n{}", Table::HEAD);
    let mut tables = Vec::new();
    for mib in TABLES_MIB {
        let table = bench.table(mib, &closures, defaults.lookup(mib * MIB) * 1e9)?;
        table.print();
        tables.push(table);
    }
    // Inserts into the smallest table take less time than the variation between runs. In the cost
    // model only joins insert rows into tables.
    let inserts: Vec<f64> = tables.iter().skip(1).map(|table| table.join_insert).collect();
    let insert = Spread::of(&inserts).map_or(0.0, |spread| spread.median);
    println!();
    if let [_, cached, .., memory] = &tables[..] {
        let both = |table: &Table| (table.join_lookup + table.group_lookup) / 2.0;
        add("lookup_cached", both(cached), defaults.lookup_cached, "the mean of join and group in 1 MiB");
        add("lookup_memory", both(memory), defaults.lookup_memory, "the same in 256 MiB");
    }
    add("insert", insert, defaults.insert, "a row more in a join's table, beside its lookup: the median from 1 MiB on");
    println!("\nexport DATAFLOW_PROFILE={}", measured(&weights));
    let results = Results { weights, tables };
    super::tables::finish("calibrate", workspace, &[results], &[])
}

/// The weights as a profile. A weight that was measured in several ways is their mean. A weight
/// that could not be measured on a busy machine has its default.
fn measured(found: &[Weight]) -> Weights {
    let mut weights = Weights::default();
    for Weight { weight, .. } in found {
        let all: Vec<f64> =
            found.iter().filter(|other| other.weight == *weight).map(|other| other.nanos * 1e-9).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        if let Some(weight) = weights.named(weight).filter(|_| mean > 0.0) {
            *weight = mean;
        }
    }
    weights
}

#[derive(Serialize)]
struct Results {
    weights: Vec<Weight>,
    tables: Vec<Table>,
}

const MIB: f64 = (1_u64 << 20) as f64;

/// Measures times.
struct Bench {
    runs: usize,
}

/// The cost of a row before and after the measured operator.
struct Closures {
    /// Read from a page and summed.
    read: f64,
    /// Through a closure and to a page.
    row: f64,
}

impl Bench {
    fn closures(&self) -> Result<Closures> {
        let rows = env(1).collection(narrow(ROWS)).map_err(Error::of_case)?;
        let read = self.nanos(&sum_of_narrow(rows.clone()))? / ROWS as f64;
        let row = self.nanos(&mapped(rows))? / ROWS as f64 - read;
        Ok(Closures { read, row })
    }

    /// The cost to send a narrow and a wide row to one of two tasks.
    fn exchanges(&self) -> Result<[f64; 2]> {
        let env = env(2);
        let of_row = |shipped: f64, stays: f64| 2.0 * (shipped - stays) / ROWS as f64;
        let rows = env.collection(narrow(ROWS)).map_err(Error::of_case)?;
        let narrow = of_row(self.nanos(&narrow_by_hash(rows.clone()))?, self.nanos(&sum_of_narrow(rows))?);
        let rows = env.collection((0..ROWS).map(wide)).map_err(Error::of_case)?;
        let wide = of_row(self.nanos(&wide_by_hash(rows.clone()))?, self.nanos(&sum_of_wide(rows))?);
        Ok([narrow, wide])
    }

    /// The cost of a comparison of numbers and of texts, if a sort of n rows takes n log n
    /// comparisons.
    fn comparisons(&self, row: f64) -> Result<[f64; 2]> {
        let env = env(1);
        let seen = env.counter("seen");
        let of_one =
            |rows: u64, sorted: f64, unsorted: f64| ((sorted - unsorted) / rows as f64 - row) / (rows as f64).log2();
        let rows = env.collection(narrow(ROWS)).map_err(Error::of_case)?;
        let (all, none) = (sorted(rows.clone(), seen.clone()), unsorted(rows, seen.clone()));
        let numbers = of_one(ROWS, self.nanos(&all)?, self.nanos(&none)?);
        let texts = (0..TEXTS).map(|number| format!("{:016x}", random(KEYS, number)));
        let texts = env.collection(texts).map_err(Error::of_case)?;
        let (all, none) = (sorted_texts(texts.clone(), seen.clone()), unsorted_texts(texts, seen));
        Ok([numbers, of_one(TEXTS, self.nanos(&all)?, self.nanos(&none)?)])
    }

    /// The cost of a byte that a sort writes and reads again.
    fn spilled_byte(&self, workspace: &Workspace) -> Result<f64> {
        let spill = workspace.make_spill()?;
        let file = workspace.spill().join("rows.bin").display().to_string();
        let env = env(2);
        env.collection(narrow(SPILLED_ROWS)).map_err(Error::of_case)?.write_binary(&file);
        env.run().map_err(Error::of_case)?;
        let bytes = SPILLED_ROWS * NARROW_BYTES;
        let ample = self.sort_of(&file, Options::default().memory_bytes, workspace)?;
        let little = self.sort_of(&file, (bytes / 4) as usize, workspace)?;
        drop(spill);
        Ok(2.0 * (little.0 - ample.0) / (little.1 - ample.1))
    }

    /// Nanoseconds, and spilled bytes.
    fn sort_of(&self, file: &str, memory_bytes: usize, workspace: &Workspace) -> Result<(f64, f64)> {
        let mut spilled = 0;
        let mut run = || {
            let env = Env::new(Options { memory_bytes, spill_dirs: vec![workspace.spill()], ..options(2) });
            sorted(env.read_binary::<Narrow>(file)?, env.counter("seen")).print();
            spilled = env.run()?.spilled_bytes();
            Ok(())
        };
        let nanos = self.nanos_of(&mut run)?;
        Ok((nanos, spilled as f64))
    }

    fn table(&self, mib: f64, closures: &Closures, default_lookup: f64) -> Result<Table> {
        let env = env(1);
        let collection = |rows: &mut dyn Iterator<Item = Narrow>| env.collection(rows).map_err(Error::of_case);
        let rows = (mib * MIB) as u64 / (NARROW_BYTES + INDEX_BYTES);
        let picked = |number: u64| random(PICKS, number) % rows;
        let stranger = |number: u64| Narrow { key: random(STRANGERS, number), value: number & 1 };
        let of_row = |all: f64, but: f64| (all - but) / ROWS as f64;

        let one = collection(&mut (0..1).map(known))?;
        let begin = self.nanos(&joined(one.clone(), one.clone()))?;
        let join = |build: &DataSet<Narrow>, row: fn(u64) -> Narrow| {
            let join = |probe: DataSet<Narrow>| self.nanos(&joined(probe, build.clone()));
            let build_only = join(collection(&mut (0..1).map(row))?)?;
            let all = join(collection(&mut (0..ROWS).map(picked).map(row))?)?;
            let lookup = of_row(all, build_only) - closures.read - closures.row;
            Ok::<_, Error>((build_only, lookup, (build_only - begin) / rows as f64 - lookup))
        };
        let build = collection(&mut (0..rows).map(dense))?;
        let (_, dense_lookup, dense_insert) = join(&build, dense)?;
        let build = collection(&mut (0..rows).map(known))?;
        let (build_only, join_lookup, join_insert) = join(&build, known)?;
        let probe = collection(&mut (0..ROWS).map(stranger))?;
        let join_miss = of_row(self.nanos(&joined(probe, build.clone()))?, build_only);

        let first = self.nanos(&grouped(build))?;
        let begin_of_group = self.nanos(&grouped(one))?;
        let more = collection(&mut (0..rows).chain((0..ROWS).map(picked)).map(known))?;
        let group_lookup = of_row(self.nanos(&grouped(more))?, first);
        let group_insert = (first - begin_of_group) / rows as f64 - closures.read - group_lookup;
        Ok(Table {
            mib,
            rows,
            default_lookup,
            join_lookup,
            join_miss,
            join_insert,
            dense_lookup,
            dense_insert,
            group_lookup,
            group_insert,
        })
    }

    /// The run time of a flow.
    fn nanos<T: Record>(&self, flow: &DataSet<T>) -> Result<f64> {
        self.nanos_of(&mut || flow.records().map(|_| ()))
    }

    /// The fastest of some runs. Other load only adds time, and the differences of two pipelines
    /// are smaller than that.
    fn nanos_of(&self, run: &mut dyn FnMut() -> dataflow::Result<()>) -> Result<f64> {
        let mut quickest = f64::INFINITY;
        for _ in 0..self.runs {
            let start = Instant::now();
            run().map_err(Error::of_case)?;
            quickest = quickest.min(start.elapsed().as_secs_f64() * 1e9);
        }
        Ok(quickest)
    }
}

impl Table {
    const HEAD: &'static str =
        "     MiB      rows | default |    join    miss  insert |   dense  insert |   group  insert   (ns of a row)";

    fn print(&self) {
        let Self { mib, rows, default_lookup, join_lookup, join_miss, join_insert, .. } = self;
        let Self { dense_lookup, dense_insert, group_lookup, group_insert, .. } = self;
        println!(
            "{mib:>8.1} {rows:>9} | {default_lookup:>7.1} | {join_lookup:>7.1} {join_miss:>7.1} {join_insert:>7.1} | \
             {dense_lookup:>7.1} {dense_insert:>7.1} | {group_lookup:>7.1} {group_insert:>7.1}"
        );
    }
}

fn options(parallelism: usize) -> Options {
    Options { parallelism, progress: ProgressWhen::Never, ..Options::default() }
}

fn env(parallelism: usize) -> Env {
    Env::new(options(parallelism))
}

fn narrow(rows: u64) -> impl Iterator<Item = Narrow> {
    (0..rows).map(known)
}

/// The row at index `number`, with a key from the whole range of `u64`.
fn known(number: u64) -> Narrow {
    Narrow { key: random(KEYS, number), value: number & 1 }
}

/// The same, with the number as its key.
fn dense(number: u64) -> Narrow {
    Narrow { key: number, value: number & 1 }
}

fn wide(number: u64) -> Wide {
    let key = random(KEYS, number);
    Wide { key, a: number, b: number, c: number, d: number, e: number, f: number, g: number }
}

//! The programs: each operator, source and sink.

use std::hash::{DefaultHasher, Hash, Hasher};

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Result};
use tests::{Item, ItemRef};

/// Records, and a number that depends on all of them and not on their order.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: u64,
    pub(crate) digest: u64,
}

type Find = Box<dyn FnOnce() -> Result<Found>>;

/// A name, and the program.
type Case = (&'static str, fn(&Inputs, &Env) -> Result<Find>);

/// Where inputs lie.
pub(crate) struct Inputs(String);

impl Inputs {
    pub(crate) fn at(folder: &str) -> Self {
        Inputs(folder.to_owned())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// Writes `rows` records with texts of `length` bytes, and a third as many for the other side of joins.
    pub(crate) fn make(&self, length: u64, rows: u64, all_formats: bool) -> Result<()> {
        let options =
            Options { parallelism: 2, memory_bytes: 4 << 30, progress: ProgressWhen::Never, ..Options::default() };
        let env = Env::new(options);
        for (name, rows, seed) in [("items", rows, 1), ("others", rows / 3, 2)] {
            let items = made(env.collection(0..rows)?.rebalance(), length, rows, seed);
            items.write_native(self.path(&format!("{name}.rows/")));
            if all_formats && name == "items" {
                items.write_csv(self.path("items.csv/"));
                items.write_json(self.path("items.json/"));
                items.write_parquet(self.path("items.parquet/"));
                texts(items).write_text(self.path("items.txt/"));
            }
        }
        env.run()?;
        Ok(())
    }

    fn items(&self, env: &Env) -> Result<DataSet<Item>> {
        env.read_native(self.path("items.rows/"))
    }

    fn others(&self, env: &Env) -> Result<DataSet<Item>> {
        env.read_native(self.path("others.rows/"))
    }
}

/// A text of `length` bytes, different for each number, which compresses badly. Half of all texts begin alike.
fn text(number: u64, length: u64) -> String {
    let mut random = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut text = String::with_capacity(length as usize + 16);
    if number % 2 == 1 {
        text.extend(std::iter::repeat_n('m', length as usize / 2));
    }
    while (text.len() as u64) < length {
        random = (random ^ random >> 31).wrapping_mul(0xD6E8_FEB8_6659_FD93).wrapping_add(number);
        text.push_str(&format!("{random:016x}"));
    }
    text.truncate(length as usize);
    text
}

fn digest_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[dataflow]
fn made(numbers: DataSet<u64>, length: u64, rows: u64, seed: u64) -> DataSet<Item> {
    numbers.map(|n| Item {
        key: n * 7 % (rows / 4).max(1),
        value: (n * 31 % rows) as i64,
        text: text(n * 3 / 2 + seed / 2, length),
    })
}

/// The digest of some records, computed by the job itself.
fn digest(flow: DataSet<Item>) -> Result<Find> {
    let digest = digests(flow).collect()?;
    let found = digest.first().map_or(Found::default(), |&(rows, digest)| Found { rows, digest });
    Ok(Box::new(|| Ok(found)))
}

#[dataflow]
fn digests(items: DataSet<Item>) -> DataSet<(u64, u64)> {
    items.map(|i| (digest_of(i.text) ^ i.key ^ i.value as u64, 0u64)).aggregate(|g| (g.count(), g.sum(|n| n.0 >> 20)))
}

#[dataflow]
fn texts(items: DataSet<Item>) -> DataSet<String> {
    items.map(|i| i.text)
}

#[dataflow]
fn of_texts(texts: DataSet<String>) -> DataSet<Item> {
    texts.map(|text| ItemRef { key: 0, value: 0, text })
}

/// The rows of a file, once the job has ended. Their order is part of the digest if `in_order`.
fn written(env: &Env, path: String, in_order: bool) -> Result<Find> {
    env.run()?;
    Ok(Box::new(move || {
        let ample = Env::new(Options {
            parallelism: 1,
            memory_bytes: 4 << 30,
            progress: ProgressWhen::Never,
            ..Options::default()
        });
        let rows = hashed(ample.read_native(path)?).collect()?;
        let mixed = rows.iter().fold(0u64, |digest, &row| digest.rotate_left(u32::from(in_order)).wrapping_add(row));
        Ok(Found { rows: rows.len() as u64, digest: mixed })
    }))
}

#[dataflow]
fn hashed(items: DataSet<Item>) -> DataSet<u64> {
    items.map(|i| digest_of(i.text) ^ i.key ^ i.value as u64)
}

/// A sink: the rows are those that a source gives of what was written.
fn sink(
    inputs: &Inputs,
    env: &Env,
    name: &str,
    write: fn(&DataSet<Item>, &str),
    read: fn(&Env, &str) -> Result<DataSet<Item>>,
) -> Result<Find> {
    let path = inputs.path(&format!("out.{}", name));
    let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    write(&mapped(inputs.items(env)?), &path);
    env.run()?;
    Ok(Box::new(move || {
        let ample = Env::new(Options {
            parallelism: 1,
            memory_bytes: 4 << 30,
            progress: ProgressWhen::Never,
            ..Options::default()
        });
        let rows = hashed(read(&ample, &path)?).collect()?;
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        Ok(Found { rows: rows.len() as u64, digest: rows.iter().fold(0, |digest, row| digest.wrapping_add(*row)) })
    }))
}

#[dataflow]
fn mapped(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| ItemRef { value: i.value + 1, ..i })
}

#[dataflow]
fn flat_mapped(items: DataSet<Item>) -> DataSet<Item> {
    items.flat_map(|i| (0..40u64).map(move |n| (n, i)).map(|(n, i)| ItemRef { key: i.key + n, ..i }))
}

/// Texts that closures make: as long as those that are read.
#[dataflow]
fn made_longer(items: DataSet<Item>) -> DataSet<Item> {
    items.flat_map(|i| (0..3u64).map(move |n| Item { key: i.key + n, value: i.value, text: format!("{n}{}", i.text) }))
}

#[dataflow]
fn sorted(items: DataSet<Item>) -> DataSet<Item> {
    items.sort(|i| (desc(i.text), i.value))
}

#[dataflow]
fn sorted_by_key(items: DataSet<Item>) -> DataSet<Item> {
    items.sort(|i| (i.value, i.text))
}

#[dataflow]
fn sorted_in_tasks(items: DataSet<Item>) -> DataSet<Item> {
    items.sort_partition(|i| (desc(i.text), i.value))
}

#[dataflow]
fn in_ranges(items: DataSet<Item>) -> DataSet<Item> {
    items.partition_by_range(|i| i.text)
}

#[dataflow]
fn distinct(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| i.text).distinct().map(|text| ItemRef { key: 0, value: 0, text })
}

#[dataflow]
fn counted_texts(items: DataSet<Item>) -> DataSet<(u64, u64)> {
    items.group_by(|i| i.key % 3).aggregate(|g| (g.key, g.count_distinct(|i| i.text)))
}

#[dataflow]
fn as_items(counts: DataSet<(u64, u64)>) -> DataSet<Item> {
    counts.map(|c| ItemRef { key: c.0, value: c.1 as i64, text: "" })
}

#[dataflow]
fn counts(items: DataSet<Item>) -> DataSet<Item> {
    let counts = items.group_by(|i| i.text).count();
    counts.map(|c| ItemRef { key: c.1, value: 0, text: c.0 })
}

#[dataflow]
fn reduced(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).reduce(|a, b| if a.text > b.text { a } else { b })
}

#[dataflow]
fn extremes(items: DataSet<Item>) -> DataSet<Item> {
    let least = items.group_by(|i| i.key).aggregate(|g| (g.key, g.min(|i| i.text), g.count()));
    least.map(|l| ItemRef { key: l.0, value: l.2 as i64, text: l.1 })
}

#[dataflow]
fn carried(items: DataSet<Item>) -> DataSet<Item> {
    let greatest = items.group_by(|i| i.key).aggregate(|g| (g.key, g.max_by(|i| i.value, |i| i.text), g.count()));
    greatest.map(|l| ItemRef { key: l.0, value: l.2 as i64, text: l.1 })
}

#[dataflow]
fn best(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).max_by(|i| (i.value, i.text))
}

#[dataflow]
fn top(items: DataSet<Item>) -> DataSet<Item> {
    items.top(40, |i| (desc(i.text), i.value))
}

#[dataflow]
fn top_of_groups(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).top(2, |i| (desc(i.text), i.value))
}

#[dataflow]
fn first_of_groups(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.value).first(1)
}

#[dataflow]
fn whole_groups(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).sorted_by(|i| (i.text, i.value)).reduce_group(|group, out| {
        for i in group {
            out.emit(i);
        }
    })
}

#[dataflow]
fn all_as_one_group(items: DataSet<Item>) -> DataSet<Item> {
    items.reduce_group(|group, out| {
        for i in group {
            out.emit(i);
        }
    })
}

#[dataflow]
fn partial_groups(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).sorted_by(|i| i.text).combine_group(|group, out| {
        for i in group {
            out.emit(i);
        }
    })
}

#[dataflow]
fn zipped(items: DataSet<Item>) -> DataSet<Item> {
    items.rebalance().zip_with_index().map(|(_, item)| item)
}

#[dataflow]
fn exchanged(items: DataSet<Item>) -> DataSet<Item> {
    items.partition_by(|i| i.text).rebalance().partition_by(|i| i.key)
}

#[dataflow]
fn with_counts(items: DataSet<Item>) -> DataSet<Item> {
    let counts = items.group_by(|i| i.key).count();
    items.join(counts).on(|i| i.key, |c| c.0).map(|i, c| ItemRef { value: c.1 as i64, ..i })
}

#[dataflow]
fn looped(items: DataSet<Item>) -> DataSet<Item> {
    items.iterate(2, |items| items.map(|i| ItemRef { value: i.value + 1, ..i }))
}

#[dataflow]
fn looped_by_delta(items: DataSet<Item>) -> DataSet<Item> {
    let known = items.group_by(|i| i.key).max_by(|i| (i.value, i.text));
    known.iterate_delta(
        known,
        |k| k.key,
        2,
        |known, changed| {
            let more =
                changed.join(known).on(|c| c.key).map(|c, k| ItemRef { key: c.key, value: k.value + 1, text: k.text });
            (more, more)
        },
    )
}

#[dataflow]
fn over_tasks(items: DataSet<Item>) -> DataSet<Item> {
    items.map_partition(|records, out| {
        for i in records {
            out.emit(i);
        }
    })
}

#[dataflow]
fn joined(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.join(others).on(|i| i.key, |o| o.key).map(|i, o| ItemRef {
        key: o.key,
        value: o.text.len() as i64,
        text: i.text,
    })
}

#[dataflow]
fn joined_by_text(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.left_join(others).on(|i| i.text, |o| o.text).map(|i, o| ItemRef { value: o.map_or(0, |o| o.value), ..i })
}

#[dataflow]
fn broadcast(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key).map(|i, o| ItemRef {
        value: i.value,
        key: o.key,
        text: o.text,
    })
}

#[dataflow]
fn merged(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.join(others).hint(SortMerge).on(|i| i.text, |o| o.text).map(|i, o| ItemRef { value: o.value, ..i })
}

#[dataflow]
fn merged_by_key(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.join(others).hint(SortMerge).on(|i| i.key % 2, |o| o.key % 2).map(|i, o| ItemRef {
        value: o.value,
        key: i.key,
        text: o.text,
    })
}

#[dataflow]
fn semi_joined(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.semi_join(others).on(|i| i.text, |o| o.text)
}

#[dataflow]
fn co_grouped(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.co_group(others).on(|i| i.text, |o| o.text).reduce_group(|items, others, out| {
        let others = others.len() as i64;
        for i in items {
            out.emit(ItemRef { value: others, ..i });
        }
    })
}

#[dataflow]
fn united(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.union(others)
}

#[dataflow]
fn crossed(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    let few = others.filter(|o| o.value < 3);
    items.cross(few).map(|i, o| ItemRef { key: o.key, value: i.value, text: o.text })
}

fn one(inputs: &Inputs, env: &Env, operator: fn(DataSet<Item>) -> DataSet<Item>) -> Result<Find> {
    digest(operator(inputs.items(env)?))
}

fn two(inputs: &Inputs, env: &Env, operator: fn(DataSet<Item>, DataSet<Item>) -> DataSet<Item>) -> Result<Find> {
    digest(operator(inputs.items(env)?, inputs.others(env)?))
}

fn in_order(inputs: &Inputs, env: &Env, name: &str, operator: fn(DataSet<Item>) -> DataSet<Item>) -> Result<Find> {
    let path = inputs.path(&format!("out.{name}.rows"));
    operator(inputs.items(env)?).write_native(&path);
    written(env, path, true)
}

pub(crate) const CASES: &[Case] = &[
    ("map", |inputs, env| one(inputs, env, mapped)),
    ("flat_map", |inputs, env| one(inputs, env, flat_mapped)),
    ("flat_map, sort", |inputs, env| one(inputs, env, |items| sorted(made_longer(items)))),
    ("flat_map, group_by", |inputs, env| one(inputs, env, |items| counts(made_longer(items)))),
    ("flat_map, reduce_group", |inputs, env| one(inputs, env, |items| whole_groups(made_longer(items)))),
    ("sort", |inputs, env| in_order(inputs, env, "sort", sorted)),
    ("sort by a number", |inputs, env| in_order(inputs, env, "sort_key", sorted_by_key)),
    ("sort_partition", |inputs, env| one(inputs, env, sorted_in_tasks)),
    ("partition_by_range", |inputs, env| one(inputs, env, in_ranges)),
    ("distinct", |inputs, env| one(inputs, env, distinct)),
    ("count_distinct", |inputs, env| one(inputs, env, |items| as_items(counted_texts(items)))),
    ("group_by text", |inputs, env| one(inputs, env, counts)),
    ("reduce", |inputs, env| one(inputs, env, reduced)),
    ("min of texts", |inputs, env| one(inputs, env, extremes)),
    ("texts carried by max_by", |inputs, env| one(inputs, env, carried)),
    ("max_by", |inputs, env| one(inputs, env, best)),
    ("top", |inputs, env| one(inputs, env, top)),
    ("top of groups", |inputs, env| one(inputs, env, top_of_groups)),
    ("first of groups", |inputs, env| one(inputs, env, first_of_groups)),
    ("sample_n", |inputs, env| one(inputs, env, |items| items.sample_n(50, 7))),
    ("reduce_group", |inputs, env| one(inputs, env, whole_groups)),
    ("reduce_group of all", |inputs, env| one(inputs, env, all_as_one_group)),
    ("combine_group", |inputs, env| one(inputs, env, partial_groups)),
    ("zip_with_index", |inputs, env| one(inputs, env, zipped)),
    ("partition_by", |inputs, env| one(inputs, env, exchanged)),
    ("branches that meet", |inputs, env| one(inputs, env, |items| with_counts(mapped(items)))),
    ("persist", |inputs, env| one(inputs, env, |items| mapped(items).persist())),
    ("iterate", |inputs, env| one(inputs, env, looped)),
    ("iterate_delta", |inputs, env| one(inputs, env, looped_by_delta)),
    ("map_partition", |inputs, env| one(inputs, env, over_tasks)),
    ("join", |inputs, env| two(inputs, env, joined)),
    ("left_join by text", |inputs, env| two(inputs, env, joined_by_text)),
    ("broadcast join", |inputs, env| two(inputs, env, broadcast)),
    ("merge join", |inputs, env| two(inputs, env, merged)),
    ("merge join of few keys", |inputs, env| two(inputs, env, merged_by_key)),
    ("semi_join", |inputs, env| two(inputs, env, semi_joined)),
    ("co_group", |inputs, env| two(inputs, env, co_grouped)),
    ("union", |inputs, env| two(inputs, env, united)),
    ("cross", |inputs, env| two(inputs, env, crossed)),
    ("read csv", |inputs, env| digest(mapped(env.read_csv(inputs.path("items.csv/"))?))),
    ("read json", |inputs, env| digest(mapped(env.read_json(inputs.path("items.json/"))?))),
    ("read parquet", |inputs, env| digest(mapped(env.read_parquet(inputs.path("items.parquet/"))?))),
    ("read text", |inputs, env| digest(of_texts(env.read_text(inputs.path("items.txt/"))?))),
    ("read parquet, sort", |inputs, env| digest(sorted(env.read_parquet(inputs.path("items.parquet/"))?))),
    ("read csv, sort", |inputs, env| digest(sorted(env.read_csv(inputs.path("items.csv/"))?))),
    ("write csv", |inputs, env| {
        sink(inputs, env, "csv/", |items, path| items.write_csv(path), |env, path| env.read_csv(path))
    }),
    ("write json", |inputs, env| {
        sink(inputs, env, "json/", |items, path| items.write_json(path), |env, path| env.read_json(path))
    }),
    ("write parquet", |inputs, env| {
        sink(inputs, env, "parquet/", |items, path| items.write_parquet(path), |env, path| env.read_parquet(path))
    }),
    ("write native", |inputs, env| {
        sink(inputs, env, "rows/", |items, path| items.write_native(path), |env, path| env.read_native(path))
    }),
    ("write one csv", |inputs, env| {
        sink(inputs, env, "csv", |items, path| items.write_csv(path), |env, path| env.read_csv(path))
    }),
    ("write one json", |inputs, env| {
        sink(inputs, env, "json", |items, path| items.write_json(path), |env, path| env.read_json(path))
    }),
    ("write one parquet", |inputs, env| {
        sink(inputs, env, "parquet", |items, path| items.write_parquet(path), |env, path| env.read_parquet(path))
    }),
    ("write one native", |inputs, env| {
        sink(inputs, env, "rows", |items, path| items.write_native(path), |env, path| env.read_native(path))
    }),
];

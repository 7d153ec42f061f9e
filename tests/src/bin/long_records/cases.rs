//! The cases: each operator, source and sink.

use std::hash::{DefaultHasher, Hash, Hasher};

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Result};
use tests::{Item, ItemRef};

/// The number of records, and a digest that does not depend on their order.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: u64,
    pub(crate) digest: u64,
}

type Find = Box<dyn FnOnce() -> Result<Found>>;

type Program = Box<dyn Fn(&Inputs, &Env) -> Result<Find>>;

/// A name, and the program.
type Case = (String, Program);

/// The folder of the inputs.
pub(crate) struct Inputs(String);

impl Inputs {
    pub(crate) fn at(folder: &str) -> Self {
        Inputs(folder.to_owned())
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// Writes `rows` records with texts of `length` bytes in these formats. Also writes a third as
    /// many in the native format, for the other side of joins.
    pub(crate) fn make(&self, length: u64, rows: u64, formats: &[&str]) -> Result<()> {
        let env = ample(2);
        let items = made(env.collection(0..rows)?.rebalance(), length, rows, 1);
        for format in FORMATS.iter().filter(|format| formats.contains(&format.name)) {
            (format.write)(&items, &self.path(&format!("items.{}/", format.name)));
        }
        if formats.contains(&"text") {
            texts(items).write_text(self.path("items.text/"));
        }
        if formats.contains(&"native") {
            made(env.collection(0..rows / 3)?.rebalance(), length, rows / 3, 2)
                .write_native(self.path("others.native/"));
        }
        env.run()?;
        Ok(())
    }

    fn items(&self, env: &Env) -> Result<DataSet<Item>> {
        env.read_native(self.path("items.native/"))
    }

    fn others(&self, env: &Env) -> Result<DataSet<Item>> {
        env.read_native(self.path("others.native/"))
    }
}

/// An environment with enough memory for all rows.
fn ample(parallelism: usize) -> Env {
    Env::new(Options { parallelism, memory_bytes: 4 << 30, progress: ProgressWhen::Never, ..Options::default() })
}

/// A format with its reader and writer.
struct Format {
    name: &'static str,
    read: fn(&Env, &str) -> Result<DataSet<Item>>,
    write: fn(&DataSet<Item>, &str),
}

static FORMATS: [Format; 4] = [
    Format { name: "csv", read: |env, path| env.read_csv(path), write: |items, path| items.write_csv(path) },
    Format { name: "json", read: |env, path| env.read_json(path), write: |items, path| items.write_json(path) },
    Format {
        name: "parquet",
        read: |env, path| env.read_parquet(path),
        write: |items, path| items.write_parquet(path),
    },
    Format { name: "native", read: |env, path| env.read_native(path), write: |items, path| items.write_native(path) },
];

/// A text of `length` bytes, unique for each number, which compresses badly. Half of all texts
/// share a prefix.
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

/// The digest of a flow, computed by the job itself.
fn digest(flow: DataSet<Item>) -> Result<Find> {
    let digest = digests(flow).collect()?;
    let found = digest.first().map_or(Found::default(), |&(rows, digest)| Found { rows, digest });
    Ok(Box::new(|| Ok(found)))
}

#[dataflow]
fn digests(items: DataSet<Item>) -> DataSet<(u64, u64)> {
    items.map(|i| (digest_of(i.text) ^ i.key ^ i.value as u64, 0u64)).aggregate(|g| (g.count(), g.sum(|n| n.0 >> 26)))
}

#[dataflow]
fn texts(items: DataSet<Item>) -> DataSet<String> {
    items.map(|i| i.text)
}

#[dataflow]
fn of_texts(texts: DataSet<String>) -> DataSet<Item> {
    texts.map(|text| ItemRef { key: 0, value: 0, text })
}

/// Writes the rows in a format, to a folder or to one file, and reads them back after the job. The
/// digest covers the order if `in_order` is set.
fn written(env: &Env, format: &'static Format, items: &DataSet<Item>, path: String, in_order: bool) -> Result<Find> {
    let remove = |path: &str| std::fs::remove_dir_all(path).or_else(|_| std::fs::remove_file(path));
    let _ = remove(&path);
    (format.write)(items, &path);
    env.run()?;
    Ok(Box::new(move || {
        let rows = hashed((format.read)(&ample(1), &path)?).collect()?;
        let _ = remove(&path);
        let mixed = rows.iter().fold(0u64, |digest, &row| digest.rotate_left(u32::from(in_order)).wrapping_add(row));
        Ok(Found { rows: rows.len() as u64, digest: mixed })
    }))
}

#[dataflow]
fn hashed(items: DataSet<Item>) -> DataSet<u64> {
    items.map(|i| digest_of(i.text) ^ i.key ^ i.value as u64)
}

#[dataflow]
fn mapped(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| ItemRef { value: i.value + 1, ..i })
}

#[dataflow]
fn flat_mapped(items: DataSet<Item>) -> DataSet<Item> {
    items.flat_map(|i| (0..40u64).map(move |n| (n, i)).map(|(n, i)| ItemRef { key: i.key + n, ..i }))
}

/// Closures create texts that are as long as those of the input.
#[dataflow]
fn made_longer(items: DataSet<Item>) -> DataSet<Item> {
    items.flat_map(|i| (0..3u64).map(move |n| Item { key: i.key + n, value: i.value, text: format!("{n}{}", i.text) }))
}

/// A closure cannot pause while it emits: each of four calls emits 30 MiB.
#[dataflow]
fn made_many(items: DataSet<Item>) -> DataSet<Item> {
    items.filter(|i| i.value < 4).flat_map(|i| {
        let many = (30 << 20) / i.text.len() as u64;
        (0..many).map(move |n| Item { key: n, value: i.value, text: format!("{n}{}", i.text) })
    })
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
fn counted_texts(items: DataSet<Item>) -> DataSet<Item> {
    let counts = items.group_by(|i| i.key % 3).aggregate(|g| (g.key, g.count_distinct(|i| i.text)));
    counts.map(|c| ItemRef { key: c.0, value: c.1 as i64, text: "" })
}

#[dataflow]
fn counts(items: DataSet<Item>) -> DataSet<Item> {
    let counts = items.group_by(|i| i.text).count();
    counts.map(|c| ItemRef { key: c.1, value: 0, text: c.0 })
}

#[dataflow]
fn counts_by_numbers(items: DataSet<Item>) -> DataSet<Item> {
    let counts = items.group_by(|i| (i.key, i.value)).count();
    counts.map(|c| ItemRef { key: c.0.0 ^ c.1, value: c.0.1, text: "" })
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

/// Each record matches half of the other side, so the number of results is bounded.
#[dataflow]
fn merged_by_key(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    let (items, others) = (items.filter(|i| i.value < 1_000), others.filter(|o| o.value < 1_000));
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

/// Runs choose different records, so only lengths are compared.
#[dataflow]
fn sampled(items: DataSet<Item>) -> DataSet<Item> {
    items.sample_n(50, 7).map(|i| ItemRef { key: 0, value: i.text.len() as i64, text: "" })
}

#[dataflow]
fn kept(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| ItemRef { value: i.value + 1, ..i }).persist()
}

type OfOne = fn(DataSet<Item>) -> DataSet<Item>;

/// Operators whose results have no order.
const OF_ONE: &[(&str, OfOne)] = &[
    ("map", mapped),
    ("flat_map", flat_mapped),
    ("flat_map, sort", |items| sorted(made_longer(items))),
    ("flat_map of many, sort", |items| sorted(made_many(items))),
    ("flat_map, group_by", |items| counts(made_longer(items))),
    ("flat_map, reduce_group", |items| whole_groups(made_longer(items))),
    ("sort_partition", sorted_in_tasks),
    ("partition_by_range", in_ranges),
    ("distinct", distinct),
    ("count_distinct", counted_texts),
    ("group_by text", counts),
    ("reduce", reduced),
    ("min of texts", extremes),
    ("texts carried by max_by", carried),
    ("max_by", best),
    ("top", top),
    ("top of groups", top_of_groups),
    ("first of groups", first_of_groups),
    ("sample_n", sampled),
    ("reduce_group", whole_groups),
    ("reduce_group of all", all_as_one_group),
    ("combine_group", partial_groups),
    ("zip_with_index", zipped),
    ("partition_by", exchanged),
    ("branches that meet", |items| with_counts(mapped(items))),
    ("persist", kept),
    ("iterate", looped),
    ("iterate_delta", looped_by_delta),
    ("map_partition", over_tasks),
];

/// Operators whose results have an order.
const IN_ORDER: &[(&str, OfOne)] = &[("sort", sorted), ("sort by a number", sorted_by_key)];

type OfTwo = fn(DataSet<Item>, DataSet<Item>) -> DataSet<Item>;

const OF_TWO: &[(&str, OfTwo)] = &[
    ("join", joined),
    ("left_join by text", joined_by_text),
    ("broadcast join", broadcast),
    ("merge join", merged),
    ("merge join of few keys", merged_by_key),
    ("semi_join", semi_joined),
    ("co_group", co_grouped),
    ("union", united),
    ("cross", crossed),
];

/// Operators that follow a source of each format.
const AFTER_SOURCES: &[(&str, OfOne)] =
    &[("map", mapped), ("sort", sorted), ("group_by text", counts), ("group_by numbers", counts_by_numbers)];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |name: String, run: Program| cases.push((name, run));
    for &(name, operator) in OF_ONE {
        add(name.to_owned(), Box::new(move |inputs, env| digest(operator(inputs.items(env)?))));
    }
    for &(name, operator) in IN_ORDER {
        let native = &FORMATS[3];
        let run = move |inputs: &Inputs, env: &Env| {
            written(env, native, &operator(inputs.items(env)?), inputs.path("out.native"), true)
        };
        add(name.to_owned(), Box::new(run));
    }
    for &(name, operator) in OF_TWO {
        let run = move |inputs: &Inputs, env: &Env| digest(operator(inputs.items(env)?, inputs.others(env)?));
        add(name.to_owned(), Box::new(run));
    }
    for format in &FORMATS {
        for &(name, operator) in AFTER_SOURCES {
            let path = format!("items.{}/", format.name);
            let run = move |inputs: &Inputs, env: &Env| digest(operator((format.read)(env, &inputs.path(&path))?));
            add(format!("read {}, {name}", format.name), Box::new(run));
        }
        for (words, end) in [("write", "/"), ("write one", "")] {
            let path = format!("out.{}{end}", format.name);
            let run = move |inputs: &Inputs, env: &Env| {
                written(env, format, &mapped(inputs.items(env)?), inputs.path(&path), false)
            };
            add(format!("{words} {}", format.name), Box::new(run));
        }
    }
    add("read text".to_owned(), Box::new(|inputs, env| digest(of_texts(env.read_text(inputs.path("items.text/"))?))));
    cases
}

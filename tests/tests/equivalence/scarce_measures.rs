//! Measures with states of variable size (quantiles, least and greatest texts) in less memory than
//! they take.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use tests::{Item, PARALLELISM, Scarcity, Shape, on_each_engine, same_sequence};

use crate::grouped;

/// The key; the median and a percentile, as bits; the sum; the least and the greatest value.
type Quantiles = (u64, u64, u64, i64, i64, i64);

#[dataflow]
fn quantiles(items: DataSet<Item>) -> DataSet<Quantiles> {
    items.group_by(|i| i.key).aggregate(|g| {
        let (median, high) = (g.median(|i| i.value), g.percentile(0.9, |i| i.value));
        (g.key, median.to_bits(), high.to_bits(), g.sum(|i| i.value), g.min(|i| i.value), g.max(|i| i.value))
    })
}

/// The least and greatest text, the same of optional texts, and measures that must count each
/// record once.
type Texts = (u64, (String, String), (Option<String>, Option<String>), u64, i64);

#[dataflow]
fn texts(items: DataSet<Item>) -> DataSet<Texts> {
    let marked = items.map(|i| (i.key / 4, i.value, i.text, if i.value % 3 == 0 { None } else { Some(i.text) }));
    marked.group_by(|i| i.0).aggregate(|g| {
        let perhaps = (g.min(|i| i.3), g.max(|i| i.3));
        (g.key, (g.min(|i| i.2), g.max(|i| i.2)), perhaps, g.count(), g.sum(|i| i.1))
    })
}

/// The texts of the records with the least and greatest value, and an optional text. Many values
/// tie.
type Carried = (u64, (String, String), Option<String>, u64, i64);

#[dataflow]
fn carried(items: DataSet<Item>) -> DataSet<Carried> {
    let marked =
        items.map(|i| (i.key / 4, i.value, i.text, if i.value % 3 == 0 { None } else { Some(i.text) }, i.value % 16));
    marked.group_by(|i| i.0).aggregate(|g| {
        let texts = (g.min_by(|i| i.4, |i| i.2), g.max_by(|i| i.1, |i| i.2));
        (g.key, texts, g.max_by(|i| i.4, |i| i.3), g.count(), g.sum(|i| i.1))
    })
}

type CarriedTexts = (u64, u64, (String, String), Option<String>);

/// The same next to a median, which needs all records of a group together.
#[dataflow]
fn carried_in_groups(items: DataSet<Item>) -> DataSet<CarriedTexts> {
    let marked =
        items.map(|i| (i.key / 4, i.value, i.text, if i.value % 3 == 0 { None } else { Some(i.text) }, i.value % 16));
    marked.group_by(|i| i.0).aggregate(|g| {
        let texts = (g.min_by(|i| i.4, |i| i.2), g.max_by(|i| i.1, |i| i.2));
        (g.key, g.median(|i| i.1).to_bits(), texts, g.max_by(|i| i.4, |i| i.3))
    })
}

#[dataflow]
fn greatest(items: DataSet<Item>) -> DataSet<(u64, String)> {
    items.map(|i| (i.key % 100, i.text)).group_by(|i| i.0).max(|i| i.1)
}

/// Quantiles of the whole flow, which is one group larger than the minimum memory.
#[dataflow]
fn of_all(items: DataSet<Item>) -> DataSet<(f64, f64, String, String, i64)> {
    items.aggregate(|g| {
        let (median, low) = (g.median(|i| i.value % 1_000), g.percentile(0.001, |i| i.value % 1_000));
        (median, low, g.min(|i| i.text), g.max(|i| i.text), g.sum(|i| i.value))
    })
}

fn quantile(share: f64, values: &mut [i64]) -> f64 {
    values.sort_unstable();
    let place = share * (values.len() - 1) as f64;
    let (low, high) = (values[place.floor() as usize] as f64, values[place.ceil() as usize] as f64);
    low + (high - low) * (place - place.floor())
}

fn in_any_memory<T: Record + Ord + std::fmt::Debug>(
    shapes: &[Shape],
    job: impl Fn(DataSet<Item>) -> DataSet<T>,
    expected: impl Fn(&[Item]) -> Vec<T>,
) {
    for &shape in shapes {
        let items = shape.items(30_000, 5);
        let mut wanted = expected(&items);
        wanted.sort_unstable();
        let items = [items];
        for scarcity in [Scarcity::Ample, Scarcity::Part(4), Scarcity::Minimum] {
            for parallelism in [PARALLELISM[0], PARALLELISM[1]] {
                let (mut found, _) = scarcity.run(&items, parallelism, |flows| job(flows[0].clone()));
                found.sort_unstable();
                same_sequence(&format!("{shape:?}, {scarcity:?}, parallelism {parallelism}"), &found, &wanted);
            }
        }
    }
}

const SHAPES: [Shape; 5] = [Shape::Uniform, Shape::Zipf, Shape::OneHot, Shape::Distinct, Shape::Huge];

#[test]
fn quantiles_are_equal_in_any_memory() {
    in_any_memory(&SHAPES, quantiles, |items| {
        let of = |(key, group): (u64, Vec<&Item>)| {
            let mut values: Vec<i64> = group.iter().map(|item| item.value).collect();
            let [median, high] = [0.5, 0.9].map(|share| quantile(share, &mut values).to_bits());
            (key, median, high, values.iter().sum(), values[0], values[values.len() - 1])
        };
        grouped(items, |item| item.key).into_iter().map(of).collect()
    });
}

#[test]
fn least_and_greatest_texts_are_equal_in_any_memory() {
    in_any_memory(&SHAPES, texts, |items| {
        let of = |(key, group): (u64, Vec<&Item>)| {
            let range =
                |texts: Vec<&String>| (texts.iter().min().copied().cloned(), texts.iter().max().copied().cloned());
            let (least, greatest) = range(group.iter().map(|item| &item.text).collect());
            let some = range(group.iter().filter(|item| item.value % 3 != 0).map(|item| &item.text).collect());
            let sum = group.iter().map(|item| item.value).sum();
            (key, (least.unwrap(), greatest.unwrap()), some, group.len() as u64, sum)
        };
        grouped(items, |item| item.key / 4).into_iter().map(of).collect()
    });
    in_any_memory(&[Shape::Uniform, Shape::Huge], greatest, |items| {
        let groups: BTreeMap<u64, Vec<&Item>> = grouped(items, |item| item.key % 100);
        groups
            .into_iter()
            .map(|(key, group)| (key, group.iter().map(|item| item.text.clone()).max().unwrap()))
            .collect()
    });
}

/// The measures of `carried` by plain loops.
fn carried_by_loops(items: &[Item]) -> Vec<Carried> {
    let of = |(key, group): (u64, Vec<&Item>)| {
        let least = group.iter().min_by_key(|item| (item.value % 16, &item.text)).unwrap();
        let greatest = group.iter().min_by_key(|item| (std::cmp::Reverse(item.value), &item.text)).unwrap();
        let some = |item: &Item| (item.value % 3 != 0).then(|| item.text.clone());
        // Of records that tie, a missing text sorts last.
        let perhaps = |item: &&Item| (std::cmp::Reverse(item.value % 16), some(item).is_none(), some(item));
        let perhaps = group.iter().map(perhaps).min().unwrap();
        let sum = group.iter().map(|item| item.value).sum();
        (key, (least.text.clone(), greatest.text.clone()), perhaps.2, group.len() as u64, sum)
    };
    grouped(items, |item| item.key / 4).into_iter().map(of).collect()
}

#[test]
fn carried_texts_are_equal_in_any_memory() {
    in_any_memory(&SHAPES, carried, carried_by_loops);
    in_any_memory(&[Shape::Uniform, Shape::Huge], carried_in_groups, |items| {
        let medians = grouped(items, |item| item.key / 4)
            .into_values()
            .map(|group| quantile(0.5, &mut group.iter().map(|item| item.value).collect::<Vec<_>>()).to_bits());
        let carried = carried_by_loops(items).into_iter();
        carried.zip(medians).map(|((key, texts, perhaps, ..), median)| (key, median, texts, perhaps)).collect()
    });
}

#[test]
fn carried_texts_are_equal_on_each_engine() {
    let items = Shape::Zipf.items(4_000, 3);
    let expected = carried_by_loops(&items);
    on_each_engine(|engine, env| {
        let mut found = carried(env.collection(items.clone()).unwrap()).collect().unwrap();
        found.sort_unstable();
        same_sequence(engine, &found, &expected);
    });
}

type ValueRow = (u32, i64, Vec<u8>, Option<u32>, Decimal<2>, Vec<String>);

type CarriedValues = (u32, Vec<u8>, Option<u32>, Decimal<2>, Vec<String>);

/// Carried values of other types: lists, decimals, and `Option`s of plain values.
#[dataflow]
fn carried_values(rows: DataSet<ValueRow>) -> DataSet<CarriedValues> {
    rows.group_by(|r| r.0).aggregate(|g| {
        let (bytes, perhaps) = (g.max_by(|r| r.1, |r| r.2), g.min_by(|r| r.1, |r| r.3));
        (g.key, bytes, perhaps, g.max_by(|r| r.1, |r| r.4), g.min_by(|r| r.4, |r| r.5))
    })
}

#[test]
fn values_of_each_type_are_carried() {
    let row = |n: i64| {
        let texts = vec![n.to_string(); n as usize % 3];
        let perhaps = (n % 2 == 0).then_some(n as u32);
        (n as u32 % 7, n * 31 % 200, vec![n as u8; n as usize % 5], perhaps, Decimal::from_scaled(n * 17 % 150), texts)
    };
    let rows: Vec<_> = (0..200).map(row).collect();
    let expected = (0..7).map(|key| {
        let group = || rows.iter().filter(move |row| row.0 == key);
        let greatest = group().max_by_key(|row| row.1).unwrap();
        let least = group().min_by_key(|row| row.1).unwrap();
        let texts = group().min_by_key(|row| (row.4, &row.5)).unwrap();
        (key, greatest.2.clone(), least.3, greatest.4, texts.5.clone())
    });
    let expected: Vec<_> = expected.collect();
    on_each_engine(|engine, env| {
        let mut found = carried_values(env.collection(rows.clone()).unwrap()).collect().unwrap();
        found.sort_by_key(|row| row.0);
        assert_eq!(found, expected, "{engine}");
    });
}

#[dataflow]
fn dearest_of_all(items: DataSet<Item>) -> DataSet<(String, u64)> {
    items.aggregate(|g| (g.max_by(|i| i.value, |i| i.text), g.count()))
}

/// A row of the table holds one text of a megabyte at a time.
#[test]
fn a_text_of_a_megabyte_is_carried() {
    let item = |n: i64| Item { key: n as u64 % 3, value: n * 7 % 40, text: n.to_string().repeat(500_000) };
    let items: Vec<Item> = (0..40).map(item).collect();
    let best = items.iter().max_by_key(|item| item.value).unwrap();
    for parallelism in PARALLELISM {
        let env = tests::local(parallelism);
        let found = dearest_of_all(env.collection(items.clone()).unwrap()).collect().unwrap();
        assert_eq!(found, [(best.text.clone(), 40)], "parallelism {parallelism}");
    }
}

#[test]
fn a_group_larger_than_memory_has_quantiles() {
    let items = Shape::Uniform.items(60_000, 9);
    let mut values: Vec<i64> = items.iter().map(|item| item.value % 1_000).collect();
    let (median, low) = (quantile(0.5, &mut values), quantile(0.001, &mut values));
    let texts = || items.iter().map(|item| item.text.clone());
    let expected =
        [(median, low, texts().min().unwrap(), texts().max().unwrap(), items.iter().map(|item| item.value).sum())];
    let items = [items];
    for parallelism in [1, 2] {
        for scarcity in [Scarcity::Ample, Scarcity::Part(8), Scarcity::Minimum] {
            let (found, report) = scarcity.run(&items, parallelism, |flows| of_all(flows[0].clone()));
            assert_eq!(found, expected, "{scarcity:?}, parallelism {parallelism}");
            assert!(scarcity == Scarcity::Ample || report.spilled_bytes() > 0, "{scarcity:?} held all");
        }
    }
}

#[dataflow]
fn percentile(values: DataSet<i64>, share: f64) -> DataSet<f64> {
    values.aggregate(|g| g.percentile(share, |v| v))
}

#[test]
fn a_quantile_above_one_is_rejected_before_the_run() {
    on_each_engine(|engine, env| {
        let values = env.collection([1i64, 2]).unwrap();
        assert_eq!(percentile(values.clone(), 1.0).collect().unwrap(), [2.0], "{engine}");
        let error = percentile(values, 95.0).collect().unwrap_err().to_string();
        assert!(error.contains("a share from 0 to 1") && error.contains("scarce_measures.rs"), "{engine}: {error}");
    });
}

#[dataflow]
fn parsed(rows: DataSet<(u32, String)>) -> DataSet<(u32, i64)> {
    rows.group_by(|r| r.0).sorted_by(|r| r.1).try_reduce_group(|group, out| {
        let (mut key, mut sum) = (0, 0);
        for r in group {
            key = r.0;
            sum += r.1.parse::<i64>()?;
        }
        out.emit((key, sum));
        Ok(())
    })
}

#[dataflow]
fn parsed_whole(rows: DataSet<(u32, String)>) -> DataSet<i64> {
    rows.try_reduce_group(|group, out| {
        for r in group {
            out.emit(r.1.parse::<i64>()?);
        }
        Ok(())
    })
}

#[test]
fn an_error_of_a_group_ends_the_job() {
    on_each_engine(|engine, env| {
        let good = || env.collection([(1u32, "3"), (2, "5"), (1, "4")]).unwrap();
        let mut sums = parsed(good()).collect().unwrap();
        sums.sort_unstable();
        assert_eq!(sums, [(1, 7), (2, 5)], "{engine}");
        assert_eq!(parsed_whole(good()).count().unwrap(), 3, "{engine}");
        let bad = || env.collection([(1u32, "3"), (2, "five")]).unwrap();
        for error in [parsed(bad()).collect().unwrap_err(), parsed_whole(bad()).collect().unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains("invalid digit") && error.contains("scarce_measures.rs"), "{engine}: {error}");
        }
    });
}

/// Next to a median, measures use another algorithm than in a table of groups.
type Others = (u64, (String, u64), (i64, i64), (i64, f64, u64), (String, String), (u64, i64), (Option<f64>, f64));

/// The measures of a group, with or without a median.
macro_rules! others {
    ($name:ident $(, $besides:ident)?) => {
        #[dataflow]
        fn $name(items: DataSet<Item>) -> DataSet<Others> {
            items.group_by(|i| i.key % 50).aggregate(|g| {
                let key = g.key;
                $(let _median = g.$besides(|i| i.value);)?
                let (sum, mean, count) = (g.sum(|i| i.value), g.avg(|i| i.value), g.count());
                let best = (g.min_by(|i| i.value, |i| i.key as i64), g.max_by(|i| i.value, |i| i.key as i64));
                let bits = g.fold(7i64, |bits, i| *bits ^= i.value, |bits, other| *bits ^= other ^ 7);
                let texts = (g.min(|i| i.text), g.max(|i| i.text));
                let spread = (g.variance(|i| i.value % 10), g.variance_pop(|i| i.value % 10));
                let first = g.first(|i| i.key).min(key);
                (key, (String::new(), first), best, (sum, mean, count), (texts.0.to_owned(), texts.1.to_owned()), (g.count_if(|i| i.value > 0), bits), spread)
            })
        }
    };
}
others!(in_a_table);
others!(beside_a_median, median);

#[test]
fn measures_next_to_a_median_are_equal() {
    // A group has a single key, so its first record has the same key as all others.
    let mut items = Shape::Zipf.items(4_000, 3);
    items.iter_mut().for_each(|item| item.key %= 50);
    let close = |left: f64, right: f64| (left - right).abs() < 1e-9 * (1.0 + left.abs());
    on_each_engine(|engine, env| {
        let of = |pipeline: fn(DataSet<Item>) -> DataSet<Others>| {
            let mut found = pipeline(env.collection(&items).unwrap()).collect().unwrap();
            found.sort_by_key(|group| group.0);
            found
        };
        let (table, together) = (of(in_a_table), of(beside_a_median));
        assert_eq!(table.len(), together.len(), "{engine}");
        for (left, right) in table.iter().zip(&together) {
            let exact = |group: &Others| (group.0, group.1.clone(), group.2, group.3, group.4.clone(), group.5);
            assert_eq!(exact(left), exact(right), "{engine}");
            let same = left.6.0.is_some() == right.6.0.is_some()
                && close(left.6.0.unwrap_or(0.0), right.6.0.unwrap_or(0.0))
                && close(left.6.1, right.6.1);
            assert!(same, "{engine}: {left:?} {right:?}");
        }
    });
}

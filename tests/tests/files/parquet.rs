//! Parquet files that this project writes: lists and maps, codecs, row groups.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use dataflow::{ParquetCodec, ParquetOptions};
use tests::{Folder, embedded, local, same_on_all_engines};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    id: u64,
    items: Vec<Item>,
    maybe: Option<Vec<Option<Item>>>,
    holes: Vec<Option<i32>>,
    words: Vec<Option<String>>,
    flags: Vec<bool>,
    grid: Vec<Vec<u16>>,
    counts: BTreeMap<String, u32>,
    places: Option<BTreeMap<u8, Option<Item>>>,
    deep: BTreeMap<String, Vec<Item>>,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    name: String,
    price: Option<Decimal<2>>,
    tags: Vec<String>,
    size: (u8, Option<char>),
}

fn item(id: u64) -> Item {
    Item {
        name: "a name of some length".repeat(id as usize % 3),
        price: (!id.is_multiple_of(3)).then(|| Decimal::from_scaled(id as i64)),
        tags: (0..id % 3).map(|tag| format!("tag {tag}")).collect(),
        size: (id as u8, (!id.is_multiple_of(4)).then_some('ä')),
    }
}

fn order(id: u64) -> Order {
    let items = |count: u64| (0..count).map(|n| item(id + n)).collect::<Vec<_>>();
    Order {
        id,
        items: items(id % 4),
        maybe: (!id.is_multiple_of(3)).then(|| (0..id % 5).map(|n| (n % 2 == 0).then(|| item(n))).collect()),
        holes: (0..id % 6).map(|n| (n % 3 > 0).then_some(n as i32 - 2)).collect(),
        words: (0..id % 3).map(|n| (n == 0).then(|| "wörd".to_owned())).collect(),
        flags: vec![id.is_multiple_of(2); id as usize % 3],
        grid: (0..id as u16 % 3).map(|n| (0..n).collect()).collect(),
        counts: (0..id % 3).map(|n| (format!("key {n}"), n as u32)).collect(),
        places: (!id.is_multiple_of(4)).then(|| (0..id as u8 % 3).map(|n| (n, (n > 0).then(|| item(id)))).collect()),
        deep: (0..id % 2).map(|n| (n.to_string(), items(3))).collect(),
    }
}

#[dataflow]
fn names(orders: DataSet<Order>) -> DataSet<(u64, String)> {
    orders.flat_map(|o| o.items.iter().map(|item| (o.id, item.name)).collect::<Vec<_>>())
}

#[test]
fn lists_of_records_and_maps_round_trip() {
    let folder = Folder::default();
    let orders: Vec<Order> = (0..3_000).map(order).collect();
    for path in [folder.join("one.parquet"), folder.join("many/")] {
        let env = local(4);
        env.collection(&orders).unwrap().write_parquet(&path);
        env.run().unwrap();
        same_on_all_engines(orders.clone(), |env| env.read_parquet::<Order>(&path)?.collect());
        let expected = orders.iter().flat_map(|order| order.items.iter().map(|item| (order.id, item.name.clone())));
        same_on_all_engines(expected.collect(), |env| names(env.read_parquet(&path)?).collect());
    }
}

/// A record that is a list or a map itself is the only column of its file.
#[test]
fn a_record_may_be_a_list() {
    let folder = Folder::default();
    let path = folder.join("lists.parquet");
    let lists = vec![vec![Some(1i64), None], vec![], vec![Some(3)]];
    let env = embedded();
    env.collection(&lists).unwrap().write_parquet(&path);
    env.run().unwrap();
    same_on_all_engines(lists, |env| env.read_parquet::<Vec<Option<i64>>>(&path)?.collect());
}

/// Lists much larger than one decoded batch of plain rows.
#[test]
fn long_lists_round_trip() {
    let folder = Folder::default();
    let path = folder.join("long.parquet");
    let lists: Vec<(u64, Vec<Item>)> = vec![(0, (0..30_000).map(item).collect()), (1, vec![]), (2, vec![item(7)])];
    let env = local(2);
    env.collection(&lists).unwrap().write_parquet(&path);
    env.run().unwrap();
    same_on_all_engines(lists, |env| env.read_parquet::<(u64, Vec<Item>)>(&path)?.collect());
}

#[test]
fn every_codec_round_trips() {
    let folder = Folder::default();
    let orders: Vec<Order> = (0..500).map(order).collect();
    let mut lengths = Vec::new();
    for codec in [
        ParquetCodec::None,
        ParquetCodec::Snappy,
        ParquetCodec::Gzip,
        ParquetCodec::Zstd(1),
        ParquetCodec::Zstd(19),
        ParquetCodec::Lz4Raw,
        ParquetCodec::Brotli,
    ] {
        let path = folder.join(&format!("{codec:?}.parquet"));
        let env = embedded();
        let options = ParquetOptions { codec, ..ParquetOptions::default() };
        env.collection(&orders).unwrap().write_parquet_with(&path, options);
        env.run().unwrap();
        assert_eq!(env.read_parquet::<Order>(&path).unwrap().collect().unwrap(), orders, "{codec:?}");
        lengths.push(std::fs::metadata(&path).unwrap().len());
    }
    assert!(lengths[1..].iter().all(|&length| length < lengths[0]), "{lengths:?}");
}

#[test]
fn an_unsupported_codec_is_named_in_the_error() {
    let folder = Folder::default();
    let path = folder.join("numbers.parquet");
    let env = embedded();
    let options = ParquetOptions { codec: ParquetCodec::Snappy, ..ParquetOptions::default() };
    env.collection([(1u64, 2u64)]).unwrap().write_parquet_with(&path, options);
    env.run().unwrap();
    // The footer stores for each column its path, a list of one name, then its codec. This turns
    // Snappy into LZO.
    let mut file = std::fs::read(&path).unwrap();
    let columns = |file: &[u8]| -> Vec<usize> {
        let is_column = |bytes: &[u8]| matches!(bytes, [0x19, 0x18, 0x01, b'0' | b'1', 0x15, 0x02]);
        file.windows(6).enumerate().filter(|(_, bytes)| is_column(bytes)).map(|(at, _)| at + 5).collect()
    };
    let codecs = columns(&file);
    assert_eq!(codecs.len(), 2);
    file[codecs[0]] = 0x06;
    std::fs::write(&path, file).unwrap();
    for env in [embedded(), local(2)] {
        let error = env.read_parquet::<(u64, u64)>(&path).and_then(|read| read.collect()).unwrap_err().to_string();
        assert!(error.contains("column `0`: the codec LZO is not supported; write the file with another"), "{error}");
        assert!(!error.contains("damaged"), "{error}");
    }
}

#[test]
fn row_groups_have_the_configured_number_of_rows() {
    let folder = Folder::default();
    let path = folder.join("groups.parquet");
    let env = embedded();
    let options = ParquetOptions { row_group_rows: 300, ..ParquetOptions::default() };
    env.collection(0..1_000u64).unwrap().write_parquet_with(&path, options);
    env.run().unwrap();
    let schema = runtime::row::SchemaBuilder::build(|b| b.leaf(runtime::row::LeafType::U64));
    let source = formats::parquet(&path, &schema).unwrap();
    let scan = runtime::source::Scan { live: [0].into_iter().collect(), bounds: Vec::new() };
    assert_eq!(runtime::source::Source::splits(&source, &scan).unwrap().splits.len(), 4);
    assert_eq!(env.read_parquet::<u64>(&path).unwrap().collect().unwrap(), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn invalid_options_are_rejected() {
    let folder = Folder::default();
    let said = |options| {
        let env = embedded();
        env.collection([1u8]).unwrap().write_parquet_with(folder.join("x.parquet"), options);
        env.run().unwrap_err().to_string()
    };
    let error = said(ParquetOptions { codec: ParquetCodec::Zstd(23), ..ParquetOptions::default() });
    assert!(error.contains("cannot write Parquet: Zstandard has levels from 1 to 22, and none of 23"), "{error}");
    let error = said(ParquetOptions { row_group_rows: 0, ..ParquetOptions::default() });
    assert!(error.contains("cannot write Parquet: a row group has at least one row"), "{error}");
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

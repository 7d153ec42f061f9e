//! Read sets: a source reads only the columns that the pipeline's closures use.

use dataflow::Result;
use dataflow::prelude::*;
use tests::{Folder, local};

#[derive(Record, Clone, Debug, PartialEq)]
struct Sale {
    id: u64,
    item: String,
    note: String,
    price: f64,
}

const SALES: u64 = 4_000;

/// The bytes that a pipeline over a file of sales reads.
fn bytes_read(pipeline: impl Fn(DataSet<Sale>, &str)) -> Result<u64> {
    let folder = Folder::default();
    let env = local(1);
    let sale = |id: u64| Sale {
        id,
        item: format!("item {}", id % 50),
        note: format!(
            "a note of some length about the sale {id}, which hardly compresses: {}",
            id.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ),
        price: id as f64 / 7.0,
    };
    env.collection((0..SALES).map(sale))?.write_parquet(folder.join("sales.parquet"));
    env.run()?;
    pipeline(env.read_parquet(folder.join("sales.parquet"))?, &folder.join("result.csv"));
    Ok(env.run()?.source_bytes())
}

#[dataflow]
fn prices(sales: DataSet<Sale>, path: &str) {
    sales.filter(|sale| sale.id > 3).map(|sale| sale.price).write_csv(path);
}

#[dataflow]
fn prices_by_item(sales: DataSet<Sale>, path: &str) {
    sales.group_by(|sale| sale.item).aggregate(|g| (g.key, g.sum(|sale| sale.price), g.count())).write_csv(path);
}

/// A method that is called on the record may read any field.
#[dataflow]
fn whole_sales(sales: DataSet<Sale>, path: &str) {
    sales.filter(|sale| sale.clone().id > 3).write_csv(path);
}

/// The join's closure reads each side through its own parameter.
#[dataflow]
fn pairs(sales: DataSet<Sale>, path: &str) {
    sales.join(sales).on(|a| a.id, |b| b.id).map(|a, b| (a.id, b.price)).write_csv(path);
}

/// A group lends its records. The macro sees which fields are used.
#[dataflow]
fn dearest(sales: DataSet<Sale>, path: &str) {
    let by_item = sales.group_by(|sale| sale.item).sorted_by(|sale| desc(sale.price));
    let dearest = by_item.reduce_group(|group, out| {
        if let Some(sale) = group.next() {
            out.emit((sale.item, sale.price));
        }
    });
    dearest.write_csv(path);
}

/// The same in one chain, in both sides of a co-group, and per task.
#[dataflow]
fn dearest_at_once(sales: DataSet<Sale>, path: &str) {
    sales
        .group_by(|sale| sale.item)
        .combine_group(|group, out| {
            for sale in group {
                out.emit(sale.price)
            }
        })
        .write_csv(path);
}

#[dataflow]
fn both(sales: DataSet<Sale>, path: &str) {
    sales
        .co_group(sales)
        .on(|a| a.id, |b| b.id)
        .reduce_group(|lefts, rights, out| {
            for a in lefts {
                out.emit((a.item, rights.len() as u64));
            }
        })
        .write_csv(path);
}

#[dataflow]
fn prices_of_tasks(sales: DataSet<Sale>, path: &str) {
    sales
        .map_partition(|sales, out| {
            for sale in sales {
                out.emit(sale.price)
            }
        })
        .write_csv(path);
}

/// A fold reads the fields that its first closure reads.
#[dataflow]
fn folded(sales: DataSet<Sale>, path: &str) {
    sales.aggregate(|g| g.fold(0.0, |sum, sale| *sum += sale.price, |sum, other| *sum += other)).write_csv(path);
}

#[test]
fn unused_parquet_columns_are_not_read() -> Result<()> {
    let everything = bytes_read(whole_sales)?;
    let pruned: [(&str, fn(DataSet<Sale>, &str)); 7] = [
        ("prices", prices),
        ("items", prices_by_item),
        ("pairs", pairs),
        ("groups", dearest_at_once),
        ("groups of both", both),
        ("tasks", prices_of_tasks),
        ("fold", folded),
    ];
    for (name, pipeline) in pruned {
        let read = bytes_read(pipeline)?;
        assert!(read > 0 && read < everything / 2, "{name}: {read} of {everything} bytes");
    }
    // A grouping that is bound to a variable has several uses, and reads all fields for each.
    assert_eq!(bytes_read(dearest)?, everything);
    Ok(())
}

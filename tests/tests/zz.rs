#![allow(missing_docs, clippy::unwrap_used)]
use dataflow::prelude::*;
#[dataflow]
fn totals(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    amounts.group_by(|a| a.0).sum(|a| a.1)
}
#[dataflow]
fn totals2(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    let t = amounts.group_by(|a| a.0).sum(|a| a.1);
    t
}
#[dataflow]
fn measured(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    amounts.group_by(|a| a.0).aggregate(|g| (g.key, g.sum(|a| a.1)))
}
#[dataflow]
fn product(amounts: DataSet<(u32, i64)>) -> DataSet<Decimal<2>> {
    amounts.map(|a| Decimal::<1>::from_scaled(a.1) * Decimal::<1>::from_scaled(a.1))
}
#[dataflow]
fn joined(l: DataSet<(u32, i64)>, r: DataSet<(u32, i64)>) -> DataSet<i64> {
    l.join(r).on(|l| l.0, |r| r.0).try_map(|l, r| if l.1 == r.1 { Err("no good") } else { Ok(l.1) })
}
#[dataflow]
fn tried(l: DataSet<(u32, i64)>) -> DataSet<i64> {
    l.filter(|l| l.0 > 0).try_map(|l| if l.1 > 1 { Err("no good") } else { Ok(l.1) })
}
#[dataflow]
fn pan(l: DataSet<(u32, i64)>) -> DataSet<i64> {
    l.filter(|l| l.0 > 0).map(|l| if l.1 > 1 { panic!("oh") } else { l.1 })
}
#[test]
fn zz() {
    let a = [(1u32, i64::MAX), (1, 1)];
    for env in [tests::embedded(), tests::local(2)] {
        let c = || env.collection(a).unwrap();
        eprintln!("{:?}", totals(c()).collect());
        eprintln!("{:?}", totals2(c()).collect());
        eprintln!("{:?}", measured(c()).collect());
        eprintln!("{:?}", product(c()).collect());
        eprintln!("{:?}", joined(c(), c()).collect());
        eprintln!("{:?}", tried(c()).collect());
        if env.options().engine == dataflow::Engine::Local { eprintln!("{:?}", pan(c()).collect()); }
    }
}

//! Predicates of every form, after closures that they can be moved before.

use dataflow::prelude::*;
use tests::same_on_all_engines;

type Row = (u64, Option<u64>);

struct Number {
    value: u64,
}

impl Number {
    fn is_odd(&self) -> bool {
        self.value % 2 == 1
    }
}

/// The pattern's names occur inside of macro calls.
#[dataflow]
fn in_macros(rows: DataSet<Row>) -> DataSet<Row> {
    let some = rows.map(|r| (r.0, r.1)).filter(|(id, next)| id > 1 && matches!(next, Some(2..)));
    some.map(|r| (r.0, r.1)).filter(|(id, next)| format!("{id}").len() == 1 && next.is_some() && id > 2)
}

/// A guard shadows the pattern's names.
#[dataflow]
fn in_guards(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).filter(|(id, next)| matches!(next, Some(id) if id > 3) && id > 2)
}

/// A closure shadows the pattern's names.
#[dataflow]
fn in_closures(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).filter(|(id, next)| next.is_some_and(|id| id > 3) && id > 2)
}

/// A struct's fields have the pattern's names.
#[dataflow]
fn in_shorthands(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).filter(|(value, next)| Number { value }.is_odd() && next.is_some() && value > 2)
}

#[dataflow]
fn by_reference(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).filter(|(ref id, next)| id > &2 && *id % 2 == 1 && next.is_some())
}

/// A predicate that begins with a block includes the block.
#[dataflow]
fn after_blocks(rows: DataSet<Row>, others: DataSet<u64>) -> DataSet<Row> {
    let pairs = rows.join(others).on(|r| r.0, |o| o).filter(|r, o| { let least = 2; r.0 > least } && o % 2 == 1).map(|r, _| r);
    pairs.filter(|(id, next)| {
        if id > 2 { next } else { None }.is_some()
            || match id {
                0 => 1,
                _ => 0,
            } == 1
    })
}

#[test]
fn predicates_keep_their_meaning() {
    let rows = [(1u64, Some(2u64)), (2, None), (3, Some(4)), (4, Some(1)), (5, Some(5)), (10, Some(11)), (11, None)];
    let kept = |ids: &[u64]| rows.into_iter().filter(|row| ids.contains(&row.0)).collect::<Vec<Row>>();
    same_on_all_engines(kept(&[3, 5]), |env| in_macros(env.collection(rows)?).collect());
    same_on_all_engines(kept(&[3, 5, 10]), |env| in_guards(env.collection(rows)?).collect());
    same_on_all_engines(kept(&[3, 5, 10]), |env| in_closures(env.collection(rows)?).collect());
    same_on_all_engines(kept(&[3, 5]), |env| in_shorthands(env.collection(rows)?).collect());
    same_on_all_engines(kept(&[3, 5]), |env| by_reference(env.collection(rows)?).collect());
    same_on_all_engines(kept(&[3, 5]), |env| after_blocks(env.collection(rows)?, env.collection(1..12u64)?).collect());
}

/// Constants whose type parameters are inferred from the comparison.
#[dataflow]
fn of_constants_of_types(prices: DataSet<Decimal<2>>) -> DataSet<Decimal<2>> {
    let some = prices.map(|price| (price, 1)).filter(|p| p.0 != Decimal::ZERO && p.1 < i32::MAX);
    some.filter(|p| p.0 > Decimal::ZERO || p.1 == 0).map(|p| p.0)
}

#[test]
fn constants_with_inferred_types_can_be_compared() {
    let prices = [-100, 0, 250].map(Decimal::<2>::from_scaled);
    tests::on_each_engine(|engine, env| {
        let found = of_constants_of_types(env.collection(prices).unwrap()).collect().unwrap();
        assert_eq!(found, [prices[2]], "{engine}");
    });
}

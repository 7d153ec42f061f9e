//! Pipelines whose filters move, each also as written.

use dataflow::prelude::*;
use tests::Sale;

/// A pipeline, and a module of the same name with its variant as written.
macro_rules! both_ways {
    ($(#[$doc:meta])* $name:ident: $($function:tt)*) => {
        $(#[$doc])*
        #[dataflow]
        pub(crate) $($function)*

        pub(crate) mod $name {
            use super::*;

            #[dataflow(as_written)]
            pub(crate) $($function)*
        }
    };
}

#[derive(Record, Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub id: u64,
    pub twice: i64,
    pub name: String,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Count {
    pub key: u32,
    pub rows: u64,
}

both_ways! {
    /// Two of three conjuncts read fields that the closure copies.
    below_a_map:
    fn below_a_map(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, i64)> {
        sales
            .map(|s| RowRef { id: s.id, twice: s.amount * 2, name: s.name })
            .filter(|r| r.id >= least && r.twice > 10 && r.name.starts_with("0"))
            .map(|r| RowRef { twice: r.twice + 1, ..r })
            .filter(|r| r.name != "003")
            .map(|r| (r.id, r.twice))
    }
}

both_ways! {
    /// The optimizer has to move the filter, because a variable separates it: through a projection,
    /// a union and a sort.
    through_a_union:
    fn through_a_union(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, i64)> {
        let low = sales.filter(|s| s.amount < 0).project(|s| (s.id, s.amount));
        let high = sales.map(|s| (s.id, s.amount * 3));
        let all = low.union(high).sort(|p| p.0);
        all.filter(|p| p.0 > least)
    }
}

both_ways! {
    /// One conjunct for each side, one for the key, which both sides have, and one for the pair.
    to_the_sides_of_a_join:
    fn to_the_sides_of_a_join(sales: DataSet<Sale>, others: DataSet<Sale>, least: u64) -> DataSet<(u64, i64)> {
        let pairs = sales.join(others).on(|l| l.key, |r| r.key).map(|l, r| (l.id, r.amount, r.key, l.amount));
        pairs.filter(|(id, of_right, key, of_left)| id > least && of_right < 500 && key != 3 && of_left < of_right).map(|p| (p.0, p.1))
    }
}

both_ways! {
    /// The join closure's own condition: the macro moves it out of the closure, to the side that it
    /// reads.
    out_of_the_closure:
    fn out_of_the_closure(sales: DataSet<Sale>, others: DataSet<Sale>, least: u64) -> DataSet<(u64, u64)> {
        sales
            .join(others)
            .on(|l| l.key, |r| r.key)
            .filter(|l, r| l.id > least && (r.amount < 0 || r.coupon.is_none()) && l.amount <= r.amount)
            .map(|l, r| (l.id, r.id))
    }
}

both_ways! {
    /// All left records are kept, so only left records may be dropped before the join.
    below_an_outer_join:
    fn below_an_outer_join(sales: DataSet<Sale>, others: DataSet<Sale>, least: u64) -> DataSet<(u64, Option<u64>)> {
        let pairs = sales.left_join(others.filter(|o| o.amount > 500)).on(|l| l.key, |r| r.key).map(|l, r| (l.id, r.map(|r| r.id), l.day));
        pairs.filter(|p| p.0 > least).filter(|p| p.1.is_none() || p.0 < 900).map(|p| (p.0, p.1))
    }
}

both_ways! {
    /// A group is kept or dropped as a whole.
    below_a_grouping:
    fn below_a_grouping(sales: DataSet<Sale>, least: u64) -> DataSet<(u32, u64)> {
        let counts = sales.group_by(|s| s.key).aggregate(|g| Count { key: g.key, rows: g.count() });
        counts.filter(|c| c.key > 3 && c.rows > least).map(|c| (c.key, c.rows))
    }
}

both_ways! {
    /// A predicate on the left key also holds for the right key.
    to_both_sides_of_a_semi_join:
    fn to_both_sides_of_a_semi_join(sales: DataSet<Sale>, others: DataSet<Sale>, least: u64) -> DataSet<u64> {
        let kept = sales.semi_join(others.filter(|o| o.amount > 0)).on(|s| s.key, |o| o.key);
        kept.filter(|s| s.key != 7 && s.id > least).map(|s| s.id)
    }
}

both_ways! {
    /// A filter stays after operators that number or select records.
    what_counts_records:
    fn what_counts_records(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, u64)> {
        let best = sales.top(20, |s| (desc(s.amount), s.id)).zip_with_index();
        best.filter(|n| n.1.id > least).map(|n| (n.0, n.1.id))
    }
}

both_ways! {
    /// The value used with each record must exist, whatever the filter tests.
    beside_a_value:
    fn beside_a_value(sales: DataSet<Sale>, others: DataSet<Sale>, least: u64) -> DataSet<(u64, u64)> {
        let rows = others.aggregate(|g| g.count());
        let pairs = sales.with(rows).map(|s, rows| (s.id, rows));
        pairs.filter(|p| p.0 > least && p.1 > 100)
    }
}

both_ways! {
    /// The second conjunct divides by a field that the first one checks. The first one reads a
    /// field that the closure computes.
    guarded:
    fn guarded(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, u32)> {
        let rows = sales.map(|s| (s.id, s.key, s.key * 2)).filter(|p| p.2 != 0 && 1_000 / p.1 < 100 && p.0 > least);
        rows.map(|p| (p.0, p.1))
    }
}

both_ways! {
    /// Two consumers with different filters.
    shared:
    fn shared(sales: DataSet<Sale>, least: u64) -> DataSet<u64> {
        let rows = sales.map(|s| (s.id, s.amount));
        rows.filter(|r| r.0 > least).map(|r| r.0).union(rows.filter(|r| r.1 > 0).map(|r| r.0))
    }
}

both_ways! {
    /// The filter moves below the second closure only, which copies fields that the first one
    /// computes.
    below_two_maps:
    fn below_two_maps(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, i64)> {
        sales.map(|s| (s.amount / 3, s.id)).map(|p| (p.1, p.0 + 1, p.0)).filter(|p| p.2 > 100 && p.0 > least).map(|p| (p.0, p.1))
    }
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub from: u64,
    pub to: u64,
}

both_ways! {
    /// `mut`: the returned field differs from the input field.
    changed_in_place:
    fn changed_in_place(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, u64)> {
        let spans = sales.map(|s| Span { from: s.id, to: 300 });
        let later = spans
            .map(|mut s| {
                s.from += 100;
                s
            })
            .filter(|s| s.from > least);
        later.filter(|mut s| { s.to -= s.from.min(200); s.to > 50 } && s.to > 250).map(|s| (s.from, s.to))
    }
}

both_ways! {
    /// The same for the optimizer, because a variable separates the operators.
    exchanged:
    fn exchanged(sales: DataSet<Sale>, least: u64) -> DataSet<(u64, u64)> {
        let spans = sales.map(|s| Span { from: s.id, to: 300 });
        let turned = spans.map(|mut s| {
            std::mem::swap(&mut s.from, &mut s.to);
            s
        });
        turned.filter(|s| s.to > least).map(|s| (s.from, s.to))
    }
}

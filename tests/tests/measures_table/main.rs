//! All measures of all types, for plain and nullable values, in ample and in minimum memory, on
//! both engines, compared with plain iterators.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod exact;
mod rig;

use dataflow::prelude::*;

use rig::{close, deviation, groups, mean, present, rows, same_on_all_engines};

/// Sum, mean, least and greatest of the values and of the nullable ones; the number of records, and
/// the number of non-null values.
type Numbers<S, V> = (u32, (S, f64, V, V), (Option<S>, Option<f64>, Option<V>, Option<V>), (u64, u64));

/// Medians and percentiles of the values and of the nullable ones, next to other measures.
type Quantiles<S, V> = (u32, (f64, f64, S, V), (Option<f64>, Option<f64>, Option<S>, Option<V>), (u64, u64));

/// Sample and population deviations of the values and of the nullable ones.
type Deviations = (u32, (Option<f64>, f64), (Option<f64>, Option<f64>));

/// The tests of a number type. Its sums are `$sum`s, `$wide` computes an exact sum, and `$float`
/// converts to a float.
macro_rules! numbers {
    ($($name:ident: $ty:ty, $sum:ty, $value:expr, $wide:expr, $float:expr;)*) => {$(
        mod $name {
            use super::*;

            type Row = (u32, $ty, Option<$ty>);

            #[dataflow]
            fn measures(rows: DataSet<Row>) -> DataSet<Numbers<$sum, $ty>> {
                rows.group_by(|r| r.0).aggregate(|g| {
                    let plain = (g.sum(|r| r.1), g.avg(|r| r.1), g.min(|r| r.1), g.max(|r| r.1));
                    let perhaps = (g.sum(|r| r.2), g.avg(|r| r.2), g.min(|r| r.2), g.max(|r| r.2));
                    (g.key, plain, perhaps, (g.count(), g.count(|r| r.2)))
                })
            }

            /// Means without sums, and measures of computed values.
            #[dataflow]
            fn computed(rows: DataSet<Row>) -> DataSet<(u32, (f64, Option<f64>), ($ty, Option<$ty>))> {
                rows.group_by(|r| r.0).aggregate(|g| {
                    let least = (g.min(|r| Some(r.1).unwrap_or(r.1)), g.max(|r| r.2.filter(|_| true)));
                    (g.key, (g.avg(|r| r.1), g.avg(|r| r.2)), least)
                })
            }

            #[dataflow]
            fn deviations(rows: DataSet<Row>) -> DataSet<Deviations> {
                rows.group_by(|r| r.0).aggregate(|g| {
                    let perhaps = (g.stddev(|r| r.2), g.stddev_pop(|r| r.2));
                    (g.key, (g.stddev(|r| r.1), g.stddev_pop(|r| r.1)), perhaps)
                })
            }

            #[dataflow]
            fn quantiles(rows: DataSet<Row>, share: f64) -> DataSet<Quantiles<$sum, $ty>> {
                rows.group_by(|r| r.0).aggregate(|g| {
                    let plain = (g.median(|r| r.1), g.percentile(0.95, |r| r.1), g.sum(|r| r.1), g.min(|r| r.1));
                    let some = (g.median(|r| r.2), g.percentile(share, |r| r.2), g.sum(|r| r.2), g.max(|r| r.2));
                    (g.key, plain, some, (g.count(), g.count(|r| r.2)))
                })
            }

            #[dataflow]
            fn means(rows: DataSet<Row>) -> DataSet<(u32, f64)> {
                rows.group_by(|r| r.0).avg(|r| r.1)
            }

            #[dataflow]
            fn means_of_some(rows: DataSet<Row>) -> DataSet<(u32, Option<f64>)> {
                rows.group_by(|r| r.0).avg(|r| r.2)
            }

            #[dataflow]
            fn sums(rows: DataSet<Row>) -> DataSet<(u32, $ty)> {
                rows.map(|r| (r.0, r.1)).group_by(|r| r.0).sum(|r| r.1)
            }

            #[dataflow]
            fn sums_of_some(rows: DataSet<Row>) -> DataSet<(u32, Option<$ty>)> {
                rows.map(|r| (r.0, r.2)).group_by(|r| r.0).sum(|r| r.1)
            }

            #[dataflow]
            fn whole(rows: DataSet<Row>) -> DataSet<((f64, Option<f64>), ($ty, Option<$ty>), u64)> {
                rows.aggregate(|g| ((g.avg(|r| r.1), g.avg(|r| r.2)), (g.min(|r| r.1), g.max(|r| r.2)), g.count(|r| r.2)))
            }

            #[test]
            fn measures_match_iterators() {
                let (rows, wide, float) = (rows($value), $wide, $float);
                let sum = |values: &[$ty]| -> $sum { values.iter().copied().map(wide).sum() };
                let floats = |values: &[$ty]| values.iter().copied().map(float).collect::<Vec<f64>>();
                let groups = groups(&rows);
                let measured = groups.iter().map(|(&key, (plain, some))| {
                    let (least, greatest) = (rig::least(plain).unwrap(), rig::greatest(plain).unwrap());
                    let of_plain = (sum(plain), mean(&floats(plain)).unwrap(), least, greatest);
                    let sum = (!some.is_empty()).then(|| sum(some));
                    let of_some = (sum, mean(&floats(some)), rig::least(some), rig::greatest(some));
                    (key, of_plain, of_some, (plain.len() as u64, some.len() as u64))
                });
                let measured: Vec<Numbers<$sum, $ty>> = measured.collect();
                same_on_all_engines(&rows, measures, &measured, |found, expected| {
                    (found.0, found.3, found.1.0, found.1.2, found.1.3) == (expected.0, expected.3, expected.1.0, expected.1.2, expected.1.3)
                        && (found.2.0, found.2.2, found.2.3) == (expected.2.0, expected.2.2, expected.2.3)
                        && close(Some(found.1.1), Some(expected.1.1)) && close(found.2.1, expected.2.1)
                });
                let expected: Vec<_> = measured.iter().map(|m| (m.0, (m.1.1, m.2.1), (m.1.2, m.2.3))).collect();
                same_on_all_engines(&rows, computed, &expected, |found, expected| {
                    (found.0, found.2) == (expected.0, expected.2)
                        && close(Some(found.1.0), Some(expected.1.0)) && close(found.1.1, expected.1.1)
                });
                let expected: Vec<_> = measured.iter().map(|m| (m.0, m.1.1)).collect();
                same_on_all_engines(&rows, means, &expected, |found, expected| found.0 == expected.0 && close(Some(found.1), Some(expected.1)));
                let expected: Vec<_> = measured.iter().map(|m| (m.0, m.2.1)).collect();
                same_on_all_engines(&rows, means_of_some, &expected, |found, expected| found.0 == expected.0 && close(found.1, expected.1));
                // Only sums that stay in the type. The values are chosen for that.
                let narrow = |values: &[$ty]| values.iter().copied().sum::<$ty>();
                let expected: Vec<_> = groups.iter().map(|(&key, (plain, _))| (key, narrow(plain))).collect();
                same_on_all_engines(&rows, sums, &expected, PartialEq::eq);
                let expected: Vec<_> = groups.iter().map(|(&key, (_, some))| (key, (!some.is_empty()).then(|| narrow(some)))).collect();
                same_on_all_engines(&rows, sums_of_some, &expected, PartialEq::eq);
                let expected: Vec<Deviations> = groups.iter().map(|(&key, (plain, some))| {
                    let [plain, some] = [floats(plain), floats(some)];
                    (key, (deviation(&plain, 1), deviation(&plain, 0).unwrap()), (deviation(&some, 1), deviation(&some, 0)))
                }).collect();
                same_on_all_engines(&rows, deviations, &expected, |found, expected| {
                    found.0 == expected.0 && close(found.1.0, expected.1.0) && close(Some(found.1.1), Some(expected.1.1))
                        && close(found.2.0, expected.2.0) && close(found.2.1, expected.2.1)
                });
                let expected: Vec<Quantiles<$sum, $ty>> = measured.iter().map(|m| {
                    let (plain, some) = &groups[&m.0];
                    let at = |share, values: &[$ty]| rig::quantile(share, &floats(values));
                    let of_plain = (at(0.5, plain).unwrap(), at(0.95, plain).unwrap(), m.1.0, m.1.2);
                    (m.0, of_plain, (at(0.5, some), at(0.1, some), m.2.0, m.2.3), m.3)
                }).collect();
                same_on_all_engines(&rows, |rows| quantiles(rows, 0.1), &expected, |found, expected| {
                    (found.0, found.1.2, found.1.3, found.2.2, found.2.3, found.3)
                        == (expected.0, expected.1.2, expected.1.3, expected.2.2, expected.2.3, expected.3)
                        && close(Some(found.1.0), Some(expected.1.0)) && close(Some(found.1.1), Some(expected.1.1))
                        && close(found.2.0, expected.2.0) && close(found.2.1, expected.2.1)
                });
                let plain: Vec<$ty> = rows.iter().map(|r| r.1).collect();
                let some: Vec<$ty> = present(&rows);
                let least = (rig::least(&plain).unwrap(), rig::greatest(&some));
                let expected = [((mean(&floats(&plain)).unwrap(), mean(&floats(&some))), least, some.len() as u64)];
                same_on_all_engines(&rows, whole, &expected, |found, expected| {
                    (found.1, found.2) == (expected.1, expected.2)
                        && close(Some(found.0.0), Some(expected.0.0)) && close(found.0.1, expected.0.1)
                });
            }
        }
    )*};
}

numbers! {
    of_i8: i8, i64, |n| n as i8 % 5, i64::from, f64::from;
    of_i16: i16, i64, |n| n as i16 % 500, i64::from, f64::from;
    of_i32: i32, i64, |n| n as i32 >> 8, i64::from, f64::from;
    of_i64: i64, i64, |n| n as i64 >> 16, |v| v, |v| v as f64;
    of_u8: u8, u64, |n| n as u8 % 2, u64::from, f64::from;
    of_u16: u16, u64, |n| n as u16 % 300, u64::from, f64::from;
    of_u32: u32, u64, |n| n as u32 >> 8, u64::from, f64::from;
    of_u64: u64, u64, |n| n >> 16, |v| v, |v| v as f64;
    of_f32: f32, f64, |n| f32::from(n as i8) / 2.0, f64::from, f64::from;
    of_f64: f64, f64, |n| f64::from(n as i32) / 4.0, |v| v, |v| v;
    of_decimals: Decimal<2>, Decimal<2>, |n| Decimal::from_scaled(n as i64 >> 24), |v| v, |v: Decimal<2>| v.to_f64();
}

/// The tests of a type with a least and a greatest value, and without a sum.
macro_rules! ordered {
    ($($name:ident: $ty:ty, $value:expr;)*) => {$(
        mod $name {
            use super::*;

            type Row = (u32, $ty, Option<$ty>);

            #[dataflow]
            fn extremes(rows: DataSet<Row>) -> DataSet<(u32, ($ty, $ty), (Option<$ty>, Option<$ty>), u64, u64)> {
                rows.group_by(|r| r.0).aggregate(|g| {
                    let perhaps = (g.min(|r| r.2), g.max(|r| r.2));
                    (g.key, (g.min(|r| r.1), g.max(|r| r.1)), perhaps, g.count(), g.count(|r| r.2))
                })
            }

            #[dataflow]
            fn counts(rows: DataSet<Row>) -> DataSet<(u32, u64, u64, u64)> {
                rows.group_by(|r| r.0).aggregate(|g| (g.key, g.count_distinct(|r| r.1), g.count_distinct(|r| r.2), g.count()))
            }

            #[dataflow]
            fn least(rows: DataSet<Row>) -> DataSet<(u32, $ty)> {
                rows.map(|r| (r.0, r.1)).group_by(|r| r.0).min(|r| r.1)
            }

            #[dataflow]
            fn greatest_of_some(rows: DataSet<Row>) -> DataSet<(u32, Option<$ty>)> {
                rows.map(|r| (r.0, r.2)).group_by(|r| r.0).max(|r| r.1)
            }

            #[dataflow]
            fn whole(rows: DataSet<Row>) -> DataSet<($ty, Option<$ty>)> {
                rows.aggregate(|g| (g.min(|r| r.1), g.max(|r| r.2)))
            }

            #[test]
            fn measures_match_iterators() {
                let rows = rows($value);
                let groups = groups(&rows);
                let of = rig::extremes;
                let expected: Vec<_> = groups.iter().map(|(&key, (plain, some))| {
                    let ((least, greatest), some_of) = (of(plain), of(some));
                    (key, (least.unwrap(), greatest.unwrap()), some_of, plain.len() as u64, some.len() as u64)
                }).collect();
                same_on_all_engines(&rows, extremes, &expected, PartialEq::eq);
                let counted: Vec<_> = groups.iter().map(|(&key, (plain, some))| {
                    (key, rig::different(plain), rig::different(some), plain.len() as u64)
                }).collect();
                same_on_all_engines(&rows, counts, &counted, PartialEq::eq);
                let leasts: Vec<_> = expected.iter().map(|e| (e.0, e.1.0.clone())).collect();
                same_on_all_engines(&rows, least, &leasts, PartialEq::eq);
                let greatest: Vec<_> = expected.iter().map(|e| (e.0, e.2.1.clone())).collect();
                same_on_all_engines(&rows, greatest_of_some, &greatest, PartialEq::eq);
                let all: Vec<$ty> = rows.iter().map(|r| r.1.clone()).collect();
                let some: Vec<$ty> = present(&rows);
                same_on_all_engines(&rows, whole, &[(of(&all).0.unwrap(), of(&some).1)], PartialEq::eq);
            }
        }
    )*};
}

ordered! {
    of_bools: bool, |n| n % 5 > 0;
    of_chars: char, |n| char::from_u32(0x61 + (n % 2_000) as u32).unwrap();
    of_dates: Date, |n| Date::from_days((n % 40_000) as i32 - 20_000);
    of_timestamps: Timestamp, |n| Timestamp::from_micros(n as i64 >> 8);
    of_i128s: i128, |n| i128::from(n as i64) << 50;
    of_u128s: u128, |n| u128::from(n) << 60;
    of_texts: String, |n| format!("{n:x}").repeat(n as usize % 4);
}

//! The groupings and joins of H2O.ai's db-benchmark, from Parquet files to one Parquet file.

use std::env::temp_dir;
use std::fs;
use std::path::{Path, PathBuf};

use dataflow::prelude::*;

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::data::h2o::Variant;
use crate::digest::{RowDigest, Sums};
use crate::error::{Error, Result};
use crate::workspace::Paths;

/// A row of an answer, with a digest.
trait Output: Record {
    fn digest(at: Self::At<'_>) -> Sums;
}

/// Runs a case by its name, such as `q1` or `q1_zipf`.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let (query, variant) = match case.name.split_once('_') {
        None => (case.name, Variant::Plain),
        Some((query, variant)) => {
            let named = Variant::ALL.into_iter().find(|known| known.name() == variant);
            (query, named.ok_or_else(|| no_pipeline(case.name))?)
        }
    };
    let tables = Tables { env: env(resources), folder: paths.tables.join(variant.name()), case: case.name };
    match variant {
        Variant::Plain | Variant::Zipf => plain_queries::run(query, &tables),
        Variant::Nulls => nullable_queries::run(query, &tables),
    }
}

fn no_pipeline(case: &str) -> Error {
    Error::Case(format!("no pipeline answers {case}"))
}

/// The tables of one variant.
struct Tables {
    env: Env,
    folder: PathBuf,
    case: &'static str,
}

impl Tables {
    fn read<T: Record>(&self, table: &str) -> Result<DataSet<T>> {
        let path = self.folder.join(table).with_extension("parquet");
        self.env.read_parquet(path.to_string_lossy()).map_err(failed)
    }

    /// Writes the rows to one file. The digest of the file is the answer.
    fn write<T: Output>(&self, rows: &DataSet<T>) -> Result<Answer> {
        let path = temp_dir().join(format!("h2o-{}.parquet", self.case));
        rows.write_parquet(path.to_string_lossy());
        self.env.run().map_err(failed)?;
        Ok(Answer::new(1, move |out| {
            let (rows, sums) = digest::<T>(&path).map_err(std::io::Error::other)?;
            let (low, high, a, b, c, d, e, f) = sums;
            writeln!(out, "{rows}\t{low}\t{high}\t{a:?}\t{b:?}\t{c:?}\t{d:?}\t{e:?}\t{f:?}")?;
            fs::remove_file(&path)
        }))
    }
}

fn digest<T: Output>(path: &Path) -> dataflow::Result<(u64, Sums)> {
    let rows = Env::new(Options::default()).read_parquet::<T>(path.to_string_lossy())?;
    let sums = summed(rows.process::<Sums, _>(|row, out| out.emit(T::digest(row))));
    Ok(sums.collect()?.into_iter().next().unwrap_or_default())
}

#[dataflow]
fn summed(rows: DataSet<Sums>) -> DataSet<(u64, Sums)> {
    rows.aggregate(|g| {
        let whole = (g.sum(|s| s.0), g.sum(|s| s.1));
        let first = (g.sum(|s| s.2), g.sum(|s| s.3), g.sum(|s| s.4));
        let last = (g.sum(|s| s.5), g.sum(|s| s.6), g.sum(|s| s.7));
        (g.count(), (whole.0, whole.1, first.0, first.1, first.2, last.0, last.1, last.2))
    })
}

macro_rules! outputs {
    ($($(#[$attribute:meta])* $name:ident { $($field:ident: $ty:ty),* $(,)? })*) => {
        $(
            #[derive(Record, Clone, Debug, PartialEq)]
            $(#[$attribute])*
            pub(super) struct $name { $($field: $ty),* }

            impl Output for $name {
                #[inline]
                fn digest(at: <Self as Record>::At<'_>) -> Sums {
                    let mut row = RowDigest::default();
                    $(row.add(at.$field);)*
                    row.sums()
                }
            }
        )*
    };
}

macro_rules! queries {
    ($module:ident of $tables:ident: $wrap:ident, and $only:ident) => {
        mod $module {
            use super::$only::{q7, q8, q9};
            use super::*;
            use crate::data::h2o::$tables::{Big, Grouped, Left, Medium, Small};

            outputs! {
                Q1 { id1: $wrap<String>, v1: $wrap<i64> }
                Q2 { id1: $wrap<String>, id2: $wrap<String>, v1: $wrap<i64> }
                Q3 { id3: $wrap<String>, v1: $wrap<i64>, v3: $wrap<f64> }
                #[derive(Copy)]
                Q4 { id4: $wrap<i32>, v1: $wrap<f64>, v2: $wrap<f64>, v3: $wrap<f64> }
                #[derive(Copy)]
                Q5 { id6: $wrap<i32>, v1: $wrap<i64>, v2: $wrap<i64>, v3: $wrap<f64> }
                #[derive(Copy)]
                Q6 { id4: $wrap<i32>, id5: $wrap<i32>, median: $wrap<f64>, deviation: Option<f64> }
                Q10 {
                    id1: $wrap<String>, id2: $wrap<String>, id3: $wrap<String>, id4: $wrap<i32>, id5: $wrap<i32>,
                    id6: $wrap<i32>, v3: $wrap<f64>, count: u64,
                }
                J1 {
                    id1: $wrap<i32>, id2: $wrap<i32>, id3: $wrap<i32>, id4: $wrap<String>, id5: $wrap<String>,
                    id6: $wrap<String>, v1: $wrap<f64>, small_id4: $wrap<String>, v2: $wrap<f64>,
                }
                J2 {
                    id1: $wrap<i32>, id2: $wrap<i32>, id3: $wrap<i32>, id4: $wrap<String>, id5: $wrap<String>,
                    id6: $wrap<String>, v1: $wrap<f64>, medium_id1: $wrap<i32>, medium_id4: $wrap<String>,
                    medium_id5: $wrap<String>, v2: $wrap<f64>,
                }
                J3 {
                    id1: $wrap<i32>, id2: $wrap<i32>, id3: $wrap<i32>, id4: $wrap<String>, id5: $wrap<String>,
                    id6: $wrap<String>, v1: $wrap<f64>, medium_id1: Option<i32>, medium_id4: Option<String>,
                    medium_id5: Option<String>, v2: Option<f64>,
                }
                J4 {
                    id1: $wrap<i32>, id2: $wrap<i32>, id3: $wrap<i32>, id4: $wrap<String>, id5: $wrap<String>,
                    id6: $wrap<String>, v1: $wrap<f64>, medium_id1: $wrap<i32>, medium_id2: $wrap<i32>,
                    medium_id4: $wrap<String>, v2: $wrap<f64>,
                }
                J5 {
                    id1: $wrap<i32>, id2: $wrap<i32>, id3: $wrap<i32>, id4: $wrap<String>, id5: $wrap<String>,
                    id6: $wrap<String>, v1: $wrap<f64>, big_id1: $wrap<i32>, big_id2: $wrap<i32>,
                    big_id4: $wrap<String>, big_id5: $wrap<String>, big_id6: $wrap<String>, v2: $wrap<f64>,
                }
            }

            #[dataflow]
            fn q1(rows: DataSet<Grouped>) -> DataSet<Q1> {
                rows.group_by(|r| r.id1).aggregate(|g| Q1Ref { id1: g.key, v1: g.sum(|r| r.v1) })
            }

            #[dataflow]
            fn q2(rows: DataSet<Grouped>) -> DataSet<Q2> {
                rows.group_by(|r| (r.id1, r.id2)).aggregate(|g| Q2Ref {
                    id1: g.key.0,
                    id2: g.key.1,
                    v1: g.sum(|r| r.v1),
                })
            }

            #[dataflow]
            fn q3(rows: DataSet<Grouped>) -> DataSet<Q3> {
                rows.group_by(|r| r.id3).aggregate(|g| Q3Ref { id3: g.key, v1: g.sum(|r| r.v1), v3: g.avg(|r| r.v3) })
            }

            #[dataflow]
            fn q4(rows: DataSet<Grouped>) -> DataSet<Q4> {
                rows.group_by(|r| r.id4).aggregate(|g| Q4 {
                    id4: g.key,
                    v1: g.avg(|r| r.v1),
                    v2: g.avg(|r| r.v2),
                    v3: g.avg(|r| r.v3),
                })
            }

            #[dataflow]
            fn q5(rows: DataSet<Grouped>) -> DataSet<Q5> {
                rows.group_by(|r| r.id6).aggregate(|g| Q5 {
                    id6: g.key,
                    v1: g.sum(|r| r.v1),
                    v2: g.sum(|r| r.v2),
                    v3: g.sum(|r| r.v3),
                })
            }

            #[dataflow]
            fn q6(rows: DataSet<Grouped>) -> DataSet<Q6> {
                rows.group_by(|r| (r.id4, r.id5)).aggregate(|g| Q6 {
                    id4: g.key.0,
                    id5: g.key.1,
                    median: g.median(|r| r.v3),
                    deviation: g.stddev(|r| r.v3),
                })
            }

            #[dataflow]
            fn q10(rows: DataSet<Grouped>) -> DataSet<Q10> {
                rows.group_by(|r| (r.id1, r.id2, r.id3, r.id4, r.id5, r.id6)).aggregate(|g| Q10Ref {
                    id1: g.key.0,
                    id2: g.key.1,
                    id3: g.key.2,
                    id4: g.key.3,
                    id5: g.key.4,
                    id6: g.key.5,
                    v3: g.sum(|r| r.v3),
                    count: g.count(),
                })
            }

            #[dataflow]
            fn j1(left: DataSet<Left>, small: DataSet<Small>) -> DataSet<J1> {
                left.join(small).on(|l| l.id1, |s| s.id1).map(|l, s| J1Ref {
                    id1: l.id1,
                    id2: l.id2,
                    id3: l.id3,
                    id4: l.id4,
                    id5: l.id5,
                    id6: l.id6,
                    v1: l.v1,
                    small_id4: s.id4,
                    v2: s.v2,
                })
            }

            #[dataflow]
            fn j2(left: DataSet<Left>, medium: DataSet<Medium>) -> DataSet<J2> {
                left.join(medium).on(|l| l.id2, |m| m.id2).map(|l, m| J2Ref {
                    id1: l.id1,
                    id2: l.id2,
                    id3: l.id3,
                    id4: l.id4,
                    id5: l.id5,
                    id6: l.id6,
                    v1: l.v1,
                    medium_id1: m.id1,
                    medium_id4: m.id4,
                    medium_id5: m.id5,
                    v2: m.v2,
                })
            }

            #[dataflow]
            fn j3(left: DataSet<Left>, medium: DataSet<Medium>) -> DataSet<J3> {
                left.left_join(medium).on(|l| l.id2, |m| m.id2).map(|l, m| J3Ref {
                    id1: l.id1,
                    id2: l.id2,
                    id3: l.id3,
                    id4: l.id4,
                    id5: l.id5,
                    id6: l.id6,
                    v1: l.v1,
                    medium_id1: m.and_then(|m| m.id1.into()),
                    medium_id4: m.and_then(|m| m.id4.into()),
                    medium_id5: m.and_then(|m| m.id5.into()),
                    v2: m.and_then(|m| m.v2.into()),
                })
            }

            #[dataflow]
            fn j4(left: DataSet<Left>, medium: DataSet<Medium>) -> DataSet<J4> {
                left.join(medium).on(|l| l.id5, |m| m.id5).map(|l, m| J4Ref {
                    id1: l.id1,
                    id2: l.id2,
                    id3: l.id3,
                    id4: l.id4,
                    id5: l.id5,
                    id6: l.id6,
                    v1: l.v1,
                    medium_id1: m.id1,
                    medium_id2: m.id2,
                    medium_id4: m.id4,
                    v2: m.v2,
                })
            }

            #[dataflow]
            fn j5(left: DataSet<Left>, big: DataSet<Big>) -> DataSet<J5> {
                left.join(big).on(|l| l.id3, |b| b.id3).map(|l, b| J5Ref {
                    id1: l.id1,
                    id2: l.id2,
                    id3: l.id3,
                    id4: l.id4,
                    id5: l.id5,
                    id6: l.id6,
                    v1: l.v1,
                    big_id1: b.id1,
                    big_id2: b.id2,
                    big_id4: b.id4,
                    big_id5: b.id5,
                    big_id6: b.id6,
                    v2: b.v2,
                })
            }

            pub(super) fn run(query: &str, tables: &Tables) -> Result<Answer> {
                let grouped = || tables.read::<Grouped>("grouped");
                let left = || tables.read::<Left>("left");
                match query {
                    "q1" => tables.write(&q1(grouped()?)),
                    "q2" => tables.write(&q2(grouped()?)),
                    "q3" => tables.write(&q3(grouped()?)),
                    "q4" => tables.write(&q4(grouped()?)),
                    "q5" => tables.write(&q5(grouped()?)),
                    "q6" => tables.write(&q6(grouped()?)),
                    "q7" => tables.write(&q7(grouped()?)),
                    "q8" => tables.write(&q8(grouped()?)),
                    "q9" => tables.write(&q9(grouped()?)),
                    "q10" => tables.write(&q10(grouped()?)),
                    "j1" => tables.write(&j1(left()?, tables.read("small")?)),
                    "j2" => tables.write(&j2(left()?, tables.read("medium")?)),
                    "j3" => tables.write(&j3(left()?, tables.read("medium")?)),
                    "j4" => tables.write(&j4(left()?, tables.read("medium")?)),
                    "j5" => tables.write(&j5(left()?, tables.read("big")?)),
                    query => Err(no_pipeline(query)),
                }
            }
        }
    };
}

/// A cell that is never null.
type Always<T> = T;

mod nullable_only;
mod plain_only;

queries!(plain_queries of plain: Always, and plain_only);

queries!(nullable_queries of nullable: Option, and nullable_only);

/// The square of the correlation of `x` and `y`, from the number of pairs and sums over them.
fn squared_correlation(n: f64, [x, y]: [i64; 2], [xx, yy, xy]: [i64; 3]) -> f64 {
    let [x, y, xx, yy, xy] = [x, y, xx, yy, xy].map(|sum| sum as f64);
    (n * xy - x * y).powi(2) / ((n * xx - x * x) * (n * yy - y * y))
}

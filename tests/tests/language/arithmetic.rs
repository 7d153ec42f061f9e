//! Integer arithmetic in closures. An overflow ends the job, and the error names the operator's
//! words and line. This crate is compiled without `overflow-checks`, so operations that the macro
//! does not check wrap.

use std::collections::HashMap;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Result, Task};
use tests::{on_each_engine, same_on_all_engines};

use crate::pair;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Point {
    a: i32,
    n: i64,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Mixed {
    name: String,
    price: Decimal<2>,
    rate: f64,
    day: Date,
    at: Timestamp,
    n: i32,
    list: Vec<i32>,
}

const MOST: Point = Point { a: i32::MAX, n: i64::MIN };

/// Runs over a record whose numbers are at the limits of their types. `marker` is a comment on the
/// line of the operator that overflows.
fn overflows<T>(text: &str, marker: &str, pipeline: impl Fn(DataSet<Point>) -> DataSet<T>)
where
    T: Record + Value<Record = T> + std::fmt::Debug,
{
    let line = include_str!("arithmetic.rs").lines().position(|line| line.ends_with(&format!("// {marker}"))).unwrap();
    let place = format!("arithmetic.rs:{}", line + 1);
    on_each_engine(|engine, env| {
        let records = env.collection([MOST, MOST]).unwrap();
        let error = pipeline(records).collect().unwrap_err().to_string();
        for part in ["overflow: ", &format!("`{text}`"), &place] {
            assert!(error.contains(part), "{marker}, {engine}: no {part} in: {error}");
        }
    });
}

#[dataflow]
fn mapped(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| p.a * 2) // map
}

#[dataflow]
fn byte_literal(points: DataSet<Point>) -> DataSet<u8> {
    points.map(|p| p.n as u8 - b'0') // byte literal
}

#[dataflow]
fn const_parameter<const N: i32>(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| p.a.min(N * N)) // const parameter
}

#[dataflow]
fn literal_first(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| 1 + p.a) // literal first
}

#[dataflow]
fn nested(points: DataSet<Point>) -> DataSet<i64> {
    points.map(|p| 2 * (p.n - 1) + 3) // nested
}

#[dataflow]
fn negated(points: DataSet<Point>) -> DataSet<i64> {
    points.map(|p| -p.n) // negation
}

#[dataflow]
fn shifted(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| 1 << (p.a % 100)) // shift
}

#[dataflow]
fn in_a_filter(points: DataSet<Point>) -> DataSet<Point> {
    points.filter(|p| p.a + 1 > 0) // filter
}

#[dataflow]
fn in_a_conjunct(points: DataSet<Point>, by: i32) -> DataSet<Point> {
    points.filter(|p| p.n < 0 && p.a * by > 0) // conjunct
}

#[dataflow]
fn in_a_fused_filter(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| p.a).filter(|a| a + 1 > 0).map(|a| a / 2) // fused
}

#[dataflow]
fn in_a_key(points: DataSet<Point>) -> DataSet<(i32, u64)> {
    points.group_by(|p| p.a * 2).aggregate(|g| (g.key, g.count())) // key
}

#[dataflow]
fn in_an_order(points: DataSet<Point>) -> DataSet<Point> {
    points.sort(|p| (desc(p.a - -1), p.n)) // order
}

#[dataflow]
fn in_a_sum(points: DataSet<Point>) -> DataSet<i64> {
    points.aggregate(|g| g.sum(|p| p.n * 2)) // sum
}

#[dataflow]
fn in_a_result(points: DataSet<Point>) -> DataSet<i64> {
    points.aggregate(|g| g.min(|p| p.n) - 1) // result of an aggregate
}

#[dataflow]
fn in_a_reduce(points: DataSet<Point>) -> DataSet<Point> {
    points.reduce(|l, r| Point { a: l.a + r.a, n: 0 }) // reduce
}

#[dataflow]
fn in_a_fold(points: DataSet<Point>) -> DataSet<i64> {
    points.aggregate(|g| g.fold(0i64, |sum, p| *sum += p.n, |sum, other| *sum += other)) // fold
}

#[dataflow]
fn in_a_state(points: DataSet<Point>) -> DataSet<i32> {
    points.map_with(
        |task: Task| task.tasks as i32,
        |seen, p| {
            *seen += p.a; // state
            *seen
        },
    )
}

#[dataflow]
fn in_a_fallible(points: DataSet<Point>) -> DataSet<i32> {
    points.try_map(|p| {
        let two = "2".parse::<i32>()?;
        Ok(two * p.a) // try_map
    })
}

#[dataflow]
fn in_a_group(points: DataSet<Point>) -> DataSet<i32> {
    points.group_by(|p| p.n).reduce_group(|g, out| {
        let mut sum = 0;
        for p in g {
            sum += p.a; // reduce_group
        }
        out.emit(sum);
    })
}

#[dataflow]
fn in_two_groups(points: DataSet<Point>) -> DataSet<i32> {
    points.co_group(points).on(|l| l.n, |r| r.n).reduce_group(|left, right, out| {
        let mut sum = 0i32;
        for l in left {
            sum += l.a / 2;
        }
        for r in right {
            sum += r.a; // co_group
        }
        out.emit(sum);
    })
}

#[dataflow]
fn in_a_partition(points: DataSet<Point>) -> DataSet<i32> {
    points.partition_by(|p| p.n).map_partition(|points, out| {
        let mut sums = HashMap::new();
        for p in points {
            *sums.entry(p.n).or_insert(0) += p.a; // map_partition
        }
        for sum in sums.into_values() {
            out.emit(sum);
        }
    })
}

#[dataflow]
fn in_a_pair(points: DataSet<Point>) -> DataSet<i32> {
    points.join(points).on(|l| l.n, |r| r.n).map(|l, r| l.a + r.a) // join
}

#[dataflow]
fn in_an_inner_closure(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| [p.a, 2].iter().fold(0, |sum, x| sum + x)) // inner closure
}

#[dataflow]
fn in_an_element(points: DataSet<Point>) -> DataSet<i32> {
    points.map(|p| {
        let mut sums = [0, p.a];
        sums[p.a as usize % 2] += 1; // element
        sums[1]
    })
}

#[dataflow]
fn in_a_branch(points: DataSet<Point>) -> DataSet<i32> {
    points.filter_map(|p| if p.a > 0 { Some(p.a - i32::MIN) } else { None }) // branch
}

#[dataflow]
fn of_a_pattern(points: DataSet<(i32, i32)>) -> DataSet<i32> {
    points.map(|(a, b)| a * b) // pattern
}

#[test]
fn overflow_ends_the_job() {
    overflows("p.a * 2", "map", mapped);
    overflows("p.n as u8 - b'0'", "byte literal", byte_literal);
    overflows("N * N", "const parameter", const_parameter::<65_536>);
    overflows("1 + p.a", "literal first", literal_first);
    overflows("p.n - 1", "nested", nested);
    overflows("-p.n", "negation", negated);
    overflows("p.a + 1", "filter", in_a_filter);
    overflows("p.a * by", "conjunct", |points| in_a_conjunct(points, 3));
    overflows("a + 1", "fused", in_a_fused_filter);
    overflows("p.a * 2", "key", in_a_key);
    overflows("p.a - -1", "order", in_an_order);
    overflows("p.n * 2", "sum", in_a_sum);
    overflows("min(…) - 1", "result of an aggregate", in_a_result);
    overflows("l.a + r.a", "reduce", in_a_reduce);
    overflows("*sum += p.n", "fold", in_a_fold);
    overflows("*seen += p.a", "state", in_a_state);
    overflows("two * p.a", "try_map", in_a_fallible);
    overflows("sum += p.a", "reduce_group", in_a_group);
    overflows("sum += r.a", "co_group", in_two_groups);
    overflows("*sums.entry(p.n).or_insert(0) += p.a", "map_partition", in_a_partition);
    overflows("l.a + r.a", "join", in_a_pair);
    overflows("sum + x", "inner closure", in_an_inner_closure);
    overflows("sums[p.a as usize % 2] += 1", "element", in_an_element);
    overflows("p.a - i32::MIN", "branch", in_a_branch);
}

#[test]
fn a_shift_beyond_the_width_ends_the_job() {
    // i32::MAX % 100
    overflows("1 << (p.a % 100)", "shift", shifted);
}

#[test]
fn the_error_shows_the_numbers_and_their_type() {
    on_each_engine(|engine, env| {
        let error = mapped(env.collection([MOST]).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("`p.a * 2`, 2147483647 * 2 as i32 at "), "{engine}: {error}");
        let error = of_a_pattern(env.collection([(i32::MIN, -1)]).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("`a * b`, -2147483648 * -1 as i32 at "), "{engine}: {error}");
        let error = negated(env.collection([MOST]).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("`-p.n`, 0 - (-9223372036854775808) as i64 at "), "{engine}: {error}");
    });
}

const FACTOR: i32 = 3;

/// A user type with its own operators.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Steps(i32);

impl std::ops::Add for Steps {
    type Output = Steps;
    fn add(self, other: Steps) -> Steps {
        Steps(self.0.wrapping_add(other.0))
    }
}

impl std::ops::Mul<Steps> for i64 {
    type Output = Steps;
    fn mul(self, steps: Steps) -> Steps {
        Steps(self as i32 * steps.0)
    }
}

impl std::ops::AddAssign<i32> for Steps {
    fn add_assign(&mut self, other: i32) {
        self.0 = self.0.wrapping_add(other);
    }
}

impl std::ops::Neg for Steps {
    type Output = Steps;
    fn neg(self) -> Steps {
        Steps(self.0.wrapping_neg())
    }
}

#[dataflow]
fn of_other_types(rows: DataSet<Mixed>) -> DataSet<(String, Decimal<2>, f64, Date, Timestamp, i32)> {
    rows.map(|r| {
        let mut name = r.name.to_owned() + "-" + r.name;
        let suffix = String::from("!");
        name += &suffix;
        let name = name + &suffix;
        let price = 1 - r.price * 2 + r.price;
        let rate = -r.rate * 2.0 + 1.0 / r.rate;
        let at = r.at + Duration::from_secs(1) - Duration::from_secs(2);
        let mut steps = -(2 * Steps(r.n) + Steps(1));
        steps += 1;
        (name, price, rate, r.day.add_days(1), at, steps.0)
    })
}

#[dataflow]
fn in_any_position(rows: DataSet<Mixed>, offset: i64) -> DataSet<(i64, i32, i64, String)> {
    rows.map(|r| {
        const WIDTH: usize = 2 + 1;
        fn wrapped(a: i32) -> i32 {
            a.wrapping_mul(2)
        }
        let lengths = [0u8; WIDTH + 1];
        let referred: &'static i32 = &(FACTOR * 2);
        let double = |x| x * 2;
        let added = |a: i32, b: i32| a + b;
        let mut counts = [1, 2, 3];
        counts[0] += counts[1];
        counts[2] -= 1 + counts[0] - counts[1];
        let mut best = None;
        for x in r.list {
            best = Some(best.map_or(r.price, |known| known + r.price * i64::from(*x)));
        }
        let by_default: i32 = r.list.iter().fold(Default::default(), |sum, x| sum + x);
        let total: i32 = by_default + r.list.iter().map(|x| x * 2).sum::<i32>();
        let mut place = (1u8, [offset; 2]);
        place.0 <<= 2;
        place.1[0] -= i64::from(place.0) >> 1;
        #[cfg(any())]
        total += 1;
        #[allow(clippy::identity_op)]
        let same = total + 0;
        let sum = if r.n + 1 > 3 { r.n as i64 + offset } else { -offset };
        let range = (r.n - 1..r.n + 1).len() as i32;
        let kept = match r.n - 1 {
            0..=9 if r.n * 2 > 1 => 1,
            _ => 0,
        };
        let text = format!("{}{}", referred, best.unwrap_or_default()) + lengths.len().to_string().as_ref();
        (sum + place.1[0], same + range + kept + counts[2] + wrapped(added(double(r.n), 1)), place.1[1], text)
    })
}

fn mixed() -> Mixed {
    Mixed {
        name: "a".to_owned(),
        price: Decimal::from_scaled(150),
        rate: 2.0,
        day: date!("2024-02-28"),
        at: Timestamp::from_micros(5_000_000),
        n: 4,
        list: vec![1, 2],
    }
}

#[test]
fn operators_of_other_types_are_unchanged() -> Result<()> {
    on_each_engine(|engine, env| {
        let found = of_other_types(env.collection([mixed()]).unwrap()).collect().unwrap();
        let at = Timestamp::from_micros(4_000_000);
        let expected = ("a-a!!".to_owned(), Decimal::from_scaled(-50), -3.5, date!("2024-02-29"), at, -8);
        assert_eq!(found, [expected], "{engine}");
    });
    Ok(())
}

#[test]
fn operators_keep_their_meaning_without_checks() {
    // For r.n = 4: total 3 + 6, range 2, kept 1, counts[2] 3 - (1 + 3 - 2) = 1, wrapped 18.
    let text = "64.504".to_owned();
    same_on_all_engines(vec![(14 + 8, 9 + 2 + 1 + 1 + 18, 10, text)], |env| {
        in_any_position(env.collection([mixed()])?, 10).collect()
    });
}

#[dataflow]
fn in_order(numbers: DataSet<i32>) -> DataSet<(i32, String)> {
    numbers.map(|n| {
        let mut log = String::new();
        let mut note = |name: &str, value: i32| {
            log.push_str(name);
            value
        };
        let mut values = [n, n];
        values[note("left", 0) as usize] += note("right", 1);
        let sum = note("a", n) + note("b", 1) * note("c", 2);
        (sum + values[0], log)
    })
}

#[test]
fn operands_are_evaluated_in_order() {
    same_on_all_engines(vec![pair("rightleftabc", 0)].into_iter().map(|(text, _)| (7 + 6, text)).collect(), |env| {
        in_order(env.collection([5])?).collect()
    });
}

#[dataflow]
fn after_a_semi_join(points: DataSet<Point>, known: DataSet<i64>) -> DataSet<Point> {
    points.semi_join(known).on(|p| p.n, |n| n).filter(|p| p.a + 1 > 0)
}

#[test]
fn a_computing_filter_sees_only_records_passed_to_it() {
    same_on_all_engines(Vec::<i64>::new(), |env| {
        let found = after_a_semi_join(env.collection([MOST])?, env.collection([7i64])?).collect()?;
        Ok(found.into_iter().map(|point| point.n).collect())
    });
}

#[dataflow]
fn left_alone(numbers: DataSet<i32>) -> DataSet<(i32, i32, i32, i32)> {
    numbers.map(|n| {
        fn function(n: i32) -> i32 {
            n * 2
        }
        let bound = |n| n * 2;
        let named = |n: i32| n.wrapping_mul(2);
        #[allow(clippy::useless_vec)]
        let in_a_macro = vec![n * 2][0];
        (function(n), bound(n), named(n), in_a_macro)
    })
}

/// The cases that the guide lists as invisible to the macro. The compiler does not check them in
/// this crate either.
#[test]
fn operations_invisible_to_the_macro_wrap() {
    same_on_all_engines(vec![(-2, -2, -2, -2)], |env| left_alone(env.collection([i32::MAX])?).collect());
}

#[dataflow]
fn in_odd_places(rows: DataSet<(String, Option<i32>, Vec<i32>)>) -> DataSet<(String, i64)> {
    rows.filter(|r| r.2.len() - 1 < 7)
        .filter_map(|(name, n, list)| {
            let n = n? + 1;
            let (mut sum, mut mean, mut i) = (0, 0.0, 0);
            while i + 1 < list.len() + 1 {
                sum += list[i + 1 - 1];
                mean += 0.5;
                i += 1;
            }
            for x in list {
                sum -= x;
            }
            let found = 'found: {
                for i in 0..list.len() - 1 {
                    if list[i] + 1 == list[i + 1] {
                        break 'found -(i as i64) - -2;
                    }
                }
                0
            };
            let referred = &n + &n - n * &1;
            let joined = list.iter().fold(String::new(), |text, x| text + "," + &x.to_string());
            let last = if let Some(x) = n.checked_add(1)
                && x + 1 > 2
            {
                !x + 1
            } else {
                return None;
            };
            let chosen = match last {
                x if x * 2 < 0 => x as i64 * 2,
                x => x.into(),
            };
            Some((name.to_owned() + &joined, found + i64::from(sum + referred) + chosen + mean as i64))
        })
        .map(|(name, n)| (name.to_owned() + "!", n - 1))
}

#[test]
fn operators_may_occur_anywhere() {
    // For 4: found 2, referred 5, chosen -12, mean 1.
    same_on_all_engines(vec![pair("a,1,2!", 2 + 5 - 12 + 1 - 1)], |env| {
        in_odd_places(env.collection([("a".to_owned(), Some(4), vec![1, 2])])?).collect()
    });
}

#[derive(Default)]
struct Total(i64);

impl std::ops::AddAssign<i64> for Total {
    fn add_assign(&mut self, other: i64) {
        self.0 += other;
    }
}

#[dataflow]
fn texts_to_choose_from(rows: DataSet<(String, u32)>) -> DataSet<String> {
    rows.map(|(text, n)| {
        let other = text.to_uppercase();
        let chosen = text.to_owned() + if n > 1 { &other } else { "b" };
        let matched = text.to_owned()
            + match n {
                1 => &other,
                _ => text,
            };
        let in_blocks = String::new()
            + if n > 5 {
                "no"
            } else if n > 1 {
                &matched
            } else {
                &chosen
            };
        in_blocks + if n == 1 { "!" } else { &other }
    })
}

/// For integers, the value is evaluated before the place; for other types, the place comes first.
/// The first error shows the order.
#[dataflow]
fn places_that_leave(numbers: DataSet<i32>) -> DataSet<String> {
    numbers.map(|n| {
        let (mut integer, mut other) = (0i64, Total::default());
        let of_integers = |integer: &mut i64| -> std::result::Result<(), &'static str> {
            *place(integer, n)? += value(n)?;
            Ok(())
        };
        let of_others = |other: &mut Total| -> std::result::Result<(), &'static str> {
            *place(other, n)? += value(n)?;
            Ok(())
        };
        format!("{:?} {:?}", of_integers(&mut integer), of_others(&mut other))
    })
}

fn place<T>(at: &mut T, n: i32) -> std::result::Result<&mut T, &'static str> {
    if n == 1 { Err("place") } else { Ok(at) }
}

fn value(n: i32) -> std::result::Result<i64, &'static str> {
    if n > 0 { Err("value") } else { Ok(7) }
}

#[allow(unsafe_code, reason = "the static is changed")]
#[dataflow]
fn counted_in_a_static(numbers: DataSet<i32>) -> DataSet<i32> {
    numbers.map(|n| {
        static mut NOBODY_REFERS: i32 = 0;
        // SAFETY: there is one record, so one task runs this, once.
        unsafe {
            NOBODY_REFERS = n;
            NOBODY_REFERS += 1;
            NOBODY_REFERS
        }
    })
}

#[dataflow]
fn of_floats(numbers: DataSet<i32>) -> DataSet<f64> {
    numbers.map(|n| (n as f64 * 0.5 + 2f64 - n as f64) * -(n as f64))
}

#[test]
fn operations_on_other_types_compile_unchanged() {
    on_each_engine(|_, env| {
        let rows = env.collection([("x", 1u32), ("y", 2)]).unwrap();
        assert_eq!(texts_to_choose_from(rows).collect().unwrap(), ["xb!", "yyY"]);
        let left = places_that_leave(env.collection([0, 1, 2]).unwrap()).collect().unwrap();
        let expected = ["Ok(()) Ok(())", "Err(\"value\") Err(\"place\")", "Err(\"value\") Err(\"value\")"];
        assert_eq!(left, expected);
        assert_eq!(counted_in_a_static(env.collection([4]).unwrap()).collect().unwrap(), [5]);
        assert_eq!(of_floats(env.collection([4]).unwrap()).collect().unwrap(), [0.0]);
    });
}

//! Estimated rows and row widths of small pipelines, compared with the actual ones.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Env};
use tests::{Folder, Random, local};

const SALES: u64 = 300_000;
const SHOPS: u64 = 2_000;

#[derive(Record, Clone, Debug, PartialEq)]
struct Sale {
    id: u64,
    /// Each order has four consecutive lines.
    order: u64,
    shop: u64,
    day: Date,
    kind: String,
    note: String,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Shop {
    id: u64,
    city: String,
}

fn sale(id: u64, random: &mut Random) -> Sale {
    let words = random.below(12) as usize;
    Sale {
        id,
        order: id / 4,
        shop: random.below(SHOPS),
        day: Date::from_days(random.below(1_000) as i32),
        kind: ["card", "cash", "invoice"][random.below(3) as usize].to_owned(),
        note: "so many words ".repeat(words),
    }
}

fn sales() -> Vec<Sale> {
    let mut random = Random(11);
    (0..SALES).map(|id| sale(id, &mut random)).collect()
}

fn shops() -> Vec<Shop> {
    (0..SHOPS).map(|id| Shop { id, city: format!("the city with number {}", id % 120) }).collect()
}

/// Files of all sales and shops by format, written once for all tests.
fn files() -> &'static Folder {
    static FILES: OnceLock<Folder> = OnceLock::new();
    FILES.get_or_init(|| {
        let (folder, env) = (Folder::default(), local(2));
        let (sales, shops) = (env.collection(sales()).unwrap(), env.collection(shops()).unwrap());
        sales.write_csv(folder.join("sales.csv"));
        sales.write_parquet(folder.join("sales.parquet"));
        shops.write_csv(folder.join("shops.csv"));
        shops.write_parquet(folder.join("shops.parquet"));
        env.run().unwrap();
        folder
    })
}

#[derive(Clone, Copy, Debug)]
enum From {
    Csv,
    Parquet,
    Collection,
}

fn read(env: &Env, from: From) -> (DataSet<Sale>, DataSet<Shop>) {
    let path = |name: &str| files().join(name);
    match from {
        From::Csv => (env.read_csv(path("sales.csv")).unwrap(), env.read_csv(path("shops.csv")).unwrap()),
        From::Parquet => {
            (env.read_parquet(path("sales.parquet")).unwrap(), env.read_parquet(path("shops.parquet")).unwrap())
        }
        From::Collection => (env.collection(sales()).unwrap(), env.collection(shops()).unwrap()),
    }
}

/// The estimated rows of a flow, and the bytes of one row. The flow is joined with a single record,
/// so that the planner estimates it.
fn expected(env: &Env, flow: &DataSet<u64>) -> (f64, f64) {
    let output = Folder::default();
    with_one(flow.clone(), env.collection([0u64]).unwrap()).write_native(output.join("out"));
    let plan = env.plan().unwrap();
    let estimates: Vec<_> = plan.estimates().collect();
    // The last three estimates: the flow's last operator, the single record, the join.
    let join = estimates.iter().position(|(identity, _)| identity.ends_with("met")).unwrap();
    let estimate = estimates[join - 2].1;
    (estimate.rows, estimate.row_bytes)
}

#[dataflow]
fn with_one(flow: DataSet<u64>, one: DataSet<u64>) -> DataSet<u64> {
    let met = flow.join(one).on(|f| f, |o| o).map(|f, _| f);
    met
}

type Pipeline = fn(DataSet<Sale>, DataSet<Shop>) -> DataSet<u64>;

fn factor(expected: f64, actual: f64) -> f64 {
    let (expected, actual) = (expected.max(1.0), actual.max(1.0));
    (expected / actual).max(actual / expected)
}

/// Checks that the estimated rows differ from the actual ones by at most this factor, for each
/// source of the sales.
fn check_estimate(most: f64, pipeline: Pipeline) {
    for from in [From::Csv, From::Parquet, From::Collection] {
        let env = local(2);
        let (sales, shops) = read(&env, from);
        let flow = pipeline(sales, shops);
        let (rows, _) = expected(&env, &flow);
        let actual = flow.count().unwrap() as f64;
        assert!(factor(rows, actual) <= most, "{from:?}: expected {rows}, found {actual}");
    }
}

#[dataflow]
fn scanned(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.project(|s| s.id)
}

#[dataflow]
fn a_third(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.filter(|s| s.kind == "cash").project(|s| s.id)
}

#[dataflow]
fn few_days(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.filter(|s| s.day < date!("1970-01-21") && s.note.len() > 60).project(|s| s.id)
}

#[dataflow]
fn after_a_closure(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    let words = sales.flat_map(|s| s.note.words().map(|word| (s.id, word.len() as u64)));
    words.filter(|w| w.1 > 2 && w.0 % 5 == 0).map(|w| w.1)
}

#[dataflow]
fn one_record(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.filter(|s| s.id == 123_456).project(|s| s.id)
}

#[test]
fn filters_are_evaluated_on_sampled_records() {
    check_estimate(1.1, scanned);
    check_estimate(1.2, a_third);
    check_estimate(2.0, few_days);
    check_estimate(1.5, after_a_closure);
}

#[test]
fn a_predicate_without_sampled_matches_is_estimated_rare() {
    check_estimate(2.0, one_record);
}

#[dataflow]
fn per_shop(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.group_by(|s| s.shop).aggregate(|g| g.count())
}

#[dataflow]
fn per_order(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.group_by(|s| s.order).aggregate(|g| g.count())
}

#[dataflow]
fn per_kind_and_day(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.filter(|s| s.id % 2 == 0).group_by(|s| (s.kind, s.day)).aggregate(|g| g.count())
}

#[dataflow]
fn per_word_count(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    sales.map(|s| (s.note.words().count() as u64, s.id)).group_by(|w| w.0).aggregate(|g| g.count())
}

#[test]
fn groups_are_counted_in_the_sample() {
    check_estimate(1.5, per_shop);
    check_estimate(1.5, per_order);
    check_estimate(2.0, per_kind_and_day);
    check_estimate(1.5, per_word_count);
}

/// Writes the last `few` sales to one file of a folder, and the others to a second file.
fn write_two_files(env: &Env, folder: &Folder, format: &str, few: u64) {
    std::fs::create_dir(folder.join(format)).unwrap();
    let (some, others) = sales().into_iter().partition::<Vec<_>, _>(|sale| sale.id + few < SALES);
    for (number, sales) in [some, others].into_iter().enumerate() {
        let (sales, path) = (env.collection(sales).unwrap(), folder.join(&format!("{format}/{number}.{format}")));
        match format {
            "csv" => sales.write_csv(path),
            "parquet" => sales.write_parquet(path),
            _ => sales.write_native(path),
        };
    }
    env.run().unwrap();
}

/// The estimated rows of a pipeline over a folder of sales.
fn expected_over(folder: &Folder, format: &str, pipeline: impl Fn(DataSet<Sale>) -> DataSet<u64>) -> f64 {
    let (env, path) = (local(1), folder.join(format));
    let sales = match format {
        "csv" => env.read_csv(path).unwrap(),
        "parquet" => env.read_parquet(path).unwrap(),
        _ => env.read_native(path).unwrap(),
    };
    expected(&env, &pipeline(sales)).0
}

#[test]
fn samples_of_files_are_weighted_by_their_rows() {
    for few in [1, 203, 1_001, 2_047, 4_099, 20_001] {
        for format in ["csv", "parquet", "native"] {
            let folder = Folder::default();
            write_two_files(&local(1), &folder, format, few);
            let orders = expected_over(&folder, format, sales_per_order);
            let is_near = factor(orders, SALES as f64 / 4.0) <= 1.5;
            assert!(is_near, "{few} rows in one file, {format}: expected {orders} orders");
            let late = expected_over(&folder, format, |sales| late_sales(sales, few));
            assert!(late < SALES as f64 / 10.0, "{few} rows in one file, {format}: expected {late} rows");
        }
    }
}

#[dataflow]
fn pairs_of_the_last_file(pairs: DataSet<(u64, u64)>) -> DataSet<u64> {
    pairs.filter(|p| p.1 == 39).map(|p| p.0 + 1)
}

#[dataflow]
fn pairs_per_number(pairs: DataSet<(u64, u64)>) -> DataSet<u64> {
    pairs.group_by(|p| p.0).aggregate(|g| g.count())
}

#[test]
fn all_binary_files_are_sampled() {
    for (rows, last_rows) in [(1, 100_000u64), (10, 600)] {
        let folder = Folder::default();
        std::fs::create_dir(folder.join("pairs")).unwrap();
        for file in 0..40u64 {
            let pair = |number: u64| [number.to_le_bytes(), file.to_le_bytes()].concat();
            let count = if file == 39 { last_rows } else { rows };
            let path = folder.join(&format!("pairs/{file:02}.bin"));
            std::fs::write(path, (0..count).flat_map(pair).collect::<Vec<u8>>()).unwrap();
        }
        for (pipeline, actual) in [(pairs_of_the_last_file as fn(_) -> _, last_rows), (pairs_per_number, last_rows)] {
            let env = local(1);
            let (rows, _) = expected(&env, &pipeline(env.read_binary(folder.join("pairs")).unwrap()));
            assert!(factor(rows, actual as f64) <= 1.5, "expected {rows}, found {actual}");
        }
    }
}

#[dataflow]
fn sales_per_order(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.order).aggregate(|g| g.count())
}

#[dataflow]
fn late_sales(sales: DataSet<Sale>, few: u64) -> DataSet<u64> {
    sales.filter(|s| s.id + few >= SALES).project(|s| s.id)
}

#[dataflow]
fn of_shops(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<u64> {
    let near = shops.filter(|s| s.id < 100);
    sales.join(near).on(|s| s.shop, |n| n.id).map(|s, n| s.id + n.id)
}

#[dataflow]
fn per_city(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<u64> {
    let both = sales.join(shops).on(|s| s.shop, |shop| shop.id).map(|s, shop| (shop.city, s.order, s.day));
    both.group_by(|b| b.0).aggregate(|g| g.count())
}

#[dataflow]
fn of_large_orders(sales: DataSet<Sale>, _: DataSet<Shop>) -> DataSet<u64> {
    let orders = sales.filter(|s| s.id % 4 == 0 && s.id % 10 == 0).map(|s| (s.order, s.day));
    sales.join(orders).on(|s| s.order, |o| o.0).map(|s, o| s.id + o.0)
}

#[dataflow]
fn sold_somewhere_else(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<u64> {
    let near = shops.filter(|s| s.id < 500);
    sales.anti_join(near).on(|s| s.shop, |n| n.id).map(|s| s.id)
}

#[dataflow]
fn sold_near(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<u64> {
    let near = shops.filter(|s| s.id < 500);
    let sold = sales.semi_join(near).on(|s| s.shop, |n| n.id);
    sold.group_by(|s| s.shop).aggregate(|g| g.count())
}

#[test]
fn join_estimates_use_their_keys() {
    check_estimate(2.0, of_shops);
    check_estimate(3.0, per_city);
    check_estimate(3.0, of_large_orders);
    check_estimate(2.0, sold_somewhere_else);
    check_estimate(3.0, sold_near);
}

/// The estimate of the operator whose identity ends with `word`.
fn expected_of(env: &Env, word: &str) -> dataflow::Estimate {
    let plan = env.plan().unwrap();
    let found = plan.estimates().find(|(identity, _)| identity.ends_with(word)).map(|(_, estimate)| estimate);
    found.unwrap_or_else(|| panic!("no {word} in {}", plan.to_json()))
}

#[dataflow]
fn notes_joined(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(String, String)> {
    let noted = sales.filter(|s| !s.note.is_empty());
    noted.join(shops).on(|n| n.shop, |s| s.id).map(|n, s| (n.note, s.city))
}

#[test]
fn estimated_text_widths_match_the_data() {
    for from in [From::Csv, From::Parquet, From::Collection] {
        let (env, folder) = (local(2), Folder::default());
        let (sales, shops) = read(&env, from);
        notes_joined(sales, shops).write_native(folder.join("out"));
        let noted = expected_of(&env, "noted").row_bytes;
        // A shop's number and a text's slot. Texts of more than twelve bytes are stored outside of
        // the slot.
        let outside: Vec<usize> = crate::sales().iter().map(|s| s.note.len()).filter(|&bytes| bytes > 0).collect();
        let actual = 8.0 + 16.0 + outside.iter().sum::<usize>() as f64 / outside.len() as f64;
        assert!(factor(noted, actual) < 1.2, "{from:?}: expected {noted}, found {actual}");
    }
}

#[dataflow]
fn keyed_lines(lines: DataSet<String>, keys: DataSet<String>) -> DataSet<String> {
    lines.join(keys).on(|l| l, |k| k).map(|l, _| l)
}

#[test]
fn files_are_sampled_if_a_decision_depends_on_them() {
    let (folder, env) = (Folder::default(), local(2));
    let path = folder.join("lines.txt");
    // Lines much longer than the first ones.
    let (short, long) = ("short\n".repeat(10_000), ("long".repeat(100) + "\n").repeat(10_000));
    std::fs::write(&path, short + &long).unwrap();
    let lines = env.read_text(&path).unwrap();
    lines.write_text(folder.join("copy.txt"));
    let guessed = expected_of(&env, "read").rows;
    assert!(guessed > 400_000.0, "a copy looked at the whole file: {guessed}");
    keyed_lines(lines, env.collection(["short"]).unwrap()).write_text(folder.join("joined.txt"));
    let known = expected_of(&env, "read").rows;
    assert!(factor(known, 20_000.0) < 2.0, "expected {known} lines of 20000");
}

#[dataflow]
fn of_a_kind(sales: DataSet<(u64, String)>, others: DataSet<u64>) -> DataSet<u64> {
    let cash = sales.filter(|s| s.1 == "cash");
    cash.join(others).on(|c| c.0, |o| o).map(|c, _| c.0)
}

#[test]
fn a_changed_file_is_sampled_again() {
    let folder = Folder::default();
    let path = folder.join("sales.csv");
    let written = |kinds: [&str; 2]| {
        let line = |id: u64| format!("{id},{}\n", kinds[usize::from(!id.is_multiple_of(10))]);
        std::fs::write(&path, "0,1\n".to_owned() + &(10_000..60_000).map(line).collect::<String>()).unwrap();
        let env = local(2);
        let sales = env.read_csv(&path).unwrap();
        of_a_kind(sales, env.collection([1u64]).unwrap()).write_text(folder.join("out.txt"));
        expected_of(&env, "cash").rows
    };
    // Same size and same path.
    let (few, many) = (written(["cash", "card"]), written(["card", "cash"]));
    assert!(factor(few, 5_000.0) < 1.3 && factor(many, 45_000.0) < 1.3, "{few}, {many}");
}

#[dataflow]
fn hinted(sales: DataSet<Sale>, shops: DataSet<Shop>, share: f64, rows: u64) -> DataSet<u64> {
    let few = sales.filter(|s| s.shop > 10 && s.kind == "cash").expect_selectivity(share);
    let near = shops.map(|s| s.id).expect_rows(rows);
    few.join(near).on(|f| f.shop, |n| n).map(|f, _| f.id)
}

#[dataflow]
fn hinted_after_a_closure(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<u64> {
    let few = sales.map(|s| (s.shop, s.id + 1)).filter(|s| s.0 > 10).expect_selectivity(0.125);
    few.join(shops).on(|f| f.0, |s| s.id).map(|f, _| f.1)
}

type Pair = (u64, u64);

#[dataflow]
fn hinted_on_the_left(left: DataSet<Pair>, right: DataSet<Pair>) -> DataSet<Pair> {
    left.join(right).on(|l| l.0, |r| r.0).map(|l, r| (l.1, r.1)).filter(|p| p.0 > 7).expect_selectivity(0.125)
}

#[dataflow]
fn hinted_on_the_right(left: DataSet<Pair>, right: DataSet<Pair>) -> DataSet<Pair> {
    left.cross(right).map(|l, r| (l.1, r.1)).filter(|p| p.1 > 7).expect_selectivity(0.125)
}

#[dataflow]
fn hinted_over_pairs(left: DataSet<Pair>, right: DataSet<Pair>) -> DataSet<Pair> {
    let pairs = left.full_join(right).on(|l| l.0, |r| r.0);
    pairs.map(|l, r| (l.map_or(9, |l| l.1), r.map_or(9, |r| r.1))).filter(|p| p.0 > 7).expect_selectivity(0.125)
}

/// The optimizer moves the filter to a side, or the pair closure evaluates it.
#[test]
fn a_selectivity_hint_may_follow_a_join() {
    for pipeline in [hinted_on_the_left, hinted_on_the_right, hinted_over_pairs] {
        tests::on_each_engine(|engine, env| {
            let pairs = || env.collection((0..20u64).map(|n| (n, n))).unwrap();
            let found = pipeline(pairs(), pairs()).collect().unwrap();
            assert!(found.iter().all(|pair| pair.0 > 7 || pair.1 > 7) && found.len() >= 12, "{engine}: {found:?}");
        });
    }
}

#[dataflow]
fn hinted_without_a_filter(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map(|s| s.id).expect_selectivity(0.5)
}

#[dataflow]
fn hinted_beyond_all(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map(|s| s.id).filter(|s| s > 0).expect_selectivity(1.5)
}

#[dataflow]
fn hinted_after_a_filter_with_effects(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<u64> {
    sales
        .filter(|s| {
            seen.add(1);
            s.shop > 0
        })
        .expect_selectivity(0.5)
        .map(|s| s.id)
}

#[rustfmt::skip]
#[dataflow]
fn hinted_in_a_line(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<u64> {
    sales.filter(|s| { seen.add(1); s.shop > 0 }).filter(|s| s.shop < 9).expect_selectivity(0.25).map(|s| s.id)
}

#[test]
fn a_selectivity_hint_applies_to_the_last_filter_in_line() {
    let env = local(2);
    let (sales, _) = read(&env, From::Collection);
    let output = Folder::default();
    hinted_in_a_line(sales, env.counter("seen")).write_text(output.join("out.txt"));
    let text = env.explain().unwrap().to_string();
    assert_eq!(text.matches("of which 0.25 stay, by hint").count(), 1, "{text}");
}

#[test]
fn a_selectivity_hint_overrides_the_estimate() {
    let env = local(2);
    let (sales, shops) = read(&env, From::Collection);
    let output = Folder::default();
    hinted(sales.clone(), shops.clone(), 0.01, SHOPS).write_text(output.join("out.txt"));
    assert_eq!(expected_of(&env, "few").rows, SALES as f64 * 0.01);
    let env = local(2);
    let (sales, shops) = read(&env, From::Collection);
    hinted_after_a_closure(sales, shops).write_text(output.join("closure.txt"));
    assert_eq!(expected_of(&env, "few").rows, SALES as f64 * 0.125);
}

#[test]
fn wrong_hints_are_reported_after_the_run() {
    let report = |share, rows| {
        let (env, output) = (local(2), Folder::default());
        let (sales, shops) = read(&env, From::Collection);
        hinted(sales, shops, share, rows).write_text(output.join("out.txt"));
        env.run().unwrap().explain().to_owned()
    };
    let right = report(0.3, SHOPS);
    assert!(!right.contains("note: `"), "{right}");
    let wrong = report(0.000_1, 1_000_000);
    let notes: Vec<&str> = wrong.lines().filter(|line| line.starts_with("note: ")).collect();
    assert!(notes.len() == 2, "{wrong}");
    assert!(wrong.contains("note: `expect_rows(1000000)` at tests/tests/estimates.rs:"), "{wrong}");
    assert!(
        wrong.contains(": 2000 records came") && wrong.contains("note: `expect_selectivity(0.0001)` at "),
        "{wrong}"
    );
}

#[dataflow]
fn rightly_hinted(sales: DataSet<Sale>, shops: DataSet<Shop>, rows: u64) -> DataSet<u64> {
    let few = shops.filter(|s| s.id < 5);
    sales.expect_rows(rows).join(few).on(|s| s.shop, |f| f.id).map(|s, _| s.id)
}

#[dataflow]
fn first_rightly_hinted(sales: DataSet<Sale>, rows: u64) -> DataSet<u64> {
    sales.map(|s| s.id).expect_rows(rows).first(3)
}

/// A join drops records before they reach the hint, and `first` stops the source. In both cases the
/// hint is right.
#[test]
fn hints_about_records_dropped_early_are_not_reported() {
    let report = |from: From, rows: u64, is_joined: bool| {
        let (env, output) = (local(2), Folder::default());
        let (sales, shops) = read(&env, from);
        let found = if is_joined { rightly_hinted(sales, shops, rows) } else { first_rightly_hinted(sales, rows) };
        found.write_text(output.join("out.txt"));
        env.run().unwrap().explain().to_owned()
    };
    for is_joined in [true, false] {
        let text = report(From::Parquet, SALES, is_joined);
        assert!(!text.contains("note: `"), "{text}");
    }
    // More records than hinted are reported in any case.
    let text = report(From::Collection, 10, true);
    assert!(text.contains("note: `expect_rows(10)`"), "{text}");
}

#[test]
fn invalid_selectivities_are_rejected() {
    let refused = |pipeline: fn(DataSet<Sale>) -> DataSet<u64>| {
        let env = local(2);
        pipeline(env.collection(Vec::<Sale>::new()).unwrap()).collect().unwrap_err().to_string()
    };
    let message = refused(hinted_without_a_filter);
    assert!(message.contains("is no filter") && message.contains("estimates.rs:"), "{message}");
    let env = local(2);
    let sales = env.collection(Vec::<Sale>::new()).unwrap();
    let message = hinted_after_a_filter_with_effects(sales, env.counter("seen")).collect().unwrap_err().to_string();
    assert!(message.contains("needs a filter without effects"), "{message}");
    assert!(refused(hinted_beyond_all).contains("between 0 and 1, and not 1.5"));
}

//! Plans as text, as JSON and as a page, and `--plan`, which runs nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::prelude::*;
use dataflow::{Decisions, Env, Explain, LogWriter, Options, ProgressWhen};
use expect_test::expect_file;
use serde_json::Value;
use tempfile::TempDir;

type Sale = (u32, u32, i64);

#[dataflow]
fn by_region(sales: DataSet<Sale>, shops: DataSet<(u32, String)>) -> DataSet<(String, i64)> {
    let large = sales.filter(|s| s.2 > 10);
    let named = large.join(shops).on(|s| s.0, |s| s.0).map(|s, shop| (shop.1, s.2));
    named.group_by(|n| n.0).sum(|n| n.1)
}

/// A temporary folder for the files of a test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(TempDir::new().unwrap())
    }

    fn join(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

fn env() -> Env {
    Env::new(Options { parallelism: 2, progress: ProgressWhen::Never, ..Options::default() })
}

fn declare(env: &Env, output: &str) {
    let sales = env.collection((0..3_000u32).map(|id| (id % 50, id, i64::from(id % 100)))).unwrap();
    let shops = env.collection((0..40u32).map(|id| (id, format!("region {}", id % 7)))).unwrap();
    by_region(sales, shops).write_csv(output);
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn operators(plan: &Value) -> &Vec<Value> {
    plan["operators"].as_array().unwrap()
}

fn operator<'p>(plan: &'p Value, identity: &str) -> &'p Value {
    operators(plan).iter().find(|operator| operator["identity"] == identity).unwrap()
}

#[test]
fn json_of_a_run_has_counts_by_operator_and_task() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let before = parsed(env.plan().unwrap().to_json());
    let report = env.run().unwrap();
    let plan = parsed(report.explain_json());
    assert_eq!((&plan["version"], &before["version"]), (&1.into(), &1.into()));
    assert_eq!(before["run"], Value::Null);
    assert_eq!(plan["run"]["source_rows"], report.source_rows());
    assert!(plan["run"]["seconds"].as_f64().unwrap() > 0.0);

    // The run only adds counts.
    let mut without_counts = plan.clone();
    without_counts["run"] = Value::Null;
    for operator in without_counts["operators"].as_array_mut().unwrap() {
        operator["actual"] = Value::Null;
    }
    assert_eq!(without_counts, before);

    let large = operator(&plan, "by_region/large");
    assert_eq!((&large["name"], &large["word"]), (&"large".into(), &"filter".into()));
    assert_eq!(large["text"], "|s| s.2 > 10");
    assert_eq!(large["file"], "dataflow/tests/explain.rs");
    let line = large["line"].as_u64().unwrap() as usize;
    assert!(include_str!("explain.rs").lines().nth(line - 1).unwrap().contains("let large"));
    let kept = (0..3_000).filter(|id| id % 100 > 10).count();
    assert_eq!((&large["actual"]["rows_in"], &large["actual"]["rows_out"]), (&3_000.into(), &kept.into()));

    for operator in operators(&plan) {
        let actual = &operator["actual"];
        let tasks = actual["tasks"].as_array().unwrap();
        assert!(!tasks.is_empty(), "{operator}");
        for field in ["rows_in", "rows_out", "bytes", "memory_bytes", "spilled_bytes"] {
            let sum: u64 = tasks.iter().map(|task| task[field].as_u64().unwrap()).sum();
            assert_eq!(actual[field], sum, "{field} of {operator}");
        }
        let sum: f64 = tasks.iter().map(|task| task["seconds"].as_f64().unwrap()).sum();
        assert!((actual["seconds"].as_f64().unwrap() - sum).abs() < 1e-6, "{operator}");
    }
    // Both tasks received rows of the join, and each has its own counts.
    let named = operator(&plan, "by_region/named");
    let tasks = named["actual"]["tasks"].as_array().unwrap();
    assert_eq!(tasks.iter().filter(|task| task["rows_in"].as_u64().unwrap() > 0).count(), 2, "{named}");
}

#[test]
fn json_has_the_decisions_and_candidates_of_the_plan() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let plan = env.plan().unwrap();
    assert_eq!(Decisions::from_json(plan.to_json()).unwrap(), *plan.decisions());
    let json = parsed(plan.to_json());
    let mut choices = 0;
    for (identity, candidates) in plan.candidates() {
        let told = operator(&json, identity)["candidates"].as_array().unwrap();
        assert_eq!(told.len(), candidates.len());
        for (told, candidate) in told.iter().zip(candidates) {
            assert_eq!(told["choice"]["how"], candidate.choice.how.as_str());
            let seconds = told["seconds"].as_f64().unwrap();
            assert!((seconds - candidate.seconds).abs() <= 1e-9 * seconds, "{seconds}, not {}", candidate.seconds);
            assert_eq!(told["is_chosen"], Some(&candidate.choice) == plan.decisions().get(identity));
        }
        assert_eq!(told.iter().filter(|told| told["is_chosen"] == true).count(), 1, "{identity}");
        choices += usize::from(told.len() > 1);
    }
    assert!(choices > 0, "the join has a choice");
    env.run().unwrap();
}

/// The last relation selects few sales, so it is joined first.
#[dataflow]
fn of_few_shops(
    sales: DataSet<Sale>,
    days: DataSet<(u32, u32)>,
    shops: DataSet<(u32, String)>,
) -> DataSet<(String, i64)> {
    let dated = sales.join(days).on(|s| s.1, |d| d.0).map(|s, d| (s.0, d.1, s.2));
    let few = shops.filter(|s| s.1 == "region 3");
    dated.join(few).on(|d| d.0, |s| s.0).map(|d, s| (s.1, d.2))
}

fn declare_few_shops(env: &Env, output: &str) {
    let sales = env.collection((0..3_000u32).map(|id| (id % 50, id, i64::from(id % 100)))).unwrap();
    let days = env.collection((0..3_000u32).map(|id| (id, id % 7))).unwrap();
    let shops = env.collection((0..40u32).map(|id| (id, format!("region {}", id % 40)))).unwrap();
    of_few_shops(sales, days, shops).write_csv(output);
}

#[test]
fn plan_has_the_written_and_the_chosen_join_order() {
    let (folder, env) = (Folder::new(), env());
    declare_few_shops(&env, &folder.join("out.csv"));
    let plan = env.plan().unwrap();
    let [region] = plan.join_regions() else { panic!("{:?}", plan.join_regions()) };
    assert!(region.is_reordered(), "{region:?}");
    assert_eq!(region.written.order.to_string(), "(read ⋈ read#2) ⋈ of_few_shops/few");
    // Every sale has a day. One of the fifty shops that have sales is kept.
    let within = |found: f64, expected: f64| found > 0.7 * expected && found < 1.4 * expected;
    assert!(within(region.written.rows, 3_000.0) && within(region.chosen.rows, 60.0), "{region:?}");
    let json = parsed(plan.to_json());
    let told = &json["join_orders"][0];
    assert_eq!(told["join"], region.join.as_str());
    assert_eq!(told["written"]["order"].to_string(), r#"[["read","read#2"],"of_few_shops/few"]"#);
    for (told, estimate) in [(&told["written"], &region.written), (&told["chosen"], &region.chosen)] {
        assert!((told["rows"].as_f64().unwrap() - estimate.rows).abs() < 1e-6 * estimate.rows, "{told}");
        assert!((told["bytes"].as_f64().unwrap() - estimate.bytes).abs() < 1e-6 * estimate.bytes, "{told}");
    }
    assert_eq!(json["decisions"]["join_orders"][&region.join], told["chosen"]["order"]);
    let text = env.explain().unwrap();
    env.run().unwrap();
    let shown = text.split_once(&format!("\njoin order of {}\n", region.join)).unwrap().1;
    let shown: Vec<&str> = shown.lines().map(str::trim).collect();
    assert!(shown[0].starts_with("as written: (read ⋈ read#2) ⋈ few, about 3"), "{text}");
    assert!(shown[1].starts_with("now: ") && shown[1].contains("few"), "{text}");
}

/// The documentation lists exactly the fields of the JSON.
#[test]
fn documentation_lists_every_json_field() {
    let (folder, first) = (Folder::new(), env());
    declare(&first, &folder.join("out.csv"));
    let plan = parsed(first.run().unwrap().explain_json());
    let mut fields = BTreeSet::new();
    let mut collect = |value: &Value| fields.extend(value.as_object().unwrap().keys().cloned());
    collect(&plan);
    collect(&plan["run"]);
    let reordering = env();
    declare_few_shops(&reordering, &folder.join("few.csv"));
    let reordered = parsed(reordering.plan().unwrap().to_json());
    reordering.run().unwrap();
    let region = &reordered["join_orders"][0];
    [region, &region["written"], &region["chosen"], &region["best"]].into_iter().for_each(&mut collect);
    for operator in operators(&plan) {
        collect(operator);
        collect(&operator["estimate"]);
        collect(&operator["actual"]);
        for list in ["inputs", "candidates"] {
            operator[list].as_array().unwrap().iter().for_each(&mut collect);
        }
        operator["actual"]["tasks"].as_array().unwrap().iter().for_each(&mut collect);
    }
    let docs = include_str!("../../docs/explain.md");
    let json = &docs[docs.find("## The JSON").unwrap()..];
    let cells = json.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let documented: BTreeSet<String> =
        names.map(|name| name.trim_end_matches("[]").rsplit('.').next().unwrap().to_owned()).collect();
    // The documentation lists the fields of these two objects instead.
    fields.remove("estimate");
    fields.remove("inputs");
    assert_eq!(fields, documented);
}

#[test]
fn json_of_a_small_plan_is_unchanged() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let mut plan = parsed(env.plan().unwrap().to_json());
    env.run().unwrap();
    // Lines, costs and the output folder change independently of the JSON's form.
    for operator in plan["operators"].as_array_mut().unwrap() {
        operator["line"] = 0.into();
        let description = operator["description"].as_str().unwrap().replace(&folder.join(""), "");
        operator["description"] = description.into();
        for candidate in operator["candidates"].as_array_mut().unwrap() {
            candidate["seconds"] = 0.into();
            candidate["total_seconds"] = 0.into();
        }
    }
    expect_file!["explain/small_plan.json"].assert_eq(&format!("{plan:#}\n"));
}

#[test]
fn plan_only_runs_nothing() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[dataflow]
    fn counted(lines: DataSet<String>) -> DataSet<u64> {
        lines.map(|_| RUNS.fetch_add(1, Ordering::Relaxed))
    }
    let folder = Folder::new();
    std::fs::write(folder.join("in.txt"), "a\nb\n").unwrap();
    std::fs::write(folder.join("kept.csv"), "old").unwrap();
    for explain in
        [Explain::Json(Some(folder.join("plan.json").into())), Explain::Html(Some(folder.join("plan.html").into()))]
    {
        let options =
            Options { plan_only: true, explain: Some(explain), progress: ProgressWhen::Never, ..Options::default() };
        let env = Env::new(options);
        let numbers = || counted(env.read_text(folder.join("in.txt")).unwrap());
        numbers().write_csv(folder.join("out.csv"));
        numbers().write_csv(folder.join("many/"));
        numbers().write_csv(folder.join("kept.csv"));
        assert_eq!(env.run().unwrap().source_rows(), 0);
        let message = numbers().collect().unwrap_err().to_string();
        assert!(message.contains("--plan"), "{message}");
        numbers().write_text(folder.join("out.txt"));
        assert_eq!(env.start().unwrap().wait().unwrap().source_rows(), 0);
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 0);
    let mut files: Vec<String> = std::fs::read_dir(folder.join(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    // `collect` was the second plan of each form.
    let expected =
        ["in.txt", "kept.csv", "plan-2.html", "plan-2.json", "plan-3.html", "plan-3.json", "plan.html", "plan.json"];
    assert_eq!(files, expected);
    assert_eq!(std::fs::read_to_string(folder.join("kept.csv")).unwrap(), "old");
    let plan = parsed(&std::fs::read_to_string(folder.join("plan.json")).unwrap());
    assert_eq!((operators(&plan).len(), &plan["run"]), (9, &Value::Null));
}

const DATA: &str = r#"<script type="application/json" id="data">"#;

/// Returns the JSON in a page's script.
fn data(page: &str) -> Value {
    parsed(page.split_once(DATA).unwrap().1.split_once("</script>").unwrap().0)
}

#[test]
fn page_loads_no_url_and_escapes_program_text() {
    #[dataflow]
    fn hostile(lines: DataSet<String>) -> DataSet<String> {
        lines
            .filter(|line| line != "</script><script>alert(1)</script><!--data-->")
            .filter(|line| line != "<!--<script>")
    }
    let (folder, env) = (Folder::new(), env());
    hostile(env.collection(["a".to_owned()]).unwrap()).write_text(folder.join("<img src=x onerror=alert(2)>.txt"));
    let plan = env.plan().unwrap();
    let json = plan.to_json().to_owned();
    assert!(json.contains("<script>alert(1)") && json.contains("<img src=x"), "{json}");
    let page = env.run().unwrap().explain_html(Some(&json)).unwrap();
    assert!(!page.contains("alert(1)</script>") && !page.contains("<img") && !page.contains("<!--"), "{page}");
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
    assert_eq!(data(&page)["earlier"]["operators"], parsed(&json)["operators"]);
    // The only URL is the namespace of SVG.
    let (head, tail) = page.split_once(DATA).unwrap();
    let own = [head, tail.split_once("</script>").unwrap().1].concat();
    assert_eq!(own.matches("://").count(), own.matches("http://www.w3.org/2000/svg").count());
    for loads in ["src=", "href", "@import", "url(", "fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval("] {
        assert!(!own.contains(loads), "{loads}");
    }
}

#[test]
fn each_shown_operator_has_a_box() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let page = env.plan().unwrap().to_html(None).unwrap();
    env.run().unwrap();
    let plan = &data(&page)["plan"];
    let drawing = &plan["drawing"];
    assert_eq!(drawing["boxes"].as_array().unwrap().len(), operators(plan).len());
    let inputs: usize = operators(plan).iter().map(|operator| operator["inputs"].as_array().unwrap().len()).sum();
    assert_eq!(drawing["lines"].as_array().unwrap().len(), inputs);
}

#[test]
fn runs_write_their_files_and_are_compared() {
    let folder = Folder::new();
    let run_with = |explain: Option<Explain>, compare: Option<PathBuf>| {
        let options = Options { explain, compare, progress: ProgressWhen::Never, ..Options::default() };
        let env = Env::new(options);
        declare(&env, &folder.join("out.csv"));
        env.run()
    };
    let run = |explain: Explain, compare: Option<PathBuf>| run_with(Some(explain), compare);
    let (json, html) = (PathBuf::from(folder.join("a.json")), PathBuf::from(folder.join("a.html")));
    run(Explain::Json(Some(json.clone())), None).unwrap();
    run(Explain::Html(Some(html.clone())), Some(json.clone())).unwrap();
    let earlier = parsed(&std::fs::read_to_string(&json).unwrap());
    assert!(earlier["run"]["seconds"].as_f64().unwrap() > 0.0);
    let page = data(&std::fs::read_to_string(&html).unwrap());
    assert_eq!(page["earlier"]["run"], earlier["run"]);
    assert!(page["plan"]["run"]["seconds"].as_f64().unwrap() > 0.0);

    let message = |result: dataflow::Result<dataflow::Report>| result.unwrap_err().to_string();
    assert!(message(run(Explain::Json(None), Some(json.clone()))).contains("--explain=html"));
    assert!(message(run_with(None, Some(json.clone()))).contains("--explain=html"));
    assert!(
        message(run(Explain::Html(Some(html.clone())), Some(folder.join("none.json").into()))).contains("none.json")
    );
    std::fs::write(&json, "{\"version\":2}").unwrap();
    assert!(message(run(Explain::Html(Some(html)), Some(json))).contains("version is 2"));
}

#[dataflow]
fn all_sales(sales: DataSet<Sale>, more: DataSet<Sale>) -> DataSet<(u32, i64)> {
    sales.union(more).map(|s| (s.0, s.2)).group_by(|s| s.0).sum(|s| s.1)
}

/// No driver counts the rows of a union.
#[test]
fn union_counts_the_records_of_all_inputs() {
    let (folder, env) = (Folder::new(), env());
    let of = |count: u32| env.collection((0..count).map(|id| (id % 5, id, 1i64))).unwrap();
    all_sales(of(30), of(70)).write_csv(folder.join("out.csv"));
    let report = env.run().unwrap();
    let plan = parsed(report.explain_json());
    let union = operators(&plan).iter().find(|operator| operator["word"] == "union").unwrap();
    assert_eq!([&union["actual"]["rows_in"], &union["actual"]["rows_out"]], [100, 100]);
    let line = report.explain().lines().find(|line| line.contains("union")).unwrap().to_owned();
    assert!(line.contains(" 100"), "{line}");
}

#[dataflow]
fn doubled_again(numbers: DataSet<(u64, u64)>, more: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    let joined = numbers.join(more).on(|n| n.0, |m| m.0).map(|n, m| (n.0, n.1 + m.1));
    numbers.union(joined).group_by(|n| n.0).sum(|n| n.1)
}

#[dataflow]
fn rounds(numbers: DataSet<(u64, u64)>, more: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    numbers.iterate(5, |numbers| doubled_again(numbers, more)).filter(|n| n.0 < 10)
}

/// Returns the operators of a part of the plan's loop.
fn loop_operators<'p>(plan: &'p Value, part: &str) -> Vec<&'p Value> {
    operators(plan).iter().filter(|operator| operator["loop_part"] == part).collect()
}

#[test]
fn loop_end_counts_the_rows_of_its_result() {
    let (folder, env) = (Folder::new(), env());
    let of = |rows: u64| env.collection((0..rows).map(|id| (id, 1u64))).unwrap();
    rounds(of(100), of(200)).write_csv(folder.join("out.csv"));
    let report = env.run().unwrap();
    let plan = parsed(report.explain_json());
    let (begin, end) = (loop_operators(&plan, "begin")[0], loop_operators(&plan, "end")[0]);
    let counts =
        |operator: &Value| ["rows_in", "rows_out", "rounds"].map(|name| operator["actual"][name].as_u64().unwrap());
    assert_eq!(counts(end), [100, 100, 5], "{end}");
    // The sums over all rounds: `rows_in` counts 100 rows from outside and 100 after each round.
    // `rows_out` counts the rows sent to the body, without the result.
    assert_eq!(counts(begin), [600, 500, 5], "{begin}");
    assert_eq!((&end["loop"], &begin["loop"]), (&begin["identity"], &begin["identity"]));
    let body = loop_operators(&plan, "body");
    let join = body.iter().find(|operator| operator["word"].as_str().unwrap().starts_with("join")).unwrap();
    assert_eq!((&join["actual"]["rows_out"], &join["actual"]["rounds"]), (&500.into(), &5.into()), "{join}");
    let outside = operators(&plan).iter().filter(|operator| operator["loop"] == Value::Null).count();
    assert_eq!(outside + body.len() + 2, operators(&plan).len());
    assert!(outside >= 4, "two sources, a filter and a sink are outside");
}

#[test]
fn delta_loop_end_counts_its_solution_set() {
    let (folder, env) = (Folder::new(), env());
    let far = u64::MAX;
    let towns = env.collection((0..50u64).map(|id| (id, if id == 0 { 0 } else { far }))).unwrap();
    let roads = env.collection((0..49u64).map(|id| (id, id + 1))).unwrap();
    let start = env.collection([(0u64, 0u64)]).unwrap();
    distances(towns, start, roads).write_csv(folder.join("out.csv"));
    let plan = parsed(env.run().unwrap().explain_json());
    let (set, end) = (loop_operators(&plan, "solution set")[0], loop_operators(&plan, "end")[0]);
    assert_eq!((&end["actual"]["rows_out"], &end["estimate"]["rows"]), (&50.into(), &50.0.into()), "{end}");
    // Each round but the last finds one town.
    assert_eq!((&set["actual"]["rows_out"], &set["actual"]["rounds"]), (&49.into(), &50.into()), "{set}");
}

#[dataflow]
fn distances(
    towns: DataSet<(u64, u64)>,
    start: DataSet<(u64, u64)>,
    roads: DataSet<(u64, u64)>,
) -> DataSet<(u64, u64)> {
    towns.iterate_delta(
        start,
        |t| t.0,
        100,
        |distances, reached| {
            let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
            let better = next.join(distances).on(|n| n.0).filter(|n, known| n.1 < known.1).map(|n, _| n);
            (better, better)
        },
    )
}

#[test]
fn text_and_page_draw_a_frame_around_a_loop() {
    let (folder, env) = (Folder::new(), env());
    let of = |rows: u64| env.collection((0..rows).map(|id| (id, 1u64))).unwrap();
    rounds(of(100), of(200)).write_csv(folder.join("out.csv"));
    let before = env.explain().unwrap();
    let report = env.run().unwrap();
    // The text: frame, feedback edge, and rows per round.
    let line = |text: &str, starts: &str, has: &str| {
        let found = text.lines().find(|line| line.starts_with(starts) && line.contains(has));
        found.unwrap_or_else(|| panic!("no `{starts}` with `{has}`:\n{text}")).to_owned()
    };
    assert!(line(&before, "├▶", "iterate 5 times").contains(" 100 a round "));
    assert!(!line(&before, "╭", "end of iterate").contains(" a round "));
    let after = report.explain();
    assert!(line(after, "├▶", "iterate 5 times").contains(" 5 × 100 "));
    assert!(line(after, "╭", "end of iterate").contains(" 100 "));
    assert!(line(after, "│", "sum by").contains(" 5 × 100 ") && line(after, "╰", "join on").contains(" 5 × 100 "));
    line(after, "┆", "read collection");
    line(after, "   ", "filter");
    // The page: one frame around the operators of the loop.
    let page = data(&report.explain_html(None).unwrap());
    let (plan, drawing) = (&page["plan"], &page["plan"]["drawing"]);
    let [frame] = &drawing["frames"].as_array().unwrap()[..] else { panic!("{drawing}") };
    let (begin, end) = (loop_operators(plan, "begin")[0], loop_operators(plan, "end")[0]);
    assert_eq!(frame["begin"], begin["identity"]);
    assert_eq!(operators(plan)[frame["end"].as_u64().unwrap() as usize], *end);
    let [way] = &frame["ways_back"].as_array().unwrap()[..] else { panic!("{frame}") };
    assert_eq!(operators(plan)[way["to"].as_u64().unwrap() as usize], *begin);
    let number = |value: &Value| value.as_f64().unwrap();
    for drawn in drawing["boxes"].as_array().unwrap() {
        let [x, y, left, top] = [&drawn["x"], &drawn["y"], &frame["x"], &frame["y"]].map(number);
        let (right, bottom) = (left + number(&frame["width"]), top + number(&frame["height"]));
        let is_inside = x > left && x < right && y > top && y < bottom;
        let operator = &operators(plan)[drawn["operator"].as_u64().unwrap() as usize];
        assert_eq!(is_inside, operator["loop"] != Value::Null, "{operator}");
    }
}

/// The rows of a loop's end are compared once, and those of its body per round.
#[test]
fn page_compares_loop_rows_with_estimates() {
    let (folder, env) = (Folder::new(), env());
    let of = |rows: u64| env.collection((0..rows).map(|id| (id, 1u64))).unwrap();
    rounds(of(100), of(200)).write_csv(folder.join("out.csv"));
    let page = data(&env.run().unwrap().explain_html(None).unwrap());
    let plan = &page["plan"];
    let boxes = plan["drawing"]["boxes"].as_array().unwrap();
    let factor = |operator: &Value| {
        let drawn =
            boxes.iter().find(|drawn| operators(plan)[drawn["operator"].as_u64().unwrap() as usize] == *operator);
        drawn.unwrap()["factor"].as_f64().unwrap()
    };
    let sum = loop_operators(plan, "body").into_iter().find(|operator| operator["description"] == "sum by .0").unwrap();
    for operator in [sum, loop_operators(plan, "end")[0]] {
        let estimated = operator["estimate"]["rows"].as_f64().unwrap();
        assert!((factor(operator) - 100.0 / estimated).abs() < 1e-9, "{operator}");
    }
}

#[test]
fn fields_of_tuples_have_the_names_that_closures_use() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let (text, json) = (env.explain().unwrap(), parsed(env.plan().unwrap().to_json()));
    env.run().unwrap();
    assert!(text.contains("sum by .0 ") && text.contains("join on .0 = .0 "), "{text}");
    let named = operator(&json, "by_region/named");
    assert_eq!((&named["fields"], &named["leaves"]), (&".0 ← .1, .1 ← .2".into(), &serde_json::json!([".0", ".1"])));
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Visit {
    shop: u64,
    day: u32,
}

#[dataflow]
fn of_few(visits: DataSet<Visit>, shops: DataSet<(u64, u64)>) -> DataSet<(u64, u32)> {
    let few = shops.filter(|s| s.1 == 3);
    let late = visits.filter(|v| v.day > 100);
    late.join(few).hint(RepartitionBuildRight).on(|v| v.shop, |s| s.0).map(|v, s| (s.0, v.day))
}

/// The join receives the rows of the filter without those that the runtime filter removed.
#[test]
fn edge_shows_rows_removed_by_a_runtime_filter() {
    let (folder, writes, env) = (Folder::new(), self::env(), env());
    writes
        .collection((0..200_000u64).map(|id| Visit { shop: id % 1_000, day: (id / 1_000) as u32 }))
        .unwrap()
        .write_native(folder.join("visits"));
    writes.run().unwrap();
    let shops = env.collection((0..1_000u64).map(|id| (id, id % 50))).unwrap();
    of_few(env.read_native(folder.join("visits")).unwrap(), shops).write_csv(folder.join("out.csv"));
    let report = env.run().unwrap();
    let plan = parsed(report.explain_json());
    let (filter, join) = (operator(&plan, "of_few/late"), operator(&plan, "of_few/join"));
    let removed = join["actual"]["removed_rows"][0].as_u64().unwrap();
    assert_eq!(removed, join["actual"]["filtered_rows"].as_u64().unwrap(), "{join}");
    assert!(removed > 0, "{join}");
    let rows = |operator: &Value, name: &str| operator["actual"][name].as_u64().unwrap();
    let few = rows(operator(&plan, "of_few/few"), "rows_out");
    assert_eq!(rows(join, "rows_in"), rows(filter, "rows_out") - removed + few);
    let text = report.explain();
    let line = text.lines().find(|line| line.contains("hash: late: filter")).unwrap();
    let removed = text
        .lines()
        .next()
        .unwrap()
        .contains("filtered")
        .then(|| line.split_whitespace().find(|word| word.starts_with('−')));
    assert!(removed.flatten().is_some(), "{text}");
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Click {
    page: u64,
    time: Timestamp,
}

#[dataflow]
fn with_late(clicks: DataStream<Click>) -> (DataStream<u64>, DataStream<Click>) {
    let windows = clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.page).window(Tumbling::of(mins(1)));
    (windows.count().map(|c| c.2), windows.late())
}

#[test]
fn late_output_counts_late_records() {
    let (folder, env) = (Folder::new(), env());
    let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
    // Every second record is an hour late.
    for number in 0..10_000i64 {
        let second = 7_200 + number / 10 - if number % 2 == 1 { 3_600 } else { 0 };
        log.append(&Click { page: 1, time: Timestamp::from_micros(second * 1_000_000) }).unwrap();
        if number % 100 == 99 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
    let (counts, late) = with_late(env.read_log(folder.join("log")).unwrap());
    counts.write_native(folder.join("counts"));
    late.write_native(folder.join("late"));
    let plan = parsed(env.run().unwrap().explain_json());
    let rows = |word: &str, name: &str| {
        let found =
            operators(&plan).iter().find(|operator| operator["description"].as_str().unwrap().starts_with(word));
        found.unwrap_or_else(|| panic!("no {word}: {plan:#}"))["actual"][name].as_u64().unwrap()
    };
    let late = rows("late", "rows_out");
    assert!(late > 0 && late <= 5_000, "{late}");
    assert_eq!(late + rows("window in time", "rows_out"), 10_000);
}

#[dataflow]
fn late_twice(clicks: DataStream<Click>) -> (DataStream<u64>, DataStream<Click>, DataStream<u64>) {
    let windows = clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.page).window(Tumbling::of(mins(1)));
    (windows.count().map(|c| c.2), windows.late(), windows.late().map(|c| c.page))
}

#[test]
fn each_reader_of_late_records_counts_them() {
    let (folder, env) = (Folder::new(), env());
    let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
    for number in 0..10_000i64 {
        let second = 7_200 + number / 10 - if number % 2 == 1 { 3_600 } else { 0 };
        log.append(&Click { page: 1, time: Timestamp::from_micros(second * 1_000_000) }).unwrap();
        if number % 100 == 99 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
    let (counts, late, pages) = late_twice(env.read_log(folder.join("log")).unwrap());
    counts.write_native(folder.join("counts"));
    late.write_native(folder.join("late"));
    pages.write_native(folder.join("pages"));
    let plan = parsed(env.run().unwrap().explain_json());
    let is_late = |operator: &&Value| operator["description"].as_str().unwrap().starts_with("late");
    let late: Vec<u64> = operators(&plan).iter().filter(is_late).map(rows_of).collect();
    assert!(late.len() == 2 && late[0] > 0 && late[0] == late[1], "{late:?}");
    // The `event_time` operator comes directly after the source, so it counts each record once.
    let timed = operators(&plan).iter().find(|operator| operator["word"] == "event_time").unwrap();
    assert_eq!(rows_of(timed), 10_000);
}

/// Returns the number of rows that an operator emitted.
fn rows_of(operator: &Value) -> u64 {
    operator["actual"]["rows_out"].as_u64().unwrap()
}

#[dataflow]
fn few_twice(numbers: DataSet<(u64, u64)>) -> (DataSet<(u64, u64)>, DataSet<u64>, DataSet<u64>) {
    let few = numbers.filter(|n| n.0 < 100).project(|n| (n.1, n.0));
    (few.group_by(|n| n.0).sum(|n| n.1), few.map(|n| n.0), few.project(|n| n.1).first(10))
}

/// Each consumer of a fork has a copy of the filters before the fork.
#[test]
fn a_filter_before_a_fork_counts_its_rows_once() {
    for tasks in [1, 2] {
        let folder = Folder::new();
        let env = Env::new(Options { parallelism: tasks, progress: ProgressWhen::Never, ..Options::default() });
        let numbers = env.collection((0..1_000u64).map(|id| (id, id % 7))).unwrap();
        let (sums, maps, first) = few_twice(numbers);
        sums.write_native(folder.join("sums"));
        maps.write_native(folder.join("maps"));
        first.write_native(folder.join("first"));
        let plan = parsed(env.run().unwrap().explain_json());
        let find = |word: &str| operators(&plan).iter().find(|operator| operator["word"] == word).unwrap();
        let (filter, view) = (find("filter"), find("project"));
        assert_eq!((&filter["actual"]["rows_in"], rows_of(filter)), (&1_000.into(), 100), "{tasks}: {filter}");
        assert_eq!((&view["actual"]["rows_in"], rows_of(view)), (&100.into(), 100), "{tasks}: {view}");
    }
}

/// Runs a filter that keeps `kept` records and has an estimate of 100. Returns the plan of the
/// page.
fn page_of_estimate(kept: u32) -> Value {
    #[dataflow]
    fn few(numbers: DataSet<u32>, below: u32) -> DataSet<u32> {
        numbers.filter(|n| n < below).expect_rows(100)
    }
    let (folder, env) = (Folder::new(), env());
    few(env.collection(0..200u32).unwrap(), kept).write_csv(folder.join("out.csv"));
    data(&env.run().unwrap().explain_html(None).unwrap())["plan"].clone()
}

#[test]
fn estimates_wrong_by_half_have_a_badge() {
    for (kept, has_badge) in [(100, false), (110, false), (149, false), (150, true), (67, false), (66, true)] {
        let plan = page_of_estimate(kept);
        let boxes = plan["drawing"]["boxes"].as_array().unwrap();
        let drawn = boxes
            .iter()
            .find(|drawn| operators(&plan)[drawn["operator"].as_u64().unwrap() as usize]["word"] == "expect_rows");
        let drawn = drawn.unwrap();
        assert_eq!(drawn["has_badge"], has_badge, "{kept} of 100: {drawn}");
        assert!((drawn["factor"].as_f64().unwrap() - f64::from(kept) / 100.0).abs() < 1e-9, "{drawn}");
    }
}

#[test]
fn titles_use_the_width_of_their_boxes_and_of_their_column() {
    #[dataflow]
    fn counted(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
        let of_a_longer_name = words.map(|w| (w.0, w.1 * 3 + 1 - 2 + 3 - 4 + 5 - 6 + 7 - 8 + 9 - 10));
        of_a_longer_name.group_by(|w| w.0).sum(|w| w.1)
    }
    let (folder, env) = (Folder::new(), env());
    let file = folder.join(&format!("{}.csv", "a rather long name ".repeat(5)));
    counted(env.collection([("a".to_owned(), 20u64)]).unwrap()).write_csv(file);
    let (plan, text) = (env.plan().unwrap().to_html(None).unwrap(), env.explain().unwrap());
    env.run().unwrap();
    // The line is shorter than the column, so its closure is not cut.
    let line = text.lines().find(|line| line.contains("of_a_longer_name: map")).unwrap();
    assert!(line.contains("+ 9 - 10)") && !line.contains('…'), "{text}");
    assert!(line.contains("  dataflow/tests/explain.rs:"), "{text}");
    let plan = &data(&plan)["plan"];
    let width = |word: &str| {
        let boxes = plan["drawing"]["boxes"].as_array().unwrap();
        let found =
            boxes.iter().find(|drawn| operators(plan)[drawn["operator"].as_u64().unwrap() as usize]["word"] == word);
        found.unwrap()["width"].as_f64().unwrap()
    };
    assert!(width("write") > width("map"), "a longer title has a wider box");
}

/// A program can have several files, so a line number alone does not identify an operator.
#[test]
fn lists_of_a_page_name_the_file_of_each_operator() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let page = env.plan().unwrap().to_html(None).unwrap();
    env.run().unwrap();
    assert_eq!((page.matches("placeOf(operator)").count(), page.matches("\" line \"").count()), (2, 0));
    assert!(page.contains("const placeOf = (operator) => breakable(`${operator.file}:${operator.line}`);"));
}

/// The parts of a conjunction share one hint. Two filters on one line have one hint each.
#[test]
fn hints_of_two_filters_on_a_line_are_compared_separately() {
    #[dataflow]
    #[rustfmt::skip]
    fn few(n: DataSet<u64>) -> DataSet<u64> {
        n.filter(|n| n % 5 == 0).expect_selectivity(0.2).filter(|n| n % 25 == 0).expect_selectivity(0.2)
    }
    #[dataflow]
    fn of_parts(n: DataSet<u64>) -> DataSet<u64> {
        n.filter(|n| n % 5 == 0 && n % 25 == 0).expect_selectivity(0.04)
    }
    for flow in [few, of_parts] {
        let (folder, env) = (Folder::new(), env());
        flow(env.collection(0..200_000u64).unwrap()).write_csv(folder.join("out.csv"));
        let report = env.run().unwrap();
        assert!(!report.explain().contains("note: "), "{}", report.explain());
    }
}

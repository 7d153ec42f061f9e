//! Plans for tools, and as a page: what they say of a run, and that `--plan` runs nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::prelude::*;
use dataflow::{Decisions, Env, Explain, Options, ProgressWhen};
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

/// A folder for a test's files.
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
fn a_run_is_told_as_json_by_operator_and_task() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let before = parsed(env.plan().unwrap().to_json());
    let report = env.run().unwrap();
    let plan = parsed(report.explain_json());
    assert_eq!((&plan["version"], &before["version"]), (&1.into(), &1.into()));
    assert_eq!(before["run"], Value::Null);
    assert_eq!(plan["run"]["source_rows"], report.source_rows());
    assert!(plan["run"]["seconds"].as_f64().unwrap() > 0.0);

    // The run adds what happened, and changes nothing else.
    let mut told = plan.clone();
    told["run"] = Value::Null;
    for operator in told["operators"].as_array_mut().unwrap() {
        operator["actual"] = Value::Null;
    }
    assert_eq!(told, before);

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
    // What is joined was sent to both tasks, and each has counted for itself.
    let named = operator(&plan, "by_region/named");
    let tasks = named["actual"]["tasks"].as_array().unwrap();
    assert_eq!(tasks.iter().filter(|task| task["rows_in"].as_u64().unwrap() > 0).count(), 2, "{named}");
}

#[test]
fn decisions_and_candidates_of_the_json_are_those_of_the_plan() {
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

/// Few sales are of the shops that are asked for, which join last as it is written.
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
fn a_plan_says_in_which_order_joins_are_made_and_were_written() {
    let (folder, env) = (Folder::new(), env());
    declare_few_shops(&env, &folder.join("out.csv"));
    let plan = env.plan().unwrap();
    let [region] = plan.join_regions() else { panic!("{:?}", plan.join_regions()) };
    assert!(region.is_reordered(), "{region:?}");
    assert_eq!(region.written.order.to_string(), "(read ⋈ read#2) ⋈ of_few_shops/few");
    // Each sale has its day; and of the shops there are sales of, one in fifty is asked for.
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

/// Every field is in the documentation, and nothing else.
#[test]
fn the_documentation_has_each_field() {
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
    // These two are said of their fields.
    fields.remove("estimate");
    fields.remove("inputs");
    assert_eq!(fields, documented);
}

#[test]
fn a_small_plan_is_as_it_was() {
    let (folder, env) = (Folder::new(), env());
    declare(&env, &folder.join("out.csv"));
    let mut plan = parsed(env.plan().unwrap().to_json());
    env.run().unwrap();
    // What other changes move, and no reader of the form asks for: lines, costs, and where the output goes.
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
fn a_plan_alone_runs_nothing() {
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
    // The second plan is that of `collect`.
    let expected =
        ["in.txt", "kept.csv", "plan-2.html", "plan-2.json", "plan-3.html", "plan-3.json", "plan.html", "plan.json"];
    assert_eq!(files, expected);
    assert_eq!(std::fs::read_to_string(folder.join("kept.csv")).unwrap(), "old");
    let plan = parsed(&std::fs::read_to_string(folder.join("plan.json")).unwrap());
    assert_eq!((operators(&plan).len(), &plan["run"]), (9, &Value::Null));
}

const DATA: &str = r#"<script type="application/json" id="data">"#;

/// The data of a page, as its script reads them.
fn data(page: &str) -> Value {
    parsed(page.split_once(DATA).unwrap().1.split_once("</script>").unwrap().0)
}

#[test]
fn a_page_needs_nothing_beside_it_and_runs_no_text_of_the_program() {
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
    // Nothing is fetched, and no text becomes anything else: the one address names SVG.
    let (head, tail) = page.split_once(DATA).unwrap();
    let own = [head, tail.split_once("</script>").unwrap().1].concat();
    assert_eq!(own.matches("://").count(), own.matches("http://www.w3.org/2000/svg").count());
    for loads in ["src=", "href", "@import", "url(", "fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval("] {
        assert!(!own.contains(loads), "{loads}");
    }
}

#[test]
fn each_operator_that_is_shown_has_a_box() {
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
fn runs_leave_the_files_that_are_asked_for_and_are_compared() {
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

/// Nothing counts there while the job runs.
#[test]
fn flows_that_become_one_have_the_records_of_all() {
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

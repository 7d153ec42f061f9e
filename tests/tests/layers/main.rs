//! The layers test: checks in the source text which modules a module may use.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod files;
mod scan;

use std::fs;
use std::path::{Path, PathBuf};

use files::{Files, cycles};
use scan::{Mention, code_of, mentions, words};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Rust files below a folder of the workspace, with their code: comments, string literals and
/// tests are left out.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let (mut files, mut folders) = (Vec::new(), vec![workspace().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.file_name().and_then(|name| name.to_str()).unwrap() {
                "tests" | "tests.rs" => {}
                _ if path.is_dir() => folders.push(path),
                name if name.ends_with(".rs") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} has no sources");
    files.into_iter().map(|path| (path.clone(), code_of(&fs::read_to_string(&path).unwrap()))).collect()
}

/// The engine's modules in layer order: as `lib.rs` lists them.
fn layers() -> Vec<String> {
    let list = fs::read_to_string(workspace().join("runtime/src/lib.rs")).unwrap();
    let module =
        |line: &str| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned);
    let layers: Vec<String> = list.lines().filter_map(module).collect();
    assert!(layers.len() > 10, "{layers:?}");
    layers
}

/// All uses of one engine module by another: the file, its module, and the mention.
fn uses() -> Vec<(PathBuf, String, Mention)> {
    let root = workspace().join("runtime/src");
    let of_file = |(path, code): (PathBuf, String)| {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        let depth = parts.len() - usize::from(parts.last().is_some_and(|last| last == "mod"));
        let found = mentions(&code, depth).into_iter();
        found.map(|mention| (path.clone(), parts[0].clone(), mention)).collect::<Vec<_>>()
    };
    sources("runtime/src").into_iter().filter(|(path, _)| !path.ends_with("src/lib.rs")).flat_map(of_file).collect()
}

/// Fails with one clickable line for each violation.
fn assert_no_violations(rule: &str, violations: impl IntoIterator<Item = String>) {
    let violations: Vec<String> = violations.into_iter().collect();
    assert!(violations.is_empty(), "{rule}:\n{}", violations.join("\n"));
}

fn violation(path: &Path, line: usize, what: &str) -> String {
    format!("  {}:{line}: {what}", path.strip_prefix(workspace()).unwrap().display())
}

#[test]
fn a_module_uses_only_earlier_modules() {
    let layers = layers();
    let place = |module: &str| layers.iter().position(|layer| layer == module);
    let uses = uses();
    assert!(uses.len() > 300, "the scanner finds only {} uses", uses.len());
    let violations_of = |(path, module, used): &(PathBuf, String, Mention)| {
        let (own, other) = (place(module)?, place(&used.module)?);
        (other > own).then(|| violation(path, used.line, &format!("`{module}` uses `{}`", used.module)))
    };
    assert_no_violations(
        "a module of the engine uses one that stands behind it in lib.rs",
        uses.iter().filter_map(violations_of),
    );
}

#[test]
fn every_used_module_is_a_layer() {
    // A path that the scanner misreads belongs to no layer, and other rules would accept it.
    let layers = layers();
    let unknown = uses().into_iter().filter(|(_, _, used)| !layers.contains(&used.module));
    assert_no_violations(
        "a name behind `crate::` is no module",
        unknown.map(|(path, _, used)| violation(&path, used.line, &used.module)),
    );
}

#[test]
fn planner_executor_and_operators_do_not_use_each_other() {
    const FORBIDDEN: [(&str, &[&str]); 8] = [
        ("exec", &["operators", "optimizer"]),
        ("optimizer", &["operators", "exec"]),
        ("physical", &["operators", "exec"]),
        ("strategy", &["operators", "exec", "optimizer"]),
        ("plan", &["operators", "exec", "optimizer"]),
        ("explain", &["operators"]),
        ("embedded", &["operators", "exec", "optimizer"]),
        ("operators", &["exec", "optimizer", "physical"]),
    ];
    let violations_of = |(path, module, used): &(PathBuf, String, Mention)| {
        let (_, forbidden) = FORBIDDEN.iter().find(|(name, _)| name == module)?;
        forbidden
            .contains(&used.module.as_str())
            .then(|| violation(path, used.line, &format!("`{module}` names `{}`", used.module)))
    };
    assert_no_violations(
        "a module names one that it should know by traits alone",
        uses().iter().filter_map(violations_of),
    );
}

#[test]
fn unsafe_code_is_only_in_modules_that_access_rows() {
    const FOLDERS: [&str; 10] = [
        "page",
        "hash",
        "sort/buffer",
        "sort/frozen.rs",
        "sort/key",
        "sort/merge",
        "sort/order.rs",
        "sort/small_rows",
        "group/table",
        "join/table",
    ];
    let runtime = workspace().join("runtime/src");
    let allowed = FOLDERS.map(|folder| runtime.join(folder));
    for folder in &allowed {
        assert!(folder.exists(), "{} is gone", folder.display());
    }
    let folders = ["runtime/src", "formats/src", "dataflow/src", "dataflow-macros/src", "examples/src"];
    let outside = folders
        .into_iter()
        .flat_map(sources)
        .filter(|(path, _)| !allowed.iter().any(|folder| path.starts_with(folder)));
    let found: Vec<(PathBuf, usize)> = outside
        .flat_map(|(path, code)| {
            let lines = words(&code).filter(|(word, _)| *word == "unsafe").map(|(_, line)| line).collect::<Vec<_>>();
            lines.into_iter().map(move |line| (path.clone(), line))
        })
        .collect();
    // The derive declares once that pages may trust the records that it generates.
    let trust = workspace().join("dataflow-macros/src/record/trust.rs");
    let (expected, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(path, _)| *path == trust);
    assert_eq!(expected.len(), 1, "{} says once what is trusted", trust.display());
    assert_no_violations(
        "`unsafe` outside of pages and what is built of them",
        others.into_iter().map(|(path, line)| violation(&path, line, "unsafe")),
    );
    let front = fs::read_to_string(workspace().join("dataflow/src/lib.rs")).unwrap();
    assert!(front.contains("#![forbid(unsafe_code)]"), "dataflow does not forbid unsafe code");
}

#[test]
fn only_local_storage_and_spill_open_files() {
    let runtime = workspace().join("runtime/src");
    let allowed = ["storage/local", "spill"].map(|folder| runtime.join(folder));
    let files = ["runtime/src", "formats/src"].into_iter().flat_map(sources);
    let outside = files.filter(|(path, _)| !allowed.iter().any(|folder| path.starts_with(folder)));
    let violations_of = |(path, code): (PathBuf, String)| {
        let lines: Vec<usize> = (1..)
            .zip(code.lines())
            .filter(|(_, line)| ["std::fs", "rustix::fs"].iter().any(|name| line.contains(name)))
            .map(|(line, _)| line)
            .collect();
        lines.into_iter().map(move |line| violation(&path, line, "a file is opened")).collect::<Vec<_>>()
    };
    assert_no_violations("files are opened without `storage`", outside.flat_map(violations_of));
}

#[test]
fn const_pointers_become_mutable_in_one_place() {
    // Shared data is accessed through const pointers. A writer therefore owns its target, or has
    // asserted that it does.
    let violations_of = |(path, code): (PathBuf, String)| {
        let lines = code.lines().map(str::to_owned).zip(1..).collect::<Vec<_>>();
        let casts =
            lines.into_iter().filter(|(line, _)| ["cast_mut", "as *mut"].iter().any(|cast| line.contains(cast)));
        casts.map(move |(_, line)| (path.clone(), line)).collect::<Vec<_>>()
    };
    let files = ["runtime/src", "formats/src"].into_iter().flat_map(sources);
    let found: Vec<(PathBuf, usize)> = files.flat_map(violations_of).collect();
    let right = workspace().join("runtime/src/page/place_writer.rs");
    let (expected, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(path, _)| *path == right);
    assert_eq!(expected.len(), 1, "{} has the only conversion", right.display());
    assert_no_violations(
        "an address to read from becomes one to write to",
        others.iter().map(|(path, line)| violation(path, *line, "*mut")),
    );
}

/// Fails if files of a crate use each other and are not parent and child. Also fails if it finds at
/// most `names` uses.
fn assert_no_cycles(crate_folder: &str, names: usize) {
    let edges = Files::of(&workspace().join(crate_folder).join("src")).edges();
    let named: usize = edges.values().map(|others| others.len()).sum();
    assert!(named > names, "only {named} names of other files are found in {crate_folder}");
    let of_cycle = |cycle: Vec<String>| {
        let inside = cycle.iter().flat_map(|file| {
            edges[file].iter().filter(|other| cycle.contains(other)).map(move |other| format!("{file} names {other}"))
        });
        format!("  {}", inside.collect::<Vec<_>>().join(", "))
    };
    assert_no_violations("files name each other in a circle", cycles(&edges).into_iter().map(of_cycle));
}

#[test]
fn files_of_the_engine_have_no_cycles() {
    assert_no_cycles("runtime", 1_000);
}

#[test]
fn files_of_formats_have_no_cycles() {
    assert_no_cycles("formats", 200);
}

#[test]
fn files_of_the_front_have_no_cycles() {
    assert_no_cycles("dataflow", 200);
}

#[test]
fn files_of_the_macros_have_no_cycles() {
    assert_no_cycles("dataflow-macros", 200);
}

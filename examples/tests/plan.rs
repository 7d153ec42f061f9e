//! With `--plan` a program creates, changes and removes no file.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// The programs that generate data, with arguments for small data.
const PROGRAMS: [(&str, &[&str]); 6] = [
    (env!("CARGO_BIN_EXE_shipping_priority"), &["0.001"]),
    (env!("CARGO_BIN_EXE_pricing_summary"), &["0.001"]),
    (env!("CARGO_BIN_EXE_tpch"), &["q3", "--scale", "0.001"]),
    (env!("CARGO_BIN_EXE_page_rank"), &["grid-8", "2"]),
    (env!("CARGO_BIN_EXE_components"), &["grid-8"]),
    (env!("CARGO_BIN_EXE_hits_per_minute"), &["1"]),
];

fn run(program: &str, arguments: &[&str], folder: &Path, more: &[&str]) -> Output {
    Command::new(program).args(arguments).args(more).current_dir(folder).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files and folders below `folder`, with the length and modification time of each file.
fn files(folder: &Path) -> BTreeMap<PathBuf, Option<(u64, SystemTime)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let (path, data) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
            if data.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, data.is_file().then(|| (data.len(), data.modified().unwrap())));
        }
    }
    found
}

#[test]
fn plan_without_data_is_rejected_and_creates_no_file() {
    for (program, arguments) in PROGRAMS {
        let folder = tempfile::tempdir().unwrap();
        let output = run(program, arguments, folder.path(), &["--plan"]);
        assert!(!output.status.success(), "{program}");
        assert!(errors(&output).contains("`--plan` creates no file"), "{program}: {}", errors(&output));
        assert_eq!(files(folder.path()), BTreeMap::new(), "{program}");
    }
}

#[test]
fn plan_after_a_run_changes_no_file() {
    for (program, arguments) in PROGRAMS {
        let folder = tempfile::tempdir().unwrap();
        let output = run(program, arguments, folder.path(), &[]);
        assert!(output.status.success(), "{program}: {}", errors(&output));
        let before = files(folder.path());
        // `tpch` fails after its first plan, since it collects the answer.
        let output = run(program, arguments, folder.path(), &["--plan"]);
        let plan = String::from_utf8_lossy(&output.stdout);
        assert!(plan.contains("read "), "{program}: {plan}{}", errors(&output));
        assert_eq!(files(folder.path()), before, "{program}");
    }
}

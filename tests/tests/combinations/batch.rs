//! A crate of programs, compiled and run in a process of its own.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use super::harness::{FAILURES, Failed, Program, listed, text};

/// Held while a batch is built and run: tests share the folder.
static ALONE: Mutex<()> = Mutex::new(());

/// The result of a batch.
pub(crate) struct Outcome {
    /// `true` if all programs compile and were run.
    pub(crate) is_whole: bool,
    pub(crate) failed: Vec<Failed>,
}

/// The folder of the crates and their build output.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tests/combinations")
}

/// Compiles programs and runs them in every way.
pub(crate) fn run(programs: &[Program]) -> Outcome {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let list = folder().join("failures");
    let _ = fs::remove_file(&list);
    if !is_built(programs) {
        return Outcome { is_whole: false, failed: Vec::new() };
    }
    let mut first = 0;
    loop {
        let status = command(&list).env("COMBINATIONS_FIRST", first.to_string()).status().unwrap();
        // A program that hangs ends its process. Another process continues with the next program.
        match listed(&list).last() {
            Some(last) if status.signal().is_some() && last.number >= first => first = last.number + 1,
            last => {
                let is_whole = status.success() || status.code() == Some(1) && last.is_some();
                return Outcome { is_whole, failed: listed(&list) };
            }
        }
    }
}

/// Compiles variants and runs each in one way. The result lists the variants that fail like their
/// program.
pub(crate) fn run_variants(programs: &[Program], tasks: &[Failed]) -> Outcome {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let [list, given] = ["failures", "variants"].map(|name| folder().join(name));
    let _ = fs::remove_file(&list);
    fs::write(&given, tasks.iter().map(Failed::line).collect::<String>()).unwrap();
    let is_whole = is_built(programs) && command(&list).env("COMBINATIONS_VARIANTS", given).status().unwrap().success();
    Outcome { is_whole, failed: listed(&list) }
}

fn command(list: &Path) -> Command {
    let mut command = Command::new(folder().join("target/debug/programs"));
    command.env(FAILURES, list);
    command
}

/// Writes the crate and builds it. Only the programs differ between batches.
fn is_built(programs: &[Program]) -> bool {
    let (tests, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder());
    fs::create_dir_all(folder.join("src")).unwrap();
    let workspace = tests.parent().unwrap();
    let manifest = format!(
        "[package]\nname = \"combinations\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\nname = \"harness\"\npath = {:?}\n\n[[bin]]\nname = \"programs\"\npath = \"src/main.rs\"\n\n\
         [dependencies]\ndataflow = {{ path = {:?} }}\nruntime = {{ package = \"dataflow-runtime\", path = {:?} }}\n\
         tests = {{ path = {:?} }}\n\n[profile.dev]\ndebug = 0\nincremental = false\n\n[workspace]\n",
        tests.join("tests/combinations/harness/mod.rs"),
        workspace.join("dataflow"),
        workspace.join("runtime"),
        tests,
    );
    write(&folder.join("Cargo.toml"), &manifest);
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    write(&folder.join("src/programs.rs"), &text(programs));
    write(&folder.join("src/main.rs"), MAIN);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline"]).current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.status().unwrap().success()
}

/// Writes a file only if its text changes, to avoid a rebuild.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap();
    }
}

const MAIN: &str = r#"#![allow(warnings)]
mod programs {
    use dataflow::accumulators::Count;
    use dataflow::prelude::*;
    use dataflow::{Accumulated, Result};
    use harness::records::*;
    use harness::{Declare, Given, Reader, Spec, read, spec};

    include!("programs.rs");
}

fn main() {
    let programs = programs::all();
    harness::run_task(&programs);
    if let Ok(path) = std::env::var("COMBINATIONS_VARIANTS") {
        return harness::run_variants(&harness::listed(path.as_ref()));
    }
    let first = std::env::var("COMBINATIONS_FIRST").map_or(0, |text| text.parse().unwrap());
    let failures = harness::run_all(&programs, first);
    std::process::exit(i32::from(!failures.is_empty()));
}
"#;

//! A crate of programs, compiled and run in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::{env, fs};

use super::harness::{Program, text};

/// Where the crates lie, and what they are built to.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tests/combinations")
}

/// Writes the crate, of which only the programs change from batch to batch, and runs it.
pub(crate) fn run(programs: &[Program]) -> ExitStatus {
    let (tests, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder());
    fs::create_dir_all(folder.join("src")).unwrap();
    let workspace = tests.parent().unwrap();
    let manifest = format!(
        "[package]\nname = \"combinations\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\nname = \"harness\"\npath = {:?}\n\n[[bin]]\nname = \"programs\"\npath = \"src/main.rs\"\n\n\
         [dependencies]\ndataflow = {{ path = {:?}, features = [\"snapshots\"] }}\nruntime = {{ package = \"dataflow-runtime\", path = {:?} }}\n\
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
    let cargo = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .status();
    cargo.unwrap()
}

/// Leaves a file that is the same as it is, so that nothing is built for it.
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
    use harness::{Declare, Given, Reader, Spec, spec};

    include!("programs.rs");
}

fn main() {
    let failures = harness::run_all(programs::all());
    std::process::exit(i32::from(!failures.is_empty()));
}
"#;

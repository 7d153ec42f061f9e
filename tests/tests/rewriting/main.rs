//! The macro keeps the meaning of programs: random programs run as pipelines and over vectors.
//!
//! A few are compiled with the tests.
//! `cargo test -p tests --test rewriting -- --ignored --nocapture`
//! compiles and runs 5,000 more in batches, in `target/tests/rewriting`. `PROGRAMS` and `SEED` set
//! their number and the seed.

#![allow(warnings, clippy::all, clippy::unwrap_used, reason = "programs that nobody would write")]

mod generator;
#[macro_use]
#[allow(clippy::expect_used, clippy::panic, reason = "tests")]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Number of programs that are compiled with the tests.
const FEW: usize = 40;

/// Number of programs in a batch, which is one crate.
const BATCH: usize = 250;

mod programs {
    use dataflow::accumulators::Count;
    use dataflow::prelude::*;
    use dataflow::{Accumulated, Bounded};

    use super::support::*;

    include!("programs.rs");
}

#[test]
fn a_few_programs_keep_their_meaning() {
    programs::all();
}

/// `UPDATE_EXPECT=1` writes them.
#[test]
fn the_few_programs_equal_the_generators_output() {
    expect_test::expect_file!["programs.rs"].assert_eq(&generator::programs(0, FEW));
}

#[test]
#[ignore = "compiles for many minutes"]
fn many_programs_keep_their_meaning() {
    let number = |name: &str, default: usize| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (programs, seed) = (number("PROGRAMS", 5_000), number("SEED", 1_000));
    let folder = folder();
    for first in (0..programs).step_by(BATCH) {
        let count = BATCH.min(programs - first);
        let text = generator::programs((seed + first) as u64, count);
        fs::write(folder.join("src/programs.rs"), text).unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .status()
            .unwrap();
        assert!(
            status.success(),
            "a program of seeds {} to {}, in {}",
            seed + first,
            seed + first + count,
            folder.display()
        );
        println!("{} programs", first + count);
    }
}

/// The folder of the crate for a batch.
fn folder() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = tests.parent().unwrap();
    let folder = workspace.join("target/tests/rewriting");
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"rewriting\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\ndataflow = {{ path = {:?} }}\n\n\
         [profile.dev]\ndebug = 0\nincremental = false\n\n[profile.dev.package.rewriting]\noverflow-checks = false\n\n[workspace]\n",
        workspace.join("dataflow")
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::copy(tests.join("tests/rewriting/support.rs"), folder.join("src/support.rs")).unwrap();
    let main = "#![allow(warnings)]\n#[macro_use]\nmod support;\nmod programs {\n    use dataflow::accumulators::Count;\n    use dataflow::prelude::*;\n    \
                use dataflow::{Accumulated, Bounded};\n\n    use super::support::*;\n\n    include!(\"programs.rs\");\n}\n\n\
                fn main() {\n    programs::all();\n}\n";
    fs::write(folder.join("src/main.rs"), main).unwrap();
    folder
}

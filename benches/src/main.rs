//! Compares the engine with other engines and with hand-written code for the same work.
//! `benches/README.md` describes it.

mod answer;
mod build;
mod checksum;
mod counts;
mod data;
mod digest;
mod error;
mod harness;
mod limit;
mod options;
mod ours;
mod plot;
mod protocol;
mod suites;
mod summary;
mod systems;
mod worker;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::error::Result;
use crate::options::{Options, SuiteName};
use crate::workspace::Workspace;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns `true` if every check of the suite holds.
fn run(options: &Options) -> Result<bool> {
    match &options.suite {
        SuiteName::WordCount(measure) => suites::run(&suites::WORD_COUNT, &Workspace::find()?, measure),
        SuiteName::Sort(measure) => suites::run(&suites::SORT, &Workspace::find()?, measure),
        SuiteName::Cliff(cliff) => suites::cliff::run(&Workspace::find()?, cliff),
        SuiteName::Grep(grep) => suites::grep::run(&Workspace::find()?, grep),
        SuiteName::Memory(memory) => suites::memory::run(&Workspace::find()?, memory),
        SuiteName::Tpch(measure) => suites::run(&suites::TPCH, &Workspace::find()?, measure),
        SuiteName::H2o(measure) => suites::run(&suites::H2O, &Workspace::find()?, measure),
        SuiteName::Iterations(measure) => suites::run(&suites::ITERATIONS, &Workspace::find()?, measure),
        SuiteName::Stream(measure) => suites::run(&suites::STREAM, &Workspace::find()?, measure),
        SuiteName::Plans(plans) => suites::plans::run(&Workspace::find()?, plans),
        SuiteName::Planning(planning) => suites::planning::run(&Workspace::find()?, planning),
        SuiteName::Robustness(robustness) => suites::robustness::run(&Workspace::find()?, robustness),
        SuiteName::Calibrate(calibrate) => suites::calibrate::run(&Workspace::find()?, calibrate),
        SuiteName::Summary => summary::run(&Workspace::find()?).map(|()| true),
        SuiteName::Build(build) => build::run(&Workspace::find()?, build),
        SuiteName::Worker(serve) => worker::serve(serve).map(|()| true),
    }
}

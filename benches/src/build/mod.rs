//! The `build` suite: the build time that pipelines add to their crate. Measures 1, 10 and 40
//! operators, and the 22 queries of TPC-H.
//!
//! It generates a user's crate below `target/benches/build` with one binary per variant, and builds
//! all dependencies. Each round then edits a constant in every variant and rebuilds it. The
//! baseline has an environment and no pipeline. The difference to the baseline of the same round is
//! the cost of the operators.

mod llvm_lines;
mod queries;
mod variant;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::harness::{Check, Provenance, Report, Row, Spread, run_to_end};
use crate::options::Build;
use crate::workspace::Workspace;

use variant::Variant;

/// A build profile, and the limit for ten operators.
#[derive(Debug, Clone, Copy)]
struct Profile {
    name: &'static str,
    arguments: &'static [&'static str],
    ten_operators_may_add_seconds: f64,
}

/// Cargo's default profiles.
const PROFILES: [Profile; 2] = [
    Profile { name: "debug", arguments: &[], ten_operators_may_add_seconds: 1.0 },
    Profile { name: "release", arguments: &["--release"], ten_operators_may_add_seconds: 3.0 },
];

/// Measures and reports. Returns `true` if ten operators stay within their limit.
///
/// # Errors
/// Fails if a build fails or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Build) -> Result<bool> {
    let crate_folder = workspace.make_output("build")?;
    let variants = variant::generate(&crate_folder, workspace)?;
    if options.generate_only {
        println!("generated {}", crate_folder.display());
        return Ok(true);
    }
    let mut rows = Vec::new();
    for profile in PROFILES {
        rows.extend(measure(&crate_folder, workspace, &variants, profile, options)?);
    }
    add_llvm_lines(&mut rows, &variants, &crate_folder, options.timeout)?;
    let report = Report {
        suite: "build".to_owned(),
        provenance: Provenance::now(workspace),
        failures: Vec::new(),
        checks: checks(&rows, &variants),
        rows,
    };
    report.print_table(|_| false);
    for row in report.rows.iter().filter(|row| row.llvm_lines_per_operator.is_some()) {
        println!("{}: {:.0} LLVM lines an operator", row.case, row.llvm_lines_per_operator.unwrap_or_default());
    }
    report.print_checks();
    report.write(&workspace.output())?;
    Ok(report.is_ok())
}

/// One row per variant: the baseline's rebuild time, and the time that each other variant adds to
/// it.
fn measure(
    crate_folder: &Path,
    workspace: &Workspace,
    variants: &[Variant],
    profile: Profile,
    options: &Build,
) -> Result<Vec<Row>> {
    println!("building the dependencies: {}", profile.name);
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
    // Round 0 builds the dependencies and fills the incremental caches. It is not timed.
    for round in 0..=options.runs {
        for (variant, seconds) in variants.iter().zip(&mut seconds) {
            variant.write(crate_folder, workspace, round + 1)?;
            let elapsed = rebuild(crate_folder, profile, *variant, options.timeout)?;
            if round > 0 {
                seconds.push(elapsed);
            }
        }
    }
    let rows = variants.iter().zip(&seconds).filter_map(|(variant, of_variant)| {
        let added = match variant.operators {
            0 => of_variant.clone(),
            _ => of_variant.iter().zip(&seconds[0]).map(|(with, without)| with - without).collect(),
        };
        Some(row(profile, *variant, Spread::of(&added)?, options.runs))
    });
    Ok(rows.collect())
}

fn row(profile: Profile, variant: Variant, seconds: Spread, runs: usize) -> Row {
    Row {
        case: format!("{}_{}", profile.name, variant.name()),
        system: "ours".to_owned(),
        seconds: seconds.median,
        min_seconds: seconds.min,
        max_seconds: seconds.max,
        runs,
        peak_rss_mib: None,
        llvm_lines_per_operator: None,
        figures: BTreeMap::new(),
    }
}

/// Seconds of a build after an edit.
fn rebuild(crate_folder: &Path, profile: Profile, variant: Variant, limit: Duration) -> Result<f64> {
    let mut command = cargo(crate_folder);
    command.args(["build", "--quiet", "--bin", &variant.binary()]).args(profile.arguments);
    let start = Instant::now();
    run_to_end(&mut command, limit)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Cargo in the generated crate, without inherited variables that would change the build or its
/// place.
fn cargo(crate_folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(crate_folder).env("CARGO_TARGET_DIR", crate_folder.join("target"));
    for variable in ["CARGO_BUILD_TARGET_DIR", "CARGO_INCREMENTAL", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        command.env_remove(variable);
    }
    command
}

/// Adds the LLVM lines per operator to the rows of release builds.
fn add_llvm_lines(rows: &mut [Row], variants: &[Variant], crate_folder: &Path, limit: Duration) -> Result<()> {
    let mut baseline = 0;
    for &variant in variants {
        let lines = llvm_lines::count(crate_folder, &variant.binary(), limit)?;
        if variant.operators == 0 {
            baseline = lines;
            continue;
        }
        let case = format!("release_{}", variant.name());
        let per_operator = (lines as f64 - baseline as f64) / variant.operators as f64;
        if let Some(row) = rows.iter_mut().find(|row| row.case == case) {
            row.llvm_lines_per_operator = Some(per_operator);
        }
    }
    Ok(())
}

/// Limits of build time are hard conditions, since experiments end there.
fn checks(rows: &[Row], variants: &[Variant]) -> Vec<Check> {
    let check = |profile: &Profile, variant: &Variant| {
        let added = rows.iter().find(|row| row.case == format!("{}_{}", profile.name, variant.name()))?.seconds;
        let allowed = profile.ten_operators_may_add_seconds * variant.operators as f64 / 10.0;
        let what = if variant.is_queries { "of the queries' operators" } else { "operators" };
        Some(Check {
            name: format!("{} {what} add less than {allowed:.1} s to a {} build", variant.operators, profile.name),
            ok: added < allowed,
            detail: format!("{added:.2} s"),
        })
    };
    let checked = variants.iter().filter(|variant| variant.operators == 10 || variant.is_queries);
    checked.flat_map(|variant| PROFILES.iter().filter_map(move |profile| check(profile, variant))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Variant = Variant { operators: 10, is_queries: false };
    const QUERIES: Variant = Variant { operators: 200, is_queries: true };

    fn added(profile: usize, variant: Variant, seconds: f64) -> Row {
        row(PROFILES[profile], variant, Spread { median: seconds, min: seconds, max: seconds }, 5)
    }

    #[test]
    fn either_profile_can_fail_the_suite() {
        let outcome = |debug, release| {
            let checks = checks(&[added(0, TEN, debug), added(1, TEN, release)], &[TEN]);
            checks.iter().map(|check| check.ok).collect::<Vec<_>>()
        };
        assert_eq!(outcome(0.9, 2.9), [true, true]);
        assert_eq!(outcome(1.0, 2.9), [false, true]);
        assert_eq!(outcome(0.9, 3.1), [true, false]);
    }

    #[test]
    fn queries_have_the_limit_of_their_operators() {
        let outcome = |seconds| checks(&[added(0, QUERIES, seconds)], &[QUERIES])[0].ok;
        assert!(outcome(19.9) && !outcome(20.1));
    }
}

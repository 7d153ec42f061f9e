//! Counts clicks by page and minute while they are written, and resumes after a crash:
//! `hits_per_minute [SECONDS]`.
//!
//! The program appends clicks to the log `data/clicks` for ten seconds by default. A minute of
//! event time passes each second. A job follows the log, prints the counts of each minute after its
//! end, and writes them to the folder `data/hits/`. With `--snapshots data/snapshots` the program
//! may be killed at any time. Started again with `--restore`, it resumes from the last snapshot. At
//! the end the folder has counted each click once.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use dataflow::ProgressWhen;
use dataflow::prelude::*;
use examples::DataError;
use examples::clicks::{Click, ClickWriter, Hits, hits_per_minute, total};

const CLICKS: &str = "data/clicks";
const HITS: &str = "data/hits/";

/// The time between two appends to the log.
const PAUSE: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let seconds: u64 = env.args().first().map_or(Ok(10), |seconds| seconds.parse())?;
    if env.options().plan_only {
        return show_plan(&env);
    }
    // A restored job needs the log and the counts that its snapshot refers to.
    let resumes = env.options().snapshots.as_ref().is_some_and(|snapshots| snapshots.exists());
    if !resumes {
        remove(CLICKS)?;
        remove(HITS)?;
    }
    let mut writer = ClickWriter::open(Path::new(CLICKS))?;

    let hits = hits_per_minute(env.read_log::<Click>(CLICKS)?);
    hits.clone().print();
    hits.write_csv(HITS);
    let job = env.start()?;

    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end && !job.is_finished() {
        writer.append_some()?;
        thread::sleep(PAUSE);
    }
    writer.seal()?;
    job.wait()?;
    compare()?;
    Ok(())
}

/// Prints the plan. Writes no clicks, so the log of an earlier run must exist. Leaves out the
/// output folder, since a plan is refused if its output exists.
fn show_plan(env: &Env) -> Result<(), Box<dyn std::error::Error>> {
    if !Path::new(CLICKS).exists() {
        return Err(DataError::Missing { path: CLICKS.into() }.into());
    }
    hits_per_minute(env.read_log::<Click>(CLICKS)?).print();
    env.run()?;
    Ok(())
}

/// Prints the number of clicks in the log and the number that was counted.
fn compare() -> dataflow::Result<()> {
    let env = Env::new(Options { progress: ProgressWhen::Never, ..Options::default() });
    let clicks = env.read_log_to_end::<Click>(CLICKS)?.count()?;
    let counted: u64 = total(env.read_csv::<Hits>(HITS)?).collect()?.iter().sum();
    println!("{clicks} clicks are in {CLICKS}, and {counted} are counted in {HITS}");
    Ok(())
}

fn remove(folder: &str) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

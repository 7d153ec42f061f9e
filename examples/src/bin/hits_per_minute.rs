//! Counts clicks by page and minute while they are written, and goes on after a crash: `hits_per_minute [SECONDS]`.
//!
//! For ten seconds, unless it is said, clicks are appended to the log `data/clicks`, in which a minute passes each second. A job follows the log, prints the counts of
//! a minute when that has passed, and writes them to the folder `data/hits/`. With `--snapshots data/snapshots` it may be killed at any moment: started again, with
//! `--restore`, it goes on where it was, and in the end the folder has counted each click once.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use dataflow::ProgressWhen;
use dataflow::prelude::*;
use examples::clicks::{Click, ClickWriter, Hits, hits_per_minute, total};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLICKS: &str = "data/clicks";
const HITS: &str = "data/hits/";

/// From some clicks to the next.
const PAUSE: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let seconds: u64 = env.args().first().map_or(Ok(10), |seconds| seconds.parse())?;
    // Whoever goes on from a snapshot needs the log and the counts that it speaks of.
    let goes_on = env.options().snapshots.as_ref().is_some_and(|snapshots| snapshots.exists());
    if !goes_on {
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

/// Says how many clicks the log has, and how many were counted.
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

//! Counts clicks by page and minute while they are written: `hits_per_minute [SECONDS]`. For ten seconds, unless it is said, a thread appends clicks to the log
//! `data/clicks`, in which a minute passes each second; the job follows it, and prints a minute's counts when that has passed.

use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use dataflow::prelude::*;
use examples::clicks::{Click, generate, hits_per_minute};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let seconds = env.args().first().map_or(Ok(10), |seconds| seconds.parse())?;
    let folder = Path::new("data/clicks");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let writer = thread::spawn(move || generate(folder, Duration::from_secs(seconds)));
    while !folder.exists() && !writer.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }

    let clicks: DataStream<Click> = env.read_log(folder.to_string_lossy())?;
    hits_per_minute(clicks).print();
    env.run()?;
    writer.join().map_err(|_| "the writer panicked")??;
    Ok(())
}

//! On what a result was measured.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use dataflow::prelude::Date;
use serde::{Deserialize, Serialize};

use crate::systems::SYSTEMS;
use crate::workspace::Workspace;

/// The commit, the day and the machine of a result, and which versions of the peers it compares with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// The commit measured.
    pub(crate) commit: String,
    /// The day, in UTC.
    pub(crate) date: String,
    /// The processor's name, as its maker calls it.
    pub(crate) processor: String,
    /// Its cores.
    pub(crate) cores: usize,
    /// The machine's memory.
    pub(crate) memory_gib: u64,
    /// Versions of all peers, as they are pinned.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Provenance {
    /// Of what is measured now.
    pub(crate) fn now(workspace: &Workspace) -> Self {
        let version =
            |system: &&dyn crate::systems::System| Some((system.name().to_owned(), system.version()?.to_owned()));
        Self {
            commit: workspace.commit(),
            date: today(),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: thread::available_parallelism().map_or(1, |cores| cores.get()),
            memory_gib: memory_gib(),
            versions: SYSTEMS.iter().filter_map(version).collect(),
        }
    }
}

fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_days((seconds / 86_400) as i32).to_string()
}

fn memory_gib() -> u64 {
    let kib = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    // The kernel keeps some of it for itself before it counts.
    kib.map_or(0, |kib| (kib as f64 / f64::from(1 << 20)).round() as u64)
}

/// What a file of the kernel says in the first line with this name.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

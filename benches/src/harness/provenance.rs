//! The origin of a result.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use dataflow::prelude::Date;
use serde::{Deserialize, Serialize};

use crate::systems::SYSTEMS;
use crate::workspace::Workspace;

/// The commit, date and machine of a result, and the versions of the compared peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// The measured commit.
    pub(crate) commit: String,
    /// The date in UTC.
    pub(crate) date: String,
    /// The processor's model name.
    pub(crate) processor: String,
    /// Number of cores.
    pub(crate) cores: usize,
    /// The machine's memory in GiB.
    pub(crate) memory_gib: u64,
    /// Pinned versions of all peers.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Provenance {
    /// The provenance of results that are measured now.
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
    // The kernel reserves some memory that it does not report.
    kib.map_or(0, |kib| (kib as f64 / f64::from(1 << 20)).round() as u64)
}

/// The first line with this name in a file of the kernel.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

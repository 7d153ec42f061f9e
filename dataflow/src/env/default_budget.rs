//! The default memory budget of the process.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use runtime::exec::Admissions;
use runtime::memory::Budget;
use runtime::page::limited_bytes;

/// The fraction of the available memory that pipelines use by default.
const SHARE: f64 = 0.7;

/// The available memory if the system does not report it.
const FALLBACK_BYTES: usize = 1 << 30;

/// The budget and the jobs of all environments that have no budget of their own.
pub(super) fn shared_admissions() -> &'static Arc<Admissions> {
    static SHARED: OnceLock<Arc<Admissions>> = OnceLock::new();
    SHARED.get_or_init(|| Admissions::new(Budget::new(budget_bytes())))
}

/// The shared budget.
pub(super) fn shared_budget() -> &'static Arc<Budget> {
    shared_admissions().budget()
}

/// Returns the default budget: a fraction of the machine's available memory, or of the control
/// group's limit if that is less.
fn budget_bytes() -> usize {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = group.iter().filter_map(|path| read_number(Path::new(path))).chain(machine_bytes());
    let limit = limits.min().unwrap_or(FALLBACK_BYTES);
    // A limit on addresses (`ulimit -v`) limits pages, too.
    let limit = limited_bytes().map_or(limit, |bytes| bytes.min(limit));
    (limit as f64 * SHARE) as usize
}

fn read_number(path: &Path) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Returns `MemAvailable`: the memory that can be used without swapping.
fn machine_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

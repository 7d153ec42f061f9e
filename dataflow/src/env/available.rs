//! How much memory this process may use.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use runtime::exec::Admissions;
use runtime::memory::Budget;
use runtime::page::limited_bytes;

/// The share of it that pipelines take unless told otherwise.
const SHARE: f64 = 0.7;

/// Where nothing can be found out.
const FALLBACK_BYTES: usize = 1 << 30;

/// The budget that all environments of the process share, but for those with one of their own, and the jobs in it.
pub(super) fn admissions() -> &'static Arc<Admissions> {
    static SHARED: OnceLock<Arc<Admissions>> = OnceLock::new();
    SHARED.get_or_init(|| Admissions::new(Budget::new(budget_bytes())))
}

/// That budget.
pub(super) fn budget() -> &'static Arc<Budget> {
    admissions().budget()
}

/// The default budget: a share of what the machine has available, or of what the control group allows where that is less.
fn budget_bytes() -> usize {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = group.iter().filter_map(|path| number(Path::new(path))).chain(machine_bytes());
    let least = limits.min().unwrap_or(FALLBACK_BYTES);
    // Pages can take no more than the addresses that a limit (`ulimit -v`) leaves them.
    let least = limited_bytes().map_or(least, |bytes| bytes.min(least));
    (least as f64 * SHARE) as usize
}

fn number(path: &Path) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// `MemAvailable` of the system: what can be had without swapping.
fn machine_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

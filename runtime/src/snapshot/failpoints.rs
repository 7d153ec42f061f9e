//! Failpoints: places where a test kills the process.

/// Kills the process if the environment variable `KILL_AT` is `<name>:<epoch>`, as `kill -9` does:
/// nothing more is written, dropped or flushed. Only in builds with the feature `kill-points`.
#[cfg(feature = "kill-points")]
pub(crate) fn failpoint(name: &str, epoch: u64) {
    use std::sync::OnceLock;

    static KILL_AT: OnceLock<Option<String>> = OnceLock::new();
    let Some(place) = KILL_AT.get_or_init(|| std::env::var("KILL_AT").ok()) else { return };
    if *place == format!("{name}:{epoch}") {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Does nothing in builds without the feature.
#[cfg(not(feature = "kill-points"))]
pub(crate) fn failpoint(_: &str, _: u64) {}

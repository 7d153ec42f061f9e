//! Places where a test has the process killed.

/// Where the environment says `KILL_AT=<name>:<epoch>`, the process is killed here, as by `kill -9`: nothing is written, dropped or flushed any more. Only in builds with
/// the feature `kill-points`.
#[cfg(feature = "kill-points")]
pub(crate) fn kill_point(name: &str, epoch: u64) {
    use std::sync::OnceLock;

    static KILL_AT: OnceLock<Option<String>> = OnceLock::new();
    let Some(place) = KILL_AT.get_or_init(|| std::env::var("KILL_AT").ok()) else { return };
    if *place == format!("{name}:{epoch}") {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing: the build has no such places.
#[cfg(not(feature = "kill-points"))]
pub(crate) fn kill_point(_: &str, _: u64) {}

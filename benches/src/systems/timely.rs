//! Timely dataflow: a separate project, so that its dependencies stay out of this workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Role, System, pinned, set_up_worker};
use crate::answer::Resources;
use crate::error::{Error, Result};
use crate::harness::run_to_end;
use crate::workspace::{Paths, Workspace};

const BUILD_LIMIT: Duration = Duration::from_secs(900);

/// Counts words with the sources in `peers/timely`.
#[derive(Debug)]
pub(super) struct Timely;

impl System for Timely {
    fn name(&self) -> &'static str {
        "timely"
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn version(&self) -> Option<&'static str> {
        pinned(include_str!("../../peers/timely/Cargo.toml.template"), "timely = { version = \"=")
    }

    fn answers(&self, suite: &str, _: &str) -> bool {
        suite == "word_count"
    }

    /// Copies the sources below `target/` and builds them there. Cargo detects whether anything
    /// changed.
    fn prepare(&self, workspace: &Workspace) -> Result<()> {
        let sources = workspace.peers().join("timely");
        let project = workspace.make_output("timely/src")?.join("..");
        copy_if_changed(&sources.join("Cargo.toml.template"), &project.join("Cargo.toml"))?;
        copy_if_changed(&sources.join("main.rs"), &project.join("src/main.rs"))?;
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--quiet"]).current_dir(&project).env("CARGO_TARGET_DIR", target(workspace));
        run_to_end(&mut cargo, BUILD_LIMIT)
    }

    fn worker(&self, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) -> Command {
        let mut command = Command::new(target(workspace).join("release/timely-word-count"));
        set_up_worker(&mut command, workspace, suite, paths, resources);
        command
    }
}

fn target(workspace: &Workspace) -> PathBuf {
    workspace.output().join("timely/target")
}

/// Cargo would treat a copy as changed each time.
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let text = fs::read(from).map_err(Error::io("read", from))?;
    if fs::read(to).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(to, text).map_err(Error::io("write", to))
}

//! Systems that are Python wheels, installed into a separate virtual environment.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Role, System, pinned, set_up_worker};
use crate::answer::Resources;
use crate::error::{Error, Result};
use crate::harness::run_to_end;
use crate::workspace::{Paths, Workspace};

/// Installation takes seconds from a near mirror. The limit is for a slow one.
const INSTALL_LIMIT: Duration = Duration::from_secs(900);

/// A wheel named in `peers/python/requirements.txt`, with its cases in
/// `peers/python/<name>_cases.py`.
#[derive(Debug)]
pub(super) struct PythonSystem {
    pub(super) name: &'static str,
    /// Returns `true` if it answers a case of a suite.
    pub(super) answers: fn(&str, &str) -> bool,
}

impl System for PythonSystem {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn version(&self) -> Option<&'static str> {
        pinned(include_str!("../../peers/python/requirements.txt"), &format!("\n{}==", self.name))
    }

    fn answers(&self, suite: &str, case: &str) -> bool {
        (self.answers)(suite, case)
    }

    /// Recreates the environment whenever the pinned versions change.
    fn prepare(&self, workspace: &Workspace) -> Result<()> {
        let requirements = sources(workspace).join("requirements.txt");
        let pinned = fs::read_to_string(&requirements).map_err(Error::io("read", &requirements))?;
        let environment = environment(workspace);
        let installed = environment.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == pinned) {
            return Ok(());
        }
        println!("installing the Python peers into {}", environment.display());
        let mut venv = Command::new("python3");
        run_to_end(venv.args(["-m", "venv", "--clear"]).arg(&environment), INSTALL_LIMIT)?;
        let mut pip = Command::new(environment.join("bin/pip"));
        run_to_end(pip.args(["install", "--quiet", "--requirement"]).arg(&requirements), INSTALL_LIMIT)?;
        fs::write(&installed, pinned).map_err(Error::io("write", &installed))
    }

    fn worker(&self, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) -> Command {
        let mut command = Command::new(environment(workspace).join("bin/python"));
        // -B: no compiled files next to the sources.
        command.arg("-B").arg(sources(workspace).join("worker.py")).arg(self.name);
        set_up_worker(&mut command, workspace, suite, paths, resources);
        command
    }
}

fn sources(workspace: &Workspace) -> PathBuf {
    workspace.peers().join("python")
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.output().join("venv")
}

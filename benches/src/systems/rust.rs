//! Systems whose cases are functions of this binary.

use std::env;
use std::process::Command;

use super::{Role, System, set_up_worker};
use crate::answer::{Case, Resources};
use crate::error::Result;
use crate::workspace::{Paths, Workspace};

/// A registry of cases, served by this binary as a worker.
#[derive(Debug)]
pub(super) struct RustSystem {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) cases: &'static [Case],
}

impl System for RustSystem {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn version(&self) -> Option<&'static str> {
        None
    }

    fn answers(&self, suite: &str, case: &str) -> bool {
        self.cases.iter().any(|entry| entry.suite == suite && entry.name == case)
    }

    fn prepare(&self, _: &Workspace) -> Result<()> {
        Ok(())
    }

    fn worker(&self, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) -> Command {
        // The name of the program is used only if the kernel cannot provide the path.
        let mut command = Command::new(env::current_exe().unwrap_or_else(|_| "benches".into()));
        command.arg("worker").arg(self.name);
        set_up_worker(&mut command, workspace, suite, paths, resources);
        command
    }
}

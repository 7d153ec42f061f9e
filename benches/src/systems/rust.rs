//! Systems whose cases are functions of this binary.

use std::env;
use std::process::Command;

use super::{Role, System, worker_arguments};
use crate::answer::Case;
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

    fn answers(&self, suite: &str, case: &str) -> bool {
        self.cases.iter().any(|entry| entry.suite == suite && entry.name == case)
    }

    fn prepare(&self, _: &Workspace) -> Result<()> {
        Ok(())
    }

    fn worker(&self, _: &Workspace, suite: &str, paths: &Paths, parallelism: usize) -> Command {
        // The name it was started by is only needed where the kernel cannot tell the path.
        let mut command = Command::new(env::current_exe().unwrap_or_else(|_| "benches".into()));
        command.arg("worker").arg(self.name);
        worker_arguments(&mut command, suite, paths, parallelism);
        command
    }
}

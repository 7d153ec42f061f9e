//! Apache Flink in a separate JVM: the jars from its Python package, and a small program compiled
//! against them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Role, System, pinned, set_up_worker};
use crate::answer::Resources;
use crate::error::{Error, Result};
use crate::harness::run_to_end;
use crate::workspace::{Paths, Workspace};

/// The package has 230 MB.
const INSTALL_LIMIT: Duration = Duration::from_secs(1800);

const BUILD_LIMIT: Duration = Duration::from_secs(300);

/// Sorts pairs with the sources in `peers/flink`.
#[derive(Debug)]
pub(super) struct Flink;

impl System for Flink {
    fn name(&self) -> &'static str {
        "flink"
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn version(&self) -> Option<&'static str> {
        pinned(include_str!("../../peers/flink/requirements.txt"), "apache-flink-libraries==")
    }

    fn answers(&self, suite: &str, _: &str) -> bool {
        suite == "sort"
    }

    /// Installs the jars when their pinned version changes. Compiles the program each time, in two
    /// seconds.
    fn prepare(&self, workspace: &Workspace) -> Result<()> {
        let folder = workspace.make_output("flink")?;
        install(&folder, &sources(workspace).join("requirements.txt"))?;
        let classes = folder.join("classes");
        let mut javac = Command::new("javac");
        javac.args(["-nowarn", "-d"]).arg(&classes).arg("-cp").arg(jars(workspace));
        for name in ["Worker", "SortPairs", "PairsFormat"] {
            javac.arg(sources(workspace).join(name).with_extension("java"));
        }
        run_to_end(&mut javac, BUILD_LIMIT)
    }

    fn worker(&self, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) -> Command {
        let classes = workspace.output().join("flink/classes");
        let mut command = Command::new("java");
        // Records are short-lived, and the sort's memory is not on the heap.
        command.args(["-XX:+UseParallelGC", "-Xmx2g"]);
        command.arg(format!("-Djava.io.tmpdir={}", workspace.spill().display()));
        command.arg("-cp").arg(format!("{}:{}", classes.display(), jars(workspace))).arg("Worker");
        set_up_worker(&mut command, workspace, suite, paths, resources);
        command
    }
}

fn install(folder: &Path, requirements: &Path) -> Result<()> {
    let pinned = fs::read_to_string(requirements).map_err(Error::io("read", requirements))?;
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == pinned) {
        return Ok(());
    }
    println!("installing Flink into {}", folder.display());
    let environment = folder.join("venv");
    run_to_end(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment), INSTALL_LIMIT)?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--no-deps", "--upgrade", "--target"]).arg(folder.join("libraries"));
    run_to_end(pip.arg("--requirement").arg(requirements), INSTALL_LIMIT)?;
    fs::write(&installed, pinned).map_err(Error::io("write", &installed))
}

fn sources(workspace: &Workspace) -> PathBuf {
    workspace.peers().join("flink")
}

/// The jars as a class path.
fn jars(workspace: &Workspace) -> String {
    format!("{}/*", workspace.output().join("flink/libraries/pyflink/lib").display())
}

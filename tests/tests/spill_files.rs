//! Jobs that spill, seen from outside: no files remain after any end, and problems with a disk or
//! with memory give one message.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Report, Result};
use runtime::error::Error;
use tests::{Folder, Item, Shape, SpillWatch, local, spilled_files, wait_until, within_two_minutes};

const ROWS: u64 = 200_000;

/// A file of records, written once for all tests.
fn input() -> &'static str {
    static INPUT: OnceLock<(Folder, String)> = OnceLock::new();
    let (_, path) = INPUT.get_or_init(|| {
        let folder = Folder::default();
        let path = folder.join("items.rows");
        let env = local(2);
        env.collection(Shape::Distinct.items(ROWS, 3)).unwrap().write_native(&path);
        env.run().unwrap();
        (folder, path)
    });
    path
}

fn spilling_to(folders: &[PathBuf], memory_bytes: usize) -> Env {
    let spill_dirs = folders.to_vec();
    Env::new(Options { parallelism: 2, memory_bytes, spill_dirs, progress: ProgressWhen::Never, ..Options::default() })
}

/// Runs a pipeline over the records.
fn run(env: &Env, pipeline: impl Fn(DataSet<Item>) -> DataSet<Item>) -> Result<Report> {
    let output = Folder::default();
    pipeline(env.read_native(input())?).write_native(output.join("out.rows"));
    env.run()
}

/// The minimum memory of a pipeline in bytes, and the error for less.
fn minimum_memory(pipeline: impl Fn(DataSet<Item>) -> DataSet<Item>) -> (usize, String) {
    let error = run(&spilling_to(&[], 1), pipeline).unwrap_err();
    match error.cause() {
        Error::TooLittleMemory { need, .. } => (*need, error.to_string()),
        other => panic!("{other}"),
    }
}

#[dataflow]
fn sorted(items: DataSet<Item>) -> DataSet<Item> {
    items.sort(|i| asc(i.key))
}

#[dataflow]
fn plain(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| i)
}

#[dataflow]
fn panics_once_it_spills(items: DataSet<Item>, watch: SpillWatch) -> DataSet<Item> {
    items
        .map(|i| {
            if watch.has_spilled_bytes() {
                panic!("in mid-spill");
            }
            i
        })
        .sort(|i| asc(i.key))
}

#[dataflow]
fn fails_once_it_spills(items: DataSet<Item>, watch: SpillWatch) -> DataSet<Item> {
    items.try_map(|i| if watch.has_spilled_bytes() { Err("in mid-spill") } else { Ok(i) }).sort(|i| asc(i.key))
}

#[dataflow]
fn panics_while_it_merges(items: DataSet<Item>, watch: SpillWatch) -> DataSet<Item> {
    items.sort(|i| asc(i.key)).map(|i| {
        if watch.has_spilled_bytes() {
            panic!("in mid-spill");
        }
        i
    })
}

#[dataflow]
fn watched(items: DataSet<Item>, watch: SpillWatch) -> DataSet<Item> {
    items.sort(|i| asc(i.key)).map(|i| {
        let _ = watch.has_spilled_bytes();
        i
    })
}

#[test]
fn a_closure_that_fails_during_a_spill_leaves_nothing() {
    within_two_minutes("a job that fails in mid-spill", || {
        type Pipeline = fn(DataSet<Item>, SpillWatch) -> DataSet<Item>;
        let pipelines: [Pipeline; 3] = [panics_once_it_spills, fails_once_it_spills, panics_while_it_merges];
        for pipeline in pipelines {
            let folder = Folder::default();
            let watch = SpillWatch::over(&[folder.path().to_owned()]);
            let (need, _) = minimum_memory(|items| pipeline(items, watch.clone()));
            let env = spilling_to(&[folder.path().to_owned()], need);
            for _ in 0..3 {
                let error = run(&env, |items| pipeline(items, watch.clone())).unwrap_err().to_string();
                assert!(error.contains("in mid-spill"), "{error}");
                wait_until("files are closed", || spilled_files("self", folder.path()).is_empty());
                assert_eq!(folder.names(), [""; 0]);
            }
            // All memory was released: a job that needs all of it runs.
            run(&env, sorted).unwrap();
        }
    });
}

#[test]
fn all_spill_folders_are_used() {
    let folders: [Folder; 3] = Default::default();
    let paths = folders.each_ref().map(|folder| folder.path().to_owned());
    let watch = SpillWatch::over(&paths);
    let (need, _) = minimum_memory(|items| watched(items, watch.clone()));
    let report = run(&spilling_to(&paths, need), |items| watched(items, watch.clone())).unwrap();
    assert!(report.spilled_bytes() > 4 << 20, "{}", report.explain());
    assert_eq!(watch.used(), [true; 3]);
    wait_until("files are closed", || paths.iter().all(|path| spilled_files("self", path).is_empty()));
    assert!(folders.iter().all(|folder| folder.names().is_empty()));
}

#[test]
fn a_missing_spill_folder_is_reported_before_the_job() {
    let (folder, used) = (Folder::default(), Folder::default());
    let missing = folder.path().join("missing");
    let env = spilling_to(&[used.path().to_owned(), missing.clone()], 1 << 30);
    let error = run(&env, sorted).unwrap_err();
    assert!(matches!(error.cause(), Error::NoSpillFolder { .. }), "{error}");
    let parts = ["cannot spill to", missing.to_str().unwrap(), "No such file or directory", "`--spill-dir`"];
    assert!(parts.iter().all(|part| error.to_string().contains(part)), "{error}");
    // A job that never spills needs no folder.
    assert_eq!(env.read_native::<Item>(input()).unwrap().count().unwrap(), ROWS);
}

#[test]
fn a_url_is_rejected_as_spill_folder() {
    for (url, parts) in [
        (
            "s3://bucket/spilled",
            ["no feature of this version spills to `s3://`", "name a folder on a local disk with `--spill-dir`"],
        ),
        ("file:///tmp", ["a path is written without `file://`", "/tmp"]),
    ] {
        let error = run(&spilling_to(&[url.into()], 1 << 30), sorted).unwrap_err().to_string();
        assert!(error.contains(&format!("cannot spill to {url}: ")), "{error}");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}

#[test]
fn a_file_is_rejected_as_spill_folder() {
    let folder = Folder::default();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = run(&spilling_to(&[file], 1 << 30), sorted).unwrap_err();
    assert!(error.to_string().contains("Not a directory"), "{error}");
}

#[test]
fn an_unwritable_spill_folder_ends_the_job() {
    // No process can create files there, not even root.
    let env = spilling_to(&["/proc".into()], minimum_memory(sorted).0);
    let error = run(&env, sorted).unwrap_err();
    let parts = ["cannot spill to /proc", "`--spill-dir`"];
    assert!(parts.iter().all(|part| error.to_string().contains(part)), "{error}");
}

#[test]
fn too_little_memory_names_the_operator_and_enough_bytes() {
    let (need, text) = minimum_memory(sorted);
    let operators: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
    let (larger, operators) = operators.split_last().unwrap();
    assert!(operators.len() >= 3 && operators.iter().all(|line| line.contains("spill_files.rs:")), "{text}");
    assert!(larger.starts_with("and for records that are larger than others: "), "{text}");
    let sort = operators.iter().find(|line| line.contains("`sort`")).unwrap();
    assert!(sort.contains("in 2 tasks: ") && sort.contains("of which 2.2 MiB for external sort"), "{text}");
    assert!(text.contains("raise `--memory`"), "{text}");
    let error = run(&spilling_to(&[], need - 1), sorted).unwrap_err();
    assert!(matches!(error.cause(), Error::TooLittleMemory { .. }), "{error}");
    assert!(run(&spilling_to(&[], need), sorted).unwrap().spilled_bytes() > 4 << 20);
}

/// EXPLAIN's line about the sort, and its heading.
fn explained(report: &Report) -> (String, String) {
    let mut lines = report.explain().lines();
    let heading = lines.next().unwrap().to_owned();
    (heading, lines.find(|line| line.contains("external sort")).unwrap().to_owned())
}

#[test]
fn explain_shows_kept_and_spilled_bytes() {
    let scarce = run(&spilling_to(&[], minimum_memory(sorted).0), sorted).unwrap();
    let (heading, sort) = explained(&scarce);
    assert!(heading.contains("  memory  spilled "), "{}", scarce.explain());
    assert!(sort.contains(" MiB in ") && sort.contains(" parts"), "{}", scarce.explain());
    let ample = run(&spilling_to(&[], 1 << 30), sorted).unwrap();
    let (heading, _) = explained(&ample);
    assert!(heading.contains("  memory") && !heading.contains("spilled"), "{}", ample.explain());
    let narrow = run(&spilling_to(&[], 1 << 30), plain).unwrap();
    assert!(!narrow.explain().contains("memory"), "{}", narrow.explain());
}

/// The program's input. It sorts 1,000 rows of 72 bytes for each line.
fn lines() -> &'static str {
    static LINES: OnceLock<(Folder, String)> = OnceLock::new();
    let (_, path) = LINES.get_or_init(|| {
        let folder = Folder::default();
        let path = folder.file("lines.txt", "spilled\n".repeat(300));
        (folder, path)
    });
    path
}

/// The sorting program as a process, in half of the memory of its rows.
fn program(pace: &str, spill_folder: &Path, output: &str) -> Command {
    // A shell that starts tests in the background makes them ignore `SIGINT`.
    let mut command = Command::new("env");
    command
        .args([
            "--default-signal=INT",
            env!("CARGO_BIN_EXE_spill"),
            "--memory",
            "12MiB",
            "--parallelism",
            "2",
            "--spill-dir",
        ])
        .arg(spill_folder);
    command.args([pace, lines(), output]);
    command
}

fn succeeds(spill_folder: &Path) {
    let output = Folder::default();
    let done = program("fast", spill_folder, &output.join("out.csv")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(output.names(), ["out.csv"]);
}

/// The message of a program that ends with code 1.
fn fails(mut command: Command) -> String {
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn a_process_stopped_during_a_spill_leaves_nothing() {
    type Stop = fn(&mut Child);
    let stops: [(&str, Stop); 2] = [
        ("SIGKILL", |child| child.kill().unwrap()),
        ("SIGINT", |child| {
            let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            assert!(signal.success());
        }),
    ];
    for (name, stop) in stops {
        let (folder, output) = (Folder::default(), Folder::default());
        let mut child =
            program("slowly", folder.path(), &output.join("out.csv")).stderr(Stdio::null()).spawn().unwrap();
        let process = child.id().to_string();
        wait_until("the program spills", || spilled_files(&process, folder.path()).iter().any(|&bytes| bytes > 0));
        stop(&mut child);
        assert!(!child.wait().unwrap().success(), "{name}");
        assert_eq!(folder.names(), [""; 0], "{name}");
        succeeds(folder.path());
        assert_eq!(folder.names(), [""; 0], "{name}");
    }
}

/// Checks that an error reports a full disk.
fn assert_full_disk(error: &str, folder: &Path) {
    let folder = format!("the disk of {} is full: ", folder.display());
    let parts = ["Error: `sort` at ", "spill.rs:", &folder, " MiB were spilled to it", "`--spill-dir`", "`--memory`"];
    parts.iter().for_each(|part| assert!(error.contains(part), "`{part}` is not in: {error}"));
}

/// A file system of 8 MiB, mounted until it is dropped.
struct SmallDisk(Folder);

impl SmallDisk {
    /// Returns `None` if the process may not mount one.
    fn mount() -> Option<Self> {
        let folder = Folder::default();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|done| done.status.success()).then_some(SmallDisk(folder))
    }

    fn used_bytes(&self) -> u64 {
        let command = Command::new("df").args(["--output=used", "-B1"]).arg(self.0.path()).output().unwrap();
        let text = String::from_utf8(command.stdout).unwrap();
        text.lines().nth(1).unwrap().trim().parse().unwrap()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_gives_one_message_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("a file system cannot be mounted here: only a limit on file sizes is tested");
        return;
    };
    let (other, output) = (Folder::default(), Folder::default());
    let error = fails(program("fast", disk.0.path(), &output.join("out.csv")));
    assert_full_disk(&error, disk.0.path());
    assert_eq!((disk.0.names(), disk.used_bytes(), output.names()), (vec![], 0, vec![]));
    succeeds(other.path());
}

#[test]
fn a_file_size_limit_is_reported_as_full_disk() {
    let (folder, output) = (Folder::default(), Folder::default());
    let program = program("fast", folder.path(), &output.join("out.csv"));
    let mut limited = Command::new("sh");
    // Blocks are 512 or 1024 bytes. With the signal ignored, the write itself fails.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"]).arg(program.get_program());
    limited.args(program.get_args());
    assert_full_disk(&fails(limited), folder.path());
    assert_eq!((folder.names(), output.names()), (vec![], vec![]));
    succeeds(folder.path());
}

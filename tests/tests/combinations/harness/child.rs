//! Processes that run one program of this binary's table.

use std::env;
use std::io::Read;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Child, Command, Stdio, exit};
use std::thread;
use std::time::{Duration, Instant};

use tests::Folder;

use super::edit::{self, Edit};
use super::entry::Entry;
use super::given::Declare;
use super::kills;
use super::run::run;
use super::spec::Spec;
use super::way::Way;

const NUMBER: &str = "COMBINATIONS_NUMBER";
const EDITS: &str = "COMBINATIONS_EDITS";
const TASK: &str = "COMBINATIONS_TASK";

/// The text before the error that a child prints.
const WRONG: &str = "wrong: ";

/// The task of a child.
#[derive(Clone, Copy, Debug)]
pub enum Task<'t> {
    /// Runs the program in one way, and prints the error.
    Try(Way),
    /// Runs the program's job over a folder's logs and snapshots, to the end of the logs.
    Job(&'t Path),
}

/// Starts a process for a program of the table, with additional changes.
pub fn spawn(number: usize, edits: &[Edit], task: Task) -> Child {
    let task = match task {
        Task::Try(way) => format!("try {way}"),
        Task::Job(folder) => format!("job {}", folder.display()),
    };
    let mut command = Command::new(env::current_exe().unwrap());
    // A test binary runs only its test `child`.
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(NUMBER, number.to_string()).env(EDITS, edit::text(edits)).env(TASK, task);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for the end of a child: its error, if it has one.
pub fn wait(child: &mut Child, limit: Duration) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return if status.success() { Ok(()) } else { Err(error_of(child)) };
        }
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err("hangs".to_owned());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The error that a process printed before it ended.
pub fn error_of(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = stderr.read_to_string(&mut text);
    }
    match text.split_once(WRONG) {
        Some((_, error)) => error.trim().to_owned(),
        None => format!("crashes: {}", text.trim()),
    }
}

/// Runs the task of this process, if it is a child, and ends it.
pub fn run_task(programs: &[(Spec, Declare)]) {
    let Ok(task) = env::var(TASK) else { return };
    end_with_parent();
    let number: usize = env::var(NUMBER).unwrap().parse().unwrap();
    let entry = Entry::new(number, &programs[number], edit::parse(&env::var(EDITS).unwrap()));
    let done = match task.split_once(' ') {
        Some(("job", folder)) => kills::run_job(&entry, Path::new(folder)),
        Some((_, way)) => run(&entry, &Folder::default(), Way::parse(way).unwrap()),
        None => Err(format!("no task `{task}`")),
    };
    if let Err(error) = done {
        eprintln!("{WRONG}{error}");
        exit(1);
    }
    exit(0);
}

/// Ends this process with its parent. Without it, the child of a killed parent follows its logs
/// forever.
fn end_with_parent() {
    let parent = parent_id();
    thread::spawn(move || {
        while parent_id() == parent {
            thread::sleep(Duration::from_millis(200));
        }
        exit(1);
    });
}

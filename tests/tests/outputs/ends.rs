//! Ends of runs, and the files that remain.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tests::{spilled_files, wait_until};

use super::{engines, folder, program, read, write};

/// Stops the program that sorts slowly with a signal, in the middle.
fn stopped(signal: &str, output: &str) {
    let (spilled, input) = (folder(), folder());
    let lines = input.file("lines.txt", "spilled\n".repeat(300));
    // A shell that starts tests in the background makes them ignore `SIGINT`.
    let mut child: Child = Command::new("env")
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_spill"), "--memory", "12MiB", "--parallelism", "2"])
        .arg("--spill-dir")
        .arg(spilled.path())
        .args(["slowly", &lines, output])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = child.id().to_string();
    wait_until("the program spills", || spilled_files(&process, spilled.path()).iter().any(|&bytes| bytes > 0));
    assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_stopped_process_leaves_no_part_of_a_file() {
    for signal in ["-INT", "-TERM", "-KILL"] {
        let folder = folder();
        let path = folder.file("out.csv", "old");
        stopped(signal, &path);
        assert_eq!((folder.names(), read(&path)), (vec!["out.csv".to_owned()], "old".to_owned()), "{signal}");
    }
}

#[test]
fn the_next_job_removes_folders_of_a_stopped_process() {
    let folder = folder();
    let path = folder.join("out/");
    let input = tests::Folder::default();
    let lines = input.file("lines.txt", "line\n".repeat(10_000));
    let mut before = Vec::new();
    for signal in ["-TERM", "-KILL"] {
        let mut child = program(&["slowly", &lines, &path]).spawn().unwrap();
        wait_until("the program writes", || folder.names() != before && folder.names().len() == 1);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert!(!child.wait().unwrap().success());
        before = folder.names();
    }
    // The second job removed the files that the first one left.
    let left = folder.names();
    assert!(left.len() == 1 && left[0].starts_with(".out.") && left[0].ends_with(".tmp"), "{left:?}");
    // Files of other programs are not touched.
    let _ = folder.file(".out.mine.tmp", "");
    let _ = folder.file(".other.1-1.tmp", "");
    for (_, env) in engines() {
        write(&env, &path, 0..3).unwrap();
        assert_eq!(folder.names(), [".other.1-1.tmp", ".out.mine.tmp", "out"]);
        std::fs::remove_dir_all(folder.path().join("out")).unwrap();
    }
}

#[test]
fn files_that_another_job_is_writing_are_not_removed() {
    let folder = folder();
    let held = folder.file(".out.1-7.tmp", "at work");
    let file = std::fs::File::open(&held).unwrap();
    file.lock().unwrap();
    let abandoned = folder.file(".out.1-8.tmp", "left");
    for (_, env) in engines() {
        write(&env, &folder.join("out"), 0..3).unwrap();
        assert!(std::fs::exists(&held).unwrap() && !std::fs::exists(&abandoned).unwrap());
    }
    drop(file);
    write(&tests::local(2), &folder.join("out"), 0..3).unwrap();
    assert_eq!(folder.names(), ["out"]);
}

#[test]
fn a_failed_job_keeps_existing_files() {
    let folder = folder();
    let path = folder.file("out.csv", "old");
    for (_, env) in engines() {
        let numbers = super::failing(env.collection(0..10u64).unwrap());
        numbers.write_csv(&path);
        numbers.write_csv(folder.join("folder/"));
        numbers.write_csv(folder.join("new.csv"));
        env.run().unwrap_err();
        assert_eq!((folder.names(), read(&path)), (vec!["out.csv".to_owned()], "old".to_owned()));
    }
}

#[test]
fn a_name_of_maximum_length_can_be_written() {
    let folder = folder();
    for (_, env) in engines() {
        for end in ["", "/"] {
            let name = format!("{}ä", "x".repeat(253));
            write(&env, &format!("{}{end}", folder.join(&name)), 0..3).unwrap();
            assert_eq!(folder.names(), [name.as_str()]);
            let path = folder.path().join(&name);
            if end.is_empty() { std::fs::remove_file(path) } else { std::fs::remove_dir_all(path) }.unwrap();
        }
    }
}

/// Reads three lines of a program's output, and closes the pipe. Returns the lines, standard error,
/// and the exit code.
fn head(args: &[&str]) -> (Vec<String>, String, Option<i32>) {
    let mut child = program(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = out.lines().take(3).map(Result::unwrap).collect();
    let done = child.wait_with_output().unwrap();
    (lines, String::from_utf8(done.stderr).unwrap(), done.status.code())
}

#[test]
fn a_reader_that_closes_ends_the_job_quietly() {
    for engine in ["local", "embedded"] {
        let (lines, said, code) = head(&["print", "2000000", "--engine", engine]);
        // The order of the two tasks is undefined. The lines of each task are complete and
        // consecutive.
        let first: u64 = lines[0].parse().unwrap();
        let in_a_row = [first, first + 1, first + 2].map(|number| number.to_string());
        assert_eq!((lines, said.as_str(), code), (in_a_row.to_vec(), "", Some(0)), "{engine}");
    }
    let folder = folder();
    let input = folder.file("in", "x\n".repeat(4_000_000));
    assert_eq!(head(&["copy", &input, "-"]).1, "");
    assert_eq!(folder.names(), ["in"]);
}

#[test]
fn a_job_without_a_reader_ends_soon() {
    let begin = std::time::Instant::now();
    let (lines, said, code) = head(&["endless"]);
    assert_eq!((lines.len(), said.as_str(), code), (3, "", Some(0)));
    // Printing everything would take four minutes.
    assert!(begin.elapsed().as_secs() < 60);
}

#[test]
fn other_outputs_are_complete_if_a_reader_closes() {
    for engine in ["local", "embedded"] {
        let folder = folder();
        let path = folder.join("out.csv");
        let (_, said, code) = head(&["both", "1000000", &path, "--engine", engine]);
        assert_eq!((said.as_str(), code), ("", Some(0)));
        assert_eq!(read(&path).lines().count(), 1_000_001);
    }
}

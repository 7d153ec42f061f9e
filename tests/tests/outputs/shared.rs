//! Several outputs with one path, in one run and in several.

use std::os::unix::fs::symlink;

use dataflow::prelude::*;
use dataflow::{CsvOptions, Lenient};
use tests::within_two_minutes;

use super::{engines, failing, folder, lines, program, read, same_lines, write};

/// Checks that two outputs are rejected before the first record, with an error that names both
/// lines.
fn assert_one_output(first: &str, second: &str) {
    for (engine, env) in engines() {
        let numbers = failing(env.collection([1u64, 2]).unwrap());
        numbers.write_csv(first);
        let line = line!() - 1;
        numbers.write_json(second);
        let error = env.run().unwrap_err().to_string();
        let parts = [format!("shared.rs:{line}"), format!("shared.rs:{}", line + 2), "same".to_owned()];
        let is_inside = error.contains("inside");
        assert!(
            parts[..2].iter().all(|part| error.contains(part)) && (is_inside || error.contains(&parts[2])),
            "{engine}, {first} and {second}: {error}"
        );
    }
}

#[test]
fn two_outputs_of_one_run_with_one_path_are_rejected() {
    let folder = folder();
    let _ = folder.file("there.csv", "kept");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::hard_link(folder.join("there.csv"), folder.join("twin.csv")).unwrap();
    symlink("there.csv", folder.join("link.csv")).unwrap();
    symlink("absent.csv", folder.join("dangling.csv")).unwrap();
    symlink(".", folder.join("here")).unwrap();
    symlink("empty", folder.join("to-empty")).unwrap();
    let pairs = [
        ("new.csv", "new.csv"),
        ("new.csv", "./new.csv"),
        ("new.csv", "empty/../new.csv"),
        ("new.csv", "here/new.csv"),
        ("there.csv", "there.csv"),
        ("there.csv", "link.csv"),
        ("there.csv", "twin.csv"),
        ("absent.csv", "dangling.csv"),
        ("new", "new/"),
        ("new/", "here/new"),
        ("new/", "new//"),
        ("empty/", "to-empty/"),
        ("empty/", "empty/a.csv"),
        ("to-empty/b.csv", "empty/"),
        ("empty/", "empty/inner/"),
    ];
    for (first, second) in pairs {
        assert_one_output(&folder.join(first), &folder.join(second));
    }
    assert_one_output("-", "-");
    assert_one_output("/dev/stdout", "-");
    let names = ["dangling.csv", "empty", "here", "link.csv", "there.csv", "to-empty", "twin.csv"];
    assert_eq!(
        (folder.names(), read(folder.join("there.csv"))),
        (names.map(str::to_owned).to_vec(), "kept".to_owned())
    );
}

#[test]
fn a_file_of_bad_records_counts_as_an_output() {
    let folder = folder();
    let input = folder.file("in.csv", "n\n1\nx\n");
    let lenient = |to: &str| CsvOptions::default().lenient(Lenient::to(folder.join(to)));
    for (_, env) in engines() {
        env.read_csv_with::<(u64,)>(&input, lenient("bad.txt")).unwrap().write_csv(folder.join("bad.txt"));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("bad.txt") && error.contains("same file"), "{error}");
        let one = env.read_csv_with::<(u64,)>(&input, lenient("bad.txt")).unwrap();
        let other = env.read_csv_with::<(u64,)>(&input, lenient("./bad.txt")).unwrap();
        one.union(other).write_csv(folder.join("out.csv"));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("bad.txt") && error.contains("same file"), "{error}");
        assert_eq!(folder.names(), ["in.csv"]);
        env.read_csv_with::<(u64,)>(&input, lenient("bad/")).unwrap().write_csv(folder.join("out.csv"));
        assert!(env.run().unwrap_err().to_string().contains("it is a folder; name a file"));
        env.read_csv_with::<(u64,)>(&input, CsvOptions::default().lenient(Lenient::to("-"))).unwrap().write_csv("-");
        assert!(env.run().unwrap_err().to_string().contains("same stream"));
    }
}

#[test]
fn only_one_run_may_write_a_file_of_bad_records() {
    let folder = folder();
    let input = folder.file("in.csv", "n\n1\nx\n");
    let options = CsvOptions::default().lenient(Lenient::to(folder.join("bad.txt")));
    for (_, env) in engines() {
        let numbers = env.read_csv_with::<(u64,)>(&input, options.clone()).unwrap();
        let second = {
            let numbers = numbers.clone();
            move || {
                let numbers = numbers.clone();
                let error = std::thread::spawn(move || numbers.count().unwrap_err().to_string()).join().unwrap();
                assert!(error.contains("bad.txt") && error.contains("at this moment"), "{error}");
            }
        };
        let found = filling(first_field(numbers), std::sync::Arc::new(second)).collect().unwrap();
        assert_eq!((found, read(folder.join("bad.txt")).lines().count()), (vec![1], 1));
    }
}

#[dataflow]
fn first_field(records: DataSet<(u64,)>) -> DataSet<u64> {
    records.map(|r| r.0)
}

#[test]
fn outputs_with_similar_paths_are_distinct() {
    let folder = folder();
    for (engine, env) in engines() {
        let numbers = env.collection([1u64]).unwrap();
        for name in ["a.csv", "a.csv.gz", "a/", "ab/", "ab.csv"] {
            numbers.write_csv(folder.join(&format!("{engine}-{name}")));
        }
        env.run().unwrap();
    }
    assert_eq!(folder.names().len(), 10);
}

#[test]
fn an_input_may_be_an_output() {
    let folder = folder();
    let path = folder.file("n.txt", lines(0..3));
    for (_, env) in engines() {
        env.read_text(&path).unwrap().write_text(&path);
        env.run().unwrap();
        assert_eq!(read(&path), lines(0..3));
    }
}

#[test]
fn concurrent_jobs_leave_the_whole_file_of_one() {
    within_two_minutes("jobs at once", || {
        let folder = folder();
        let path = folder.join("out.txt");
        let texts = [lines(0..200_000), lines(200_000..400_000)];
        for _ in 0..5 {
            std::thread::scope(|scope| {
                for (env, numbers) in [(tests::local(2), 0..200_000), (tests::local(2), 200_000..400_000)] {
                    let path = &path;
                    scope.spawn(move || write(&env, path, numbers).unwrap());
                }
            });
            assert!(texts.iter().any(|text| same_lines(text, &read(&path))), "rows of both jobs are in one file");
        }
        assert_eq!(folder.names(), ["out.txt"]);
    });
}

#[test]
fn concurrent_processes_leave_the_whole_file_of_one() {
    let folder = folder();
    let inputs = [folder.file("a", "a\n".repeat(500_000)), folder.file("b", "b\n".repeat(500_000))];
    let path = folder.join("out.txt");
    for _ in 0..3 {
        let children = inputs.each_ref().map(|input| program(&["copy", input, &path]).spawn().unwrap());
        assert!(children.into_iter().all(|mut child| child.wait().unwrap().success()));
        assert!(inputs.iter().any(|input| read(input) == read(&path)));
    }
    assert_eq!(folder.names(), ["a", "b", "out.txt"]);
}

#[test]
fn one_of_two_processes_fails_cleanly_for_the_same_folder() {
    let folder = folder();
    let input = folder.file("a", "a\n".repeat(300_000));
    let path = folder.join("out/");
    let child = || program(&["copy", &input, &path]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let [first, second] = [child(), child()].map(|child| child.wait_with_output().unwrap());
    // A process that starts after the other has ended is rejected earlier.
    let loser = if first.status.success() { second } else { first };
    let error = String::from_utf8(loser.stderr).unwrap();
    assert!(!loser.status.success() && error.contains("cannot write") && error.contains("out"), "{error}");
    assert_eq!(folder.names(), ["a", "out"]);
}

#[test]
fn a_folder_filled_during_the_job_is_kept() {
    let folder = folder();
    for (engine, env) in engines() {
        let (path, inner) = (folder.join(&format!("{engine}/")), folder.path().join(engine));
        let filled = move || {
            std::fs::create_dir_all(&inner).unwrap();
            std::fs::write(inner.join("other"), "kept").unwrap();
        };
        filling(env.collection([1u64]).unwrap(), std::sync::Arc::new(filled)).write_csv(&path);
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("cannot write") && error.contains("while the job ran"), "{error}");
        assert_eq!(read(format!("{path}other")), "kept");
    }
    assert_eq!(folder.names(), ["embedded", "local"]);
}

#[dataflow]
pub(crate) fn filling(numbers: DataSet<u64>, fill: std::sync::Arc<dyn Fn() + Send + Sync>) -> DataSet<u64> {
    numbers.map(|n| {
        fill();
        n
    })
}

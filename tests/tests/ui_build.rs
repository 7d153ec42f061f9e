//! Programs that `cargo check` accepts and `cargo build` rejects, with their messages.
//!
//! A constant that depends on the types at a call is evaluated when the call is compiled.
//! `UPDATE_EXPECT=1 cargo test -p tests --test ui_build` records the messages.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library that was built last, next to this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let files = fs::read_dir(test.parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    let is_library = |name: &str| name.starts_with("libdataflow-") && name.ends_with(".rlib");
    let libraries = files.filter(|file| file.file_name().to_str().is_some_and(is_library));
    let built = |file: &DirEntry| file.metadata().unwrap().modified().unwrap();
    libraries.max_by_key(built).unwrap().path()
}

/// rustc's messages for a program, without places in the library and its file names.
fn messages(program: &Path, library: &Path, output: &Path) -> String {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition=2024", "--emit=obj", "--color=never", "--diagnostic-width=140", "-Awarnings"]);
    command.arg("--extern").arg(format!("dataflow={}", library.display()));
    command.arg("-L").arg(format!("dependency={}", library.parent().unwrap().display()));
    let compiled = command.arg("-o").arg(output).arg(program).output().unwrap();
    let text = String::from_utf8(compiled.stderr).unwrap().replace(&program.display().to_string(), "program.rs");
    let is_kept = |line: &&str| !line.contains("the full name for the type") && !line.contains("`--verbose`");
    let parts = text.split("\n\n").map(|part| part.lines().filter(is_kept).collect::<Vec<_>>());
    let parts = parts.filter_map(|lines| match lines.first()? {
        first if first.starts_with("note: erroneous constant") => None,
        _ if lines.get(1).is_some_and(|place| place.contains("--> program.rs")) => Some(lines.join("\n")),
        first if first.starts_with("error[") => Some((*first).to_owned()),
        _ => None,
    });
    parts.map(|part| part + "\n").collect()
}

/// Each line of the program reads or writes records that no format supports.
#[test]
fn unsupported_records_are_rejected_for_each_format_word() {
    let (library, output) = (library(), tempfile::tempdir().unwrap());
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/build/words/formats.rs");
    let text = fs::read_to_string(&program).unwrap();
    let refused = |line: &str| line.contains("records()?.") || line.contains("::<Refused>");
    let expected: Vec<usize> =
        (1..).zip(text.lines()).filter(|(_, line)| refused(line)).map(|(number, _)| number).collect();
    assert!(expected.len() > 20, "{expected:?}");
    let messages = messages(&program, &library, &output.path().join("program.o"));
    let number = |place: &str| place.split(':').next().unwrap().parse().unwrap();
    let mut found: Vec<usize> = messages.split("--> program.rs:").skip(1).map(number).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{messages}");
    assert_eq!(messages.lines().filter(|line| line.starts_with("error[E0080]")).count(), expected.len(), "{messages}");
}

#[test]
fn builds_reject_programs_with_one_message_at_their_word() {
    let (library, output) = (library(), tempfile::tempdir().unwrap());
    let programs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/build")).unwrap();
    let mut programs: Vec<PathBuf> = programs.map(|entry| entry.unwrap().path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    programs.sort();
    for program in programs {
        let found = messages(&program, &library, &output.path().join("program.o"));
        expect_test::expect_file![program.with_extension("stderr")].assert_eq(&found);
        assert_eq!(found.lines().filter(|line| line.starts_with("error")).count(), 1, "{found}");
        assert!(found.contains("--> program.rs"), "no place in the program:\n{found}");
    }
}

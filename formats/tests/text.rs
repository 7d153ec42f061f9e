//! Text files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use runtime::memory::{Budget, Memory};
use runtime::source::TableSource as _;
use runtime::source::{Scan, Source, Split};
use support::{TestFile, drive, drive_scan, drive_splits, memory, message, scan_all, texts};

fn lines(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let file = TestFile::new("lines.txt", bytes);
    texts(&drive(&formats::text(file.path()).unwrap()).unwrap())
}

#[test]
fn lines_may_end_with_newlines_returns_or_the_file() {
    assert_eq!(lines(""), Vec::<String>::new());
    assert_eq!(lines("\n"), [""]);
    assert_eq!(lines("one\r\ntwo\n\n\r\nthr\ree\r\r\nlast\r"), ["one", "two", "", "", "thr\ree\r", "last\r"]);
    assert_eq!(lines("Straße\n日本語の長いテキスト"), ["Straße", "日本語の長いテキスト"]);
}

#[test]
fn lines_longer_than_chunks_are_read() {
    let long = "x".repeat(5 << 20);
    let tail = "y".repeat((1 << 20) - 1);
    assert_eq!(lines(format!("a\n{long}\n{tail}\nb")), ["a", &long, &tail, "b"]);
}

#[test]
fn lines_beyond_the_memory_are_errors_with_their_place() {
    let file = TestFile::new("long.txt", format!("a\nb\n{}", "x".repeat(9 << 20)));
    let source = formats::text(file.path()).unwrap();
    let scan = scan_all(&source);
    let small = Memory::new(Budget::new(8 << 20), "lines");
    let error = drive_splits(&source, &scan, &source.splits(&scan).unwrap().splits, &small);
    let error = message(error, &file);
    assert!(
        error.starts_with("long.txt:3: a record of more than 2.0 MiB begins here, at byte 4: out of memory: lines"),
        "{error}"
    );
}

#[test]
fn many_lines_are_split_and_counted() {
    let expected: Vec<String> = (0..400_000).map(|line| format!("line {line} äöü")).collect();
    let file = TestFile::new("many.txt", expected.join("\n"));
    let source = formats::text(file.path()).unwrap();
    let splits = source.splits(&scan_all(&source)).unwrap().splits;
    assert!(splits.len() > 3, "{splits:?}");
    assert_eq!(source.statistics(&Scan::default()).bytes, splits.iter().map(|split| split.bytes).sum::<u64>());
    assert_eq!(texts(&drive(&source).unwrap()), expected);
    assert_eq!(drive_scan(&source, &Scan::default()).unwrap().len(), expected.len());
}

#[test]
fn non_utf_8_bytes_are_errors_with_their_place() {
    let mut bytes = "ä line\n".repeat(200_000).into_bytes();
    bytes[8 * 150_000 + 1] = b'!';
    let file = TestFile::new("bad.txt", bytes);
    let error = message(drive(&formats::text(file.path()).unwrap()), &file);
    let at = 8 * 150_000;
    assert_eq!(
        error,
        format!("bad.txt:150001: expected UTF-8, found the byte 0xc3 at byte {at} of the file; convert it to UTF-8")
    );
}

#[test]
fn files_of_folders_and_patterns_are_sorted() {
    let file = TestFile::new("b.txt", "b");
    let folder = file.folder();
    std::fs::create_dir_all(folder.join("deep/er")).unwrap();
    for (name, content) in
        [("a.txt", "a"), ("_SUCCESS", "no"), (".x", "no"), ("c.tmp", "no"), ("deep/d.txt", "d"), ("deep/er/e.txt", "e")]
    {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let read = |pattern: &str| {
        let source = formats::text(&format!("{}/{pattern}", folder.display())).unwrap();
        (texts(&drive(&source).unwrap()).join(" "), source.describe().contains("files)"))
    };
    assert_eq!(read(""), ("a b".into(), true));
    assert_eq!(read("?.txt"), ("a b".into(), true));
    assert_eq!(read("b*"), ("b".into(), false));
    assert_eq!(read("**/*.txt"), ("a b d e".into(), true));
    assert_eq!(read("**"), ("a b d e".into(), true));
    assert_eq!(read("d*/*/e.txt"), ("e".into(), false));
    assert_eq!(read("_S*"), ("no".into(), false));
}

#[test]
fn missing_inputs_are_errors_with_the_path() {
    let file = TestFile::new("_only", "");
    let open = |name: &str| message(formats::text(&format!("{}/{name}", file.folder().display())), &file);
    assert_eq!(open("none.txt"), "no input at none.txt: there is no such file or folder");
    let url = |path: &str| message(formats::text(path), &file);
    assert_eq!(
        url("s3://bucket/key.txt"),
        "no input at s3://bucket/key.txt: it is a URL, and no feature of this version reads `s3://`; a path names a local file, a folder or a \
         pattern, or is `-` for standard input; copy the files first, `aws s3 sync`, or mount the bucket"
    );
    assert!(url("https://host/x.txt").contains("download the file first"));
    assert!(url("hdfs://host/x.txt").contains("no feature of this version reads `hdfs://`"));
    assert!(url("file:///x.txt").contains("a path is written without `file://`: /x.txt"));
    assert_eq!(
        open("*.txt"),
        "no input at *.txt: no file matches the pattern (`*`, `?`, `[ab]` and `{a,b}` stand for parts of a name, `**` for folders)"
    );
    assert!(
        open("").starts_with("no input at : the folder holds no file to read (names that begin with"),
        "{}",
        open("")
    );
    assert!(open("_only/x").starts_with("cannot read _only/x: Not a directory"), "{}", open("_only/x"));
}

#[test]
fn files_without_read_permission_are_errors() {
    let file = TestFile::new("secret.txt", "x");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    // The root user may read any file.
    if std::fs::read(file.path()).is_err() {
        let error = message(formats::text(file.path()), &file);
        assert!(error.starts_with("cannot read secret.txt: "), "{error}");
    }
}

#[test]
fn pipes_and_devices_are_errors() {
    let error = formats::text("/dev/null").err().unwrap().to_string();
    assert_eq!(
        error,
        "no input at /dev/null: it is neither a file nor a folder; pipes and devices have no length, and cannot be split"
    );
}

#[test]
fn a_file_truncated_during_the_job_is_an_error() {
    let file = TestFile::new("cut.txt", "one\ntwo\n");
    let source = formats::text(file.path()).unwrap();
    let scan = scan_all(&source);
    let mut reader = runtime::source::RangeSource::range_reader(&source, &scan, &memory()).unwrap();
    reader.open(&source.splits(&scan).unwrap().splits[0], None).unwrap();
    reader.wants().unwrap();
    assert_eq!(
        message(reader.supply(vec![bytes::Bytes::from_static(b"one\n")]), &file),
        "cut.txt, byte 4: the file ends here, and was longer when the job began; do not change files while they are read"
    );
}

proptest! {
    #[test]
    fn splits_at_any_line_give_the_same_records(content in "([a-c]{0,20}(\r?\n)?){0,12}", cut in 0..300_usize) {
        let file = TestFile::new("cut.txt", &content);
        let source = formats::text(file.path()).unwrap();
        let scan = scan_all(&source);
        let whole = drive(&source).unwrap();
        let expected: Vec<&str> = content.lines().collect();
        prop_assert_eq!(texts(&whole), expected);
        let starts: Vec<u64> = content.match_indices('\n').map(|(at, _)| at as u64 + 1).collect();
        if let Some(&start) = starts.get(cut % starts.len().max(1)) {
            let split = |range: std::ops::Range<u64>| Split::of_file(0, range.clone(), range.end - range.start);
            let splits = [split(0..start), split(start..content.len() as u64)];
            prop_assert_eq!(drive_splits(&source, &scan, &splits, &memory()).unwrap(), whole);
        }
    }
}

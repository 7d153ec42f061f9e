//! Outputs whose path exists before the run.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use tests::Folder;

use super::{engines, folder, lines, program, read, refused, same_lines, write};

#[test]
fn unwritable_paths_are_rejected_before_the_first_record() {
    let folder = folder();
    let file = folder.file("file", "kept");
    std::fs::create_dir(folder.path().join("full")).unwrap();
    let _ = folder.file("full/part", "kept");
    symlink("loop", folder.join("loop")).unwrap();
    symlink("nowhere/out.csv", folder.join("nowhere-link")).unwrap();
    symlink("full", folder.join("full-link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let cases = [
        ("", "the path is empty"),
        ("/", "by no name of its own"),
        (&folder.join("absent/out.csv"), "there is no folder"),
        (&folder.join("absent/out/"), "there is no folder"),
        (&format!("{file}/out.csv"), "Not a directory"),
        (&format!("{file}/"), "it is a file"),
        (&folder.join("full"), "it is a folder; end the path with `/`"),
        (&folder.join("full/."), "it is a folder; end the path with `/`"),
        (&folder.join("full-link"), "it is a folder; end the path with `/`"),
        (&folder.join("full/"), "exists and is not empty"),
        (&folder.join("full-link/"), "exists and is not empty"),
        (&folder.join("full/.."), "by no name of its own"),
        (&folder.join("loop"), "links"),
        (&folder.join("nowhere-link"), "there is no folder"),
        (&folder.join("socket"), "it is a socket"),
        (&folder.join("socket/"), "it is a socket"),
        (&folder.join("nul\0.csv"), "nul"),
    ];
    for (path, reason) in cases {
        let error = refused(path);
        assert!(error.contains(reason) && error.contains("main.rs:"), "{path}: {error}");
    }
    let names = ["file", "full", "full-link", "loop", "nowhere-link", "socket"];
    assert_eq!((folder.names(), read(&file)), (names.map(str::to_owned).to_vec(), "kept".to_owned()));
}

#[test]
fn unsupported_compression_is_rejected() {
    let folder = folder();
    for end in ["bz2", "xz", "lz4", "br", "zip", "BZ2", "7z", "Z", "zstd", "snappy", "tgz"] {
        for path in [format!("out.csv.{end}"), format!("out.{end}/")] {
            let error = refused(&folder.join(&path));
            assert!([end, ".gz", ".zst"].iter().all(|part| error.contains(part)), "{error}");
        }
    }
    for (_, env) in engines() {
        env.collection([(1u64, 2u64)]).unwrap().in_folders_by(|n| n.0).write_json(folder.join("out.bz2"));
        assert!(env.run().unwrap_err().to_string().contains(".zst"));
        for path in ["out.parquet.gz", "out.zst/", "out.parquet.bz2"] {
            env.collection([1u64]).unwrap().write_parquet(folder.join(path));
            let error = env.run().unwrap_err().to_string();
            assert!(error.contains("leave that end off") && error.contains("by itself"), "{error}");
        }
        // A dot in a name does not mean compression.
        env.collection([1u64]).unwrap().write_csv(folder.join("v1.2"));
        env.run().unwrap();
    }
    assert_eq!(folder.names(), ["v1.2"]);
}

#[test]
fn a_file_keeps_its_mode() {
    let folder = folder();
    for mode in [0o600, 0o640, 0o664, 0o755] {
        let path = folder.file("out.csv", "old");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for (_, env) in engines() {
            write(&env, &path, 0..3).unwrap();
            assert_eq!(read(&path), lines(0..3));
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, mode);
        }
    }
    let new = folder.join("new.csv");
    let like = folder.file("like", "");
    write(&tests::local(2), &new, 0..3).unwrap();
    assert_eq!(std::fs::metadata(new).unwrap().mode(), std::fs::metadata(like).unwrap().mode());
}

#[test]
fn a_file_keeps_its_owner_if_permitted() {
    let folder = folder();
    let path = folder.file("out.csv", "old");
    if std::os::unix::fs::chown(&path, Some(12), Some(34)).is_err() {
        eprintln!("a file cannot be given away here: not tested");
        return;
    }
    write(&tests::local(2), &path, 0..3).unwrap();
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), read(&path)), (12, 34, lines(0..3)));
}

#[test]
fn a_link_to_a_file_is_followed_and_kept() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let _ = folder.file("inner/file", "old");
    symlink("inner/file", folder.join("link")).unwrap();
    symlink("link", folder.join("second")).unwrap();
    symlink("inner/new", folder.join("dangling")).unwrap();
    for (name, target) in [("link", "inner/file"), ("second", "inner/file"), ("dangling", "inner/new")] {
        for (_, env) in engines() {
            write(&env, &folder.join(name), 0..4).unwrap();
            assert!(folder.path().join(name).is_symlink(), "{name}");
            assert_eq!(read(folder.join(target)), lines(0..4));
            std::fs::write(folder.join(target), "old").unwrap();
        }
    }
    let names = std::fs::read_dir(folder.path().join("inner")).unwrap().count();
    assert_eq!((folder.names().len(), names), (4, 2));
}

#[test]
fn a_link_to_a_folder_is_followed_and_kept() {
    let folder = folder();
    for (engine, env) in engines() {
        let (empty, link) = (format!("{engine}-empty"), format!("{engine}-link"));
        std::fs::create_dir(folder.join(&empty)).unwrap();
        symlink(&empty, folder.join(&link)).unwrap();
        let dangling = format!("{engine}-dangling");
        symlink(format!("{engine}-new"), folder.join(&dangling)).unwrap();
        for name in [&link, &dangling] {
            write(&env, &folder.join(&format!("{name}/")), 0..4).unwrap();
            assert!(folder.path().join(name).is_symlink(), "{name}");
            assert_eq!(env.read_text(folder.join(name)).unwrap().count().unwrap(), 4);
        }
    }
    assert_eq!(folder.names().len(), 8);
}

/// Creates a device like `/dev/null`. Returns `None` if the process may not create one.
fn device(folder: &Folder) -> Option<String> {
    let path = folder.join("device");
    let made = Command::new("mknod").args([&path, "c", "1", "3"]).output().unwrap().status.success();
    (made && std::fs::write(&path, "x").is_ok()).then_some(path)
}

#[test]
fn a_device_stays_a_device() {
    let folder = folder();
    let Some(path) = device(&folder) else {
        eprintln!("a device cannot be made here: not tested");
        return;
    };
    symlink("device", folder.join("link")).unwrap();
    for (_, env) in engines() {
        for path in [&path, &folder.join("link")] {
            write(&env, path, 0..1000).unwrap();
        }
        // Several outputs may write to a device that keeps nothing.
        let numbers = env.collection([1u64]).unwrap();
        numbers.write_csv(&path);
        numbers.write_json(&path);
        env.run().unwrap();
    }
    assert!(std::fs::metadata(&path).unwrap().file_type().is_char_device());
    assert_eq!(folder.names(), ["device", "link"]);
}

#[test]
fn the_reader_of_a_named_pipe_gets_all_records() {
    let folder = folder();
    let path = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    for (_, env) in engines() {
        let reader = std::thread::spawn({
            let path = path.clone();
            move || read(path)
        });
        write(&env, &path, 0..100_000).unwrap();
        assert!(same_lines(&reader.join().unwrap(), &lines(0..100_000)));
    }
    assert!(std::fs::metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(folder.names(), ["pipe"]);
}

#[test]
fn a_dash_means_standard_output() {
    let folder = folder();
    let input = folder.file("in.txt", lines(0..100));
    for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        for engine in ["local", "embedded"] {
            let mut command = program(&["copy", &input, path, "--engine", engine]);
            assert_eq!(String::from_utf8(command.output().unwrap().stdout).unwrap(), lines(0..100), "{path}");
            // Standard output is a file.
            let out = std::fs::File::create(folder.join("out")).unwrap();
            assert!(command.stdout(out).status().unwrap().success());
            assert_eq!(read(folder.join("out")), lines(0..100), "{path}");
        }
    }
    assert_eq!(folder.names(), ["in.txt", "out"]);
}

#[test]
fn standard_output_cannot_be_a_folder() {
    for (_, env) in engines() {
        env.collection([(1u64, 2u64)]).unwrap().in_folders_by(|n| n.0).write_csv("-");
        assert!(env.run().unwrap_err().to_string().contains("holds no folders"));
    }
}

#[test]
fn a_dash_means_standard_input() {
    let folder = folder();
    let (text, output) = (lines(0..300_000), folder.join("out"));
    let input = folder.file("in.txt", &text);
    for engine in ["local", "embedded"] {
        for path in ["-", "/dev/stdin"] {
            // Standard input is a pipe.
            let mut child =
                program(&["copy", path, &output, "--engine", engine]).stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success());
            assert!(same_lines(&read(&output), &text));
            // Standard input is a file, from its start and from its middle.
            for begin in [0, 5] {
                let mut file = std::fs::File::open(&input).unwrap();
                file.read_exact(&mut vec![0; begin]).unwrap();
                assert!(program(&["copy", path, &output, "--engine", engine]).stdin(file).status().unwrap().success());
                assert!(same_lines(&read(&output), &text[begin..]));
            }
        }
    }
    assert_eq!(folder.names(), ["in.txt", "out"]);
}

#[test]
fn invalid_standard_input_is_reported_with_its_place() {
    let folder = folder();
    let mut child = program(&["copy", "-", &folder.join("out")]);
    let mut child = child.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"one\ntwo\n\xff\n").unwrap();
    let done = child.wait_with_output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && error.contains("standard input:3") && error.contains("0xff"), "{error}");
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn standard_input_may_be_parquet() {
    let folder = folder();
    let path = folder.join("pairs.parquet");
    let env = tests::local(2);
    env.collection((0..1000u64).map(|n| (n, n))).unwrap().write_parquet(&path);
    env.run().unwrap();
    let mut child = program(&["count", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"1000\n");
}

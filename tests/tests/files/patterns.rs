//! Patterns that match several files.

use dataflow::{CsvOptions, Result};
use tests::{Folder, embedded, on_each_engine};

fn lines(folder: &Folder, pattern: &str) -> Result<Vec<String>> {
    let mut lines = embedded().read_text(folder.join(pattern))?.collect()?;
    lines.sort();
    Ok(lines)
}

#[test]
fn patterns_match_files() {
    let folder = Folder::default();
    for year in ["2023", "2024", "other"] {
        std::fs::create_dir(folder.path().join(year)).unwrap();
        for name in ["a.txt", "b.txt", "c.log", "[x].txt", "_hidden.txt", "p=1,q.txt"] {
            let _ = folder.file(&format!("{year}/{name}"), format!("{year}/{name}\n"));
        }
    }
    let found = |pattern: &str| lines(&folder, pattern).unwrap().join(" ");
    assert_eq!(found("{2023,2024}/a.txt"), "2023/a.txt 2024/a.txt");
    assert_eq!(found("202[34]/[a-b].txt"), "2023/a.txt 2023/b.txt 2024/a.txt 2024/b.txt");
    assert_eq!(found("202[!3]/[!a]*.{txt,log}"), "2024/[x].txt 2024/b.txt 2024/c.log 2024/p=1,q.txt");
    assert_eq!(found("{2023/a.txt,other/c.*}"), "2023/a.txt other/c.log");
    assert_eq!(found("{2023,**}/c.log"), "2023/c.log 2024/c.log other/c.log");
    assert_eq!(found("2023/\\[x\\].*"), "2023/[x].txt");
    // An existing file needs no backslash.
    assert_eq!(found("2023/[x].txt"), "2023/[x].txt");
    assert_eq!(found("2023/{_hidden,a}.txt"), "2023/_hidden.txt 2023/a.txt");
    assert_eq!(found("2023/{*,a.txt,a.*}"), "2023/[x].txt 2023/a.txt 2023/b.txt 2023/c.log 2023/p=1,q.txt");
}

#[test]
fn invalid_patterns_are_reported() {
    let folder = Folder::default();
    let _ = folder.file("a.txt", "a\n");
    let said = |pattern: &str| {
        let error = lines(&folder, pattern).unwrap_err().to_string();
        error.split_once(&folder.join(pattern)).unwrap().1.to_owned()
    };
    let unclosed = ": there is no such file, and the `[` is not closed; write `\\[` for the character itself";
    assert!(said("a[b.txt").starts_with(unclosed), "{}", said("a[b.txt"));
    assert!(said("{a,b.txt").contains("the `{` is not closed"), "{}", said("{a,b.txt"));
    assert!(said("[bc].txt").contains("no file matches the pattern"), "{}", said("[bc].txt"));
}

#[test]
fn dangling_links_are_errors() {
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let _ = folder.file("in/a.txt", "a\n");
    std::os::unix::fs::symlink("nowhere.txt", folder.path().join("in/b.txt")).unwrap();
    for pattern in ["in", "in/*.txt", "in/{a,b}.txt", "**/*.txt", "in/b*"] {
        let error = lines(&folder, pattern).unwrap_err().to_string();
        assert!(error.contains("in/b.txt: the link leads to no file"), "{pattern}: {error}");
    }
    assert_eq!(lines(&folder, "in/a*").unwrap(), ["a"]);
    assert_eq!(lines(&folder, "in/{a,c}.txt").unwrap(), ["a"]);
}

#[test]
fn a_file_changed_after_listing_is_an_error() {
    let folder = Folder::default();
    for (listed, found) in [("a,12\n", "a,1234\n"), ("a,12\nb,3\n", "a,12\n")] {
        on_each_engine(|engine, env| {
            let path = folder.file("pairs.csv", listed);
            let options = CsvOptions { header: false, ..CsvOptions::default() };
            let pairs = env.read_csv_with::<(String, u64)>(&path, options).unwrap();
            std::fs::write(&path, found).unwrap();
            let error = pairs.collect().unwrap_err().to_string();
            let expected = format!("it had {} bytes, and has {}", listed.len(), found.len());
            assert!(error.contains("pairs.csv") && error.contains(&expected), "{engine}: {error}");
        });
    }
}

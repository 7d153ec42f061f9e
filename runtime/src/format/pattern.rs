//! Paths with `*`, `?` and `**`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Whether a path has parts that stand for others.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// Whether a name belongs to something unfinished or hidden, and the pattern does not ask for it in so many words.
pub(super) fn is_passed_over(name: &str, pattern: &str) -> bool {
    let begins = ['.', '_'].into_iter().any(|first| name.starts_with(first) && !pattern.starts_with(first));
    let ends = [".tmp", ".inprogress"].into_iter().any(|last| name.ends_with(last) && !pattern.ends_with(last));
    begins || ends
}

/// Whether a name fits a pattern of `*`, `?` and characters that stand for themselves.
fn name_fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where the last `*` stood, and how much of the name it has swallowed: on a mismatch it swallows one more.
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&expected) if expected == '?' || expected == name[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else { return false };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                read = swallowed + 1;
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// A path some of whose names are patterns.
pub(super) struct PathPattern {
    /// The folder to begin in: the names before the first pattern.
    root: PathBuf,
    /// The names from there on.
    names: Vec<String>,
}

impl PathPattern {
    pub(super) fn new(path: &str) -> Self {
        let mut root = PathBuf::from(if path.starts_with('/') { "/" } else { "" });
        let mut names = Vec::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if names.is_empty() && !is_pattern(name) {
                root.push(name);
            } else {
                names.push(name.to_owned());
            }
        }
        PathPattern { root, names }
    }

    /// The folder that it begins in.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The files that fit; in no order.
    ///
    /// # Errors
    /// Where a folder cannot be read. One that does not exist holds nothing.
    pub(super) fn matches(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        descend(&self.root, &self.names, &mut found)?;
        // `**/**` reaches a file in several ways.
        found.sort();
        found.dedup();
        Ok(found)
    }
}

fn descend(folder: &Path, names: &[String], found: &mut Vec<PathBuf>) -> Result<()> {
    let any_name = &["*".to_owned()];
    let Some((name, rest)) = names.split_first() else {
        return Ok(());
    };
    if name == "**" {
        descend(folder, if rest.is_empty() { any_name } else { rest }, found)?;
    } else if !is_pattern(name) {
        return enter(folder.join(name), rest, found);
    }
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = match fs::read_dir(listed) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => return Err(Error::io("read", listed)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(Error::io("read", listed))?;
        let entry_name = entry.file_name();
        let entry_name = entry_name.to_string_lossy();
        if is_passed_over(&entry_name, name) {
            continue;
        }
        if name == "**" {
            // A link to a folder above would lead round in circles, so links are not followed here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                descend(&folder.join(entry.file_name()), names, found)?;
            }
        } else if name_fits(name, &entry_name) {
            enter(folder.join(entry.file_name()), rest, found)?;
        }
    }
    Ok(())
}

fn enter(path: PathBuf, rest: &[String], found: &mut Vec<PathBuf>) -> Result<()> {
    if rest.is_empty() {
        if path.is_file() {
            found.push(path);
        }
        return Ok(());
    }
    descend(&path, rest, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_fit_names() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*.csv", "orders.csv", true),
            ("*.csv", "orders.csv.gz", false),
            ("part-?.csv", "part-7.csv", true),
            ("part-?.csv", "part-17.csv", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*ä?", "xxäö", true),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ] {
            assert_eq!(name_fits(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn unfinished_and_hidden_names_are_passed_over_unless_asked_for() {
        assert!(is_passed_over(".hidden", "*") && is_passed_over("_SUCCESS", "*") && is_passed_over("a.csv.tmp", "*"));
        assert!(is_passed_over("a.inprogress", "a*"));
        assert!(!is_passed_over("a.csv", "*") && !is_passed_over("_a", "_*") && !is_passed_over("a.tmp", "*.tmp"));
    }
}

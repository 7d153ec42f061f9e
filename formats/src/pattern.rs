//! Path patterns with `*`, `?`, `**`, `[ab]` and `{a,b}`.
//!
//! Existing crates do not fit. `glob` does not support `{a,b}`. `globset` does, but depends on
//! `regex` and does not list folders. Both would need a filter for hidden and unfinished files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use runtime::error::{Error, Result};
use runtime::storage::{Kind, Location};

/// Special characters, unless `\` precedes them.
const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// Largest number of paths that `{a,b}` may expand to.
const MAX_PATHS: usize = 4096;

/// Returns `true` if a path has special characters.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(SPECIAL)
}

/// Returns `true` if a name is hidden or belongs to an unfinished write, and the pattern does not
/// spell that out.
pub(super) fn is_skipped_name(name: &str, pattern: &str) -> bool {
    let begins = ['.', '_'].into_iter().any(|first| name.starts_with(first) && !pattern.starts_with(first));
    let ends = [".tmp", ".inprogress"].into_iter().any(|last| name.ends_with(last) && !pattern.ends_with(last));
    begins || ends
}

/// One component of a path.
#[derive(Debug, PartialEq)]
struct Name {
    text: String,
    parts: Vec<PatternPart>,
}

/// One element of a component.
#[derive(Debug, PartialEq)]
enum PatternPart {
    /// `*`: any number of characters.
    Any,
    /// `?`: one character.
    One,
    /// A literal character.
    Char(char),
    /// `[a-c]`, `[!a-c]`: one character in these ranges, or outside of all of them.
    Within { ranges: Vec<(char, char)>, is_outside: bool },
}

impl PatternPart {
    fn fits(&self, char: char) -> bool {
        match self {
            PatternPart::Any => false,
            PatternPart::One => true,
            PatternPart::Char(expected) => *expected == char,
            PatternPart::Within { ranges, is_outside } => {
                ranges.iter().any(|&(first, last)| (first..=last).contains(&char)) != *is_outside
            }
        }
    }
}

impl Name {
    fn new(text: &str) -> Result<Self, String> {
        let name = |parts| Name { text: text.to_owned(), parts };
        if !is_pattern(text) {
            return Ok(name(text.chars().map(PatternPart::Char).collect()));
        }
        let (mut parts, mut rest) = (Vec::new(), text.chars());
        while let Some(char) = rest.next() {
            parts.push(match char {
                '*' => PatternPart::Any,
                '?' => PatternPart::One,
                '[' => within(&mut rest)?,
                '\\' => PatternPart::Char(rest.next().unwrap_or('\\')),
                char => PatternPart::Char(char),
            });
        }
        Ok(name(parts))
    }

    /// Returns the component as a plain name, or `None` if it has wildcards.
    fn literal(&self) -> Option<String> {
        self.parts.iter().map(|part| if let PatternPart::Char(char) = part { Some(*char) } else { None }).collect()
    }

    fn fits(&self, name: &str) -> bool {
        let (parts, name): (&[PatternPart], Vec<char>) = (&self.parts, name.chars().collect());
        // `star` holds the position of the last `*` and the end of what it matched. On a mismatch
        // it matches one more character.
        let (mut at, mut read, mut star) = (0, 0, None);
        while read < name.len() {
            match parts.get(at) {
                Some(PatternPart::Any) => {
                    star = Some((at, read));
                    at += 1;
                }
                Some(part) if part.fits(name[read]) => {
                    at += 1;
                    read += 1;
                }
                _ => {
                    let Some((star_at, matched)) = star else { return false };
                    star = Some((star_at, matched + 1));
                    at = star_at + 1;
                    read = matched + 1;
                }
            }
        }
        parts[at..].iter().all(|rest| *rest == PatternPart::Any)
    }
}

/// Parses the rest of a `[`. A `]` directly after it is literal, as is a `-` at either end.
fn within(rest: &mut std::str::Chars<'_>) -> Result<PatternPart, String> {
    let unclosed = || "the `[` is not closed; write `\\[` for the character itself".to_owned();
    let is_outside = rest.as_str().starts_with(['!', '^']);
    if is_outside {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let first = match rest.next().ok_or_else(unclosed)? {
            ']' if !ranges.is_empty() => return Ok(PatternPart::Within { ranges, is_outside }),
            '\\' => rest.next().ok_or_else(unclosed)?,
            char => char,
        };
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                *rest = ahead;
                if last == '\\' { rest.next().ok_or_else(unclosed)? } else { last }
            }
            _ => first,
        };
        if last < first {
            return Err(format!("`[{first}-{last}]` holds no character; write the lesser one first"));
        }
        ranges.push((first, last));
    }
}

/// Expands `{a,b}` to the paths that it stands for. Braces may be nested.
fn expanded(path: &str) -> Result<Vec<String>, String> {
    let Some((open, commas, close)) = braces(path)? else { return Ok(vec![path.to_owned()]) };
    let (before, rest) = (&path[..open], expanded(&path[close + 1..])?);
    let starts = std::iter::once(open).chain(commas.iter().copied());
    let ends = commas.iter().copied().chain([close]);
    let mut found = Vec::new();
    for (start, end) in starts.zip(ends) {
        let choices = expanded(&path[start + 1..end])?;
        if found.len() + choices.len() * rest.len() > MAX_PATHS {
            return Err(format!("its `{{…}}` stand for more than {MAX_PATHS} paths; use `*`, or several sources"));
        }
        for choice in choices {
            found.extend(rest.iter().map(|rest| format!("{before}{choice}{rest}")));
        }
    }
    Ok(found)
}

/// Finds the first `{` of a path, its commas, and its `}`.
fn braces(path: &str) -> Result<Option<(usize, Vec<usize>, usize)>, String> {
    let (mut open, mut depth, mut commas) = (0, 0, Vec::new());
    let mut chars = path.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            // A brace in brackets is literal.
            '[' => {
                let mut inside = chars.clone();
                let length = chars.as_str().len();
                let mut rest = chars.as_str().chars();
                if within(&mut rest).is_ok() {
                    let end = at + 1 + length - rest.as_str().len();
                    while inside.offset() < end {
                        inside.next();
                    }
                    chars = inside;
                }
            }
            '{' => {
                if depth == 0 {
                    open = at;
                }
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth == 1 => return Ok(Some((open, commas, at))),
            '}' if depth > 1 => depth -= 1,
            _ => {}
        }
    }
    if depth > 0 { Err("the `{` is not closed; write `\\{` for the character itself".to_owned()) } else { Ok(None) }
}

/// A path with wildcards.
#[derive(Debug)]
pub(super) struct PathPattern {
    /// The folder to start in: the components before the first wildcard.
    root: PathBuf,
    /// The components after the root, one list for each choice of `{a,b}`.
    names: Vec<Vec<Name>>,
}

impl PathPattern {
    /// # Errors
    /// Fails with the reason if a `[` or a `{` is not closed, a range is empty, or braces expand to
    /// too many paths.
    pub(super) fn new(path: &str) -> Result<Self, String> {
        let mut root = PathBuf::from(if path.starts_with('/') { "/" } else { "" });
        let plain = |name: &&str| !is_pattern(name);
        let before = path.split('/').take_while(plain).map(|name| name.len() + 1).sum::<usize>().min(path.len());
        root.extend(path[..before].split('/').filter(|name| !name.is_empty()));
        let names = |path: &String| path.split('/').filter(|name| !name.is_empty()).map(Name::new).collect();
        let names = expanded(&path[before..])?.iter().map(names).collect::<Result<_, _>>()?;
        Ok(PathPattern { root, names })
    }

    /// Returns the folder in which the pattern starts.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the files of a storage that the pattern matches, in order of their paths.
    ///
    /// # Errors
    /// Fails if a folder cannot be read. A folder that does not exist holds no files.
    pub(super) fn matches(&self, storage: &Location) -> Result<Vec<Location>> {
        let (root, mut found) = (storage.with_path(&self.root), Vec::new());
        self.names.iter().try_for_each(|names| descend(&root, names, &mut found))?;
        // `**/**` and `{a,a}` match a file several times.
        found.sort_by(|one, other| one.path().cmp(other.path()));
        found.dedup_by(|one, other| one.path() == other.path());
        Ok(found)
    }
}

fn descend(folder: &Location, names: &[Name], found: &mut Vec<Location>) -> Result<()> {
    let any_name = &[Name { text: "*".to_owned(), parts: vec![PatternPart::Any] }];
    let Some((name, rest)) = names.split_first() else {
        return Ok(());
    };
    if name.text == "**" {
        descend(folder, if rest.is_empty() { any_name } else { rest }, found)?;
    } else if let Some(name) = name.literal() {
        return enter(folder.join(name), rest, found);
    }
    let listed = if folder.path().as_os_str().is_empty() { folder.with_path(".") } else { folder.clone() };
    let entries = match listed.list() {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(Error::io("read", listed.path())(error)),
    };
    for entry in entries {
        let entry_name = entry.name.to_string_lossy();
        if is_skipped_name(&entry_name, &name.text) {
            continue;
        }
        if name.text == "**" {
            // Links are not followed, because a link to a parent folder would form a cycle.
            if entry.kind == Kind::Folder {
                descend(&folder.join(&entry.name), names, found)?;
            }
        } else if name.fits(&entry_name) {
            enter(folder.join(&entry.name), rest, found)?;
        }
    }
    Ok(())
}

fn enter(location: Location, rest: &[Name], found: &mut Vec<Location>) -> Result<()> {
    if !rest.is_empty() {
        return descend(&location, rest, found);
    }
    let info = match location.info() {
        Err(error) if error.kind() == ErrorKind::NotADirectory => None,
        info => info.map_err(Error::io("read", location.path()))?,
    };
    if info.is_some_and(|info| info.kind == Kind::File) {
        found.push(location);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_names() {
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
            ("[ab].csv", "b.csv", true),
            ("[ab].csv", "c.csv", false),
            ("[!ab].csv", "c.csv", true),
            ("[^ab].csv", "a.csv", false),
            ("part-[0-9a-f]*", "part-c7", true),
            ("part-[0-9a-f]*", "part-g7", false),
            ("[]-]x", "]x", true),
            ("[]-]x", "-x", true),
            ("[a\\]]", "]", true),
            ("*[ä-ü]", "xxö", true),
            ("\\*\\?\\[a]", "*?[a]", true),
            ("\\*?", "xy", false),
            ("a\\b", "a\\b", true),
        ] {
            assert_eq!(Name::new(pattern).unwrap().fits(name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_stand_for_several_paths() {
        let all = |path: &str| expanded(path).unwrap().join(" ");
        assert_eq!(all("a/b.csv"), "a/b.csv");
        assert_eq!(all("{a,b/c}.csv"), "a.csv b/c.csv");
        assert_eq!(all("x{a,b{c,d}}y{1,2}"), "xay1 xay2 xbcy1 xbcy2 xbdy1 xbdy2");
        assert_eq!(all("{a,}.csv"), "a.csv .csv");
        assert_eq!(all("\\{a,b\\}[{,}]{c}"), "\\{a,b\\}[{,}]c");
        assert_eq!(all("a,b}"), "a,b}");
        assert_eq!(PathPattern::new("/data/x/{1,2}/y").unwrap().root(), Path::new("/data/x"));
        assert_eq!(PathPattern::new("{1,2}/y").unwrap().root(), Path::new(""));
        assert_eq!(PathPattern::new("a/b*").unwrap().root(), Path::new("a"));
    }

    #[test]
    fn invalid_patterns_are_errors() {
        let wrong = |path: &str| PathPattern::new(path).unwrap_err();
        assert_eq!(wrong("x/a[b.csv"), "the `[` is not closed; write `\\[` for the character itself");
        assert_eq!(wrong("x/a[].csv"), "the `[` is not closed; write `\\[` for the character itself");
        assert_eq!(wrong("x/{a,b.csv"), "the `{` is not closed; write `\\{` for the character itself");
        assert_eq!(wrong("[b-a]"), "`[b-a]` holds no character; write the lesser one first");
        assert_eq!(wrong(&"{1,2}".repeat(30)), "its `{…}` stand for more than 4096 paths; use `*`, or several sources");
    }

    #[test]
    fn hidden_and_unfinished_names_are_skipped_unless_spelled_out() {
        assert!(
            is_skipped_name(".hidden", "*") && is_skipped_name("_SUCCESS", "*") && is_skipped_name("a.csv.tmp", "*")
        );
        assert!(is_skipped_name("a.inprogress", "a*"));
        assert!(!is_skipped_name("a.csv", "*") && !is_skipped_name("_a", "_*") && !is_skipped_name("a.tmp", "*.tmp"));
    }
}

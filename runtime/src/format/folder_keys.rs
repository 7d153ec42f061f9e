//! Fields as names of folders: `day=1995-01-01`, as Hive writes them.

use std::path::Path;

use super::files::InputFile;
use super::values::parse_hex;
use crate::row::{Datum, Field, LeafType, Schema, Shape, show_leaf};

/// The value of a null.
pub(super) const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A field whose value is the name of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderKey {
    /// Its name in files, with those of the records around it: `place.city`.
    pub(crate) name: String,
    /// What says whether there is a value.
    pub(crate) validity: Option<usize>,
    /// Its value.
    pub(crate) leaf: usize,
    pub(crate) ty: LeafType,
}

impl FolderKey {
    /// The folder of a value: `day=1995-01-01`.
    pub(crate) fn folder(&self, value: Option<&Datum>) -> String {
        let mut text = String::new();
        match value {
            None => text.push_str(NULL),
            Some(value) => {
                let mut shown = String::new();
                show_leaf(self.ty, value, &mut shown);
                escape(&shown, &mut text);
            }
        }
        let mut name = String::new();
        escape(&self.name, &mut name);
        format!("{name}={text}")
    }
}

impl FolderKey {
    /// Its leaves: whether there is a value, and the value.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = usize> {
        self.validity.into_iter().chain([self.leaf])
    }
}

/// The fields that these leaves of a record are of, as names of folders, in order.
///
/// # Errors
/// For a field that cannot be one, and why.
pub(crate) fn folder_keys(schema: &Schema, leaves: &[usize]) -> Result<Vec<FolderKey>, String> {
    let parts = parts(schema);
    let mut keys: Vec<FolderKey> = Vec::new();
    for &leaf in leaves {
        let key = parts.iter().find_map(|(_, key)| key.as_ref().filter(|key| key.leaves().any(|own| own == leaf)));
        let path = || schema.leaves().get(leaf).map(|leaf| leaf.path.as_str()).unwrap_or_default();
        let key = key.ok_or_else(|| no_single_value(path()))?;
        if !keys.contains(key) {
            keys.push(key.clone().checked(&parts)?);
        }
    }
    Ok(keys)
}

/// The fields of a record that have one of these names, as names of folders.
///
/// # Errors
/// As [`folder_keys`].
pub(super) fn folder_keys_named(schema: &Schema, is_named: impl Fn(&str) -> bool) -> Result<Vec<FolderKey>, String> {
    let parts = parts(schema);
    let named = parts.iter().filter(|(path, _)| is_named(path));
    named.map(|(path, key)| key.clone().ok_or_else(|| no_single_value(path))?.checked(&parts)).collect()
}

fn no_single_value(path: &str) -> String {
    format!("the field `{path}` is no single value")
}

impl FolderKey {
    fn checked(self, parts: &[(String, Option<FolderKey>)]) -> Result<Self, String> {
        // One may be renamed to `place.city`, and the other be the field `city` of a record `place`.
        if parts.iter().filter(|(path, _)| *path == self.name).count() > 1 {
            return Err(format!(
                "two fields have the name `{}`, and one needs another (`#[record(name = ..)]`)",
                self.name
            ));
        }
        match self.ty {
            LeafType::List(_) | LeafType::Texts | LeafType::Items(_) => {
                Err(format!("the field `{}` is a list ({})", self.name, self.ty))
            }
            _ => Ok(self),
        }
    }
}

/// The fields of a record and of the records in it, by their paths: those that have one leaf with a value as keys.
fn parts(schema: &Schema) -> Vec<(String, Option<FolderKey>)> {
    let mut found = Vec::new();
    schema.fields().iter().for_each(|field| add_parts(schema, field, "", &mut found));
    found
}

fn add_parts(schema: &Schema, field: &Field, around: &str, found: &mut Vec<(String, Option<FolderKey>)>) {
    let path = if around.is_empty() { field.name.to_owned() } else { format!("{around}.{}", field.name) };
    let key = |validity: Option<usize>, leaf: usize| {
        let ty = schema.leaves()[leaf].ty;
        Some(FolderKey { name: path.clone(), validity, leaf, ty })
    };
    match &field.shape {
        Shape::Leaf(leaf) => found.push((path.clone(), key(None, *leaf))),
        Shape::Optional(validity, inner) => match **inner {
            Shape::Leaf(leaf) => found.push((path.clone(), key(Some(*validity), leaf))),
            _ => found.push((path, None)),
        },
        Shape::Record { fields, .. } => {
            found.push((path.clone(), None));
            fields.iter().for_each(|field| add_parts(schema, field, &path, found));
        }
        Shape::Enum { .. } => found.push((path, None)),
    }
}

/// Writes a name or value so that it is one part of a path, no pattern, and nothing that readers pass over.
fn escape(text: &str, out: &mut String) {
    let unfinished = [".tmp", ".inprogress"].iter().find(|end| text.ends_with(**end)).map(|end| text.len() - end.len());
    for (at, char) in text.char_indices() {
        let is_special = char.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(char);
        let is_hidden = (at == 0 && matches!(char, '.' | '_')) || Some(at) == unfinished;
        if is_special || is_hidden {
            out.push_str(&format!("%{:02X}", u32::from(char)));
        } else {
            out.push(char);
        }
    }
}

/// What a name or value was; `None` where it is no UTF-8.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| byte == b'%').and_then(parse_hex);
        out.push(code.as_ref().map_or(byte, |code| code[0]));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(out).ok()
}

/// What a file's folders below a root say, outermost first; `None` is null.
pub(super) fn pairs(root: &Path, file: &InputFile) -> Vec<(String, Option<String>)> {
    let below = file.path().strip_prefix(root).unwrap_or(Path::new(""));
    let folders = below.parent().into_iter().flat_map(Path::components);
    let pair = |folder: std::path::Component<'_>| {
        let name = folder.as_os_str().to_str()?;
        let (name, value) = name.split_once('=')?;
        Some((unescaped(name)?, if value == NULL { None } else { Some(unescaped(value)?) }))
    };
    folders.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_paths_and_read_back() {
        let long = "a".repeat(40);
        for text in ["1995-01-01", "a/b=c%d", "_x", ".x", "a.tmp", "a.b", "", "ä ö", NULL, "*?[", "\n", &long] {
            let mut escaped = String::new();
            escape(text, &mut escaped);
            assert!(!escaped.contains(['/', '=', '*', '?']) && !escaped.ends_with(".tmp"), "{escaped}");
            assert!(!escaped.starts_with(['.', '_']) && escaped != NULL, "{escaped}");
            assert_eq!(unescaped(&escaped).as_deref(), Some(text));
        }
        assert_eq!(unescaped("100%"), Some("100%".to_owned()));
        assert_eq!(unescaped("%FF"), None);
    }
}

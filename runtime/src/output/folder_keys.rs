//! Fields whose values are names of folders, such as `day=1995-01-01`, in the format of Hive.

use std::path::Path;

use crate::row::{Datum, Field, LeafType, Schema, Shape, show_leaf};

/// The folder name of a null.
pub const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A field whose value is the name of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderKey {
    /// The path of the field in files, such as `place.city`.
    pub name: String,
    /// The leaf of an optional field that is true if it has a value.
    pub validity: Option<usize>,
    /// The leaf of the value.
    pub leaf: usize,
    /// The type of the value.
    pub ty: LeafType,
}

impl FolderKey {
    /// The folder of a value, such as `day=1995-01-01`. `None` is null.
    #[must_use]
    pub fn folder(&self, value: Option<&Datum>) -> String {
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
    /// The leaves of the field.
    pub fn leaves(&self) -> impl Iterator<Item = usize> {
        self.validity.into_iter().chain([self.leaf])
    }
}

/// Returns the fields of these leaves as folder keys, in order.
///
/// # Errors
/// Fails with a message that names the field that cannot be a folder key, and the reason.
pub fn folder_keys(schema: &Schema, leaves: &[usize]) -> Result<Vec<FolderKey>, String> {
    let key_fields = key_fields(schema);
    let mut keys: Vec<FolderKey> = Vec::new();
    for &leaf in leaves {
        let key = key_fields.iter().find_map(|(_, key)| key.as_ref().filter(|key| key.leaves().any(|own| own == leaf)));
        let path = || schema.leaves().get(leaf).map(|leaf| leaf.path.as_str()).unwrap_or_default();
        let key = key.ok_or_else(|| no_single_value(path()))?;
        if !keys.contains(key) {
            keys.push(key.clone().checked(&key_fields)?);
        }
    }
    Ok(keys)
}

/// Returns the fields of a record, and of records in it, whose paths are accepted by `is_named`.
///
/// # Errors
/// As [`folder_keys`].
pub fn folder_keys_named(schema: &Schema, is_named: impl Fn(&str) -> bool) -> Result<Vec<FolderKey>, String> {
    let key_fields = key_fields(schema);
    let named = key_fields.iter().filter(|(path, _)| is_named(path));
    named.map(|(path, key)| key.clone().ok_or_else(|| no_single_value(path))?.checked(&key_fields)).collect()
}

fn no_single_value(path: &str) -> String {
    format!("the field `{path}` is no single value")
}

impl FolderKey {
    fn checked(self, key_fields: &[(String, Option<FolderKey>)]) -> Result<Self, String> {
        // A field may be renamed to `place.city`, while a record `place` has a field `city`.
        if key_fields.iter().filter(|(path, _)| *path == self.name).count() > 1 {
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

/// The fields of a record and of the records in it, with their paths. Fields that are one value are
/// also keys.
fn key_fields(schema: &Schema) -> Vec<(String, Option<FolderKey>)> {
    let mut found = Vec::new();
    schema.fields().iter().for_each(|field| add_key_fields(schema, field, "", &mut found));
    found
}

fn add_key_fields(schema: &Schema, field: &Field, parent: &str, found: &mut Vec<(String, Option<FolderKey>)>) {
    let path = if parent.is_empty() { field.name.to_owned() } else { format!("{parent}.{}", field.name) };
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
            fields.iter().for_each(|field| add_key_fields(schema, field, &path, found));
        }
        Shape::Enum { .. } => found.push((path, None)),
    }
}

/// Escapes a name or value, so that it is one part of a path, contains no pattern, and is not
/// skipped by readers.
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

/// Removes the escapes of a name or value. `None` if the result is not UTF-8.
fn unescaped(text: &str) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let code = match after {
            [high, low, ..] if byte == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        out.push(code.map_or(byte, |(high, low)| (high << 4 | low) as u8));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(out).ok()
}

/// The names and values of the folders in a path below the root of a partitioned table, outermost
/// first. A value of `None` is null.
#[must_use]
pub fn pairs(below: &Path) -> Vec<(String, Option<String>)> {
    let folders = below.parent().into_iter().flat_map(Path::components);
    let pair = |folder: std::path::Component<'_>| {
        let (name, value) = folder.as_os_str().to_str()?.split_once('=')?;
        Some((unescaped(name)?, if value == NULL { None } else { Some(unescaped(value)?) }))
    };
    folders.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_names_are_path_parts_and_round_trip() {
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

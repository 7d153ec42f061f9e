//! Fields as names of folders: `day=1995-01-01`, as Hive writes them.

use std::path::Path;

use super::files::InputFile;
use super::values::parse_hex;
use crate::row::{Datum, LeafType, Schema, Shape, show_leaf};

/// The value of a null.
pub(super) const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A field whose value is the name of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderKey {
    /// Which field of the record.
    pub(crate) field: usize,
    /// Its name in files.
    pub(crate) name: &'static str,
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
        escape(self.name, &mut name);
        format!("{name}={text}")
    }
}

/// The fields of a record as names of folders.
///
/// # Errors
/// For a field that cannot be one, and why.
pub(crate) fn folder_keys(schema: &Schema, fields: &[usize]) -> Result<Vec<FolderKey>, String> {
    let all = schema.fields();
    let key = |&field: &usize| {
        let found = &all[field];
        let (validity, leaf) = match &found.shape {
            Shape::Leaf(leaf) => (None, *leaf),
            Shape::Optional(validity, inner) => match **inner {
                Shape::Leaf(leaf) => (Some(*validity), leaf),
                _ => return Err(format!("the field `{}` is no single value", found.name)),
            },
            _ => return Err(format!("the field `{}` is no single value", found.name)),
        };
        let ty = schema.leaves()[leaf].ty;
        match ty {
            LeafType::List(_) | LeafType::Texts | LeafType::Items(_) => {
                Err(format!("the field `{}` is a list ({ty})", found.name))
            }
            _ => Ok(FolderKey { field, name: found.name, validity, leaf, ty }),
        }
    };
    fields.iter().map(key).collect()
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

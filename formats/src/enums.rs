//! Enums whose variants hold values: no file format here has a column for them.

use runtime::row::Schema;

/// Why a format cannot hold the enum of this tag, and what to write instead.
pub(super) fn refused_enum(schema: &Schema, tag: usize, format: &str) -> String {
    let (path, name) = schema
        .leaves()
        .get(tag)
        .map_or((String::new(), String::new()), |leaf| (leaf.path.clone(), leaf.ty.to_string()));
    let what = if path.is_empty() { "the record".to_owned() } else { format!("the field `{path}`") };
    format!(
        "{what} is an enum whose variants hold values ({name}), which {format} cannot hold; write it native, or make each variant a record of its own by a \
         `filter_map`"
    )
}

//! Enums whose variants hold values. Only native files have columns for them.

use runtime::row::Schema;

/// Returns the message that a format cannot hold the enum with this tag leaf.
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

//! Names that are created at run time.
//!
//! Schemas hold names with static lifetime. So names are `Copy`, and cost nothing for records of
//! Rust types. A front that reads its schemas from elsewhere (a query, a file) interns names. Each
//! distinct name takes memory once, until the process ends.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::Tag;

/// Interns a name for [`Field`](super::Field), [`Shape`](super::Shape) or [`Tag`].
#[must_use]
pub fn intern(name: &str) -> &'static str {
    static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let leaked: &'static str = Box::leak(name.into());
    names.insert(leaked);
    leaked
}

impl Tag {
    /// Interns the tag of an enum with these variants.
    #[must_use]
    pub fn intern(of: &str, variants: &[&str]) -> &'static Tag {
        static TAGS: Mutex<Vec<&'static Tag>> = Mutex::new(Vec::new());
        let variants: Vec<&'static str> = variants.iter().map(|name| intern(name)).collect();
        let mut tags = TAGS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = tags.iter().find(|tag| tag.of == of && tag.variants == variants) {
            return known;
        }
        let tag: &'static Tag = Box::leak(Box::new(Tag { of: intern(of), variants: variants.leak() }));
        tags.push(tag);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{LeafType, SchemaBuilder, Shape};

    #[test]
    fn equal_names_and_tags_are_interned_once() {
        let column = String::from("amount of ") + "sales";
        assert!(std::ptr::eq(intern(&column), intern("amount of sales")));
        let tag = Tag::intern(&column, &["open", "paid"]);
        assert!(std::ptr::eq(tag, Tag::intern("amount of sales", &["open", "paid"])));
        assert_ne!(tag, Tag::intern("amount of sales", &["paid", "open"]));
        let schema = SchemaBuilder::build(|builder| Shape::Record {
            name: intern("row"),
            fields: vec![builder.field(intern(&column), |builder| builder.leaf(LeafType::Tag(tag)))],
        });
        assert_eq!(schema.describe(), "row { amount of sales: amount of sales }");
    }
}

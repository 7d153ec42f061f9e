//! `#[record(..)]` on records, fields and variants.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Attribute, LitStr};

use crate::diagnostics::Diagnostics;

/// The attributes of a field or a variant.
#[derive(Default)]
pub(super) struct FieldAttributes {
    /// The name in files, if it differs.
    pub(super) column: Option<LitStr>,
    /// The span of `source_file`: the field holds the path of the file that a row is read from.
    pub(super) source_file: Option<Span>,
}

/// Reads the attributes of a field or a variant. `item_kind` is `field` or `variant`.
pub(super) fn read(item_kind: &str, attributes: &[Attribute], mistakes: &mut Diagnostics) -> FieldAttributes {
    let mut found = FieldAttributes::default();
    for attribute in record_attributes(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("source_file") && item_kind == "field" {
                found.source_file = Some(meta.path.span());
                return Ok(());
            }
            if !meta.path.is_ident("name") {
                let others = if item_kind == "field" { " and `#[record(source_file)]`" } else { "" };
                let message = format!("unknown attribute of a {item_kind}: there is `#[record(name = \"…\")]`{others}");
                return Err(meta.error(message));
            }
            let name: LitStr = meta.value()?.parse()?;
            if name.value().is_empty() {
                return Err(syn::Error::new(name.span(), "a name in files has at least one character"));
            }
            if found.column.replace(name).is_some() {
                return Err(meta.error(format!("this {item_kind} is already named")));
            }
            Ok(())
        });
        read.unwrap_or_else(|error| mistakes.add(error));
    }
    found
}

/// Reports the attributes of a struct or an enum, which has none.
pub(super) fn of_record(attributes: &[Attribute], mistakes: &mut Diagnostics) {
    for attribute in record_attributes(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            let message = "unknown attribute of a record: `#[record(name = \"…\")]` stands on a field or a variant";
            Err(meta.error(message))
        });
        read.unwrap_or_else(|error| mistakes.add(error));
    }
}

fn record_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("record"))
}

//! `#[record(..)]` on structs and fields.

use proc_macro2::Span;
use syn::{Attribute, LitStr};

/// Mistakes that leave the struct's meaning clear: reported, and the struct is written out without them.
#[derive(Default)]
pub(super) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(super) fn report(&mut self, at: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(at, message));
    }

    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(found) => found.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(super) fn into_error(self) -> Option<syn::Error> {
        self.0
    }
}

/// Reads the attributes of a field: the name of its column, where another is given.
pub(super) fn column(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<LitStr> {
    let mut column = None;
    for attribute in record_attributes(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("unknown attribute of a field: there is `#[record(name = \"column\")]`"));
            }
            let name: LitStr = meta.value()?.parse()?;
            if name.value().is_empty() {
                return Err(syn::Error::new(name.span(), "a column's name has at least one character"));
            }
            if column.replace(name).is_some() {
                return Err(meta.error("this field is already named"));
            }
            Ok(())
        });
        read.unwrap_or_else(|error| mistakes.add(error));
    }
    column
}

/// Reads the attributes of a struct, which has none.
pub(super) fn of_struct(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in record_attributes(attributes) {
        let read = attribute.parse_nested_meta(|meta| {
            let message = "unknown attribute of a record: `#[record(name = \"column\")]` stands on a field";
            Err(meta.error(message))
        });
        read.unwrap_or_else(|error| mistakes.add(error));
    }
}

fn record_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("record"))
}

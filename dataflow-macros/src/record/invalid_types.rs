//! Reports types that cannot be fields by their spelling, with their replacements.
//!
//! All other types are left to the compiler, which reports a type that is not a record.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{
    Expr, ExprLit, GenericArgument, Lit, PathArguments, PathSegment, Type, TypeArray, TypePath, TypeReference,
    parse_quote,
};

use crate::words::is_one_of;

/// The largest number of elements of an array. Each element has its own leaves.
const MAX_ELEMENTS: u64 = 16;

/// Types that are stored as a list.
const LISTS: &str = "Vec BTreeMap HashMap";

/// The first invalid type within a field's type, as an error at its place.
pub(super) fn check(record: &Ident, ty: &Type) -> syn::Result<()> {
    let mut search = InvalidTypeSearch { record, found: None, is_in_list: false };
    search.visit_type(ty);
    search.found.map_or(Ok(()), Err)
}

/// A replacement for an invalid type, so that the rest can be emitted. A number replaces a number.
/// For all other types it is a text, which is borrowed like a list.
pub(super) fn replacement(rejected: &Type) -> Type {
    match rejected {
        Type::Path(path) if path.path.is_ident("usize") => parse_quote!(u64),
        Type::Path(path) if path.path.is_ident("isize") => parse_quote!(i64),
        _ => parse_quote!(::std::string::String),
    }
}

struct InvalidTypeSearch<'r> {
    record: &'r Ident,
    found: Option<syn::Error>,
    /// Whether the type is a part of a list or a map.
    is_in_list: bool,
}

impl InvalidTypeSearch<'_> {
    fn reject(&mut self, at: &impl syn::spanned::Spanned, message: impl std::fmt::Display) {
        self.found.get_or_insert_with(|| syn::Error::new(at.span(), message));
    }
}

impl<'ast> Visit<'ast> for InvalidTypeSearch<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::FnPtr(_) => {
                self.reject(ty, "a function is not a value that can be stored: keep what it is chosen by, as an enum")
            }
            Type::Ptr(_) => self.reject(ty, "a record owns its values: write the type without the pointer"),
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let inner = text(&reference.elem);
        let owned = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => format!("Vec<{}>", text(&slice.elem)),
            _ => inner,
        };
        self.reject(reference, format!("a record owns its values: write `{owned}`, which closures see borrowed"));
    }

    fn visit_type_array(&mut self, array: &'ast TypeArray) {
        if let Expr::Lit(ExprLit { lit: Lit::Int(length), .. }) = &array.len
            && length.base10_parse::<u64>().is_ok_and(|length| length > MAX_ELEMENTS)
        {
            let element = text(&array.elem);
            let message = format!("an array in a record has at most {MAX_ELEMENTS} elements: write `Vec<{element}>`");
            self.reject(array, message);
        }
        // The length is not a field, and may name `usize`.
        self.visit_type(&array.elem);
    }

    fn visit_type_path(&mut self, path: &'ast TypePath) {
        let Some(segment) = path.path.segments.last() else { return };
        let name = segment.ident.to_string();
        match name.as_str() {
            _ if segment.ident == *self.record && path.path.segments.len() == 1 || name == "Self" => {
                let message = format!(
                    "`{}` would contain itself, and its row would have no end: keep the inner ones as records of their own, and \
                     their keys here",
                    self.record
                );
                self.reject(path, message);
            }
            "usize" | "isize" if path.path.segments.len() == 1 => {
                let fixed = if name == "usize" { "u64" } else { "i64" };
                self.reject(path, format!("`{name}` has another size on other machines: write `{fixed}`"));
            }
            "HashSet" | "BTreeSet" => {
                let message = format!("a `{name}` is not a field of a record: write `Vec`, and sort what goes into it");
                self.reject(path, message);
            }
            "HashMap" if self.is_in_list => {
                self.reject(path, "within a list or a map a `HashMap` is written `BTreeMap`");
            }
            _ => {
                if let Some(owned) = owned(segment) {
                    return self.reject(
                        path,
                        format!("a record owns its values: write `{owned}`, which closures see borrowed"),
                    );
                }
            }
        }
        let outer = self.is_in_list;
        self.is_in_list |= is_one_of(&segment.ident, LISTS);
        visit::visit_type_path(self, path);
        self.is_in_list = outer;
    }
}

/// The replacement for a type that borrows or is unsized: `Vec<u64>` for `List<'_, u64>`, `String`
/// for `Box<str>`.
fn owned(segment: &PathSegment) -> Option<String> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let borrows = arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Lifetime(_)));
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let types = types.collect::<Vec<_>>();
    let name = segment.ident.to_string();
    match types[..] {
        [Type::Path(inner)] if inner.path.is_ident("str") => Some("String".to_owned()),
        [Type::Slice(slice)] => Some(format!("Vec<{}>", text(&slice.elem))),
        [item] if borrows && name == "List" => Some(format!("Vec<{}>", text(item))),
        [key, value] if borrows && name == "Map" => Some(format!("BTreeMap<{}, {}>", text(key), text(value))),
        [] if borrows => name.strip_suffix("Ref").map(str::to_owned),
        _ => None,
    }
}

/// A type with the usual spaces.
fn text(ty: &Type) -> String {
    let tokens: TokenStream = ty.to_token_stream();
    tokens.to_string().replace(" < ", "<").replace(" >", ">").replace(" ,", ",")
}

//! What closures see of a field's type, as far as its spelling tells.
//!
//! A text or a list is borrowed, a number is not; of a nested record the derive knows only the name. So there are three
//! answers, and one is left to the compiler, which knows whether a nested record's values own anything.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// What closures see of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sight {
    /// The record itself: nothing is borrowed.
    Itself,
    /// What the nested records make it: the twin where one of them borrows, else the record itself.
    AsNested,
    /// Its twin.
    Twin,
}

/// A field's type as its spelling tells.
enum Spelling<'t> {
    Plain,
    Text,
    List(&'t Type),
    Optional(&'t Type),
    Tuple(Vec<&'t Type>),
    /// A nested record, or no record at all.
    Other,
}

const PLAIN: &[&str] = &[
    "bool",
    "char",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "f32",
    "f64",
    "Date",
    "Timestamp",
    "Decimal",
];

fn spelling(ty: &Type) -> Spelling<'_> {
    match ty {
        Type::Paren(inner) => spelling(&inner.elem),
        Type::Group(inner) => spelling(&inner.elem),
        Type::Tuple(tuple) => Spelling::Tuple(tuple.elems.iter().collect()),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map_or(Spelling::Other, named),
        _ => Spelling::Other,
    }
}

fn named(segment: &PathSegment) -> Spelling<'_> {
    match (segment.ident.to_string().as_str(), only_argument(segment)) {
        ("String", None) => Spelling::Text,
        ("Vec", Some(element)) => Spelling::List(element),
        ("Option", Some(inner)) => Spelling::Optional(inner),
        (name, _) if PLAIN.contains(&name) => Spelling::Plain,
        _ => Spelling::Other,
    }
}

fn only_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// What a field of this type makes of its record.
pub(super) fn sight(ty: &Type) -> Sight {
    match spelling(ty) {
        Spelling::Plain => Sight::Itself,
        Spelling::Text | Spelling::List(_) => Sight::Twin,
        Spelling::Optional(inner) => sight(inner),
        Spelling::Tuple(parts) => parts.into_iter().map(sight).max().unwrap_or(Sight::Itself),
        Spelling::Other => Sight::AsNested,
    }
}

/// Whether [`borrowed`] writes the type out.
pub(super) fn is_spelled_out(ty: &Type) -> bool {
    match spelling(ty) {
        Spelling::Plain | Spelling::Text | Spelling::List(_) => true,
        Spelling::Optional(inner) => is_spelled_out(inner),
        Spelling::Tuple(parts) => parts.into_iter().all(is_spelled_out),
        Spelling::Other => false,
    }
}

/// The type of a field's counterpart in the twin.
///
/// Written out where the spelling tells: `&'a str` reads better in documentation than the projection, and makes the
/// twin covariant, so that one with a shorter life takes its place. Else it goes through the record's `gate`.
pub(super) fn borrowed(ty: &Type, gate: &Ident) -> TokenStream {
    match spelling(ty) {
        Spelling::Plain => quote!(#ty),
        Spelling::Text => quote!(&'a str),
        Spelling::List(element) => quote!(&'a [#element]),
        Spelling::Optional(inner) => {
            let inner = borrowed(inner, gate);
            quote!(::core::option::Option<#inner>)
        }
        Spelling::Tuple(parts) => {
            let parts = parts.into_iter().map(|part| borrowed(part, gate));
            quote!((#(#parts,)*))
        }
        Spelling::Other => quote!(<#gate<#ty> as ::dataflow::__private::Record>::At<'a>),
    }
}

/// The type of a field's counterpart among the symbols.
pub(super) fn symbol(ty: &Type, gate: &Ident) -> TokenStream {
    match spelling(ty) {
        Spelling::Tuple(_) | Spelling::Other => quote!(<#gate<#ty> as ::dataflow::__private::Record>::Fields<Root>),
        _ => quote!(::dataflow::__private::Field<Root, #ty>),
    }
}

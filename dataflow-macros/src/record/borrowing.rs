//! What closures see of a field's type, as far as its spelling tells.
//!
//! A text or a list is borrowed, a number is not; of a nested record the derive knows only the name. So there are three
//! answers, and one is left to the compiler, which knows whether a nested record's values own anything.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, GenericArgument, PathArguments, PathSegment, Type};

use super::gate;
use super::input::RecordInput;

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
    Texts,
    /// A list that is not kept in place.
    Records(&'t Type),
    /// A list of what the spelling does not tell.
    Unknown,
    Optional(&'t Type),
    Tuple(Vec<&'t Type>),
    Array(&'t Type, &'t Expr),
    Boxed(&'t Type),
    /// A map: whether it is a `HashMap`, its keys and its values.
    Map(bool, &'t Type, &'t Type),
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
    "TimeDelta",
    "Decimal",
];

/// Plain values whose lists are kept as lists of records.
const ONE_BY_ONE: &[&str] = &["bool", "char", "i8"];

fn spelling(ty: &Type) -> Spelling<'_> {
    match ty {
        Type::Paren(inner) => spelling(&inner.elem),
        Type::Group(inner) => spelling(&inner.elem),
        Type::Tuple(tuple) => Spelling::Tuple(tuple.elems.iter().collect()),
        Type::Array(array) => Spelling::Array(&array.elem, &array.len),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map_or(Spelling::Other, named),
        _ => Spelling::Other,
    }
}

fn named(segment: &PathSegment) -> Spelling<'_> {
    match (segment.ident.to_string().as_str(), only_argument(segment)) {
        ("String", None) => Spelling::Text,
        ("Vec", Some(element)) => list(element),
        ("Option", Some(inner)) => Spelling::Optional(inner),
        ("Box", Some(inner)) => Spelling::Boxed(inner),
        ("BTreeMap" | "HashMap", _) => match two_arguments(segment) {
            Some((key, value)) => Spelling::Map(segment.ident == "HashMap", key, value),
            None => Spelling::Other,
        },
        (name, _) if PLAIN.contains(&name) => Spelling::Plain,
        _ => Spelling::Other,
    }
}

/// A list by what it holds. An unknown name may be one for a number as well as for a record.
fn list(element: &Type) -> Spelling<'_> {
    let is_one_byte =
        |ty: &Type| matches!(ty, Type::Path(path) if ONE_BY_ONE.iter().any(|name| path.path.is_ident(name)));
    match spelling(element) {
        Spelling::Text => Spelling::Texts,
        Spelling::Plain if !is_one_byte(element) => Spelling::List(element),
        _ if has_spelling(element) => Spelling::Records(element),
        _ => Spelling::Unknown,
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

fn two_arguments(segment: &PathSegment) -> Option<(&Type, &Type)> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let mut types =
        arguments.args.iter().map(|argument| if let GenericArgument::Type(ty) = argument { Some(ty) } else { None });
    Some((types.next()??, types.next()??)).filter(|_| types.next().is_none())
}

/// What a field of this type makes of its record.
pub(super) fn sight(ty: &Type) -> Sight {
    match spelling(ty) {
        Spelling::Plain => Sight::Itself,
        Spelling::Map(..)
        | Spelling::Text
        | Spelling::Texts
        | Spelling::List(_)
        | Spelling::Records(_)
        | Spelling::Unknown
        | Spelling::Boxed(_) => Sight::Twin,
        Spelling::Optional(inner) | Spelling::Array(inner, _) => sight(inner),
        Spelling::Tuple(parts) => parts.into_iter().map(sight).max().unwrap_or(Sight::Itself),
        Spelling::Other => Sight::AsNested,
    }
}

/// The type without its boxes: what a `Box` holds is stored in its place. A `HashMap` is stored as a `BTreeMap`.
pub(super) fn stored(ty: &Type) -> Type {
    match spelling(ty) {
        Spelling::Boxed(inner) => stored(inner),
        _ if !is_boxed(ty) => ty.clone(),
        Spelling::Map(_, key, value) => syn::parse_quote!(::std::collections::BTreeMap<#key, #value>),
        Spelling::Optional(inner) => {
            let inner = stored(inner);
            syn::parse_quote!(::core::option::Option<#inner>)
        }
        Spelling::Array(element, length) => {
            let element = stored(element);
            syn::parse_quote!([#element; #length])
        }
        Spelling::Tuple(parts) => {
            let parts = parts.into_iter().map(stored);
            syn::parse_quote!((#(#parts,)*))
        }
        _ => ty.clone(),
    }
}

/// An expression of the type without its boxes as one with them.
pub(super) fn boxed(expression: TokenStream, ty: &Type) -> TokenStream {
    if !is_boxed(ty) {
        return expression;
    }
    match spelling(ty) {
        Spelling::Boxed(inner) => {
            let inner = boxed(expression, inner);
            quote!(::std::boxed::Box::new(#inner))
        }
        Spelling::Optional(inner) | Spelling::Array(inner, _) => {
            let inner = boxed(quote!(__inner), inner);
            quote!(#expression.map(|__inner| #inner))
        }
        Spelling::Map(..) => {
            quote!(::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter(#expression)))
        }
        Spelling::Tuple(parts) => {
            let names: Vec<_> = (0..parts.len()).map(|index| format_ident!("__part{index}")).collect();
            let boxes = names.iter().zip(parts).map(|(name, part)| boxed(quote!(#name), part));
            quote!({ let (#(#names,)*) = #expression; (#(#boxes,)*) })
        }
        _ => expression,
    }
}

fn is_boxed(ty: &Type) -> bool {
    match spelling(ty) {
        Spelling::Boxed(_) | Spelling::Map(true, ..) => true,
        Spelling::Optional(inner) | Spelling::Array(inner, _) => is_boxed(inner),
        Spelling::Tuple(parts) => parts.into_iter().any(is_boxed),
        _ => false,
    }
}

/// Whether [`borrowed`] writes the type of a field out.
pub(super) fn is_spelled_out(record: &RecordInput, ty: &Type) -> bool {
    !record.generics.is_in(ty) && has_spelling(ty)
}

fn has_spelling(ty: &Type) -> bool {
    match spelling(ty) {
        Spelling::Plain | Spelling::Text | Spelling::Texts | Spelling::List(_) => true,
        Spelling::Optional(inner) | Spelling::Array(inner, _) | Spelling::Boxed(inner) | Spelling::Records(inner) => {
            has_spelling(inner)
        }
        Spelling::Tuple(parts) => parts.into_iter().all(has_spelling),
        Spelling::Map(_, key, value) => has_spelling(key) && has_spelling(value),
        Spelling::Other | Spelling::Unknown => false,
    }
}

/// The type of a field's counterpart in the twin, of a field that is stored as `ty`.
///
/// Written out where the spelling tells: `&'a str` reads better in documentation than the projection, and makes the
/// twin covariant, so that one with a shorter life takes its place. Else it goes through the record's gate.
pub(super) fn borrowed(record: &RecordInput, ty: &Type) -> TokenStream {
    let gate = gate::name(record);
    if record.generics.is_in(ty) {
        return quote!(<#ty as ::dataflow::__private::Record>::At<'a>);
    }
    match spelling(ty) {
        Spelling::Plain => quote!(#ty),
        Spelling::Text => quote!(&'a str),
        Spelling::Texts => quote!(::dataflow::__private::Texts<'a>),
        Spelling::List(element) => quote!(&'a [#element]),
        Spelling::Records(element) => quote!(::dataflow::__private::List<'a, #element>),
        Spelling::Optional(inner) => {
            let inner = borrowed(record, inner);
            quote!(::core::option::Option<#inner>)
        }
        Spelling::Map(_, key, value) => quote!(::dataflow::__private::Map<'a, #key, #value>),
        Spelling::Tuple(parts) => {
            let parts = parts.into_iter().map(|part| borrowed(record, part));
            quote!((#(#parts,)*))
        }
        Spelling::Array(element, length) => {
            let element = borrowed(record, element);
            quote!([#element; #length])
        }
        Spelling::Boxed(_) | Spelling::Other | Spelling::Unknown => {
            quote!(<#gate<#ty> as ::dataflow::__private::Record>::At<'a>)
        }
    }
}

/// The type of a field's counterpart among the symbols.
pub(super) fn symbol(record: &RecordInput, ty: &Type) -> TokenStream {
    let gate = gate::name(record);
    if record.generics.is_in(ty) {
        return quote!(<#ty as ::dataflow::__private::Record>::Fields<Root>);
    }
    match spelling(ty) {
        Spelling::Tuple(_) | Spelling::Boxed(_) | Spelling::Other => {
            quote!(<#gate<#ty> as ::dataflow::__private::Record>::Fields<Root>)
        }
        _ => quote!(::dataflow::__private::Field<Root, #ty>),
    }
}

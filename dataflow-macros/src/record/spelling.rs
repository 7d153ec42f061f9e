//! Classifies the type of a field by its spelling.

use syn::{Expr, GenericArgument, PathArguments, PathSegment, Type};

use crate::words::is_one_of;

/// The classes of types.
pub(super) enum TypeSpelling<'t> {
    Plain,
    Text,
    List(&'t Type),
    Texts,
    /// A list whose elements are stored as records.
    Records(&'t Type),
    /// A list of elements of an unknown type.
    Unknown,
    Optional(&'t Type),
    Tuple(Vec<&'t Type>),
    Array(&'t Type, &'t Expr),
    Boxed(&'t Type),
    /// A map: whether it is a `HashMap`, its keys and its values.
    Map(bool, &'t Type, &'t Type),
    /// A nested record, or not a record at all.
    Other,
}

const PLAIN: &str = "bool char i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 Date Timestamp TimeDelta Decimal";

/// Plain types whose lists are stored as lists of records.
const STORED_AS_RECORDS: &str = "bool char i8";

pub(super) fn spelling(ty: &Type) -> TypeSpelling<'_> {
    match ty {
        Type::Paren(inner) => spelling(&inner.elem),
        Type::Group(inner) => spelling(&inner.elem),
        Type::Tuple(tuple) => TypeSpelling::Tuple(tuple.elems.iter().collect()),
        Type::Array(array) => TypeSpelling::Array(&array.elem, &array.len),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map_or(TypeSpelling::Other, named),
        _ => TypeSpelling::Other,
    }
}

fn named(segment: &PathSegment) -> TypeSpelling<'_> {
    match (segment.ident.to_string().as_str(), type_arguments(segment).as_slice()) {
        ("String", []) => TypeSpelling::Text,
        ("Vec", [element]) => list(element),
        ("Option", [inner]) => TypeSpelling::Optional(inner),
        ("Box", [inner]) => TypeSpelling::Boxed(inner),
        (name @ ("BTreeMap" | "HashMap"), [key, value]) => TypeSpelling::Map(name == "HashMap", key, value),
        _ if is_one_of(&segment.ident, PLAIN) => TypeSpelling::Plain,
        _ => TypeSpelling::Other,
    }
}

/// The class of a list, by the type of its elements. An unknown name may be an alias of a number or
/// a record.
fn list(element: &Type) -> TypeSpelling<'_> {
    let is_one_byte = |ty: &Type| match ty {
        Type::Path(path) => path.path.get_ident().is_some_and(|name| is_one_of(name, STORED_AS_RECORDS)),
        _ => false,
    };
    match spelling(element) {
        TypeSpelling::Text => TypeSpelling::Texts,
        TypeSpelling::Plain if !is_one_byte(element) => TypeSpelling::List(element),
        _ if has_spelling(element) => TypeSpelling::Records(element),
        _ => TypeSpelling::Unknown,
    }
}

/// The arguments of a type. Empty if one of them is not a type.
fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect::<Option<_>>().unwrap_or_default()
}

/// Returns `true` if the spelling determines the type and all of its parts.
pub(super) fn has_spelling(ty: &Type) -> bool {
    match spelling(ty) {
        TypeSpelling::Plain | TypeSpelling::Text | TypeSpelling::Texts | TypeSpelling::List(_) => true,
        TypeSpelling::Optional(inner)
        | TypeSpelling::Array(inner, _)
        | TypeSpelling::Boxed(inner)
        | TypeSpelling::Records(inner) => has_spelling(inner),
        TypeSpelling::Tuple(parts) => parts.into_iter().all(has_spelling),
        TypeSpelling::Map(_, key, value) => has_spelling(key) && has_spelling(value),
        TypeSpelling::Other | TypeSpelling::Unknown => false,
    }
}

//! Read sets: which fields of a record a closure looks at.
//!
//! Sources decode and exchanges carry only what is read, so a set may be too large but never too small. A field is
//! read where syntax shows a path to it, `r.home.zip`. The record as a whole is read as soon as it is used in any other
//! way: a method called on it, a macro that names it, `..r`, passing it on or giving it back.

mod options;

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::{Expr, ExprClosure, Pat};

use crate::syntax::names::{free_names, free_names_but, member_text};
use crate::syntax::patterns::plain_name;

/// What a closure reads of one parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reads {
    All,
    /// Paths of fields, as written: `"home.zip"`, `"0"`.
    Fields(BTreeSet<String>),
}

impl Reads {
    pub(crate) fn nothing() -> Self {
        Reads::Fields(BTreeSet::new())
    }

    /// What two closures read together.
    pub(crate) fn and(self, other: Reads) -> Reads {
        match (self, other) {
            (Reads::Fields(mut all), Reads::Fields(more)) => {
                all.extend(more);
                Reads::Fields(all)
            }
            _ => Reads::All,
        }
    }
}

/// What a closure reads of each of its parameters.
pub(crate) fn of(closure: &ExprClosure) -> Vec<Reads> {
    closure.inputs.iter().map(|parameter| of_parameter(parameter, &closure.body)).collect()
}

/// What a closure reads of each of its parameters, of which some are `Option`s of a record.
pub(crate) fn of_sides(closure: &ExprClosure, optional: [bool; 2]) -> Vec<Reads> {
    let parameters = closure.inputs.iter().zip(optional);
    let side = |(parameter, is_optional): (&Pat, bool)| match plain_name(parameter).filter(|_| is_optional) {
        Some(name) => of_option(name, &closure.body),
        None => of_parameter(parameter, &closure.body),
    };
    parameters.map(side).collect()
}

/// What an expression reads of a record that is there or not.
fn of_option(name: &Ident, body: &Expr) -> Reads {
    let known = options::Options { name };
    let mentions = free_names_but(body, &known);
    let plain = mentions.plain.iter().filter(|mention| mention.name == name).map(|mention| &mention.fields);
    let fields = plain.map(|path| path.join(".")).collect::<BTreeSet<_>>();
    if fields.contains("") || mentions.opaque.contains(name) { Reads::All } else { Reads::Fields(fields) }
}

/// What an expression reads of a record that a pattern binds.
pub(crate) fn of_parameter(parameter: &Pat, body: &Expr) -> Reads {
    let mut roots = Vec::new();
    if !find_roots(parameter, &mut Vec::new(), &mut roots) {
        return Reads::All;
    }
    let mentions = free_names(body);
    let plain = mentions.plain.iter().map(|mention| (mention.name, mention.fields.as_slice()));
    let opaque = mentions.opaque.iter().map(|name| (name, &[] as &[String]));
    let mut fields = BTreeSet::new();
    for (name, path) in plain.chain(opaque) {
        let Some(root) = roots.iter().find(|root| root.name == name) else {
            continue;
        };
        match [root.path.as_slice(), path].concat() {
            whole if whole.is_empty() => return Reads::All,
            path => fields.insert(path.join(".")),
        };
    }
    Reads::Fields(fields)
}

/// A name that a parameter's pattern binds, and where in the record it points.
struct Root<'a> {
    name: &'a Ident,
    path: Vec<String>,
}

/// Finds the names that a pattern binds; `false` where it is not one of the known forms.
fn find_roots<'a>(pattern: &'a Pat, path: &mut Vec<String>, roots: &mut Vec<Root<'a>>) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(binding) if binding.subpat.is_none() => {
            roots.push(Root { name: &binding.ident, path: path.clone() });
            true
        }
        Pat::Type(typed) => find_roots(&typed.pat, path, roots),
        Pat::Paren(inner) => find_roots(&inner.pat, path, roots),
        Pat::Tuple(tuple) => find_element_roots(tuple.elems.iter(), path, roots),
        Pat::TupleStruct(tuple) => find_element_roots(tuple.elems.iter(), path, roots),
        Pat::Struct(record) => record.fields.iter().all(|field| {
            path.push(member_text(&field.member));
            let known = find_roots(&field.pat, path, roots);
            path.pop();
            known
        }),
        _ => false,
    }
}

/// Elements have their position as name, up to a `..`; after it, positions are not known.
fn find_element_roots<'a>(
    elements: impl Iterator<Item = &'a Pat>,
    path: &mut Vec<String>,
    roots: &mut Vec<Root<'a>>,
) -> bool {
    let mut after_rest = false;
    for (position, element) in elements.enumerate() {
        let ignored = matches!(element, Pat::Wild(_) | Pat::Rest(_));
        if after_rest && !ignored {
            return false;
        }
        after_rest |= matches!(element, Pat::Rest(_));
        path.push(position.to_string());
        let known = find_roots(element, path, roots);
        path.pop();
        if !known {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;

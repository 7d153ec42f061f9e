//! Read sets: which fields of a record a closure looks at.
//!
//! Sources decode and exchanges carry only what is read, so a set may be too large but never too small. A field is
//! read where syntax shows a path to it, `r.home.zip`. The record as a whole is read as soon as it is used in any other
//! way: a method called on it, a macro that names it, `..r`, passing it on or giving it back.

mod groups;
mod options;

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::{Expr, ExprClosure, Pat};

use crate::analyse::paths::roots;
use crate::syntax::names::{free_names, free_names_but};
use crate::syntax::patterns::plain_name;

pub(crate) use groups::of_groups;

/// What a closure reads of one parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ReadSet {
    All,
    /// Paths of fields, as written: `"home.zip"`, `"0"`.
    Fields(BTreeSet<String>),
}

impl ReadSet {
    pub(crate) fn nothing() -> Self {
        ReadSet::Fields(BTreeSet::new())
    }

    /// What two closures read together.
    pub(crate) fn and(self, other: ReadSet) -> ReadSet {
        match (self, other) {
            (ReadSet::Fields(mut all), ReadSet::Fields(more)) => {
                all.extend(more);
                ReadSet::Fields(all)
            }
            _ => ReadSet::All,
        }
    }
}

/// What a closure reads of each of its parameters.
pub(crate) fn of(closure: &ExprClosure) -> Vec<ReadSet> {
    closure.inputs.iter().map(|parameter| of_parameter(parameter, &closure.body)).collect()
}

/// What a closure reads of each of its parameters, of which some are `Option`s of a record.
pub(crate) fn of_sides(closure: &ExprClosure, optional: [bool; 2]) -> Vec<ReadSet> {
    let parameters = closure.inputs.iter().zip(optional);
    let side = |(parameter, is_optional): (&Pat, bool)| match plain_name(parameter).filter(|_| is_optional) {
        Some(name) => of_option(name, &closure.body),
        None => of_parameter(parameter, &closure.body),
    };
    parameters.map(side).collect()
}

/// What an expression reads of an `Option` of a record.
fn of_option(name: &Ident, body: &Expr) -> ReadSet {
    let known = options::OptionUses { name };
    let mentions = free_names_but(body, &known);
    let plain = mentions.plain.iter().filter(|mention| mention.name == name).map(|mention| &mention.fields);
    let fields = plain.map(|path| path.join(".")).collect::<BTreeSet<_>>();
    if fields.contains("") || mentions.opaque.contains(name) { ReadSet::All } else { ReadSet::Fields(fields) }
}

/// What an expression reads of a record that a pattern binds.
pub(crate) fn of_parameter(parameter: &Pat, body: &Expr) -> ReadSet {
    let Some(roots) = roots(0, parameter) else {
        return ReadSet::All;
    };
    let mentions = free_names(body);
    let plain = mentions.plain.iter().map(|mention| (mention.name, mention.fields.as_slice()));
    let opaque = mentions.opaque.iter().map(|name| (name, &[] as &[String]));
    let mut fields = BTreeSet::new();
    for (name, path) in plain.chain(opaque) {
        let Some(root) = roots.iter().find(|root| root.name == name) else {
            continue;
        };
        match [root.place.path.as_slice(), path].concat() {
            whole if whole.is_empty() => return ReadSet::All,
            path => fields.insert(path.join(".")),
        };
    }
    ReadSet::Fields(fields)
}

#[cfg(test)]
mod tests;

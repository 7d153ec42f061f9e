//! Read sets: the fields of a record that a closure reads.
//!
//! Sources decode, and exchanges send, only the fields that are read. So a set may be too large but
//! never too small. A field is read if syntax shows a path to it, `r.home.zip`. Any other use of
//! the record counts as a read of all fields: a method call, a macro that names it, `..r`, passing
//! or returning it.

mod groups;
mod options;

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::{Expr, ExprClosure, Pat};

use crate::analyse::paths::roots;
use crate::syntax::names::{free_names, free_names_with};
use crate::syntax::patterns::plain_name;

pub(crate) use groups::of_groups;

/// The fields that a closure reads of one parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ReadSet {
    All,
    /// Field paths as written: `"home.zip"`, `"0"`.
    Fields(BTreeSet<String>),
}

impl ReadSet {
    pub(crate) fn nothing() -> Self {
        ReadSet::Fields(BTreeSet::new())
    }

    /// The union of two read sets.
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

/// The read set of each parameter of a closure.
pub(crate) fn of(closure: &ExprClosure) -> Vec<ReadSet> {
    closure.inputs.iter().map(|parameter| of_parameter(parameter, &closure.body)).collect()
}

/// The read set of each parameter of a closure, if some are `Option`s of a record.
pub(crate) fn of_sides(closure: &ExprClosure, optional: [bool; 2]) -> Vec<ReadSet> {
    let parameters = closure.inputs.iter().zip(optional);
    let side = |(parameter, is_optional): (&Pat, bool)| match plain_name(parameter).filter(|_| is_optional) {
        Some(name) => of_option(name, &closure.body),
        None => of_parameter(parameter, &closure.body),
    };
    parameters.map(side).collect()
}

/// The fields that an expression reads of an `Option` of a record.
fn of_option(name: &Ident, body: &Expr) -> ReadSet {
    let known = options::OptionUses { name };
    let mentions = free_names_with(body, &known);
    let plain = mentions.plain.iter().filter(|mention| mention.name == name).map(|mention| &mention.fields);
    let fields = plain.map(|path| path.join(".")).collect::<BTreeSet<_>>();
    if fields.contains("") || mentions.opaque.contains(name) { ReadSet::All } else { ReadSet::Fields(fields) }
}

/// The fields that an expression reads of a record that a pattern binds.
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

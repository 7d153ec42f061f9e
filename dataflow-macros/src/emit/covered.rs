//! `.covering(..)`: checks at build time that the key and the measure of a grouping are all fields
//! of its records.
//!
//! Only rustc knows the record's fields, and only the macro knows which of them are named. So the
//! macro emits a function that is generic in the record. A constant in it compares both when the
//! function is compiled.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{Expr, ExprClosure};

use crate::analyse::keys;
use crate::analyse::paths::{self, RecordName};
use crate::analyse::steps::ChainStep;
use crate::operators::ChainState;
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::names::peeled;
use crate::words::is_one_of;

/// Operators that return records of their input's type.
const RETURN_INPUT_RECORDS: &str = "sum min max";

/// Emits the check before `.sum(|r| r.amount)` of a grouping: all fields are in the key or the
/// measure. `None` for other operators, and if a closure does more than name fields.
pub(super) fn write(step: &ChainStep<'_>, measure: &Call) -> Option<TokenStream> {
    let &[grouping] = step.heads.as_slice() else { return None };
    let is_of_groups = measure.is(|operator| operator.from == ChainState::Grouped);
    if !is_of_groups || !is_one_of(&measure.word, RETURN_INPUT_RECORDS) || grouping.word != "group_by" {
        return None;
    }
    let mut fields = Vec::new();
    let (key, of) = (grouping.closures().next()?, measure.closures().next()?);
    // A computed key is not a field of the record.
    if !grouping.is(|operator| keys::is_computed(operator, key)) {
        add(key, &mut fields)?;
    }
    add(of, &mut fields)?;
    let span = generated(measure.span());
    let [check, record] = ["__covers", "__Record"].map(|name| Ident::new(name, span));
    let fields = fields.iter().map(|path| quote_spanned!(span=> &[#(#path),*]));
    Some(quote_spanned! {span=>
        .covering({
            fn #check<#record: ::dataflow::__private::Record>(_: ::core::marker::PhantomData<#record>) {
                const {
                    ::dataflow::__private::must_cover(
                        <#record as ::dataflow::__private::Record>::TYPE,
                        &[#(#fields),*],
                    )
                }
            }
            #check
        })
    })
}

/// Adds the paths of the fields that a closure returns.
fn add(closure: &ExprClosure, fields: &mut Vec<Vec<String>>) -> Option<()> {
    let roots = paths::roots(0, closure.inputs.first()?)?;
    add_fields(&closure.body, &roots, fields)
}

fn add_fields(expr: &Expr, roots: &[RecordName<'_>], fields: &mut Vec<Vec<String>>) -> Option<()> {
    match peeled(expr) {
        Expr::Tuple(tuple) => tuple.elems.iter().try_for_each(|element| add_fields(element, roots, fields)),
        expr => {
            fields.push(paths::place_of(expr, roots)?.path);
            Some(())
        }
    }
}

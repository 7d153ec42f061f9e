//! The key of a join's second side, checked at its own place: `|r| r.name` is emitted as
//! `|r| matched_key(r.name)`.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprClosure};

use crate::analyse::keys;
use crate::emit::next::MAX_PARTS;
use crate::operators::{ChainState, ClosureArguments};
use crate::spans::{first_span, generated, last_span};
use crate::syntax::Call;

/// Returns `true` if the argument at `index` is a key that must match the type of the other side's
/// key.
pub(super) fn is_matched(call: &Call, index: usize) -> bool {
    call.is(|operator| {
        operator.takes == ClosureArguments::Key
            && match operator.from {
                ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup => index == 1,
                ChainState::SolutionJoin => index == 0,
                _ => false,
            }
    })
}

/// A key closure over fields. Each part of a tuple is checked, then the tuple.
pub(super) fn write(call: &Call, closure: &ExprClosure) -> ExprClosure {
    let mut closure = closure.clone();
    keys::at_value(&mut closure.body, &mut |value| *value = checked(call, value));
    closure
}

fn checked(call: &Call, key: &Expr) -> Expr {
    let mut key = key.clone();
    if let Expr::Tuple(tuple) = &mut key {
        if !(1..=MAX_PARTS).contains(&tuple.elems.len()) {
            return key;
        }
        tuple.elems.iter_mut().for_each(|part| *part = checked(call, part));
    }
    Expr::Verbatim(matched(call, &key))
}

/// A computed key. Its call spans the closure's body from the first to the last token, so that the
/// compiler reports it there.
pub(super) fn computed(call: &Call, closure: &ExprClosure, key: TokenStream) -> TokenStream {
    let (first, last) = (first_span(&closure.body), last_span(&closure.body));
    let mut argument = Group::new(Delimiter::Parenthesis, key);
    argument.set_span(last);
    let located = quote_spanned!(first=> ::dataflow::__private::key_at);
    matched(call, &quote!(#located #argument))
}

/// The generated span: a lint would call a closure with only this call superfluous.
fn matched(call: &Call, key: &impl ToTokens) -> TokenStream {
    quote_spanned!(generated(call.span())=> ::dataflow::__private::matched_key(#key))
}

//! The table of macros that closures may call, with their effects.

use proc_macro2::Ident;
use syn::Macro;

use crate::words::is_one_of;

/// The effect of a macro in the table. No macro in it binds a name that code after its call could
/// use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MacroEffect {
    /// Evaluates its arguments, and does nothing else.
    Evaluates,
    /// Like [`MacroEffect::Evaluates`]. With a single literal, its value is a constant.
    EvaluatesLiteral,
    /// Never returns a value.
    Panics,
    /// Prints text.
    Prints,
    /// Has another effect on its environment.
    Acts,
}

use MacroEffect::{Acts, Evaluates, EvaluatesLiteral, Panics, Prints};

/// Macros of the standard library, and `date` of `dataflow`.
static MACROS: &[(MacroEffect, &str)] = &[
    (Evaluates, "assert assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne format matches vec"),
    (EvaluatesLiteral, "date"),
    (Panics, "panic todo unimplemented unreachable"),
    (Prints, "eprint eprintln print println"),
    (Acts, "dbg write writeln"),
];

/// The effect of the macro with this name. A macro of the user's program with the same name is
/// taken for the one in the table.
pub(crate) fn effect(name: &Ident) -> Option<MacroEffect> {
    MACROS.iter().find(|(_, words)| is_one_of(name, words)).map(|(effect, _)| *effect)
}

/// The effect of the called macro.
pub(crate) fn effect_of(call: &Macro) -> Option<MacroEffect> {
    effect(&call.path.segments.last()?.ident)
}

//! The table of macros: what is known of those that closures call.

use proc_macro2::Ident;
use syn::Macro;

use crate::words::is_one_of;

/// What a macro does. None of these macros binds a name for the code around its call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MacroEffect {
    /// It evaluates what it is given, and does nothing else.
    Evaluates,
    /// As [`MacroEffect::Evaluates`]; of one literal, its value is a constant.
    EvaluatesLiteral,
    /// It never has a value.
    Panics,
    /// It prints a line, or a part of one.
    Prints,
    /// It acts on something outside in another way.
    Acts,
}

use MacroEffect::{Acts, Evaluates, EvaluatesLiteral, Panics, Prints};

/// Macros of the standard library, and of this one.
static MACROS: &[(MacroEffect, &str)] = &[
    (Evaluates, "assert assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne format matches vec"),
    (EvaluatesLiteral, "date"),
    (Panics, "panic todo unimplemented unreachable"),
    (Prints, "eprint eprintln print println"),
    (Acts, "dbg write writeln"),
];

/// The effect of a macro, by its name. A macro of the program's own that has such a name hides the one of the table: it is taken for that one.
pub(crate) fn effect(name: &Ident) -> Option<MacroEffect> {
    MACROS.iter().find(|(_, words)| is_one_of(name, words)).map(|(effect, _)| *effect)
}

/// The effect of the macro that is called.
pub(crate) fn effect_of(call: &Macro) -> Option<MacroEffect> {
    effect(&call.path.segments.last()?.ident)
}

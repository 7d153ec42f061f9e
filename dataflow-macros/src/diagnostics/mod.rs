//! Diagnostics: the mistakes that the macro reports.
//!
//! Checks add to one [`Diagnostics`], which becomes `compile_error!`s at the end. So all mistakes
//! of a function are reported together, each at its own token. [`message`] has all sentences. They
//! state the mistake and its correction, in the words of the language and not of its
//! implementation.
//!
//! The compiler reports mistakes that only types show. The macro, or a hidden API, requires a trait
//! with `#[diagnostic::on_unimplemented]`, which has such a sentence. Words that a flow lacks
//! (`take`, `select`, `map` without the macro) are methods of the type that `Flow` dereferences to,
//! `flow/words.rs`. The compiler searches it last, so it prefers a trait of the program that gives
//! flows such a word. Methods of `Flow` itself would hide that trait.

pub(crate) mod message;

use proc_macro2::{Span, TokenStream};

/// Collects the mistakes in a program.
#[derive(Default)]
pub(crate) struct Diagnostics {
    found: Option<syn::Error>,
    has_fatal: bool,
}

impl Diagnostics {
    /// Reports a mistake that does not hide the program's meaning. The body is emitted as if it
    /// were correct, so that no follow-up errors are reported.
    pub(crate) fn report(&mut self, at: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(at, message));
    }

    /// Like [`Diagnostics::report`], for an error that has its own span.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// Reports a mistake that hides the program's meaning. The body is not emitted.
    pub(crate) fn report_fatal(&mut self, at: Span, message: impl std::fmt::Display) {
        self.has_fatal = true;
        self.report(at, message);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_none()
    }

    /// Returns `true` if the body can be emitted in spite of the mistakes.
    pub(crate) fn can_emit_body(&self) -> bool {
        !self.has_fatal
    }

    /// The mistakes as one error.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        self.found
    }

    /// The mistakes as `compile_error!`s.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.found.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

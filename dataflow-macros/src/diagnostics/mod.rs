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

/// Collects what is wrong with a program.
#[derive(Default)]
pub(crate) struct Diagnostics {
    found: Option<syn::Error>,
    unwritable: bool,
}

impl Diagnostics {
    /// Reports a mistake that leaves the program's meaning clear: it is written out as if it were right, so that
    /// nothing else is reported because of it.
    pub(crate) fn report(&mut self, at: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(at, message));
    }

    /// As [`Diagnostics::report`], of an error that says its place itself.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// Reports a mistake that leaves open what the program means: its body is not written out.
    pub(crate) fn report_unwritable(&mut self, at: Span, message: impl std::fmt::Display) {
        self.unwritable = true;
        self.report(at, message);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_none()
    }

    /// Whether the program can be written out in spite of what was found.
    pub(crate) fn leave_it_writable(&self) -> bool {
        !self.unwritable
    }

    /// The errors as one.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        self.found
    }

    /// The errors, for the compiler to report.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.found.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

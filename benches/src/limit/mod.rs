//! The limit: each case written by hand, as an engineer with a day would, to know how fast the machine can do it.
//!
//! One file or folder a case; each is a [`Case`] in [`CASES`].
#![allow(unsafe_code)]

mod pages;
mod sort;
mod threads;
mod word_count;

use crate::answer::Case;

/// Every case with a limit.
pub(crate) static CASES: &[Case] = &[
    Case { suite: "word_count", name: "word_count", run: word_count::run },
    Case { suite: "sort", name: "ample", run: sort::run },
];

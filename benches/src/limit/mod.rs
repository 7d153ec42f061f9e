//! The limit: each case written by hand, as an engineer would in a day, to know how fast the
//! machine can run it.
//!
//! One file or folder per case. Each is a [`Case`] in [`CASES`].
#![allow(unsafe_code)]

pub(crate) mod iterations;
mod pages;
mod sort;
mod stream;
mod threads;
mod word_count;

use crate::answer::Case;

/// Every case with a limit.
pub(crate) static CASES: &[Case] = &[
    Case { suite: "word_count", name: "word_count", run: word_count::run },
    Case { suite: "sort", name: "ample", run: sort::run },
    Case { suite: "iterations", name: "pagerank", run: iterations::run },
    Case { suite: "iterations", name: "components", run: iterations::run },
    Case { suite: "iterations", name: "components_grid", run: iterations::run },
    Case { suite: "iterations", name: "empty", run: iterations::run },
    Case { suite: "iterations", name: "empty_shuffle", run: iterations::run },
    Case { suite: "stream", name: "memory", run: stream::run },
    Case { suite: "stream", name: "log", run: stream::run },
];

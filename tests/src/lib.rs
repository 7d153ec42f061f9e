//! Code that the tests of several crates share: engines, generated records, and temporary folders.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod data;
mod engines;
mod folder;
mod scarce;
mod spilled;
mod watchdog;

pub use data::{Input, Keys, Random, Reading, Sale, SaleRef, inputs, small_inputs};
pub use engines::{
    PARALLELISM, embedded, local, on_each_engine, on_each_parallelism, same_on_all_engines, same_on_local_engines,
    same_records,
};
pub use folder::Folder;
pub use scarce::{Item, ItemRef, Scarcity, Shape, same_sequence, with_memory};
pub use spilled::{SpillWatch, spilled_files, wait_until};
pub use watchdog::within_two_minutes;

//! The engine below `dataflow`. It has no user types.
//!
//! Modules are in the order of their layers. A module uses only modules above it in this list,
//! which a test checks.

// The error type, its place in the program, and its messages.
pub mod error;
// Dates, timestamps, decimals and lists of texts; JSON of plans and manifests.
pub mod value;
// Counters of jobs and operators.
pub mod metrics;
// The memory budget and its reservations.
pub mod memory;
// Schemas, leaves and the layout of rows (docs/layout.md).
pub mod row;
// Pages, batches, cursors, writers and columns: the base of all `unsafe` code.
pub mod page;
// Hashes of keys, an index from hashes to rows, Bloom filters.
pub mod hash;
// Items between tasks: pages and controls; how items of several inputs are aligned.
mod stream;
// Files and objects: one trait for the local file system and for a simulated disk of tests.
pub mod storage;
// Pages on disk, in files without names.
pub mod spill;
// User closures as the engine calls them, and the context of a task.
pub mod kernel;
// Values that the tasks of an operator exchange.
mod rendezvous;
// Outputs: the meaning of their paths, files and folders before they have their names, epochs.
pub mod output;
// Sources, their splits and readers; encoders.
pub mod source;
// The types that operators, optimizer and executor share: `Strategy`, `Ship`, `Driver`.
pub mod strategy;
// Targets outside the program, and their writers.
pub mod sink;
// Estimates of rows, widths and distinct keys from samples.
pub mod statistics;
// Sort keys; sorts in memory, by runs on disk, and their merges.
pub mod sort;
// The hash table of groups, and grouping beyond memory.
pub mod group;
// Keyed state of streams, windows and solution sets, with images for snapshots (docs/snapshots.md).
pub mod state;
// Logical plans: nodes, and the trait `Operator`.
pub mod plan;
// Hash joins beyond memory, and merge joins.
pub mod join;
// Physical plans: stages and steps; decisions.
pub mod physical;
// Rules from a logical plan to a physical one.
pub mod optimizer;
// Operators: facts, strategies, driver and reference of each.
pub mod operators;
// Snapshots: manifests, their store, and the coordinator of epochs.
pub mod snapshot;
// Tasks on a thread pool, channels, timers and blocking threads.
pub mod exec;
// Plans as text, JSON (docs/explain.md) and pages.
pub mod explain;
// The reference engine: one thread and plain vectors.
pub mod embedded;

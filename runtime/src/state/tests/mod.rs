//! Tables of state against maps of the standard library.

mod disk;
mod lines;
mod model;
mod snapshot;
mod table;

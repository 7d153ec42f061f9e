//! Tables of state against maps of the standard library.

mod model;
mod snapshot;
mod table;

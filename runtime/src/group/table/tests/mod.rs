//! Tables of groups against models from the standard library.

mod spill;
mod table;

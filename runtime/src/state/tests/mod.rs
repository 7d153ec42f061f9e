//! Compares tables of state with maps of the standard library.

mod disk;
mod queues;
mod model;
mod images;
mod table;

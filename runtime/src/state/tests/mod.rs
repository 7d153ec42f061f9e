//! Tables of state against maps of the standard library.

mod disk;
mod queues;
mod model;
mod images;
mod table;

//! A custom connector: a source that counts, and a sink that sends lines to a server.

mod counter;
mod line_sink;
mod server;

pub use counter::Counter;
pub use line_sink::LineSink;
pub use server::LineServer;

//! EXPLAIN: a plan before a run with estimates, after it with what really happened; as text for people, as JSON for tools, and as a page to look at.

mod as_json;
mod hints;
mod layout;
mod page;
mod text;

pub use as_json::json;
pub use page::html;
pub use text::{schemas, text};

//! Outputs: the meaning of their paths, and their way to a complete file, folder or stream.
//!
//! * `place`: the meaning of a path, decided before the first record.
//! * `claim`: whether two outputs of a run are the same.
//! * `target`: an output of a program, from its path to its name.
//! * `target::appender`: adds encoded bytes to a file or stream.
//! * `folder`: a folder until it gets its name.
//! * `folder_keys`: fields whose values name folders.
//! * `epochs`, `epoch_folder`: outputs whose files become visible epoch by epoch.
//! * `pipe`: a pipe with a name, which is opened when a process reads it.
//! * `terminal`: standard output, below which a progress line is kept.
//! * `assembly`: one file that several tasks write, one at a time.
//!
//! # An output has its name when it is complete
//! A file has no name while it is written, and a folder has a temporary name and a lock
//! ([`storage`](crate::storage)). The next run that writes the same path removes temporary folders
//! that no process holds. The library handles no signals: that is the program's choice, and no
//! handler helps against `SIGKILL`.

mod assembly;
mod claim;
mod epoch_folder;
mod epochs;
mod folder;
mod folder_keys;
mod pipe;
mod place;
mod target;
mod terminal;

pub use assembly::{Assembly, SharedFile};
pub use claim::{Claim, refuse_shared, remove_abandoned};
pub use epoch_folder::{EpochFile, EpochFolder};
pub use epochs::{Commit, EpochSink, Transaction};
pub use folder::PendingFolder;
pub use folder_keys::{FolderKey, NULL, folder_keys, folder_keys_named, pairs};
pub use target::{Appender, Appending, IfExists, Target};
pub use terminal::TerminalLine;

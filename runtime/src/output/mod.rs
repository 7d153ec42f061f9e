//! Outputs of jobs: the meaning of their paths, and writing them as files, folders or streams.
//!
//! * `place`: the meaning of a path, decided before the first record.
//! * `claim`: finds outputs of a run that have the same place.
//! * `target`: an output of a program, from its path to its final name.
//! * `target::appender`: appends encoded bytes to a file or stream.
//! * `folder`: a folder of files that has a temporary name until the job ends.
//! * `folder_keys`: fields whose values are names of folders.
//! * `epochs`, `epoch_folder`: outputs whose files become visible epoch by epoch.
//! * `pipe`: a named pipe, which is opened when a process reads it.
//! * `terminal`: standard output, with a progress line below it.
//! * `assembly`: one file that several tasks write, one at a time.
//!
//! # Complete outputs only
//! An output gets its name when it is complete. While a file is written it has no name, and a
//! folder has a temporary name and a lock ([`storage`](crate::storage)). If a process is killed,
//! the next run that writes the same path removes its temporary folders. The library handles no
//! signals. That is the program's choice, and no handler helps against `SIGKILL`.

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

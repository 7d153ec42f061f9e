//! Where results go: what an output's path means, how nothing half-written ever bears its name, and what is left when a process is stopped.
//!
//! * `place`: what a path means, decided before the first record.
//! * `claim`: whether two outputs of a run are one.
//! * `temporary`: names that outputs have while they are written, and what others left under such names.
//! * `file`, `folder`: outputs that are written, until they get their names.
//! * `pipe`: pipes with names, which are opened when somebody reads them.
//! * `target`: an output of a program, from its path to its name.
//! * `target::appender`: the one place where encoded bytes are added to a file.
//! * `epochs`: outputs that become visible epoch by epoch.
//! * `epoch_folder`: folders that do.
//! * `terminal`: standard output, where a line of progress is kept below what is printed.
//! * `folder_lock`: one job at a time writes a folder.
//! * `assembly`: one file that several tasks write, one at a time.
//!
//! A file has no name at all while it is written (`O_TMPFILE`), so whatever becomes of the process, the system takes it back. It gets a temporary
//! name beside its own for the moment of a rename, since no call replaces a name by a file without one. Folders, and files where the file system has no such
//! files, have a temporary name all the time. Whoever writes under such a name holds a lock (`flock`) on it, which goes with the process: the next
//! run that writes the same path removes what nobody holds. No signal is caught: that is the program's to decide, and nothing helps against `SIGKILL`.
//!
//! **An output is a file without a name.** `O_TMPFILE`, then a link and a rename: so nothing is left of a process however it ends, which no handler
//! of signals could promise, and a library should catch none. Folders have temporary names, with a lock on what is there: who can take it may remove
//! it. What a path means is a function of what is there and what was asked for, and `plan::check` holds all outputs of a run against each other.

mod assembly;
mod claim;
mod epoch_folder;
mod epochs;
mod file;
mod folder;
mod folder_lock;
mod pipe;
mod place;
mod target;
mod temporary;
mod terminal;

pub use assembly::{Assembly, SharedFile};
pub use claim::{Claim, refuse_shared, remove_abandoned};
pub use epoch_folder::{EpochFile, EpochFolder};
pub use epochs::EpochSink;
pub use folder::PendingFolder;
#[cfg(feature = "snapshots")]
pub(crate) use folder_lock::{FolderLock, REPLACED};
pub use target::{Appender, Appending, IfExists, Target};
pub(crate) use temporary::leads_to;
pub use terminal::TerminalLine;

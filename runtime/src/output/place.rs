//! The meaning of an output's path.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result, UrlUse, refused_url};
use crate::storage::{Kind, Location, Resolved, Unresolved};

/// The kind of what exists at a path, after following links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Absent,
    File,
    EmptyFolder,
    FullFolder,
    /// `/`, `.` or `..`.
    NamelessFolder,
    CharacterDevice,
    BlockDevice,
    Fifo,
    Socket,
    /// Standard output.
    Standard,
    /// A file that the process has open, as `/dev/fd/3`.
    OpenFile,
}

impl Entry {
    fn of(resolved: &Resolved, location: &Location) -> Self {
        let Some(kind) = resolved.kind else { return Entry::Absent };
        match kind {
            Kind::Folder if resolved.id.is_none() => Entry::NamelessFolder,
            Kind::Folder => match location.with_path(&resolved.path).list() {
                Ok(listed) if listed.is_empty() => Entry::EmptyFolder,
                _ => Entry::FullFolder,
            },
            Kind::CharacterDevice => Entry::CharacterDevice,
            Kind::BlockDevice => Entry::BlockDevice,
            Kind::Fifo => Entry::Fifo,
            Kind::Socket => Entry::Socket,
            Kind::StandardOutput => Entry::Standard,
            Kind::OpenFile => Entry::OpenFile,
            Kind::File | Kind::Link => Entry::File,
        }
    }
}

/// The kind of output that the end of the user's path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    File,
    Folder,
}

/// The user's choice for an output that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// It is replaced after the job has succeeded.
    Overwrite,
    /// Records are appended to it after the job has succeeded.
    Append,
    /// The job fails before its first record.
    Fail,
}

/// The way to write an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputMode {
    /// Under a temporary name. Then it is renamed, and replaces what has the name.
    Replace,
    /// As [`OutputMode::Replace`], if nothing has the name by then.
    IfAbsent,
    /// Under a temporary name. Then it is appended to the existing content.
    Append,
    /// Immediately, to a device or a pipe.
    Stream,
    /// Immediately, to standard output.
    Standard,
}

/// The way to write an output. Fails with the reason if it cannot be written.
pub(super) fn decide(kind: Output, entry: Entry, if_exists: Option<IfExists>) -> Result<OutputMode, &'static str> {
    use IfExists::{Append, Fail, Overwrite};
    match (kind, entry, if_exists) {
        (_, Entry::Socket, _) => Err("it is a socket, and only programs that speak to each other write to one"),
        (_, Entry::BlockDevice, _) => Err("it is a disk, and writing would destroy what is on it"),
        (_, Entry::NamelessFolder, _) => Err("it is a folder, by no name of its own; name something in it"),
        (Output::File, Entry::Absent, None | Some(Overwrite)) => Ok(OutputMode::Replace),
        (Output::File, Entry::Absent, Some(Append)) => Ok(OutputMode::Append),
        (_, Entry::Absent, Some(Fail)) => Ok(OutputMode::IfAbsent),
        (Output::File, Entry::File, None | Some(Overwrite)) => Ok(OutputMode::Replace),
        (Output::File, Entry::File, Some(Append)) => Ok(OutputMode::Append),
        (Output::File, Entry::File, Some(Fail)) => Err("the file exists; remove it, or choose another name"),
        (Output::File, Entry::EmptyFolder | Entry::FullFolder, _) => {
            Err("it is a folder; end the path with `/` to write a folder of files")
        }
        // The content of a pipe or a device is not replaced.
        (Output::File, Entry::CharacterDevice | Entry::Fifo | Entry::OpenFile, _) => Ok(OutputMode::Stream),
        (Output::File, Entry::Standard, _) => Ok(OutputMode::Standard),
        // An empty folder counts as absent: the user may have created it for this output.
        (Output::Folder, Entry::Absent | Entry::EmptyFolder, None | Some(Fail)) => Ok(OutputMode::IfAbsent),
        (Output::Folder, Entry::Absent | Entry::EmptyFolder | Entry::FullFolder, Some(Overwrite)) => {
            Ok(OutputMode::Replace)
        }
        (Output::Folder, Entry::Absent | Entry::EmptyFolder | Entry::FullFolder, Some(Append)) => {
            Ok(OutputMode::Append)
        }
        (Output::Folder, Entry::FullFolder, None | Some(Fail)) => {
            Err("the folder exists and is not empty; remove it, or choose another name")
        }
        (Output::Folder, Entry::File | Entry::OpenFile, _) => {
            Err("it is a file; write one without the `/` at the end, or choose another name")
        }
        (Output::Folder, Entry::CharacterDevice | Entry::Fifo | Entry::Standard, _) => {
            Err("it is a device or a pipe, which holds no files; write one without the `/` at the end")
        }
    }
}

/// The place of a path after following links, and what exists there.
#[derive(Clone, Debug)]
pub(super) struct ResolvedPath {
    /// The resolved path. Its folder exists, and no part of it is a link.
    pub(super) location: Location,
    pub(super) entry: Entry,
    /// Device and inode of what exists.
    pub(super) id: Option<(u64, u64)>,
}

impl ResolvedPath {
    /// Resolves a path.
    ///
    /// # Errors
    /// Fails if the path has no folder, or if its links cannot be followed.
    pub(super) fn of(location: &Location) -> Result<Self> {
        let path = location.path();
        if path.as_os_str().is_empty() {
            return Err(cannot_write(path, "the path is empty; name a file, or `-` for standard output"));
        }
        let resolved = location.storage().resolve(path).map_err(|error| match error {
            Unresolved::Folder(folder, error) => no_folder(path, &folder, error),
            Unresolved::Links => cannot_write(path, "there are too many links on the way, or they lead in a circle"),
            Unresolved::Io(error) => Error::io("create", path)(error),
        })?;
        let entry = Entry::of(&resolved, location);
        Ok(ResolvedPath { location: location.with_path(resolved.path), entry, id: resolved.id })
    }

    pub(super) fn path(&self) -> &Path {
        self.location.path()
    }
}

fn no_folder(path: &Path, folder: &Path, error: std::io::Error) -> Error {
    match (error.kind(), refused_url(path, UrlUse::Write)) {
        (ErrorKind::NotFound, Some(reason)) => cannot_write(path, &reason),
        (ErrorKind::NotFound, None) => Error::Plan(format!(
            "cannot create {}: there is no folder {}; make it first",
            path.display(),
            folder.display()
        )),
        _ => Error::io("create", path)(error),
    }
}

/// The error for a path that cannot be written.
pub(super) fn cannot_write(path: &Path, reason: &str) -> Error {
    Error::Plan(format!("cannot write {}: {reason}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Entry::{
        Absent, BlockDevice, CharacterDevice, EmptyFolder, Fifo, FullFolder, NamelessFolder, OpenFile, Socket, Standard,
    };
    use super::*;

    /// What exists, and the way to write: without a choice, to overwrite, to append, and to fail.
    type Line = (Entry, [Option<OutputMode>; 4]);

    const RENAME: Option<OutputMode> = Some(OutputMode::Replace);
    const TO_NOTHING: Option<OutputMode> = Some(OutputMode::IfAbsent);
    const APPEND: Option<OutputMode> = Some(OutputMode::Append);

    const FILES: [Line; 11] = [
        (Absent, [RENAME, RENAME, APPEND, TO_NOTHING]),
        (Entry::File, [RENAME, RENAME, APPEND, None]),
        (EmptyFolder, [None; 4]),
        (FullFolder, [None; 4]),
        (NamelessFolder, [None; 4]),
        (CharacterDevice, [Some(OutputMode::Stream); 4]),
        (BlockDevice, [None; 4]),
        (Fifo, [Some(OutputMode::Stream); 4]),
        (Socket, [None; 4]),
        (Standard, [Some(OutputMode::Standard); 4]),
        (OpenFile, [Some(OutputMode::Stream); 4]),
    ];

    const FOLDERS: [Line; 11] = [
        (Absent, [TO_NOTHING, RENAME, APPEND, TO_NOTHING]),
        (Entry::File, [None; 4]),
        (EmptyFolder, [TO_NOTHING, RENAME, APPEND, TO_NOTHING]),
        (FullFolder, [None, RENAME, APPEND, None]),
        (NamelessFolder, [None; 4]),
        (CharacterDevice, [None; 4]),
        (BlockDevice, [None; 4]),
        (Fifo, [None; 4]),
        (Socket, [None; 4]),
        (Standard, [None; 4]),
        (OpenFile, [None; 4]),
    ];

    #[test]
    fn existing_entry_and_choice_decide_the_mode() {
        let choices = [None, Some(IfExists::Overwrite), Some(IfExists::Append), Some(IfExists::Fail)];
        for (kind, lines) in [(Output::File, FILES), (Output::Folder, FOLDERS)] {
            for (entry, modes) in lines {
                for (choice, mode) in choices.into_iter().zip(modes) {
                    assert_eq!(decide(kind, entry, choice).ok(), mode, "{kind:?}, {entry:?}, {choice:?}");
                }
            }
        }
    }

    #[test]
    fn open_files_are_found_by_descriptor() {
        let found = |path: &str| ResolvedPath::of(&Location::from(path)).unwrap().entry;
        assert_eq!(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(found), [Standard; 3]);
        assert_eq!(["/dev/null", "/dev/zero"].map(found), [CharacterDevice; 2]);
        let (reader, writer) = std::io::pipe().unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&writer);
        assert_eq!(found(&format!("/dev/fd/{number}")), Fifo);
        drop(reader);
        let file = tempfile::tempfile().unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&file);
        assert_eq!(found(&format!("/dev/fd/{number}")), OpenFile);
    }
}

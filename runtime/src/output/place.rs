//! The meaning of an output's path.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result, UrlUse, refused_url};
use crate::storage::{Kind, Location, Resolved, Unresolved};

/// The kind of what exists at a path, after following links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
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

impl Found {
    fn of(resolved: &Resolved, location: &Location) -> Self {
        let Some(kind) = resolved.kind else { return Found::Absent };
        match kind {
            Kind::Folder if resolved.id.is_none() => Found::NamelessFolder,
            Kind::Folder => match location.with_path(&resolved.path).list() {
                Ok(listed) if listed.is_empty() => Found::EmptyFolder,
                _ => Found::FullFolder,
            },
            Kind::CharacterDevice => Found::CharacterDevice,
            Kind::BlockDevice => Found::BlockDevice,
            Kind::Fifo => Found::Fifo,
            Kind::Socket => Found::Socket,
            Kind::StandardOutput => Found::Standard,
            Kind::OpenFile => Found::OpenFile,
            Kind::File | Kind::Link => Found::File,
        }
    }
}

/// The kind of output that the end of the user's path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
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
pub(super) fn decide(wanted: Wanted, found: Found, if_exists: Option<IfExists>) -> Result<OutputMode, &'static str> {
    use IfExists::{Append, Fail, Overwrite};
    match (wanted, found, if_exists) {
        (_, Found::Socket, _) => Err("it is a socket, and only programs that speak to each other write to one"),
        (_, Found::BlockDevice, _) => Err("it is a disk, and writing would destroy what is on it"),
        (_, Found::NamelessFolder, _) => Err("it is a folder, by no name of its own; name something in it"),
        (Wanted::File, Found::Absent, None | Some(Overwrite)) => Ok(OutputMode::Replace),
        (Wanted::File, Found::Absent, Some(Append)) => Ok(OutputMode::Append),
        (_, Found::Absent, Some(Fail)) => Ok(OutputMode::IfAbsent),
        (Wanted::File, Found::File, None | Some(Overwrite)) => Ok(OutputMode::Replace),
        (Wanted::File, Found::File, Some(Append)) => Ok(OutputMode::Append),
        (Wanted::File, Found::File, Some(Fail)) => Err("the file exists; remove it, or choose another name"),
        (Wanted::File, Found::EmptyFolder | Found::FullFolder, _) => {
            Err("it is a folder; end the path with `/` to write a folder of files")
        }
        // The content of a pipe or a device is not replaced.
        (Wanted::File, Found::CharacterDevice | Found::Fifo | Found::OpenFile, _) => Ok(OutputMode::Stream),
        (Wanted::File, Found::Standard, _) => Ok(OutputMode::Standard),
        // An empty folder counts as absent: the user may have created it for this output.
        (Wanted::Folder, Found::Absent | Found::EmptyFolder, None | Some(Fail)) => Ok(OutputMode::IfAbsent),
        (Wanted::Folder, Found::Absent | Found::EmptyFolder | Found::FullFolder, Some(Overwrite)) => {
            Ok(OutputMode::Replace)
        }
        (Wanted::Folder, Found::Absent | Found::EmptyFolder | Found::FullFolder, Some(Append)) => {
            Ok(OutputMode::Append)
        }
        (Wanted::Folder, Found::FullFolder, None | Some(Fail)) => {
            Err("the folder exists and is not empty; remove it, or choose another name")
        }
        (Wanted::Folder, Found::File | Found::OpenFile, _) => {
            Err("it is a file; write one without the `/` at the end, or choose another name")
        }
        (Wanted::Folder, Found::CharacterDevice | Found::Fifo | Found::Standard, _) => {
            Err("it is a device or a pipe, which holds no files; write one without the `/` at the end")
        }
    }
}

/// The place of a path after following links, and what exists there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The resolved path. Its folder exists, and no part of it is a link.
    pub(super) location: Location,
    pub(super) found: Found,
    /// Device and inode of what exists.
    pub(super) id: Option<(u64, u64)>,
}

impl Place {
    /// Resolves a path.
    ///
    /// # Errors
    /// Fails if the path has no folder, or if its links cannot be followed.
    pub(super) fn of(location: &Location) -> Result<Self> {
        let path = location.path();
        if path.as_os_str().is_empty() {
            return Err(refused(path, "the path is empty; name a file, or `-` for standard output"));
        }
        let resolved = location.storage().resolve(path).map_err(|error| match error {
            Unresolved::Folder(folder, error) => no_folder(path, &folder, error),
            Unresolved::Links => refused(path, "there are too many links on the way, or they lead in a circle"),
            Unresolved::Io(error) => Error::io("create", path)(error),
        })?;
        let found = Found::of(&resolved, location);
        Ok(Place { location: location.with_path(resolved.path), found, id: resolved.id })
    }

    pub(super) fn path(&self) -> &Path {
        self.location.path()
    }
}

fn no_folder(path: &Path, folder: &Path, error: std::io::Error) -> Error {
    match (error.kind(), refused_url(path, UrlUse::Write)) {
        (ErrorKind::NotFound, Some(reason)) => refused(path, &reason),
        (ErrorKind::NotFound, None) => Error::Plan(format!(
            "cannot create {}: there is no folder {}; make it first",
            path.display(),
            folder.display()
        )),
        _ => Error::io("create", path)(error),
    }
}

/// The error for a path that cannot be written.
pub(super) fn refused(path: &Path, reason: &str) -> Error {
    Error::Plan(format!("cannot write {}: {reason}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Found::{
        Absent, BlockDevice, CharacterDevice, EmptyFolder, Fifo, FullFolder, NamelessFolder, OpenFile, Socket, Standard,
    };
    use super::*;

    /// What exists, and the way to write: without a choice, to overwrite, to append, and to fail.
    type Line = (Found, [Option<OutputMode>; 4]);

    const RENAME: Option<OutputMode> = Some(OutputMode::Replace);
    const TO_NOTHING: Option<OutputMode> = Some(OutputMode::IfAbsent);
    const APPEND: Option<OutputMode> = Some(OutputMode::Append);

    const FILES: [Line; 11] = [
        (Absent, [RENAME, RENAME, APPEND, TO_NOTHING]),
        (Found::File, [RENAME, RENAME, APPEND, None]),
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
        (Found::File, [None; 4]),
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
    fn what_is_there_decides() {
        let choices = [None, Some(IfExists::Overwrite), Some(IfExists::Append), Some(IfExists::Fail)];
        for (wanted, lines) in [(Wanted::File, FILES), (Wanted::Folder, FOLDERS)] {
            for (found, ways) in lines {
                for (choice, way) in choices.into_iter().zip(ways) {
                    assert_eq!(decide(wanted, found, choice).ok(), way, "{wanted:?}, {found:?}, {choice:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_process_has_open_is_found_by_number() {
        let found = |path: &str| Place::of(&Location::from(path)).unwrap().found;
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

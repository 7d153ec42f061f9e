//! An output of a program, from its path to its final name.

mod appender;
mod by_epochs;
mod check;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::claim::Claim;
use super::folder::PendingFolder;
use super::pipe::Pipe;
use super::place::{Entry, Output, OutputMode, ResolvedPath, cannot_write, decide};
use super::terminal::StandardOutput;
use crate::error::{Error, Result};
use crate::storage::{Kind as PathKind, Location, ObjectWriter, PutMode, PutOptions, Storage};

pub use appender::Appender;

pub use super::place::IfExists;

/// How records may be appended to an existing file of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appending {
    /// Not at all, since the file describes its whole content, at its end or throughout.
    Never,
    /// As values, without separators.
    Values,
    /// As lines.
    Lines,
    /// As lines of JSON objects, unless the file is one array of objects.
    Objects,
}

/// An output: the user's path with its meaning, and the state of the output in a run. Clones are
/// the same output.
#[derive(Clone, Debug)]
pub struct Target(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    location: Location,
    if_exists: Option<IfExists>,
    opened: Mutex<Option<OpenOutput>>,
    /// The reader of a stream has closed it.
    is_abandoned: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Standard,
    Printed,
}

/// The state of an output while a job runs.
#[derive(Debug)]
enum OpenOutput {
    /// A run is opening it.
    Preparing,
    Standard,
    Pipe(Arc<Pipe>),
    Stream(ResolvedPath),
    File(PendingFile),
    Folder {
        pending: Arc<PendingFolder>,
        mode: OutputMode,
    },
}

/// A file until it gets its name. Tasks write it, and the job's thread finishes it. `None` after
/// that.
type PendingFile = Arc<Mutex<Option<Box<dyn ObjectWriter>>>>;

impl Target {
    /// The output at a path of the user. `-` is standard output, and a path that ends with a slash
    /// is a folder. Without `if_exists`, a file is replaced, and a folder must be empty.
    #[must_use]
    pub fn of(path: &str, if_exists: Option<IfExists>) -> Self {
        match path {
            "-" => Self::new(Kind::Standard, path, if_exists),
            _ if path.ends_with('/') => Self::folder(path, if_exists),
            _ => Self::new(Kind::File, path, if_exists),
        }
    }

    /// A file, which replaces an existing one, or standard output for `-`.
    #[must_use]
    pub fn file(path: &str) -> Self {
        Self::new(if path == "-" { Kind::Standard } else { Kind::File }, path, None)
    }

    /// A folder of files.
    #[must_use]
    pub fn folder(path: &str, if_exists: Option<IfExists>) -> Self {
        Self::new(Kind::Folder, path, if_exists)
    }

    /// Standard output for people to read, as `print` writes it.
    #[must_use]
    pub fn printed() -> Self {
        Self::new(Kind::Printed, "-", None)
    }

    /// The same output in another storage.
    #[must_use]
    pub fn in_storage(&self, storage: &Arc<dyn Storage>) -> Self {
        let Inner { kind, location, if_exists, .. } = &*self.0;
        Self::at(*kind, Location::new(storage.clone(), location.path()), *if_exists)
    }

    fn new(kind: Kind, path: &str, if_exists: Option<IfExists>) -> Self {
        Self::at(kind, Location::from(path), if_exists)
    }

    fn at(kind: Kind, location: Location, if_exists: Option<IfExists>) -> Self {
        let (opened, is_abandoned) = (Mutex::default(), AtomicBool::new(false));
        Target(Arc::new(Inner { kind, location, if_exists, opened, is_abandoned }))
    }

    /// The path as the user wrote it, or `standard output`.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self.0.kind {
            Kind::File | Kind::Folder => self.0.location.path(),
            Kind::Standard | Kind::Printed => Path::new("standard output"),
        }
    }

    /// The path as the user wrote it, and the choice for an existing file if there is one. For
    /// EXPLAIN.
    #[must_use]
    pub fn describe(&self) -> String {
        let path = self.0.location.path().display();
        match self.0.if_exists {
            None => path.to_string(),
            Some(IfExists::Overwrite) => format!("{path}, overwritten"),
            Some(IfExists::Append) => format!("{path}, appended to"),
            Some(IfExists::Fail) => format!("{path}, if it does not exist"),
        }
    }

    fn describe_path(&self) -> String {
        self.0.location.path().display().to_string()
    }

    /// Returns `true` for a folder of files.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.0.kind == Kind::Folder
    }

    /// Returns `true` for [`Target::printed`].
    #[must_use]
    pub fn is_printed(&self) -> bool {
        self.0.kind == Kind::Printed
    }

    /// Returns `true` if the reader of a stream has closed it. Later bytes are dropped.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.0.is_abandoned.load(Ordering::Relaxed)
    }

    pub(super) fn abandon(&self) {
        self.0.is_abandoned.store(true, Ordering::Relaxed);
    }

    /// The place of the output and whether it is a file or a folder. `None` for standard output.
    fn located(&self) -> Result<Option<(Output, ResolvedPath)>> {
        let kind = match self.0.kind {
            Kind::File => Output::File,
            Kind::Folder => Output::Folder,
            Kind::Standard | Kind::Printed => return Ok(None),
        };
        if kind == Output::Folder && self.path() == Path::new("-") {
            return Err(cannot_write(
                self.path(),
                "it is standard output, which holds no folders; a folder of that name is `./-`",
            ));
        }
        if self.path().as_os_str().as_encoded_bytes().contains(&0) {
            return Err(cannot_write(self.path(), "no path holds a nul byte"));
        }
        Ok(Some((kind, ResolvedPath::of(&self.0.location)?)))
    }

    /// The place of the output and the way to write it. `None` for standard output.
    fn place(&self) -> Result<Option<(ResolvedPath, OutputMode)>> {
        let Some((kind, place)) = self.located()? else { return Ok(None) };
        let mode = decide(kind, place.entry, self.0.if_exists).map_err(|reason| cannot_write(self.path(), reason))?;
        Ok(Some((place, mode)))
    }

    /// The place of the output, to compare with other outputs of a run. `None` if any number of
    /// outputs may write there, or if [`Target::check`] fails.
    #[must_use]
    pub fn claim(&self) -> Option<Claim> {
        match self.0.kind {
            Kind::Printed => return Some(Claim::printed()),
            Kind::Standard => return Some(Claim::standard()),
            Kind::File | Kind::Folder => {}
        }
        let (place, _) = self.place().ok()??;
        Claim::new(self.describe_path(), &place, self.is_folder())
    }

    /// Opens the output for a run, after it was [checked](Target::check). A named pipe is opened
    /// later, when it has a reader.
    ///
    /// # Errors
    /// Fails if nothing can be created at the place, or if another run writes this output.
    pub fn prepare(&self, appending: Appending, head: &[u8]) -> Result<()> {
        let mut opened = self.opened();
        // A source that writes its bad records may be read by several runs.
        if opened.is_some() {
            return Err(cannot_write(
                self.path(),
                "another run of this flow writes it at this moment; let one end first",
            ));
        }
        *opened = Some(OpenOutput::Preparing);
        drop(opened);
        self.0.is_abandoned.store(false, Ordering::Relaxed);
        let (opened, result) = match self.open(appending, head) {
            Ok(opened) => (Some(opened), Ok(())),
            Err(error) => (None, Err(error)),
        };
        *self.opened() = opened;
        result
    }

    fn opened(&self) -> MutexGuard<'_, Option<OpenOutput>> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, appending: Appending, head: &[u8]) -> Result<OpenOutput> {
        Ok(match self.place()? {
            None | Some((_, OutputMode::Standard)) => OpenOutput::Standard,
            Some((place, OutputMode::Stream)) if place.entry == Entry::Fifo => {
                OpenOutput::Pipe(Pipe::open(place.location))
            }
            Some((place, OutputMode::Stream)) => OpenOutput::Stream(place),
            Some((place, mode)) => self.make(&place, mode, appending, head)?,
        })
    }

    fn make(&self, place: &ResolvedPath, mode: OutputMode, appending: Appending, head: &[u8]) -> Result<OpenOutput> {
        // The error names the output, not the temporary file.
        let failed = Error::io("create", self.path());
        if self.is_folder() {
            let pending = Arc::new(PendingFolder::create(&place.location).map_err(failed)?);
            return Ok(OpenOutput::Folder { pending, mode });
        }
        let mode = match mode {
            OutputMode::Append => {
                let separator = matches!(appending, Appending::Lines | Appending::Objects).then_some(b'\n');
                PutMode::Append { head_bytes: head.len() as u64, separator }
            }
            OutputMode::IfAbsent => PutMode::IfAbsent,
            _ => PutMode::Replace,
        };
        let file = place.location.create(PutOptions { mode, is_durable: false }).map_err(failed)?;
        Ok(OpenOutput::File(Arc::new(Mutex::new(Some(file)))))
    }

    fn not_prepared(&self) -> Error {
        Error::Internal(format!("the output {} was not prepared", self.path().display()))
    }

    /// The writer for a task. In a folder, `part` is the name of its file.
    ///
    /// # Errors
    /// Fails if the file cannot be created, or if the output was not prepared.
    pub fn appender(&self, part: &str) -> Result<Appender> {
        let opened = self.opened();
        match opened.as_ref().ok_or_else(|| self.not_prepared())? {
            OpenOutput::Preparing => Err(self.not_prepared()),
            OpenOutput::Standard => Ok(Appender::to_stream(StandardOutput, self.clone())),
            OpenOutput::Pipe(pipe) => Ok(Appender::to_stream(pipe.writer(), self.clone())),
            OpenOutput::Stream(place) => {
                let kind = if place.entry == Entry::OpenFile { PathKind::OpenFile } else { PathKind::CharacterDevice };
                let stream = place.location.file_system().and_then(|files| files.open_stream(place.path(), kind));
                Ok(Appender::to_stream(stream.map_err(Error::io("write", self.path()))?, self.clone()))
            }
            OpenOutput::File(pending) => Ok(Appender::to_file(PendingWriter(pending.clone()))),
            OpenOutput::Folder { pending, .. } => {
                pending.file(part).map(Appender::to_file).map_err(Error::io("create", self.path()))
            }
        }
    }

    /// The folder that tasks write files to.
    ///
    /// # Errors
    /// Fails if the output is not a folder or was not prepared, which is a defect of the caller.
    pub fn pending_folder(&self) -> Result<Arc<PendingFolder>> {
        match self.opened().as_ref() {
            Some(OpenOutput::Folder { pending, .. }) => Ok(pending.clone()),
            _ => Err(self.not_prepared()),
        }
    }

    /// Ends the output. After `success` it gets its name, else it is removed.
    ///
    /// # Errors
    /// Fails if it cannot get its name. It is removed then.
    pub fn finish(&self, success: bool) -> Result<()> {
        let opened = self.opened().take();
        let (named, action) = match opened {
            Some(OpenOutput::File(pending)) => {
                let file = pending.lock().unwrap_or_else(PoisonError::into_inner).take();
                let appends = self.0.if_exists == Some(IfExists::Append);
                let action = if appends { "append to" } else { "rename the finished output to" };
                (file.filter(|_| success).map_or(Ok(()), ObjectWriter::finish), action)
            }
            Some(OpenOutput::Folder { pending, mode }) if success => match mode {
                OutputMode::Append => (pending.merge(), "append to"),
                OutputMode::Replace => (pending.replace(), "replace"),
                _ => (pending.rename_if_absent(), "rename the finished output to"),
            },
            Some(OpenOutput::Pipe(pipe)) => (pipe.finish(success), "write"),
            Some(OpenOutput::Folder { pending, .. }) => {
                // Tasks may still hold it.
                pending.discard();
                return Ok(());
            }
            _ => return Ok(()),
        };
        named.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
                cannot_write(self.path(), "somebody else wrote it while the job ran; remove it, or choose another name")
            }
            _ => Error::io(action, self.path())(error),
        })
    }
}

/// Writes to a file. Drops the bytes after the job has ended.
struct PendingWriter(PendingFile);

impl Write for PendingWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.as_mut().map_or(Ok(()), |file| file.write(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn only_one_concurrent_run_gets_the_output() {
        const RUNS: usize = 4;
        let folder = tempfile::tempdir().unwrap();
        let target = Target::file(folder.path().join("out").to_str().unwrap());
        let barrier = Barrier::new(RUNS);
        let prepared = || {
            barrier.wait();
            target.prepare(Appending::Never, &[]).is_ok()
        };
        for _ in 0..500 {
            let begun: Vec<bool> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..RUNS).map(|_| scope.spawn(prepared)).collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert_eq!(begun.into_iter().filter(|&begun| begun).count(), 1);
            target.finish(true).unwrap();
        }
        // A run that fails to start does not block the next one.
        let nowhere = Target::file("/nowhere/at/all");
        let errors = [(), ()].map(|()| nowhere.prepare(Appending::Never, &[]).unwrap_err().to_string());
        assert_eq!(errors[0], errors[1]);
    }
}

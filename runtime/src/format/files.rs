//! From the path a user writes to the files behind it.
//!
//! A path is `-`, standard input, or a file, a folder (its files, not those of folders inside it), or a pattern: `*` stands for any part of a name, `?`
//! for one character, `[a-c]` and `[!a-c]` for one of some, `{a,b}` for several paths at once, and `**` as a whole name for any number of
//! folders; behind a `\` each stands for itself. A path that there is is itself, whatever stands in it. What a job leaves behind while it writes is not
//! read: names that begin with `.` or `_`, and names that end with `.tmp` or `.inprogress`, unless the pattern spells that out.
//! Folders inside a folder are read where their names are `field=value`.
//!
//! **Standard input is made a file.** Formats look at beginnings and ends, cut splits, and look lines up for messages; a reader for streams would be
//! a second one for each format, read by one task.

mod contents;
mod encoding;

use std::fs::{self, File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use xxhash_rust::xxh3::Xxh3;

use super::compression::{Compression, Damaged};
use super::pattern::{PathPattern, is_passed_over, is_pattern, metadata_of};
use super::stdin::{SHOWN, is_standard_input, standard_input};
use super::text_encoding::TextEncoding;
use crate::error::{Error, Result, UrlUse, refused_url};
use crate::row::Schema;

pub(super) use contents::{BYTE_ORDER_MARK, Contents, beginning};
pub(super) use encoding::check_encoding;

/// How many files stay open from listing to reading. The others are opened again when their turn comes, so a folder
/// of any size needs no more file handles than this and one a task.
const KEPT_OPEN: usize = 256;

/// One file of an input.
#[derive(Clone, Debug)]
pub struct InputFile {
    path: Arc<PathBuf>,
    bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    modified: i128,
    compression: Option<Compression>,
    /// How its text is encoded; `None` if its format has no option for that.
    encoding: Option<TextEncoding>,
    kept: Option<Arc<File>>,
}

impl InputFile {
    fn new(path: PathBuf, keep: bool) -> Result<Self> {
        // A pipe is refused at once, whether or not somebody writes to it.
        let flags = OFlags::NONBLOCK.bits() as i32;
        let file = File::options().read(true).custom_flags(flags).open(&path).map_err(Error::io("read", &path))?;
        Self::opened(path, Arc::new(file), keep)
    }

    fn opened(path: PathBuf, file: Arc<File>, keep: bool) -> Result<Self> {
        let metadata = file.metadata().map_err(Error::io("read", &path))?;
        if !metadata.is_file() {
            let reason = "it is neither a file nor a folder; pipes and devices have no length, and cannot be split";
            return Err(Error::NoInput { path: path.display().to_string(), reason: reason.to_owned() });
        }
        let (bytes, modified, compression) = (metadata.len(), modified(&metadata), Compression::of(&path));
        Ok(InputFile { path: Arc::new(path), bytes, modified, compression, encoding: None, kept: keep.then_some(file) })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Arc<PathBuf> {
        &self.path
    }

    /// Its length when it was listed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How its bytes are compressed, going by its name.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// The same file, whose text is encoded otherwise.
    pub(super) fn with_encoding(&self, encoding: TextEncoding) -> Self {
        InputFile { encoding: Some(encoding), ..self.clone() }
    }

    /// How its text is encoded.
    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding.unwrap_or_default()
    }

    /// Whether what it holds is not its bytes: it is compressed or not UTF-8, so no place in it can be read by itself.
    pub(super) fn is_encoded(&self) -> bool {
        self.compression.is_some() || self.encoding() != TextEncoding::Utf8
    }

    /// A handle for positioned reads.
    ///
    /// # Errors
    /// If the file is gone or was changed after it was listed, or if no more files may be open.
    pub fn open(&self) -> Result<Arc<File>> {
        let failed = |error| Error::io("read", &*self.path)(error);
        let file = match &self.kept {
            Some(file) => file.clone(),
            None => File::open(&*self.path).map(Arc::new).map_err(failed)?,
        };
        let found = file.metadata().map_err(failed)?;
        if (found.len(), modified(&found)) == (self.bytes, self.modified) {
            return Ok(file);
        }
        let message = format!(
            "the file was changed after it was listed: it had {} bytes, and has {}; run the job again when nothing writes to it",
            self.bytes,
            found.len()
        );
        Err(Error::Schema { path: self.path.to_path_buf(), message })
    }

    /// Reads up to `buffer.len()` bytes from `offset`, fewer only at the end of the file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn read_at(&self, file: &File, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", &*self.path)(error)),
            }
        }
        Ok(filled)
    }

    /// The line that a byte of what the file holds stands in, from 1, found by reading everything before it: for messages only.
    pub(super) fn line_at(&self, offset: u64) -> Option<u64> {
        Contents::lines(self, 0..offset).ok().map(|lines| lines + 1)
    }

    /// An [`Error::Data`] about the line that a byte stands in.
    pub(super) fn data_error(&self, offset: u64, message: impl Into<String>) -> Error {
        let place = self.line_at(offset).map_or_else(|| format!(", byte {offset}"), |line| format!(":{line}"));
        Error::Data { path: self.path.to_path_buf(), place, message: message.into() }
    }

    /// The error for compressed bytes that are not what they should be.
    pub(super) fn damaged(&self, damaged: Damaged) -> Error {
        let Damaged { at, message } = damaged;
        Error::Data { path: self.path.to_path_buf(), place: format!(", byte {at}"), message }
    }

    /// The error for bytes that are no text: a block, the place in it, and where the block begins in the file.
    pub(super) fn not_utf8(&self, block: &[u8], at: usize, block_offset: u64) -> Error {
        let offset = block_offset + at as u64;
        if let (0, Err(error)) = (block_offset, check_encoding(self, block)) {
            return error;
        }
        let byte = block.get(at).copied().unwrap_or_default();
        let whose = if self.compression.is_some() { "what the file holds" } else { "the file" };
        let option = if self.encoding.is_some() { ", or read it with the option `encoding`" } else { "" };
        let found = format!(
            "expected UTF-8, found the byte 0x{byte:02x} at byte {offset} of {whose}; convert it to UTF-8{option}"
        );
        self.data_error(offset, found)
    }
}

/// The files of an input, and the path that names them.
#[derive(Clone, Debug)]
pub struct Inputs {
    pub(super) path: String,
    pub(super) files: Arc<[InputFile]>,
}

impl Inputs {
    /// # Errors
    /// As [`input_files`].
    pub fn at(path: &str) -> Result<Self> {
        Ok(Inputs { path: path.to_owned(), files: input_files(path)? })
    }

    /// Where the path stops naming one folder: what lies below may say more by its folders' names.
    pub(super) fn root(&self) -> PathBuf {
        if is_standard_input(&self.path) {
            return PathBuf::new();
        }
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => Path::new(&self.path).parent().unwrap_or(Path::new("")).to_owned(),
            Ok(_) => PathBuf::from(&self.path),
            Err(_) => PathPattern::new(&self.path).map_or_else(|_| PathBuf::new(), |pattern| pattern.root().to_owned()),
        }
    }
}

/// The files that a path names, by name, opened.
///
/// # Errors
/// [`Error::NoInput`] where there is none, [`Error::Io`] where one cannot be read.
pub fn input_files(path: &str) -> Result<Arc<[InputFile]>> {
    if is_standard_input(path) {
        let file = InputFile::opened(SHOWN.into(), standard_input(None)?, true)?;
        return Ok(Arc::new([file]));
    }
    let found = find(path)?;
    let keep = found.len() <= KEPT_OPEN;
    found.into_iter().map(|path| InputFile::new(path, keep)).collect()
}

/// A number for what files hold, as records of this schema: another one when one of them changes, or is read in another way.
pub(super) fn version_of(format: &str, files: &[InputFile], schema: &Schema, options: &dyn std::fmt::Debug) -> u128 {
    let mut hash = Xxh3::new();
    for file in files {
        hash.update(file.path.as_os_str().as_encoded_bytes());
        hash.update(&file.bytes.to_le_bytes());
        hash.update(&file.modified.to_le_bytes());
    }
    hash.update(format!("{format} {schema:?} {options:?}").as_bytes());
    hash.digest128()
}

/// For EXPLAIN: `csv data/orders.csv`, with the number of files where there are several.
pub(super) fn describe(format: &str, path: &str, files: &[InputFile]) -> String {
    match files.len() {
        1 => format!("{format} {path}"),
        count => format!("{format} {path} ({count} files)"),
    }
}

fn find(path: &str) -> Result<Vec<PathBuf>> {
    let nothing = |reason: &str| Error::NoInput { path: path.to_owned(), reason: reason.to_owned() };
    let mut found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => files_of(Path::new(path))?,
        Ok(_) => return Ok(vec![PathBuf::from(path)]),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(reason) = refused_url(Path::new(path), UrlUse::Read) {
                return Err(nothing(&reason));
            }
            if !is_pattern(path) {
                return Err(nothing("there is no such file or folder"));
            }
            PathPattern::new(path)
                .map_err(|reason| nothing(&format!("there is no such file, and {reason}")))?
                .matches()?
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    if found.is_empty() {
        return Err(nothing(if is_pattern(path) {
            "no file matches the pattern (`*`, `?`, `[ab]` and `{a,b}` stand for parts of a name, `**` for folders)"
        } else {
            "the folder holds no file to read (names that begin with `.` or `_` or end with `.tmp` or `.inprogress` are \
             passed over, and so are the folders in it, but for those named `field=value`: write `**` to read them)"
        }));
    }
    found.sort();
    Ok(found)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_passed_over(&name, "*") {
            continue;
        }
        match metadata_of(&path)? {
            Some(metadata) if metadata.is_file() => found.push(path),
            Some(metadata) if metadata.is_dir() && name.contains('=') => found.extend(files_of(&path)?),
            _ => {}
        }
    }
    Ok(found)
}

/// When a file was changed last, in nanoseconds since 1970.
fn modified(metadata: &Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

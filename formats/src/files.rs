//! Input files: from a path in the user's program to the files that are read.
//!
//! A path is `-` (standard input), a file, a folder, or a pattern. A folder stands for its files
//! and the files of inner folders named `field=value`. A path that exists is not taken as a
//! pattern. Patterns:
//!
//! | pattern | matches |
//! |---|---|
//! | `*` | any part of a name |
//! | `**`, as a whole name | any number of folders |
//! | `?` | one character |
//! | `[a-c]`, `[!a-c]` | one character of the set, or one outside of it |
//! | `{a,b}` | several paths |
//! | `\` and a character | that character |
//!
//! Files of unfinished writes are skipped, unless the pattern spells them out: names that begin
//! with `.` or `_`, or end with `.tmp` or `.inprogress`.
//!
//! Standard input is first copied to a file, unless it is one. Formats read beginnings and ends,
//! cut splits, and find lines for messages. A stream would need a second reader per format, which
//! runs in one task.

mod contents;
mod encoding;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::compression::{Compression, Damaged};
use super::pattern::{PathPattern, is_pattern, is_skipped_name};
use super::text_encoding::TextEncoding;
use runtime::error::{Error, Result, UrlUse, refused_url};
use runtime::row::Schema;
use runtime::storage::{Kind, Location, ObjectInfo, STANDARD_INPUT, StoredObject, is_standard_input, standard_input};

pub(super) use contents::{BYTE_ORDER_MARK, Contents, beginning};
pub(super) use encoding::check_encoding;

/// Largest number of files that stay open from listing to reading. In larger inputs each file is
/// opened again when it is read. So an input needs no more file handles than this and one per task.
const KEPT_OPEN: usize = 256;

/// One file of an input.
#[derive(Clone, Debug)]
pub struct InputFile {
    location: Location,
    /// Length and version at the time of listing.
    info: ObjectInfo,
    compression: Option<Compression>,
    /// Encoding of the text; `None` if the format has no option for it.
    encoding: Option<TextEncoding>,
    kept: Option<Arc<dyn StoredObject>>,
}

impl InputFile {
    fn new(location: Location, keep: bool) -> Result<Self> {
        let object = location.open().map_err(Error::io("read", location.path()))?;
        Self::opened(location, object, keep)
    }

    fn opened(location: Location, object: Arc<dyn StoredObject>, keep: bool) -> Result<Self> {
        let info = object.info().map_err(Error::io("read", location.path()))?;
        if info.kind != Kind::File {
            let reason = "it is neither a file nor a folder; pipes and devices have no length, and cannot be split";
            return Err(Error::NoInput { path: location.path().display().to_string(), reason: reason.to_owned() });
        }
        let compression = Compression::of(location.path());
        Ok(InputFile { location, info, compression, encoding: None, kept: keep.then_some(object) })
    }

    /// Returns the file's path.
    #[must_use]
    pub fn path(&self) -> &Arc<PathBuf> {
        self.location.shared_path()
    }

    /// Returns the file's length in bytes when it was listed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.info.bytes
    }

    /// Returns the compression that the file's name states.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Returns the same file, to be read with another encoding.
    pub(super) fn with_encoding(&self, encoding: TextEncoding) -> Self {
        InputFile { encoding: Some(encoding), ..self.clone() }
    }

    /// Returns the encoding of the file's text.
    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding.unwrap_or_default()
    }

    /// Returns `true` if the content differs from the bytes of the file: it is compressed or not
    /// UTF-8. Such a file can only be read from its beginning.
    pub(super) fn is_encoded(&self) -> bool {
        self.compression.is_some() || self.encoding() != TextEncoding::Utf8
    }

    /// Opens the file.
    ///
    /// # Errors
    /// Fails if the file is gone or was changed after it was listed, or if no more files may be
    /// open.
    pub fn open(&self) -> Result<Arc<dyn StoredObject>> {
        let failed = |error| Error::io("read", self.location.path())(error);
        let object = match &self.kept {
            Some(object) => object.clone(),
            None => self.location.open().map_err(failed)?,
        };
        let found = object.info().map_err(failed)?;
        if found == self.info {
            return Ok(object);
        }
        let message = format!(
            "the file was changed after it was listed: it had {} bytes, and has {}; run the job again when nothing writes to it",
            self.info.bytes, found.bytes
        );
        Err(Error::Schema { path: self.location.path().to_path_buf(), message })
    }

    /// Reads up to `buffer.len()` bytes from `offset`, fewer only at the end of the file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn read_at(&self, object: &dyn StoredObject, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        object.read_at(buffer, offset).map_err(Error::io("read", self.location.path()))
    }

    /// Returns the line of a byte of the content, counted from 1, or `None` if the file cannot be
    /// read. Reads everything before the byte, so it is for messages only.
    pub(super) fn line_at(&self, offset: u64) -> Option<u64> {
        Contents::lines(self, 0..offset).ok().map(|lines| lines + 1)
    }

    /// Returns an [`Error::Data`] that names the line of a byte of the content.
    pub(super) fn data_error(&self, offset: u64, message: impl Into<String>) -> Error {
        let place = self.line_at(offset).map_or_else(|| format!(", byte {offset}"), |line| format!(":{line}"));
        Error::Data { path: self.location.path().to_path_buf(), place, message: message.into() }
    }

    /// Returns the error for compressed bytes that cannot be decompressed.
    pub(super) fn damaged(&self, damaged: Damaged) -> Error {
        let Damaged { at, message } = damaged;
        Error::Data { path: self.location.path().to_path_buf(), place: format!(", byte {at}"), message }
    }

    /// Returns the error for a byte that is not UTF-8: the byte `at` of a block that begins at
    /// `block_offset` of the content.
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

    /// Returns the folder that the path names, up to its first wildcard. The names of folders below
    /// it may hold fields.
    pub(super) fn root(&self) -> PathBuf {
        if is_standard_input(&self.path) {
            return PathBuf::new();
        }
        match Location::from(&self.path).info() {
            Ok(Some(info)) if info.kind == Kind::Folder => PathBuf::from(&self.path),
            Ok(Some(_)) => Path::new(&self.path).parent().unwrap_or(Path::new("")).to_owned(),
            _ => PathPattern::new(&self.path).map_or_else(|_| PathBuf::new(), |pattern| pattern.root().to_owned()),
        }
    }
}

/// Lists the files that a path names, in the order of their paths, and opens them.
///
/// # Errors
/// [`Error::NoInput`] if there is none, [`Error::Io`] if one cannot be read.
pub fn input_files(path: &str) -> Result<Arc<[InputFile]>> {
    if is_standard_input(path) {
        let file = InputFile::opened(Location::from(STANDARD_INPUT), standard_input(None)?, true)?;
        return Ok(Arc::new([file]));
    }
    let found = find(path)?;
    let keep = found.len() <= KEPT_OPEN;
    found.into_iter().map(|location| InputFile::new(location, keep)).collect()
}

/// Returns a hash of the files' identities, the schema and the options. It changes if a file
/// changes or is read in another way.
pub(super) fn version_of(format: &str, files: &[InputFile], schema: &Schema, options: &dyn std::fmt::Debug) -> u128 {
    let mut hash = Xxh3::new();
    for file in files {
        hash.update(file.path().as_os_str().as_encoded_bytes());
        hash.update(&file.info.bytes.to_le_bytes());
        hash.update(&file.info.version.to_le_bytes());
    }
    hash.update(format!("{format} {schema:?} {options:?}").as_bytes());
    hash.digest128()
}

/// Describes an input for EXPLAIN: `csv data/orders.csv`, with the number of files if there are
/// several.
pub(super) fn describe(format: &str, path: &str, files: &[InputFile]) -> String {
    match files.len() {
        1 => format!("{format} {path}"),
        count => format!("{format} {path} ({count} files)"),
    }
}

fn find(path: &str) -> Result<Vec<Location>> {
    let nothing = |reason: &str| Error::NoInput { path: path.to_owned(), reason: reason.to_owned() };
    let location = Location::from(path);
    let mut found = match location.info().map_err(Error::io("read", path))? {
        Some(info) if info.kind == Kind::Folder => files_of(&location)?,
        Some(_) => return Ok(vec![location]),
        None => {
            if let Some(reason) = refused_url(Path::new(path), UrlUse::Read) {
                return Err(nothing(&reason));
            }
            if !is_pattern(path) {
                return Err(nothing("there is no such file or folder"));
            }
            PathPattern::new(path)
                .map_err(|reason| nothing(&format!("there is no such file, and {reason}")))?
                .matches(&location)?
        }
    };
    if found.is_empty() {
        return Err(nothing(if is_pattern(path) {
            "no file matches the pattern (`*`, `?`, `[ab]` and `{a,b}` stand for parts of a name, `**` for folders)"
        } else {
            "the folder holds no file to read (names that begin with `.` or `_` or end with `.tmp` or `.inprogress` are \
             passed over, and so are the folders in it, but for those named `field=value`: write `**` to read them)"
        }));
    }
    found.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(found)
}

fn files_of(folder: &Location) -> Result<Vec<Location>> {
    let mut found = Vec::new();
    for entry in folder.list().map_err(Error::io("read", folder.path()))? {
        let name = entry.name.to_string_lossy();
        if is_skipped_name(&name, "*") {
            continue;
        }
        let path = folder.join(&entry.name);
        match path.info().map_err(Error::io("read", path.path()))?.map(|info| info.kind) {
            Some(Kind::File) => found.push(path),
            Some(Kind::Folder) if name.contains('=') => found.extend(files_of(&path)?),
            _ => {}
        }
    }
    Ok(found)
}

//! A file of spilled pages. It has no name, so the system deletes it when it is closed.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{Error as IoError, ErrorKind, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Access, FallocateFlags, access, fallocate};
use rustix::io::{Errno, pwritev};

use crate::error::{Error, Result};
use crate::page::{Buffer, Page, PageImage};
use crate::row::RowLayout;
use crate::storage::{UNNAMED_PREFIX, names_process, read_cached, unnamed};

use super::compressed::{HEADER_BYTES, compress, compressed_bytes, decompress};
use super::free::FreeSpace;

/// Written between a page's rows and its variable parts. In memory, other data may lie there.
static ZEROS: [u8; 4096] = [0; 4096];

/// A folder, and the number of spilled bytes in its files.
#[derive(Debug)]
pub(super) struct SpillFolder {
    pub(super) path: PathBuf,
    bytes: AtomicU64,
}

impl SpillFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        SpillFolder { path, bytes: AtomicU64::new(0) }
    }

    /// Fails if files cannot be created here, as far as the permissions show.
    pub(super) fn check(&self) -> Result<()> {
        let refused = |error: Errno| Error::no_spill_folder(&self.path, error.into());
        // With the dot, the system refuses a path that is a file (`ENOTDIR`).
        access(self.path.join("."), Access::WRITE_OK | Access::EXEC_OK).map_err(refused)
    }
}

#[derive(Debug)]
pub(super) struct SpillFile {
    folder: Arc<SpillFolder>,
    file: Mutex<Option<Arc<File>>>,
    compresses: bool,
    end: AtomicU64,
    free: Mutex<FreeSpace>,
    written: AtomicU64,
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        self.folder.bytes.fetch_sub(*self.written.get_mut(), Ordering::Relaxed);
    }
}

impl SpillFile {
    pub(super) fn new(folder: Arc<SpillFolder>, compresses: bool) -> Self {
        let (file, end, free, written) = (Mutex::default(), AtomicU64::new(0), Mutex::default(), AtomicU64::new(0));
        SpillFile { folder, file, compresses, end, free, written }
    }

    /// Allocates `bytes` and returns their offset. Reuses free space if possible, else extends the
    /// file.
    pub(super) fn allocate(&self, bytes: usize) -> u64 {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).take(bytes as u64);
        free.unwrap_or_else(|| self.end.fetch_add(bytes as u64, Ordering::Relaxed))
    }

    /// Frees a range that will not be read again. Returns ranges that the caller must
    /// [punch](SpillFile::punch).
    #[must_use]
    pub(super) fn release(&self, offset: u64, bytes: usize) -> Vec<(u64, u64)> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).add(offset, bytes as u64)
    }

    /// The open file. Creates it on the first call.
    fn open(&self) -> Result<Arc<File>> {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*slot {
            return Ok(file.clone());
        }
        let refused = |source| Error::no_spill_folder(&self.folder.path, source);
        let file = Arc::new(unnamed(&self.folder.path).map_err(refused)?);
        *slot = Some(file.clone());
        Ok(file)
    }

    fn io_error(&self, action: &'static str, source: IoError) -> Error {
        let folder = self.folder.path.clone();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Error::DiskFull { folder, spilled: self.folder.bytes.load(Ordering::Relaxed), source }
            }
            _ => Error::Io { action, path: folder, source },
        }
    }

    /// Writes pages of one size to consecutive places, beginning at `offset`.
    pub(super) fn write(&self, offset: u64, pages: &[Page]) -> Result<()> {
        let file = self.open()?;
        let mut at = offset;
        for page in pages {
            let image = page.image(at);
            let compressed = if self.compresses { compress(&image, page.bytes()) } else { None };
            let written = compressed.as_ref().map_or(page.bytes(), Vec::len) as u64;
            if let Some(compressed) = compressed {
                let mut parts = [IoSlice::new(&compressed)];
                write_all(&file, &mut parts, at).map_err(|error| self.io_error("write what is spilled to", error))?;
            } else {
                self.write_image(&file, &image, at)?;
            }
            at += page.bytes() as u64;
            self.written.fetch_add(written, Ordering::Relaxed);
            self.folder.bytes.fetch_add(written, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes bytes that are not pages. The caller chooses the offset, so the file must hold
    /// nothing else.
    pub(super) fn write_bytes(&self, at: u64, bytes: &[u8]) -> Result<()> {
        let file = self.open()?;
        file.write_all_at(bytes, at).map_err(|error| self.io_error("write what is spilled to", error))?;
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.folder.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Reads bytes of [`SpillFile::write_bytes`].
    pub(super) fn read_bytes(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        self.open()?.read_exact_at(bytes, at).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.changed_error(),
            _ => self.io_error("read what was spilled from", error),
        })
    }

    /// The error for bytes that differ from those written.
    pub(super) fn changed_error(&self) -> Error {
        Error::Data {
            path: self.folder.path.join("spilled bytes"),
            place: String::new(),
            message: "are not what was written: the disk or something on the way to it is not to be trusted".to_owned(),
        }
    }

    fn write_image(&self, file: &File, image: &PageImage<'_>, at: u64) -> Result<()> {
        let mut parts = vec![IoSlice::new(&image.header), IoSlice::new(image.rows)];
        let mut gap = image.gap;
        while gap > 0 {
            let zeros = gap.min(ZEROS.len());
            parts.push(IoSlice::new(&ZEROS[..zeros]));
            gap -= zeros;
        }
        parts.push(IoSlice::new(image.heap));
        write_all(file, &mut parts, at).map_err(|error| self.io_error("write what is spilled to", error))
    }

    /// Reads a page, and waits for the disk.
    pub(super) fn read(&self, offset: u64, buffer: Buffer, layout: &Arc<RowLayout>) -> Result<Page> {
        let page = self.read_by(offset, buffer, layout, |file, bytes, at| file.read_exact_at(bytes, at).map(|()| true));
        page?.ok_or_else(|| Error::Internal("a page that was read is missing".to_owned()))
    }

    /// As [`SpillFile::read`], but never waits. Returns `None` if a part of the page is not in the
    /// page cache.
    pub(super) fn read_cached(&self, offset: u64, buffer: Buffer, layout: &Arc<RowLayout>) -> Result<Option<Page>> {
        self.read_by(offset, buffer, layout, read_cached)
    }

    fn read_by(
        &self,
        offset: u64,
        mut buffer: Buffer,
        layout: &Arc<RowLayout>,
        read_at: impl Fn(&File, &mut [u8], u64) -> Result<bool, IoError>,
    ) -> Result<Option<Page>> {
        let file = self.open()?;
        let damaged = |message: &str| Error::Data {
            path: self.folder.path.join("a spilled page"),
            place: format!(", byte {offset}"),
            message: format!("{message}: the disk or something on the way to it is not to be trusted"),
        };
        let read = |bytes: &mut [u8], offset| {
            read_at(&file, bytes, offset).map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => damaged("ends too early"),
                _ => self.io_error("read what was spilled from", error),
            })
        };
        let mut header = [0; HEADER_BYTES];
        if self.compresses && !read(&mut header, offset)? {
            return Ok(None);
        }
        match compressed_bytes(header) {
            Some(bytes) if bytes > buffer.as_ref().len() => return Err(damaged("is longer than it was written")),
            Some(bytes) => {
                let mut compressed = vec![0; bytes];
                if !read(&mut compressed, offset + HEADER_BYTES as u64)? {
                    return Ok(None);
                }
                decompress(&compressed, buffer.as_mut()).map_err(damaged)?;
            }
            None if !read(buffer.as_mut(), offset)? => return Ok(None),
            None => {}
        }
        Page::restore(buffer, layout, offset).map(Some).map_err(damaged)
    }

    /// Returns ranges to the disk, as holes in the file. If the file system has no holes, it keeps
    /// them until the file is closed.
    pub(super) fn punch(&self, holes: &[(u64, u64)]) {
        if let Ok(file) = self.open() {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            for &(offset, bytes) in holes {
                let _ = fallocate(&*file, flags, offset, bytes);
            }
        }
    }
}

/// The limit of parts in one call of `pwritev`.
const MAX_WRITE_PARTS: usize = 1024;

fn write_all(file: &File, mut parts: &mut [IoSlice<'_>], mut offset: u64) -> Result<(), IoError> {
    IoSlice::advance_slices(&mut parts, 0);
    while !parts.is_empty() {
        let some = parts.len().min(MAX_WRITE_PARTS);
        match pwritev(file, &parts[..some], offset) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset += written as u64;
                IoSlice::advance_slices(&mut parts, written);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Removes files of stopped processes, which are empty and unlocked, and named by [`unnamed`].
/// Errors are ignored, because a file may belong to another user.
pub(super) fn remove_abandoned(folder: &Path) {
    let Ok(entries) = folder.read_dir() else { return };
    let paths = entries.flatten().filter(|entry| is_spill_file_name(&entry.file_name())).map(|entry| entry.path());
    // Opening a pipe would block.
    let is_empty = |path: &PathBuf| path.symlink_metadata().is_ok_and(|file| file.is_file() && file.len() == 0);
    for path in paths.filter(is_empty) {
        let Ok(file) = File::open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => {
                let _ = std::fs::remove_file(&path);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

/// Returns `true` for names that [`unnamed`] gives its files.
fn is_spill_file_name(name: &OsStr) -> bool {
    name.to_str().and_then(|name| name.strip_prefix(UNNAMED_PREFIX)).is_some_and(names_process)
}

#[cfg(test)]
impl SpillFile {
    pub(super) fn written_bytes(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Flips a bit of the byte at `at`.
    pub(super) fn damage(&self, at: u64) {
        let (file, mut byte) = (self.open().unwrap(), [0]);
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x40], at).unwrap();
    }
}

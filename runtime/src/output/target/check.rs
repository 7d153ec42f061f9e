//! Checks of an output before the first record.

use super::{Appending, Kind, Target};
use crate::error::{Error, Result};
use crate::output::folder::unknown_entry;
use crate::output::place::{Entry, OutputMode, ResolvedPath, cannot_write};

/// Bytes of a JSON file, from its start, that are searched for `[`.
const JSON_START_BYTES: usize = 1 << 16;

impl Target {
    /// Checks that files of a format can be written. All files of the format begin with `head`.
    ///
    /// # Errors
    /// Fails with the obstacle and a way to remove it.
    pub fn check(&self, appending: Appending, head: &[u8]) -> Result<()> {
        let Some((place, mode)) = self.place()? else { return Ok(()) };
        let files = place.location.file_system().ok();
        if place.entry == Entry::File && files.is_some_and(|files| !files.is_writable(place.path())) {
            return Err(cannot_write(
                self.path(),
                "the file may not be written to; change its mode, or choose another name",
            ));
        }
        match (self.0.kind, mode) {
            (Kind::File, OutputMode::Append) => self.check_appending(&place, appending, head),
            (Kind::Folder, OutputMode::Replace) => self.check_replaceable(&place),
            _ => Ok(()),
        }
    }

    fn check_appending(&self, place: &ResolvedPath, appending: Appending, head: &[u8]) -> Result<()> {
        if appending == Appending::Never {
            return Err(cannot_write(
                self.path(),
                "nothing can be appended to a file of this format, or one that is compressed; end the path with `/` to add files to a folder",
            ));
        }
        if place.entry != Entry::File {
            return Ok(());
        }
        let mut start = vec![0; if appending == Appending::Objects { JSON_START_BYTES } else { head.len() }];
        let read = place.location.open().and_then(|file| file.read_at(&mut start, 0));
        start.truncate(read.map_err(Error::io("append to", self.path()))?);
        if appending == Appending::Objects {
            let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
            if text.trim_ascii_start().starts_with(b"[") {
                let reason = "the file is one JSON array, after which no line can follow; write to another file, or convert \
                              this one to a line for each record: jq -c '.[]' FILE";
                return Err(cannot_write(self.path(), reason));
            }
            return Ok(());
        }
        if !start.is_empty() && start != head {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().escape_debug().to_string();
            let reason = format!(
                "the file begins with `{}`, and records of this flow would be below `{}`; append records with the same fields in the same order",
                shown(&start),
                shown(head)
            );
            return Err(cannot_write(self.path(), &reason));
        }
        Ok(())
    }

    /// The replaced folder is deleted, so it must contain only files that a job writes.
    fn check_replaceable(&self, place: &ResolvedPath) -> Result<()> {
        unknown_entry(&place.location).map_or(Ok(()), |unknown_entry| {
            let reason = format!(
                "the folder is to be replaced, and holds {}, which no job wrote or this user cannot list; remove it first",
                unknown_entry.display()
            );
            Err(cannot_write(self.path(), &reason))
        })
    }
}

//! The cost of the disk itself: writes bytes and reads them back, bypassing the page cache.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use rustix::fs::OFlags;

/// Bytes per write and read.
const BLOCK_BYTES: usize = 4 << 20;

/// Sufficient for all devices.
const ALIGNMENT: usize = 4096;

/// Seconds to write this number of bytes to a file in `folder` and to read them again, in whole
/// consecutive blocks. `None` if the file system has no direct access.
pub(crate) fn disk_seconds(folder: &Path, bytes: u64) -> Option<f64> {
    let path = folder.join(format!("disk-{}", std::process::id()));
    let seconds = write_and_read(&path, bytes.div_ceil(BLOCK_BYTES as u64));
    // If the file was not created, there is nothing to remove.
    let _ = fs::remove_file(&path);
    seconds.ok()
}

fn write_and_read(path: &Path, blocks: u64) -> io::Result<f64> {
    let direct = OFlags::DIRECT.bits().cast_signed();
    let mut buffer = vec![0xA5_u8; BLOCK_BYTES + ALIGNMENT];
    let lead = buffer.as_ptr().align_offset(ALIGNMENT);
    let block = &mut buffer[lead..lead + BLOCK_BYTES];
    let start = Instant::now();
    let mut file: File = OpenOptions::new().write(true).create_new(true).custom_flags(direct).open(path)?;
    (0..blocks).try_for_each(|_| file.write_all(block))?;
    let mut file = OpenOptions::new().read(true).custom_flags(direct).open(path)?;
    (0..blocks).try_for_each(|_| file.read_exact(block))?;
    Ok(start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_remains() {
        let folder = tempfile::tempdir().unwrap();
        // Returns `None` if the temporary folder is in memory.
        let _ = disk_seconds(folder.path(), 1 << 20);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(disk_seconds(&folder.path().join("absent"), 1), None);
    }
}

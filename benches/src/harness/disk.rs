//! What the disk itself costs: bytes written and read back past the page cache.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use rustix::fs::OFlags;

/// Written and read at once.
const BLOCK_BYTES: usize = 4 << 20;

/// No device asks for more.
const ALIGNMENT: usize = 4096;

/// Seconds that writing so many bytes to a file in `folder` and reading them again takes, in whole blocks and one after the other;
/// none where the file system has no direct access.
pub(crate) fn disk_seconds(folder: &Path, bytes: u64) -> Option<f64> {
    let path = folder.join(format!("disk-{}", std::process::id()));
    let seconds = write_and_read(&path, bytes.div_ceil(BLOCK_BYTES as u64));
    // Where it was not made there is nothing to remove.
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
    fn nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        // None where the temporary directory lies in memory.
        let _ = disk_seconds(folder.path(), 1 << 20);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(disk_seconds(&folder.path().join("absent"), 1), None);
    }
}

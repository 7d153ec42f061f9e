//! First bytes of binary formats, and advice on how to read such files.

const DECOMPRESS: &str = "decompress it before it is read, or compress it as `.gz` or `.zst`, which is read as it is";
const NAME_GZ: &str = "name it with `.gz` at its end, and it is decompressed as it is read";
const NAME_ZST: &str = "name it with `.zst` at its end, and it is decompressed as it is read";
const EXPORT: &str = "write it as CSV, JSON lines or Parquet with the program that it is from";

/// First bytes of a format that is not text, its name, and advice. bzip2 is checked separately.
const SIGNATURES: [(&[u8], &str, &str); 13] = [
    (&[0x1f, 0x8b, 0x08], "gzip", NAME_GZ),
    (&[0x28, 0xb5, 0x2f, 0xfd], "Zstandard", NAME_ZST),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", DECOMPRESS),
    (&[0x04, 0x22, 0x4d, 0x18], "LZ4", DECOMPRESS),
    (&[0xff, 0x06, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y'], "Snappy", DECOMPRESS),
    (&[b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive", DECOMPRESS),
    (
        &[b'P', b'K', 0x03, 0x04],
        "a zip archive (of which an Excel workbook is one)",
        "take the file out of it, or save the workbook as CSV",
    ),
    (&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "an Excel workbook", "save it as CSV"),
    (b"PAR1\x15", "Parquet", "read it with `read_parquet`"),
    (b"ARROW1\0\0", "Arrow", EXPORT),
    (b"Obj\x01", "Avro", EXPORT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (&[0x7f, b'E', b'L', b'F'], "a program", "name the file that holds the data"),
];

/// Bytes 4 to 9 of a bzip2 file, after `BZh` and a digit: of a file with content, and of an empty
/// one.
const BZIP2_BLOCKS: [&[u8]; 2] = [&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]];

/// Returns the name of the binary format that `beginning` belongs to, and advice on how to read it.
/// `None` if it is none of the known ones.
pub(super) fn recognize(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    if let [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] = beginning
        && BZIP2_BLOCKS.iter().any(|known| block.starts_with(known))
    {
        return Some(("bzip2", DECOMPRESS));
    }
    let (_, name, advice) = SIGNATURES.iter().find(|(signature, ..)| beginning.starts_with(signature))?;
    Some((name, advice))
}

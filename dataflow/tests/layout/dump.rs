//! Formats pages as text, and compares them with golden files.

use std::fmt::{Debug, Write as _};
use std::ops::Range;
use std::path::PathBuf;

use dataflow::{Record, Value};
use runtime::page::{FIRST_ROW, Page};
use runtime::row::{LeafSet, LeafType, Physical};

use crate::support;

/// Formats a page: the offset of each leaf, then header, rows and heap in hex. `--` is a byte that
/// the layout does not define.
pub(crate) fn dump<R: Record>(page: &Page) -> String {
    let (schema, layout, bytes) = (R::schema(), page.layout(), page.as_bytes());
    let mut text = format!("{}\nrow of {} bytes\n", schema.describe(), layout.width());
    for (index, leaf) in schema.leaves().iter().enumerate() {
        let place = layout.offset(index).map_or("dead".to_owned(), |offset| format!("at {offset}"));
        let _ = writeln!(text, "  {}: {} {place}", leaf.path, leaf.ty);
    }
    let defined = defined(page);
    let hex = |range: Range<usize>| hex(range.start, &bytes[range.clone()], &defined[range]);
    let _ = writeln!(text, "header\n{}", hex(0..FIRST_ROW));
    for row in 0..page.rows() {
        let start = FIRST_ROW + row * layout.width();
        let _ = writeln!(text, "row {row}\n{}", hex(start..start + layout.width()));
    }
    let _ = writeln!(text, "heap\n{}", hex(number(bytes, 16)..bytes.len()));
    text
}

/// Returns which bytes of a page the layout defines: all but alignment gaps.
fn defined(page: &Page) -> Vec<bool> {
    let (layout, bytes) = (page.layout(), page.as_bytes());
    let mut defined = vec![false; bytes.len()];
    defined[..FIRST_ROW].fill(true);
    for row in 0..page.rows() {
        for (index, ty) in layout.types().iter().enumerate() {
            let Some(offset) = layout.offset(index) else { continue };
            let at = FIRST_ROW + row * layout.width() + offset;
            defined[at..at + ty.width()].fill(true);
            let is_list = matches!(ty, LeafType::List(_) | LeafType::Items(_));
            if ty.physical() == Physical::Slot && (is_list || number(bytes, at) > 12) {
                let (length, place) = (number(bytes, at) * ty.element_width(), number(bytes, at + 12));
                defined[place..place + length].fill(true);
            }
        }
    }
    defined
}

/// Reads a little-endian `u32`.
fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

fn hex(start: usize, bytes: &[u8], defined: &[bool]) -> String {
    let lines = bytes.chunks(16).zip(defined.chunks(16)).enumerate().map(|(line, (bytes, defined))| {
        let cells = || bytes.iter().zip(defined);
        let digits: String =
            cells().map(|(byte, defined)| if *defined { format!(" {byte:02x}") } else { " --".to_owned() }).collect();
        let shown = |(byte, defined): (&u8, &bool)| match byte {
            0x20..0x7f if *defined => char::from(*byte),
            _ => '.',
        };
        let letters: String = cells().map(shown).collect();
        format!("  {:05x} {digits:<48}  |{letters}|", start + line * 16)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Compares the page of some values with its golden file, and reads the values back.
pub(crate) fn check<R>(name: &str, values: &[R])
where
    R: Record + Value<Record = R> + PartialEq + Debug,
{
    check_live(name, values, &support::all::<R>());
    let page = &support::pages(values, &support::all::<R>())[0];
    assert_eq!(support::read::<R>(&page.batch()), values);
}

pub(crate) fn check_live<R>(name: &str, values: &[R], live: &LeafSet)
where
    R: Record + Value<Record = R>,
{
    let pages = support::pages(values, live);
    assert_eq!(pages.len(), 1);
    let found = dump::<R>(&pages[0]);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("hex");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} differs; found:\n{found}", path.display());
}

//! Reads the variable-length integers of runs of codes and of Snappy.

/// Reads a number of up to 35 bits in groups of seven, the lowest first. Advances `at` to the byte
/// after it. Returns `None` if the number does not end.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

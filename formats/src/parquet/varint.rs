//! Numbers as runs of codes and Snappy begin with them.

/// A number of up to 35 bits in groups of seven, the lowest first; `at` is where it begins, and then what follows it. `None` where it does not end.
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

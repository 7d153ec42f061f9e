//! Writes JSON strings.

/// Writes a string with its quotes and escapes.
#[inline]
pub fn write_text(text: &str, output: &mut Vec<u8>) {
    output.push(b'"');
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    // As in CSV: the loop has no early exit, so that it compiles to vector code.
    if text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        write_escaped(text, output);
    } else {
        output.extend_from_slice(text.as_bytes());
    }
    output.push(b'"');
}

#[cold]
fn write_escaped(text: &str, output: &mut Vec<u8>) {
    for byte in text.bytes() {
        let mark = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..b' ' => {
                let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
                output.extend([b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
                continue;
            }
            byte => {
                output.push(byte);
                continue;
            }
        };
        output.extend([b'\\', mark]);
    }
}

//! Rewrites a top-level JSON array as JSON lines, one element per line.
//!
//! The bytes are changed in place, so offsets stay valid. The brackets of the array and the
//! newlines between tokens become spaces. The comma after an element becomes a newline. Elements
//! are parsed later, by the reader of JSON lines.

use memchr::memchr2;

/// State of the rewriting between two pieces of a file.
#[derive(Debug, Default)]
pub(super) struct ArrayRewriter {
    state: ArrayState,
    /// Number of open brackets, including the array's.
    depth: usize,
    is_in_string: bool,
    /// The last byte was a backslash in a string.
    is_escaped: bool,
    /// The current element has a byte other than white space.
    has_element: bool,
    /// A comma precedes the current element.
    has_comma: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum ArrayState {
    #[default]
    Before,
    Inside,
    After,
}

impl ArrayRewriter {
    /// Rewrites the next bytes of a file as lines.
    ///
    /// # Errors
    /// Fails with the offset of the first byte that does not belong to an array, and the reason.
    pub(super) fn rewrite(&mut self, bytes: &mut [u8]) -> Result<(), (usize, String)> {
        let mut at = 0;
        while at < bytes.len() {
            if self.is_in_string {
                at += self.skip_string(&mut bytes[at..]);
                continue;
            }
            match (bytes[at], &self.state) {
                (b'\n', _) => bytes[at] = b' ',
                (b' ' | b'\t' | b'\r', _) => {}
                (b'[', ArrayState::Before) => {
                    bytes[at] = b' ';
                    (self.state, self.depth) = (ArrayState::Inside, 1);
                }
                (_, ArrayState::Before | ArrayState::After) => {
                    let found = char::from(bytes[at]);
                    return Err((at, format!("expected the end of the file after its array, found `{found}`")));
                }
                (b',', _) if self.depth == 1 => {
                    if !self.has_element {
                        return Err((at, "expected an element of the array, found `,`".to_owned()));
                    }
                    bytes[at] = b'\n';
                    (self.has_element, self.has_comma) = (false, true);
                }
                (b']', _) if self.depth == 1 => {
                    if self.has_comma && !self.has_element {
                        return Err((at, "expected an element of the array, found `]`".to_owned()));
                    }
                    bytes[at] = b' ';
                    (self.state, self.depth) = (ArrayState::After, 0);
                }
                (b'}', _) if self.depth == 1 => {
                    return Err((at, "expected `,` or `]` after an element of the array, found `}`".to_owned()));
                }
                (byte, _) => {
                    self.has_element = true;
                    match byte {
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' => self.depth -= 1,
                        b'"' => self.is_in_string = true,
                        _ => {}
                    }
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// Skips a string, up to its end or the end of the bytes. Returns the number of bytes skipped.
    fn skip_string(&mut self, bytes: &mut [u8]) -> usize {
        let mut at = usize::from(std::mem::take(&mut self.is_escaped));
        loop {
            let Some(found) = memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
                at = bytes.len();
                break;
            };
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.is_in_string = false;
                break;
            }
            if at == bytes.len() {
                self.is_escaped = true;
                break;
            }
            at += 1;
        }
        // A newline in a string is an error, like any other control character. It must not end the
        // line.
        bytes[..at].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b'\r');
        at
    }

    /// Returns the error of a file that ends here, or `None` if its array is closed.
    pub(super) fn unfinished(&self) -> Option<&'static str> {
        let message = "the array that is the file is not closed: expected `,` or `]`, found the end of the file";
        (self.state != ArrayState::After).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(text: &str, piece: usize) -> Result<String, String> {
        let (mut elements, mut bytes) = (ArrayRewriter::default(), text.as_bytes().to_vec());
        for piece in bytes.chunks_mut(piece) {
            elements.rewrite(piece).map_err(|(_, message)| message)?;
        }
        match elements.unfinished() {
            None => Ok(String::from_utf8(bytes).unwrap()),
            Some(message) => Err(message.to_owned()),
        }
    }

    #[test]
    fn elements_become_lines_with_pieces_of_any_size() {
        let text = "[\n  {\"a\": [1,\n 2], \"b\": \"],\\\"{\\\\\"},\r\n  {}, 3 ]\n";
        let lines = "    {\"a\": [1,  2], \"b\": \"],\\\"{\\\\\"}\n\r   {}\n 3   ";
        for piece in 1..=text.len() {
            assert_eq!(divided(text, piece).unwrap(), lines, "{piece}");
        }
        assert_eq!(divided(" [ ] ", 9).unwrap().trim(), "");
    }

    #[test]
    fn files_other_than_one_array_are_refused() {
        for (text, expected) in [
            ("[1,,2]", "found `,`"),
            ("[,1]", "found `,`"),
            ("[1,]", "found `]`"),
            ("[1}", "found `}`"),
            ("[1] 2", "found `2`"),
            ("[1", "not closed"),
            ("[\"1]", "not closed"),
            ("[{\"a\":1]", "not closed"),
        ] {
            assert!(divided(text, 3).unwrap_err().contains(expected), "{text}");
        }
    }
}

//! Lists of texts.

use std::fmt;

/// Bytes of a count, and of the end of a text.
const NUMBER_BYTES: usize = 4;

/// A list of texts as closures see a `Vec<String>`. It can be copied without copying texts.
///
/// In a row, the texts are one string of bytes: the number of texts, the end of each, then the
/// texts themselves. So they move between pages unchanged, and equal lists have equal bytes.
///
/// ```
/// # use runtime::value::Texts;
/// let texts = Texts::from(&["to", "be"]);
/// assert_eq!((texts.len(), texts.get(1)), (2, Some("be")));
/// assert_eq!(texts.iter().collect::<String>(), "tobe");
/// ```
#[derive(Clone, Copy)]
pub struct Texts<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    /// Encoded as in rows.
    Stored(&'a [u8]),
    Owned(&'a [String]),
    Borrowed(&'a [&'a str]),
}

impl<'a> Texts<'a> {
    /// Reads the bytes of a row. Damaged parts are read as empty texts, or as a shorter list.
    #[must_use]
    pub fn stored(bytes: &'a [u8]) -> Self {
        Texts(Form::Stored(bytes))
    }

    /// Number of texts.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            // At most as many as the bytes have space for, in case they are damaged.
            Form::Stored(bytes) => number(bytes, 0).min(bytes.len() / NUMBER_BYTES),
            Form::Owned(texts) => texts.len(),
            Form::Borrowed(texts) => texts.len(),
        }
    }

    /// Returns `true` if there are no texts.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns one of the texts. Cost: UTF-8 validation, if it is stored in a row.
    #[must_use]
    pub fn get(self, index: usize) -> Option<&'a str> {
        match self.0 {
            Form::Owned(texts) => texts.get(index).map(String::as_str),
            Form::Borrowed(texts) => texts.get(index).copied(),
            Form::Stored(_) if index >= self.len() => None,
            Form::Stored(bytes) => {
                let begin = if index == 0 { 0 } else { number(bytes, index) };
                let texts = bytes.get(NUMBER_BYTES * (1 + self.len())..).unwrap_or_default();
                let text = texts.get(begin..number(bytes, index + 1)).unwrap_or_default();
                Some(std::str::from_utf8(text).unwrap_or_default())
            }
        }
    }

    /// The texts in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a str> + DoubleEndedIterator {
        (0..self.len()).map(move |index| self.get(index).unwrap_or_default())
    }

    /// Returns `true` if one of the texts equals `text`.
    #[must_use]
    pub fn contains(self, text: &str) -> bool {
        self.iter().any(|other| other == text)
    }

    /// Bytes of the encoded texts. 0 if there are none.
    #[must_use]
    pub fn stored_bytes(self) -> usize {
        match self.0 {
            Form::Stored(bytes) => bytes.len(),
            _ if self.is_empty() => 0,
            _ => NUMBER_BYTES * (1 + self.len()) + self.iter().map(str::len).sum::<usize>(),
        }
    }

    /// Calls `f` with the encoded texts, which are encoded first if they are not. Texts beyond 4
    /// GiB, which no row can hold, are cut off.
    pub fn with_stored<T>(self, f: impl FnOnce(&[u8]) -> T) -> T {
        if let Form::Stored(bytes) = self.0 {
            return f(bytes);
        }
        if self.is_empty() {
            return f(&[]);
        }
        let mut bytes = Vec::with_capacity(self.stored_bytes());
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        let mut end = 0_u32;
        for text in self.iter() {
            end = end.saturating_add(text.len() as u32);
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        self.iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        f(&bytes)
    }

    /// Returns `true` if the bytes are the canonical form of a list of texts.
    pub fn are_stored(bytes: &[u8]) -> bool {
        let texts = Texts::stored(bytes);
        let owned: Vec<String> = texts.iter().map(str::to_owned).collect();
        Texts::from(&owned).with_stored(|expected| expected == bytes)
    }
}

/// The number at an index of the bytes. 0 after their end.
fn number(bytes: &[u8], index: usize) -> usize {
    let at = index * NUMBER_BYTES;
    let Some(&[a, b, c, d]) = bytes.get(at..at + NUMBER_BYTES) else { return 0 };
    u32::from_le_bytes([a, b, c, d]) as usize
}

impl<'a> From<&'a [String]> for Texts<'a> {
    fn from(texts: &'a [String]) -> Self {
        Texts(Form::Owned(texts))
    }
}

impl<'a> From<&'a Vec<String>> for Texts<'a> {
    fn from(texts: &'a Vec<String>) -> Self {
        Texts(Form::Owned(texts))
    }
}

impl<'a> From<&'a [&'a str]> for Texts<'a> {
    fn from(texts: &'a [&'a str]) -> Self {
        Texts(Form::Borrowed(texts))
    }
}

impl<'a> From<&'a Vec<&'a str>> for Texts<'a> {
    fn from(texts: &'a Vec<&'a str>) -> Self {
        Texts(Form::Borrowed(texts))
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for Texts<'a> {
    fn from(texts: &'a [&'a str; N]) -> Self {
        Texts(Form::Borrowed(texts))
    }
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Texts(Form::Stored(&[]))
    }
}

impl PartialEq for Texts<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Form::Stored(left), Form::Stored(right)) => left == right,
            _ => self.iter().eq(other.iter()),
        }
    }
}

impl Eq for Texts<'_> {}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(texts: &[&str]) -> Vec<u8> {
        Texts::from(texts).with_stored(<[u8]>::to_vec)
    }

    #[test]
    fn encoded_texts_have_count_ends_and_bytes() {
        assert_eq!(stored(&[]), b"");
        assert_eq!(stored(&[""]), [1, 0, 0, 0, 0, 0, 0, 0]);
        let bytes = stored(&["to", "", "größe"]);
        assert_eq!(bytes, [&[3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0], "togröße".as_bytes()].concat());
        let texts = Texts::stored(&bytes);
        assert_eq!(texts.iter().rev().collect::<Vec<_>>(), ["größe", "", "to"]);
        assert_eq!((texts, texts.stored_bytes()), (Texts::from(&["to", "", "größe"]), bytes.len()));
        assert!(texts.contains("to") && !texts.contains("t") && texts.get(3).is_none());
    }

    #[test]
    fn damaged_texts_can_be_read() {
        let whole = stored(&["to", "be", "größe"]);
        assert!(Texts::are_stored(&whole) && Texts::are_stored(b""));
        for at in 0..whole.len() {
            for byte in [0, 1, 7, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                let texts = Texts::stored(&damaged);
                assert!(texts.len() <= damaged.len() && texts.iter().map(str::len).count() == texts.len());
            }
            assert!(!Texts::are_stored(&whole[..at]) || at == 0, "{at}");
        }
    }
}

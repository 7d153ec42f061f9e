//! Messages of compile-time errors, composed in constants.

/// Most bytes of a message. A part that does not fit is left out.
const MAX_BYTES: usize = 1024;

/// Most parts of a path.
const MAX_PARTS: usize = 16;

/// A message that is composed at compile time.
pub struct BuildMessage {
    bytes: [u8; MAX_BYTES],
    length: usize,
}

impl BuildMessage {
    /// A message with this text.
    #[must_use]
    pub const fn of(text: &str) -> Self {
        BuildMessage { bytes: [0; MAX_BYTES], length: 0 }.and(text)
    }

    /// Appends a text.
    #[must_use]
    pub const fn and(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut index = 0;
        while self.length + bytes.len() - index <= MAX_BYTES && index < bytes.len() {
            self.bytes[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    /// Appends a path as a program writes it: `home.zip`, or `.0` in a tuple.
    #[must_use]
    pub const fn and_path(mut self, path: &FieldPath) -> Self {
        let mut index = 0;
        while index < path.length {
            let part = path.parts[index];
            if index > 0 || is_tuple_index(part) {
                self = self.and(".");
            }
            self = self.and(part);
            index += 1;
        }
        self
    }

    /// The text.
    #[must_use]
    pub const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Returns `true` if a field is an index in a tuple.
const fn is_tuple_index(part: &str) -> bool {
    matches!(part.as_bytes().first(), Some(b'0'..=b'9'))
}

/// The fields that lead to a part of a record. Empty for the record itself.
#[derive(Clone, Copy, Debug)]
pub struct FieldPath {
    parts: [&'static str; MAX_PARTS],
    length: usize,
}

impl FieldPath {
    /// The record itself.
    pub const RECORD: FieldPath = FieldPath { parts: [""; MAX_PARTS], length: 0 };

    /// Appends a field.
    #[must_use]
    pub const fn then(mut self, field: &'static str) -> Self {
        if self.length < MAX_PARTS {
            self.parts[self.length] = field;
            self.length += 1;
        }
        self
    }

    /// Returns `true` if it is the record itself.
    #[must_use]
    pub const fn is_record(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_program_syntax() {
        let text = |path: FieldPath| BuildMessage::of("`").and_path(&path).and("`").text().to_owned();
        assert_eq!(text(FieldPath::RECORD), "``");
        assert_eq!(text(FieldPath::RECORD.then("0").then("1")), "`.0.1`");
        assert_eq!(text(FieldPath::RECORD.then("home").then("0")), "`home.0`");
    }

    #[test]
    fn texts_that_do_not_fit_are_left_out() {
        let long = "ä".repeat(MAX_BYTES / 2);
        assert_eq!(BuildMessage::of(&long).and("x").text(), long);
        assert_eq!(BuildMessage::of("x").and(&long).and("y").text(), "xy");
    }
}

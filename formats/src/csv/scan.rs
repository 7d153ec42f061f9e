//! Finds the fields of records.
//!
//! A first loop finds all marks of a section (delimiters, newlines, quotes), 64 bytes at a time and
//! without branches on the data. A second loop goes from mark to mark and stores the end of each
//! field. Fields that are not read are not visited again.

use memchr::{memchr, memchr2};

use super::marks::{Marks, SECTION_BYTES};
use super::options::CsvOptions;
use runtime::value::json::ParseFault;

/// Finds the fields of records.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    delimiter: u8,
    quote: Option<u8>,
    multiline: bool,
    is_lenient: bool,
    /// Another option forbids newlines in quoted fields.
    forbids_newlines: bool,
    pub(super) escape: Option<u8>,
    comment_prefix: Option<Box<[u8]>>,
}

/// Progress in a block, as offsets.
struct ScanPosition {
    /// Begin of the current record.
    record: usize,
    /// Begin of the current field.
    field: usize,
    /// Offset from which marks are searched next.
    next: usize,
}

/// Fields of some records of one block.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Number of fields in a record.
    count: usize,
    /// `true` if a record may have too few fields.
    is_padded: bool,
    /// Begin of each record.
    starts: Vec<u32>,
    /// End of each field, record by record.
    ends: Vec<u32>,
    marks: Marks,
    /// Begin of the record that caused the last error.
    bad: usize,
}

impl Fields {
    /// Creates an empty list of records with `count` fields each.
    pub(super) fn new(count: usize, is_padded: bool) -> Self {
        Fields { count, is_padded, ..Fields::default() }
    }

    fn clear(&mut self) {
        self.starts.clear();
        self.ends.clear();
    }

    /// Ends a field and its record; `filled` is the number of field ends before. Returns the new
    /// number.
    #[inline(always)]
    fn end_record(&mut self, filled: usize, place: &ScanPosition, end: usize) -> Result<usize, ParseFault> {
        if end == place.record && place.field == place.record && self.count > 1 {
            return Ok(filled);
        }
        self.ends[filled] = end as u32;
        self.starts.push(place.record as u32);
        if filled + 1 == self.starts.len() * self.count {
            return Ok(filled + 1);
        }
        let found = filled + 1 - (self.starts.len() - 1) * self.count;
        if self.is_padded && found < self.count {
            // Missing fields end where the record ends. An empty field at the end of a record would
            // end one byte later.
            let missing = self.count - found;
            self.ends.splice(filled + 1..filled + 1, std::iter::repeat_n(end as u32, missing));
            return Ok(filled + 1 + missing);
        }
        let noun = if self.count == 1 { "field" } else { "fields" };
        Err(ParseFault { at: place.record, message: format!("expected {} {noun}, found {found}", self.count) })
    }

    /// Removes the bad record after an error. Returns its begin.
    pub(super) fn drop_bad_record(&mut self) -> usize {
        let good = self.starts.partition_point(|&start| (start as usize) < self.bad);
        self.starts.truncate(good);
        self.ends.truncate(good * self.count);
        self.bad
    }

    /// Returns the number of records.
    pub(super) fn records(&self) -> usize {
        self.starts.len()
    }

    /// Returns the begin of a record.
    pub(super) fn start(&self, record: usize) -> usize {
        self.starts[record] as usize
    }

    /// Returns the range of a field, including quotes.
    #[inline(always)]
    pub(super) fn range(&self, record: usize, field: usize) -> std::ops::Range<usize> {
        let at = record * self.count + field;
        let end = self.ends[at];
        let start = if field == 0 { self.starts[record] } else { self.ends[at - 1] + 1 };
        start.min(end) as usize..end as usize
    }

    /// Returns `true` if a field is missing because the record is too short.
    pub(super) fn is_missing(&self, record: usize, field: usize) -> bool {
        let at = record * self.count + field;
        self.is_padded && field > 0 && self.ends[at] == self.ends[at - 1]
    }
}

impl Scanner {
    pub(super) fn new(options: &CsvOptions) -> Self {
        let &CsvOptions { delimiter, quote, escape, .. } = options;
        let multiline = options.is_multiline();
        Scanner {
            delimiter,
            quote,
            multiline,
            is_lenient: options.lenient.is_some(),
            forbids_newlines: options.multiline && !multiline,
            escape,
            comment_prefix: options.comment_prefix.as_ref().map(|prefix| prefix.as_bytes().into()),
        }
    }

    /// Skips the comment lines that begin at `at`. Returns the begin of the next record.
    #[inline(always)]
    pub(super) fn after_comments(&self, block: &[u8], mut at: usize) -> usize {
        let Some(prefix) = &self.comment_prefix else { return at };
        while block[at..].starts_with(prefix) {
            at = memchr(b'\n', &block[at..]).map_or(block.len(), |newline| at + newline + 1);
        }
        at
    }

    /// Finds up to `max_records` records of a block from offset `at` on. Returns the begin of the
    /// next one. An empty line is a record only if records have one field.
    ///
    /// # Errors
    /// Fails if a record is not valid CSV, or has the wrong number of fields.
    #[inline(never)]
    pub(super) fn scan(
        &self,
        block: &[u8],
        at: usize,
        max_records: usize,
        fields: &mut Fields,
    ) -> Result<usize, ParseFault> {
        fields.clear();
        let kinds = [self.delimiter, b'\n', self.quote.unwrap_or(b'\n')];
        let mut marks = std::mem::take(&mut fields.marks);
        let at = self.after_comments(block, at);
        let mut place = ScanPosition { record: at, field: at, next: at };
        while place.next < block.len() && fields.records() < max_records {
            let end = block.len().min(place.next + SECTION_BYTES);
            marks.find(&block[place.next..end], place.next, kinds);
            place.next = end;
            let scanned = self.scan_marks(block, marks.places(), max_records, &mut place, fields);
            if scanned.is_err() {
                fields.bad = place.record;
                scanned?;
            }
        }
        fields.marks = marks;
        if place.next == block.len() && place.record < block.len() && fields.records() < max_records {
            let last = fields.ends.len();
            fields.ends.push(0);
            fields.bad = place.record;
            fields.end_record(last, &place, without_return(block, place.field, block.len()))?;
            place.record = block.len();
        }
        Ok(place.record)
    }

    /// Goes through the marks of a section, up to `max_records` records.
    #[inline(always)]
    fn scan_marks(
        &self,
        block: &[u8],
        marks: &[u32],
        max_records: usize,
        place: &mut ScanPosition,
        fields: &mut Fields,
    ) -> Result<(), ParseFault> {
        let mut filled = fields.ends.len();
        fields.ends.resize(filled + marks.len(), 0);
        // Marks before this offset lie in a quoted field or a comment that was already skipped.
        let mut quoted_to = 0;
        for &mark in marks {
            let at = mark as usize;
            if at < quoted_to || self.is_escaped(block, place.field, at) {
                continue;
            }
            let byte = block[at];
            if byte == self.delimiter {
                fields.ends[filled] = mark;
                filled += 1;
                place.field = at + 1;
            } else if byte == b'\n' {
                filled = fields.end_record(filled, place, without_return(block, place.field, at))?;
                let next = self.after_comments(block, at + 1);
                (place.record, place.field) = (next, next);
                quoted_to = next;
                place.next = place.next.max(next);
                if fields.records() == max_records {
                    break;
                }
            } else {
                quoted_to = self.quoted(block, at, place.field)?;
                place.next = place.next.max(quoted_to);
            }
        }
        fields.ends.truncate(filled);
        Ok(())
    }

    /// Returns `true` if a delimiter or a quote at `at` is escaped in the field that begins at
    /// `field`. A newline cannot be escaped.
    #[inline(always)]
    fn is_escaped(&self, block: &[u8], field: usize, at: usize) -> bool {
        let Some(escape) = self.escape else { return false };
        let before = &block[field.min(at)..at];
        let escapes = before.iter().rev().take_while(|&&byte| byte == escape).count();
        escapes % 2 == 1 && block[at] != b'\n'
    }

    /// Returns the message for a quote that is not closed.
    fn unclosed_message(&self) -> &'static str {
        if self.forbids_newlines && !self.is_lenient {
            return "a quoted field is not closed on its line; with `escape` or `comment_prefix` fields hold no newlines";
        }
        match (self.multiline, self.is_lenient) {
            (true, _) => "a quoted field is not closed",
            (false, false) => NEWLINE_IN_FIELD,
            (false, true) => {
                "a quoted field is not closed on its line; where fields hold newlines, read without `lenient`, which takes each line for a record"
            }
        }
    }

    /// Returns the end of a quoted field, after its closing quote.
    fn quoted(&self, block: &[u8], open: usize, field: usize) -> Result<usize, ParseFault> {
        let fault = |at, message: &str| Err(ParseFault { at, message: message.to_owned() });
        let quote = self.quote.unwrap_or_default();
        if open != field {
            return fault(
                open,
                "a quote stands in a field without quotes; quote the field and double the quote in it, or read without quotes \
                 (`quote: None`)",
            );
        }
        let mut at = open + 1;
        let close = loop {
            let rest = block.get(at..).unwrap_or_default();
            let found = self.escape.map_or_else(|| memchr(quote, rest), |escape| memchr2(quote, escape, rest));
            let Some(found) = found else {
                return fault(open, self.unclosed_message());
            };
            at += found + 1;
            if Some(block[at - 1]) == self.escape {
                at += 1;
                continue;
            }
            if block.get(at) != Some(&quote) {
                break at;
            }
            at += 1;
        };
        if !self.multiline && memchr(b'\n', &block[open..close]).is_some() {
            return fault(open, self.unclosed_message());
        }
        match &block[close..] {
            [] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'] => Ok(close),
            [next, ..] if *next == self.delimiter => Ok(close),
            [b'\r', ..] => fault(close, RETURN_ALONE),
            _ => fault(
                close,
                "text stands behind the closing quote of a field; a quote within a quoted field is written twice",
            ),
        }
    }
}

/// Returns the end of a record's last field, without a `\r` before the newline.
#[inline(always)]
fn without_return(block: &[u8], field: usize, end: usize) -> usize {
    end - usize::from(end > field && block[end - 1] == b'\r')
}

/// The message if only `\r` follows a quoted field.
const RETURN_ALONE: &str =
    "a line ends with `\\r` alone; lines must end with `\\n` or `\\r\\n`: tr '\\r' '\\n' converts a file";

const NEWLINE_IN_FIELD: &str =
    "a quoted field is not closed on its line; where fields hold newlines, read with `multiline: true`";

/// Returns the fields of a file's first record, including quotes, and the end of the record.
///
/// # Errors
/// As [`Scanner::scan`].
pub(super) fn first_record(
    scanner: &Scanner,
    block: &[u8],
) -> Result<(Vec<std::ops::Range<usize>>, usize), ParseFault> {
    let mut at = 0;
    let (mut record, mut ranges) = (0, Vec::new());
    loop {
        let is_mark = |byte: u8| byte == scanner.delimiter || byte == b'\n' || Some(byte) == scanner.quote;
        let mark = (at..block.len()).find(|&at| is_mark(block[at]) && !scanner.is_escaped(block, record, at));
        let mark = mark.unwrap_or(block.len());
        match block.get(mark) {
            Some(&byte) if byte == scanner.delimiter => ranges.push(record..mark),
            Some(&byte) if Some(byte) == scanner.quote => {
                at = scanner.quoted(block, mark, record)?;
                continue;
            }
            _ => {
                ranges.push(record..without_return(block, record, mark));
                return Ok((ranges, (mark + 1).min(block.len())));
            }
        }
        at = mark + 1;
        record = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, count: usize, options: CsvOptions) -> Result<Vec<Vec<String>>, ParseFault> {
        let mut fields = Fields::new(count, options.null_padding);
        let (mut at, mut found) = (0, Vec::new());
        while at < text.len() {
            at = Scanner::new(&options).scan(text.as_bytes(), at, 2, &mut fields)?;
            for record in 0..fields.records() {
                found.push((0..count).map(|field| text[fields.range(record, field)].to_owned()).collect());
            }
        }
        Ok(found)
    }

    #[test]
    fn fields_lie_between_marks() {
        let read = |text, count| records(text, count, CsvOptions::default()).unwrap();
        assert_eq!(
            read("a,b\r\nc,\n\n,\"x,\n\"\"y\"\"\"\nlonger field,another one", 2),
            [["a", "b"], ["c", ""], ["", "\"x,\n\"\"y\"\"\""], ["longer field", "another one"],]
        );
        assert_eq!(read("a\n\nb\r\n\r\n", 1), [["a"], [""], ["b"], [""]]);
        assert_eq!(read("a,\"b\"\r", 2), [["a", "\"b\""]]);
    }

    #[test]
    fn invalid_csv_is_an_error_with_its_place() {
        let refused = |text, options| records(text, 2, options).unwrap_err();
        let multiline = CsvOptions::default();
        let lines = CsvOptions { multiline: false, ..CsvOptions::default() };
        assert_eq!(
            refused("a,b\nc\nd,e\n", multiline.clone()),
            ParseFault { at: 4, message: "expected 2 fields, found 1".into() }
        );
        assert_eq!(refused("a,b,c\n", multiline.clone()).message, "expected 2 fields, found 3");
        assert_eq!(refused("a,b\"c\n", multiline.clone()).at, 3);
        assert_eq!(refused("a,\"b\"c\n", multiline.clone()).at, 5);
        assert_eq!(refused("a,\"b\n", multiline).message, "a quoted field is not closed");
        assert!(refused("a,\"b\nc\"\n", lines.clone()).message.contains("multiline: true"));
        assert!(refused("a,\"b\n", lines).message.contains("multiline: true"));
    }

    #[test]
    fn without_the_option_quotes_are_ordinary_bytes() {
        let options = CsvOptions { quote: None, delimiter: b'|', ..CsvOptions::default() };
        assert_eq!(records("a\"|\"b\n", 2, options).unwrap(), [["a\"", "\"b"]]);
    }
}

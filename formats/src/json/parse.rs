//! Parses lines into leaves.

use super::plain::{AppendToList, PushValue, Token, read_exact};
use super::program::{ItemsNode, Member, Node, NodeKind, column, lists, unexpected_value, unexpected_value_for};
use crate::leaves::{Values, expected_in, with_parser, with_time_parser};
use crate::values::parse_hex;
use runtime::page::{Columns, Utf8};
use runtime::row::LeafType;
use runtime::value::json::ParseFault;
use runtime::value::json::{Quoted, Tokens, unescaped};
use runtime::value::{Texts, TimeFormat};

/// The values of the live leaves, with one value per record.
#[derive(Default)]
pub(super) struct Leaves {
    pub(super) values: Vec<Option<Values>>,
    /// By leaf: the format of a date or timestamp that is not ISO 8601. Empty for the elements of
    /// lists.
    pub(super) forms: Vec<Option<TimeFormat>>,
    /// By field: the number of the last record in which it occurred.
    seen: Vec<u64>,
    record: u64,
    /// Buffer for a string whose escapes are decoded.
    string: String,
    list: Vec<u8>,
    /// Leaves of the lists of records, by the number of the list. They hold one list at a time.
    nested: Vec<Leaves>,
}

impl Leaves {
    pub(super) fn new(values: Vec<Option<Values>>, members: usize, root: &Node) -> Self {
        let nested = lists(root).into_iter().map(Leaves::of_list).collect();
        Leaves { values, seen: vec![0; members], nested, ..Leaves::default() }
    }

    fn of_list(list: &ItemsNode) -> Self {
        let values = list.items.layout().types().iter().map(|&ty| Some(Values::new(ty))).collect();
        Leaves::new(values, list.members, &list.node)
    }

    /// Clears the last list, and registers the buffer for its texts.
    fn begin_list(&mut self, text: &Utf8) {
        for values in self.values.iter_mut().flatten() {
            values.clear();
            if let Values::Text(column) = values {
                column.add_buffer(text.clone());
            }
        }
    }

    /// Parses the record between offsets `line` and `end` of a block.
    ///
    /// # Errors
    /// Fails if the line is not a valid record. Some leaves may then have one value too many.
    pub(super) fn read(&mut self, root: &Node, text: &Utf8, line: usize, end: usize) -> Result<(), ParseFault> {
        self.record += 1;
        let mut tokens = Tokens::new(&text.as_str().as_bytes()[..end], line);
        LineParser { leaves: self, tokens: &mut tokens, text }.value(root)?;
        if tokens.peek() == 0 && tokens.at() == end {
            return Ok(());
        }
        Err(tokens.unexpected("the end of the line behind the record"))
    }

    fn push_zero(&mut self, leaves: std::ops::Range<usize>) {
        self.values[leaves].iter_mut().flatten().for_each(Values::push_zero);
    }

    fn push_valid(&mut self, validity: Option<usize>, valid: u8) {
        if let Some(Some(Values::W1(values))) = validity.map(|leaf| &mut self.values[leaf]) {
            values.push(valid);
        }
    }
}

/// Parser of one line.
struct LineParser<'l, 't> {
    leaves: &'l mut Leaves,
    tokens: &'l mut Tokens<'t>,
    text: &'t Utf8,
}

impl<'t> LineParser<'_, 't> {
    fn value(&mut self, node: &Node) -> Result<(), ParseFault> {
        if !node.is_live {
            return self.tokens.skip();
        }
        let first = self.tokens.peek();
        if first == b'n' {
            return self.null(node);
        }
        self.leaves.push_valid(node.validity, 1);
        match &node.kind {
            NodeKind::Leaf(leaf, ty) => self.leaf(node, *leaf, *ty),
            NodeKind::Items(leaf, list) => self.items(node, *leaf, list),
            NodeKind::Object(members) if first == b'{' => self.object(members),
            NodeKind::Array(nodes) if first == b'[' => self.array(node, nodes),
            _ => Err(self.wrong_kind(node)),
        }
    }

    fn null(&mut self, node: &Node) -> Result<(), ParseFault> {
        let at = self.tokens.at();
        match self.tokens.bare() {
            range if self.tokens.bytes(range.clone()) != b"null" => {
                Err(unexpected_value(node, at, self.tokens.bytes(range)))
            }
            _ if node.validity.is_some() => {
                self.push_null(node);
                Ok(())
            }
            _ => {
                let (column, expected) = (column(node), &node.expected);
                let message = format!("{column}expected {expected}, found null; make the field an Option to read it");
                Err(ParseFault::new(at, message))
            }
        }
    }

    fn push_null(&mut self, node: &Node) {
        self.leaves.push_valid(node.validity, 0);
        self.leaves.push_zero(node.leaves.clone());
    }

    fn object(&mut self, members: &[Member]) -> Result<(), ParseFault> {
        let begin = self.tokens.at();
        self.tokens.take(b'{');
        let mut next = 0;
        let mut is_first = true;
        while !self.tokens.take(b'}') {
            if !is_first {
                self.tokens.expect(b',', "`,` or `}`")?;
            }
            is_first = false;
            let at = self.tokens.at();
            let index = self.key(members, next)?;
            self.tokens.expect(b':', "`:`")?;
            next = index.map_or(next, |index| index + 1);
            let Some(member) = index.and_then(|index| members.get(index)).filter(|member| member.node.is_live) else {
                self.tokens.skip()?;
                continue;
            };
            if self.leaves.seen[member.number] == self.leaves.record {
                let message = format!("{}the field stands twice in its object", column(&member.node));
                return Err(ParseFault::new(at, message));
            }
            self.leaves.seen[member.number] = self.leaves.record;
            self.value(&member.node)?;
        }
        let record = self.leaves.record;
        for member in members.iter().filter(|member| member.node.is_live) {
            if self.leaves.seen[member.number] == record {
                continue;
            }
            if member.node.validity.is_none() {
                let (column, expected) = (column(&member.node), &member.node.expected);
                let message =
                    format!("{column}expected {expected}, found no such field; make it an Option if it may be absent");
                return Err(ParseFault::new(begin, message));
            }
            self.push_null(&member.node);
        }
        Ok(())
    }

    /// Returns the index of the member that a key names, or `None`. Most objects have the record's
    /// order of fields, so `next` is tried first.
    #[inline]
    fn key(&mut self, members: &[Member], next: usize) -> Result<Option<usize>, ParseFault> {
        if self.tokens.peek() != b'"' {
            return Err(self.tokens.unexpected("the name of a field in quotes"));
        }
        if members.get(next).is_some_and(|member| self.tokens.take_all(&member.key)) {
            return Ok(Some(next));
        }
        let quoted = self.tokens.quoted()?;
        let name = self.string(&quoted)?.as_bytes();
        Ok(members.iter().position(|member| member.name.as_bytes() == name))
    }

    /// Returns the text of a string.
    #[inline]
    fn string(&mut self, quoted: &Quoted) -> Result<&str, ParseFault> {
        let raw = &self.text.as_str()[quoted.start..quoted.end];
        if !quoted.is_escaped {
            return Ok(raw);
        }
        unescaped(raw, &mut self.leaves.string).map_err(|(at, message)| ParseFault::new(quoted.start + at, message))?;
        Ok(&self.leaves.string)
    }

    fn array(&mut self, node: &Node, nodes: &[Node]) -> Result<(), ParseFault> {
        let begin = self.tokens.at();
        self.tokens.take(b'[');
        for (index, element) in nodes.iter().enumerate() {
            if self.tokens.peek() == b']' {
                let message = format!("{}expected {}, found {index}", column(node), node.expected);
                return Err(ParseFault::new(begin, message));
            }
            if index > 0 {
                self.tokens.expect(b',', "`,` or `]`")?;
            }
            self.value(element)?;
        }
        if self.tokens.peek() == b',' {
            return Err(ParseFault::new(begin, format!("{}expected {}, found more", column(node), node.expected)));
        }
        self.tokens.expect(b']', "`,` or `]`")
    }

    fn leaf(&mut self, node: &Node, leaf: usize, ty: LeafType) -> Result<(), ParseFault> {
        if self.leaves.values[leaf].is_none() {
            // The scan only reads the validity.
            return self.tokens.skip();
        }
        match ty {
            LeafType::Text => self.text(node, leaf),
            LeafType::Bytes => self.hex(node, leaf),
            LeafType::List(element) => self.list(node, leaf, element.leaf()),
            LeafType::Texts => self.texts(node, leaf),
            ty => {
                let (at, raw, token) = self.plain(node)?;
                let Leaves { values, string, forms, .. } = &mut *self.leaves;
                let form = forms.get(leaf).and_then(Option::as_ref);
                let text = token.text(raw, string, ty).zip(values[leaf].as_mut());
                let is_read = text.is_some_and(|(text, values)| {
                    read_exact(text, ty, |text| with_time_parser(ty, form, PushValue { text, values: &mut *values }))
                });
                match form {
                    _ if is_read => Ok(()),
                    None => Err(unexpected_value(node, at, raw)),
                    form => Err(unexpected_value_for(node, &expected_in(ty, form), at, raw)),
                }
            }
        }
    }

    fn text(&mut self, node: &Node, leaf: usize) -> Result<(), ParseFault> {
        if self.tokens.peek() != b'"' {
            return Err(self.wrong_kind(node));
        }
        let quoted = self.tokens.quoted()?;
        self.string(&quoted)?;
        if let Some(Values::Text(column)) = &mut self.leaves.values[leaf] {
            match quoted.is_escaped {
                true => column.push_str(&self.leaves.string),
                false => column.push_range(quoted.start..quoted.end),
            }
        }
        Ok(())
    }

    fn hex(&mut self, node: &Node, leaf: usize) -> Result<(), ParseFault> {
        let (at, raw, token) = self.plain(node)?;
        let bytes = token.text(raw, &self.leaves.string, LeafType::Bytes).and_then(parse_hex);
        match (bytes, &mut self.leaves.values[leaf]) {
            (Some(bytes), Some(Values::List(column))) => {
                column.push(&bytes);
                Ok(())
            }
            _ => Err(unexpected_value(node, at, raw)),
        }
    }

    fn list(&mut self, node: &Node, leaf: usize, element: LeafType) -> Result<(), ParseFault> {
        if self.tokens.peek() != b'[' {
            return Err(self.wrong_kind(node));
        }
        self.tokens.take(b'[');
        self.leaves.list.clear();
        let mut is_first = true;
        while !self.tokens.take(b']') {
            if !is_first {
                self.tokens.expect(b',', "`,` or `]`")?;
            }
            is_first = false;
            self.tokens.peek();
            let (at, raw, token) = self.plain(node)?;
            let Leaves { list, string, .. } = &mut *self.leaves;
            let is_read = token.text(raw, string, element).is_some_and(|text| {
                let width = element.width();
                read_exact(text, element, |text| with_parser(element, AppendToList { text, list: &mut *list, width }))
            });
            if !is_read {
                return Err(unexpected_value(node, at, raw));
            }
        }
        if let Some(Values::List(column)) = &mut self.leaves.values[leaf] {
            column.push(&self.leaves.list);
        }
        Ok(())
    }

    fn texts(&mut self, node: &Node, leaf: usize) -> Result<(), ParseFault> {
        if self.tokens.peek() != b'[' {
            return Err(self.wrong_kind(node));
        }
        self.tokens.take(b'[');
        let mut texts = Vec::new();
        while !self.tokens.take(b']') {
            if !texts.is_empty() {
                self.tokens.expect(b',', "`,` or `]`")?;
            }
            if self.tokens.peek() != b'"' {
                return Err(self.wrong_kind(node));
            }
            let quoted = self.tokens.quoted()?;
            texts.push(self.string(&quoted)?.to_owned());
        }
        if let Some(Values::List(column)) = &mut self.leaves.values[leaf] {
            Texts::from(&texts).with_stored(|bytes| column.push(bytes));
        }
        Ok(())
    }

    /// Parses a list of records, or a map.
    fn items(&mut self, node: &Node, leaf: usize, list: &ItemsNode) -> Result<(), ParseFault> {
        if self.leaves.values[leaf].is_none() {
            return self.tokens.skip();
        }
        let (open, close) = if list.key.is_some() { (b'{', b'}') } else { (b'[', b']') };
        if self.tokens.peek() != open {
            return Err(self.wrong_kind(node));
        }
        let begin = self.tokens.at();
        self.tokens.take(open);
        let mut inner = std::mem::take(&mut self.leaves.nested[list.number]);
        inner.begin_list(self.text);
        let records = LineParser { leaves: &mut inner, tokens: self.tokens, text: self.text }.records(list, close);
        let pushed = records.and_then(|count| {
            self.push_items(leaf, list, &inner, count)
                .map_err(|message| ParseFault::new(begin, format!("{}{message}", column(node))))
        });
        self.leaves.nested[list.number] = inner;
        pushed
    }

    /// Parses records up to the end of their list. Returns their number.
    fn records(&mut self, list: &ItemsNode, close: u8) -> Result<usize, ParseFault> {
        let mut count = 0;
        while !self.tokens.take(close) {
            if count > 0 {
                self.tokens.expect(b',', if list.key.is_some() { "`,` or `}`" } else { "`,` or `]`" })?;
            }
            self.leaves.record += 1;
            if let Some(key) = list.key {
                if self.tokens.peek() != b'"' {
                    return Err(self.tokens.unexpected("a key in quotes"));
                }
                self.text(&list.node, key)?;
                self.tokens.expect(b':', "`:`")?;
            }
            self.value(&list.node)?;
            count += 1;
        }
        Ok(count)
    }

    fn push_items(&mut self, leaf: usize, list: &ItemsNode, inner: &Leaves, count: usize) -> Result<(), String> {
        let mut columns = Columns::new(count);
        for (&ty, values) in list.items.layout().types().iter().zip(inner.values.iter().flatten()) {
            values.put(ty, &mut columns).map_err(|error| error.to_string())?;
        }
        let Some(Values::List(column)) = &mut self.leaves.values[leaf] else { return Ok(()) };
        column.push_records(&columns.finish()).map_err(|key| format!("the key `{key}` stands twice"))
    }

    /// Parses a number, a word or a string. Returns its offset, its raw bytes and its kind.
    #[inline]
    fn plain(&mut self, node: &Node) -> Result<(usize, &'t [u8], Token), ParseFault> {
        let at = self.tokens.at();
        match self.tokens.peek() {
            b'"' => {
                let quoted = self.tokens.quoted()?;
                self.string(&quoted)?;
                let token = if quoted.is_escaped { Token::Escaped } else { Token::Quoted };
                Ok((at, self.tokens.bytes(at..quoted.end + 1), token))
            }
            b'{' | b'[' => Err(self.wrong_kind(node)),
            _ => {
                let range = self.tokens.bare();
                if range.is_empty() {
                    return Err(self.tokens.unexpected("a value"));
                }
                Ok((at, self.tokens.bytes(range), Token::Bare))
            }
        }
    }

    /// Returns the error for a value of the wrong kind.
    #[cold]
    fn wrong_kind(&mut self, node: &Node) -> ParseFault {
        let at = self.tokens.at();
        match self.tokens.skip() {
            Ok(()) => unexpected_value(node, at, self.tokens.bytes(at..self.tokens.at())),
            Err(fault) => fault,
        }
    }
}

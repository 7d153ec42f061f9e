//! Leaf types and sets of leaves.

mod items;

use std::fmt;

use smallvec::SmallVec;

pub use items::Items;
pub(crate) use items::{FIRST_ITEM, WORD};

/// Storage of a leaf in the fixed part of a row: its width, and whether it is a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Physical {
    /// One byte.
    W1,
    /// Two bytes.
    W2,
    /// Four bytes.
    W4,
    /// Eight bytes.
    W8,
    /// Sixteen bytes.
    W16,
    /// A 16-byte slot: length, then the bytes themselves, or a prefix and an offset.
    Slot,
}

impl Physical {
    /// Bytes in the fixed part.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Physical::W1 => 1,
            Physical::W2 => 2,
            Physical::W4 => 4,
            Physical::W8 => 8,
            Physical::W16 | Physical::Slot => 16,
        }
    }
}

/// The type of a list's elements: plain values of more than one byte. A list of bytes is a byte
/// string instead, which may be inline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are Rust's own")]
pub enum Element {
    I16,
    I32,
    I64,
    I128,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Date,
    Timestamp,
    TimeDelta,
    Decimal(u8),
}

impl Element {
    /// The leaf type of one element.
    #[must_use]
    pub const fn leaf(self) -> LeafType {
        match self {
            Element::I16 => LeafType::I16,
            Element::I32 => LeafType::I32,
            Element::I64 => LeafType::I64,
            Element::I128 => LeafType::I128,
            Element::U16 => LeafType::U16,
            Element::U32 => LeafType::U32,
            Element::U64 => LeafType::U64,
            Element::U128 => LeafType::U128,
            Element::F32 => LeafType::F32,
            Element::F64 => LeafType::F64,
            Element::Date => LeafType::Date,
            Element::Timestamp => LeafType::Timestamp,
            Element::TimeDelta => LeafType::TimeDelta,
            Element::Decimal(scale) => LeafType::Decimal(scale),
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub const fn width(self) -> usize {
        self.leaf().physical().width()
    }
}

/// The variants of an enum, by tag byte.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The enum's name.
    pub of: &'static str,
    /// The variants' names in files, in order: variant `i` is the byte `i`. At least one, at most
    /// 256.
    pub variants: &'static [&'static str],
}

impl Tag {
    /// The name of a tag's variant. For an invalid tag, the first variant's.
    #[must_use]
    pub fn variant(&self, tag: u8) -> &'static str {
        self.variants.get(usize::from(tag)).or(self.variants.first()).copied().unwrap_or_default()
    }

    /// Returns the tag of a variant's name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<u8> {
        let position = self.variants.iter().position(|variant| variant.as_bytes() == name)?;
        u8::try_from(position).ok()
    }

    /// The expected values, for messages: `Kind (one of Open, Paid)`.
    #[must_use]
    pub fn expected(&self) -> String {
        format!("{} (one of {})", self.of, self.variants.join(", "))
    }
}

/// The type of one leaf. A byte string is a leaf of its own (`Vec<u8>`), not a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are Rust's own")]
pub enum LeafType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    /// Days since 1970-01-01, an `i32`.
    Date,
    /// Microseconds since 1970-01-01T00:00:00 UTC, an `i64`.
    Timestamp,
    /// Microseconds, an `i64`.
    TimeDelta,
    /// A scaled `i64`: the value times 10 to the power of this scale.
    Decimal(u8),
    /// UTF-8.
    Text,
    /// Any bytes.
    Bytes,
    /// A list of texts, encoded as in [`Texts`](crate::value::Texts).
    Texts,
    /// A list of plain values.
    List(Element),
    /// A list of records, or the entries of a map.
    Items(&'static Items),
    /// 1 if an `Option` holds a value, else 0.
    Valid,
    /// The variant of an enum.
    Tag(&'static Tag),
}

impl LeafType {
    /// Storage in a row.
    #[must_use]
    pub const fn physical(self) -> Physical {
        use LeafType as L;
        match self {
            L::Bool | L::I8 | L::U8 | L::Valid | L::Tag(_) => Physical::W1,
            L::I16 | L::U16 => Physical::W2,
            L::I32 | L::U32 | L::F32 | L::Char | L::Date => Physical::W4,
            L::I64 | L::U64 | L::F64 | L::Timestamp | L::TimeDelta | L::Decimal(_) => Physical::W8,
            L::I128 | L::U128 => Physical::W16,
            L::Text | L::Bytes | L::Texts | L::List(_) | L::Items(_) => Physical::Slot,
        }
    }

    /// Bytes in the fixed part of a row.
    #[must_use]
    pub const fn width(self) -> usize {
        self.physical().width()
    }

    /// Bytes of one element of a slot's value: 1 for text and bytes, a word for lists of records.
    #[must_use]
    pub const fn element_width(self) -> usize {
        match self {
            LeafType::List(element) => element.width(),
            LeafType::Items(_) => super::WORD,
            _ => 1,
        }
    }

    /// Returns `true` if values can be added.
    #[must_use]
    pub const fn is_number(self) -> bool {
        use LeafType as L;
        !matches!(
            self,
            L::Bool
                | L::Char
                | L::Date
                | L::Timestamp
                | L::Text
                | L::Bytes
                | L::Texts
                | L::List(_)
                | L::Items(_)
                | L::Valid
                | L::Tag(_)
        )
    }
}

impl fmt::Display for LeafType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeafType::Decimal(scale) => write!(f, "Decimal<{scale}>"),
            LeafType::Text => f.write_str("String"),
            LeafType::Bytes => f.write_str("Vec<u8>"),
            LeafType::Texts => f.write_str("Vec<String>"),
            LeafType::List(element) => write!(f, "Vec<{}>", element.leaf()),
            LeafType::Items(items) => write!(f, "{items}"),
            LeafType::Date | LeafType::Timestamp | LeafType::TimeDelta => write!(f, "{self:?}"),
            LeafType::Valid => f.write_str("Option"),
            LeafType::Tag(tag) => f.write_str(tag.of),
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

/// A set of leaves of one schema.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct LeafSet {
    words: SmallVec<[u64; 2]>,
}

impl LeafSet {
    /// The empty set.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The first `count` leaves.
    #[must_use]
    pub fn all(count: usize) -> Self {
        (0..count).collect()
    }

    /// Adds one leaf.
    pub fn insert(&mut self, leaf: usize) {
        let word = leaf / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (leaf % 64);
    }

    /// Returns `true` if a leaf is in the set.
    #[must_use]
    pub fn contains(&self, leaf: usize) -> bool {
        self.words.get(leaf / 64).is_some_and(|word| word & (1 << (leaf % 64)) != 0)
    }

    /// Adds all leaves of another set.
    pub fn extend_from(&mut self, other: &LeafSet) {
        other.iter().for_each(|leaf| self.insert(leaf));
    }

    /// The leaves, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| index * 64 + bit)
        })
    }

    /// Number of leaves.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<usize> for LeafSet {
    fn from_iter<I: IntoIterator<Item = usize>>(leaves: I) -> Self {
        let mut set = LeafSet::none();
        leaves.into_iter().for_each(|leaf| set.insert(leaf));
        set
    }
}

impl fmt::Debug for LeafSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

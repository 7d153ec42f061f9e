//! The header of a state.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::EventTimes;
use crate::error::Error;
use crate::group::link_leaves;
use crate::hash::HASH_VERSION;
use crate::row::{LAYOUT_VERSION, LeafSet, LeafType, Physical, RowLayout};
use crate::state::key_groups::KEY_GROUPS;
use crate::state::spec::StateSpec;

/// The version that is written, and the only one that is read.
const VERSION: u16 = 3;

/// The bytes of magic, versions, and the length of the header.
pub(super) const PREFIX_BYTES: usize = 16;

pub(super) const CHECKSUM_BYTES: usize = 8;

/// The maximum length of a header. No reasonable record exceeds it.
const LONGEST_HEADER_BYTES: usize = 1 << 24;

/// The flag of rows with a hidden leaf that marks deleted rows.
const HAS_TOMBSTONES: u32 = 1;

/// The first bit of the number of leaves of the sub-key. Rows with a sub-key have two hidden
/// leaves.
const SUB_KEY_SHIFT: u32 = 2;

/// The flag of a header whose event time differs between key groups.
const HAS_LATER_GROUPS: u32 = 2;

/// One leaf of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredLeaf {
    pub(super) name: String,
    /// Its type in words, with the variants of an enum.
    pub(super) ty: String,
    physical: u8,
}

/// The header of a state of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) epoch: u64,
    /// The event time, in microseconds since 1970. `i64::MIN` if there is none.
    pub(super) time: i64,
    /// The key groups of the task.
    pub(super) first_group: u16,
    pub(super) end_group: u16,
    pub(super) has_tombstones: bool,
    /// Number of the last leaves of the key that are a sub-key.
    pub(super) sub_key: u16,
    /// Ranges of its key groups with a later event time, in order.
    pub(super) later: Vec<(Range<u16>, i64)>,
    /// Live leaves, in order.
    pub(super) leaves: Vec<StoredLeaf>,
    /// The leaves of the key, by their numbers among the live ones.
    pub(super) key: Vec<u16>,
    /// The result of `Operator::state_definition`.
    pub(super) definition: String,
}

fn another_state(found: &str, expected: &str) -> Error {
    Error::Plan(format!(
        "the snapshot has another state than the program expects here\n  in the snapshot: {found}\n  in the program:  {expected}\n\
         Undo the change, or start over with an empty folder of snapshots. If operators only changed places, put them back, or start over after \
         naming each with `let`: an operator with a name of its own is found by that"
    ))
}

/// A definition with the measures of the state.
fn with_measures<'n>(definition: &str, names: impl Iterator<Item = &'n String>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.dedup();
    format!("{definition}; measures {}", names.join(", "))
}

/// Types by their width, for the layout of leaves that this program may not know.
const PHYSICALS: [(Physical, LeafType); 6] = [
    (Physical::W1, LeafType::U8),
    (Physical::W2, LeafType::U16),
    (Physical::W4, LeafType::U32),
    (Physical::W8, LeafType::U64),
    (Physical::W16, LeafType::U128),
    (Physical::Slot, LeafType::Bytes),
];

/// The name of a type in a snapshot. The variants of an enum are at the end, so that more may be
/// added.
pub(super) fn type_in_words(ty: LeafType) -> String {
    match ty {
        LeafType::Tag(tag) => {
            tag.variants.iter().fold(format!("{}:", tag.of), |words, name| format!("{words} {name},"))
        }
        ty => ty.to_string(),
    }
}

impl Header {
    pub(super) fn of(spec: &StateSpec, epoch: u64, times: EventTimes, owned: Range<usize>) -> Self {
        let live: Vec<usize> = (0..spec.leaves.len()).filter(|&leaf| spec.is_live(leaf)).collect();
        let leaf = |&leaf: &usize| {
            let leaf = &spec.leaves[leaf];
            let physical = PHYSICALS.iter().position(|(physical, _)| *physical == leaf.ty.physical());
            let physical = physical.unwrap_or_default() as u8;
            StoredLeaf { name: leaf.name.clone(), ty: type_in_words(leaf.ty), physical }
        };
        let number = |key: &usize| live.iter().position(|leaf| leaf == key).map(|number| number as u16);
        Header {
            epoch,
            time: times.least,
            first_group: owned.start as u16,
            end_group: owned.end as u16,
            has_tombstones: spec.has_tombstones(),
            sub_key: spec.sub_key as u16,
            later: times.later,
            leaves: live.iter().map(leaf).collect(),
            key: spec.key.iter().filter_map(number).collect(),
            definition: spec.definition.clone(),
        }
    }

    /// Compares the definition of the state with that of the program.
    ///
    /// # Errors
    /// Fails if they differ. The error has both and the next steps.
    pub(super) fn check_definition(&self, definition: &str) -> Result<(), Error> {
        if self.definition == definition {
            return Ok(());
        }
        Err(another_state(&self.definition, definition))
    }

    /// Rejects a state some of whose measures were replaced. Values of the former measures would be
    /// lost, and the new ones would start with zero.
    ///
    /// # Errors
    /// Fails with the measures of both.
    pub(super) fn check_measures(&self, spec: &StateSpec, are_replaced: bool) -> Result<(), Error> {
        if !are_replaced || !spec.leaves.iter().any(|leaf| leaf.starts_at_zero) {
            return Ok(());
        }
        let stored = self.leaves.iter().enumerate().filter(|(leaf, _)| !self.key.contains(&(*leaf as u16)));
        let own = spec.leaves.iter().enumerate().filter(|(leaf, _)| !spec.key.contains(leaf) && spec.is_live(*leaf));
        let found = with_measures(&self.definition, stored.map(|(_, leaf)| &leaf.name));
        Err(another_state(&found, &with_measures(&spec.definition, own.map(|(_, leaf)| &leaf.name))))
    }

    fn flags(&self) -> u32 {
        let flag = |holds: bool, flag: u32| if holds { flag } else { 0 };
        flag(self.has_tombstones, HAS_TOMBSTONES)
            | flag(!self.later.is_empty(), HAS_LATER_GROUPS)
            | u32::from(self.sub_key) << SUB_KEY_SHIFT
    }

    /// Appends the header to a snapshot.
    ///
    /// # Errors
    /// Fails if a record has more leaves, or longer names, than a header can hold.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), String> {
        let begin = out.len();
        out.extend_from_slice(b"dfst");
        [VERSION, LAYOUT_VERSION, HASH_VERSION, KEY_GROUPS as u16]
            .into_iter()
            .for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&self.first_group.to_le_bytes());
        out.extend_from_slice(&self.end_group.to_le_bytes());
        out.extend_from_slice(&self.flags().to_le_bytes());
        write_count(self.leaves.len(), out)?;
        write_count(self.key.len(), out)?;
        self.key.iter().for_each(|leaf| out.extend_from_slice(&leaf.to_le_bytes()));
        for leaf in &self.leaves {
            out.push(leaf.physical);
            write_text(&leaf.name, out)?;
            write_text(&leaf.ty, out)?;
        }
        write_text(&self.definition, out)?;
        if !self.later.is_empty() {
            write_count(self.later.len(), out)?;
        }
        for (groups, time) in &self.later {
            [groups.start, groups.end].into_iter().for_each(|group| out.extend_from_slice(&group.to_le_bytes()));
            out.extend_from_slice(&time.to_le_bytes());
        }
        let length = out.len() - begin + CHECKSUM_BYTES;
        if length > LONGEST_HEADER_BYTES {
            return Err(format!("the names of the state's leaves take {length} bytes"));
        }
        out[begin + 12..begin + 16].copy_from_slice(&(length as u32).to_le_bytes());
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        Ok(())
    }

    /// The length of a header in bytes, from its first bytes.
    ///
    /// # Errors
    /// Fails if they are not the beginning of a header that this program reads. The error describes
    /// them.
    pub(super) fn bytes(prefix: &[u8]) -> Result<usize, String> {
        let Some(prefix) = prefix.first_chunk::<PREFIX_BYTES>() else {
            return Err(format!("not a snapshot of state: it has only {} bytes", prefix.len()));
        };
        if &prefix[..4] != b"dfst" {
            let found = prefix[..4].escape_ascii();
            return Err(format!("not a snapshot of state: expected `dfst` at its start, found `{found}`"));
        }
        let number = |at: usize| u16::from_le_bytes([prefix[at], prefix[at + 1]]);
        let expected = [
            (4, VERSION, "of the format"),
            (6, LAYOUT_VERSION, "of the row layout"),
            (8, HASH_VERSION, "of the hash function"),
        ];
        for (at, expected, what) in expected {
            if number(at) != expected {
                let found = number(at);
                return Err(format!(
                    "the snapshot has version {found} {what}, and this program reads {expected}; restore it with the program that wrote it"
                ));
            }
        }
        if number(10) != KEY_GROUPS as u16 {
            return Err(format!("the snapshot has {} key groups, and this program {KEY_GROUPS}", number(10)));
        }
        let length = u32::from_le_bytes([prefix[12], prefix[13], prefix[14], prefix[15]]) as usize;
        match (PREFIX_BYTES + 32 + CHECKSUM_BYTES..=LONGEST_HEADER_BYTES).contains(&length) {
            true => Ok(length),
            false => Err(format!("the header is damaged: it says that it has {length} bytes")),
        }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// Fails if the header is damaged, with a description.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let damaged = || "the header is damaged: its checksum does not fit".to_owned();
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
        if xxh3_64(body) != u64::from_le_bytes(*checksum) {
            return Err(damaged());
        }
        let mut rest = body.get(PREFIX_BYTES..).unwrap_or_default();
        Self::read_body(&mut rest)
            .filter(|header| rest.is_empty() && header.makes_sense())
            .ok_or_else(|| "the header makes no sense".to_owned())
    }

    fn read_body(rest: &mut &[u8]) -> Option<Self> {
        let epoch = u64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
        let time = i64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
        let (first_group, end_group) = (read_number(rest)?, read_number(rest)?);
        let flags = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
        let (leaves, keys) = (read_number(rest)?, read_number(rest)?);
        let key = (0..keys).map(|_| read_number(rest)).collect::<Option<Vec<_>>>()?;
        let leaf = |_| {
            let &[physical] = rest.split_off(..1)? else { return None };
            Some(StoredLeaf { physical, name: read_text(rest)?, ty: read_text(rest)? })
        };
        let leaves = (0..leaves).map(leaf).collect::<Option<Vec<_>>>()?;
        let definition = read_text(rest)?;
        let laters = if flags & HAS_LATER_GROUPS != 0 { read_number(rest)? } else { 0 };
        let later = |_| {
            let groups = read_number(rest)?..read_number(rest)?;
            Some((groups, i64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?)))
        };
        let later = (0..laters).map(later).collect::<Option<Vec<_>>>()?;
        let has_tombstones = flags & HAS_TOMBSTONES != 0;
        let sub_key = u16::try_from(flags >> SUB_KEY_SHIFT).ok()?;
        let header =
            Header { epoch, time, first_group, end_group, has_tombstones, sub_key, later, leaves, key, definition };
        Some(header)
    }

    fn makes_sense(&self) -> bool {
        let count = self.leaves.len();
        self.first_group <= self.end_group
            && usize::from(self.end_group) <= KEY_GROUPS
            && self.later.iter().all(|(groups, _)| groups.start < groups.end && groups.end <= self.end_group)
            && self.key.iter().all(|&leaf| usize::from(leaf) < count)
            && self.leaves.iter().all(|leaf| usize::from(leaf.physical) < PHYSICALS.len())
    }

    /// The number of hidden leaves before the one that marks deleted rows.
    pub(super) fn link_leaves(&self) -> usize {
        link_leaves(self.sub_key.into())
    }

    /// The layout of rows in the images. `known` has the types of leaves that the program knows.
    /// Other leaves get any type of the same width.
    pub(super) fn layout(&self, known: &[Option<LeafType>]) -> RowLayout {
        let ty = |(leaf, known): (&StoredLeaf, &Option<LeafType>)| {
            let (physical, any) = PHYSICALS[usize::from(leaf.physical)];
            known.filter(|ty| ty.physical() == physical).unwrap_or(any)
        };
        let mut types: Vec<LeafType> = self.leaves.iter().zip(known).map(ty).collect();
        types.extend(vec![LeafType::U64; self.link_leaves()]);
        types.extend(self.has_tombstones.then_some(LeafType::U64));
        let live = LeafSet::all(types.len());
        RowLayout::new(types, &live).aligned(crate::hash::ROW_ALIGN)
    }
}

fn write_count(count: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let count = u16::try_from(count).map_err(|_| format!("the state has {count} leaves"))?;
    out.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let length = u32::try_from(text.len()).map_err(|_| format!("the name `{text:.40}…` has {} bytes", text.len()))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn read_number(rest: &mut &[u8]) -> Option<u16> {
    rest.split_off(..2)?.first_chunk().map(|&bytes| u16::from_le_bytes(bytes))
}

fn read_text(rest: &mut &[u8]) -> Option<String> {
    let length = rest.split_off(..4)?.first_chunk().map(|&bytes| u32::from_le_bytes(bytes))?;
    std::str::from_utf8(rest.split_off(..length as usize)?).ok().map(str::to_owned)
}

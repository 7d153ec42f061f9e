//! Maps the leaves of a record to the columns of a file.

use std::path::Path;

use super::leaf::{StoredLeaf, StoredType};
use crate::names::hint_about;
use runtime::error::{Error, Result};
use runtime::row::{Leaf, LeafSet, LeafType, Schema, Tag};
use runtime::source::ColumnFit;

/// The source of a leaf in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LeafPlan {
    /// A column, without conversion.
    Column(usize),
    /// A column of tags, with the program's tag for each tag of the file.
    Tags(usize, Box<[u8]>),
    /// A validity leaf for which the file has no nulls.
    AllValid,
}

/// A file's columns, and how a record is read from them.
pub(crate) struct FileMapping {
    paths: Vec<String>,
    pub(crate) columns: Vec<StoredType>,
    /// By leaf: where it is read from, or the reason why it cannot be read.
    leaves: Vec<Result<LeafPlan, String>>,
    /// The file is a split of a log.
    pub(crate) is_split: bool,
}

impl FileMapping {
    pub(crate) fn new(stored: Vec<StoredLeaf>, schema: &Schema) -> Self {
        let leaves = (0..schema.leaves().len()).map(|leaf| plan(leaf, schema, &stored)).collect();
        let (paths, columns) = stored.into_iter().map(|leaf| (leaf.path, leaf.ty)).unzip();
        FileMapping { paths, columns, leaves, is_split: false }
    }

    /// Returns the seed for the checksum of a head at an offset.
    pub(crate) fn seed(&self, offset: u64) -> u64 {
        if self.is_split { offset } else { 0 }
    }

    /// Returns each field of a record with its column, then the columns that the record does not
    /// have.
    pub(crate) fn columns_of(&self, schema: &Schema) -> Vec<ColumnFit> {
        let values = schema.leaves().iter().zip(&self.leaves).filter(|(leaf, _)| leaf.ty != LeafType::Valid);
        let mut unread = vec![true; self.columns.len()];
        let fit = |(leaf, plan): (&Leaf, &Result<LeafPlan, String>)| match plan {
            Ok(LeafPlan::Column(column) | LeafPlan::Tags(column, _)) => {
                unread[*column] = false;
                ColumnFit::of(leaf, &self.paths[*column], self.columns[*column].to_string())
            }
            Ok(LeafPlan::AllValid) => ColumnFit::of(leaf, "", "is never null"),
            Err(reason) => ColumnFit::of(leaf, "", reason),
        };
        let mut fits: Vec<ColumnFit> = values.map(fit).collect();
        let is_value = |column: usize| self.columns[column] != StoredType::Plain(LeafType::Valid);
        let rest = (0..self.columns.len()).filter(|&column| unread[column] && is_value(column));
        fits.extend(rest.map(|column| ColumnFit::unread(&self.paths[column])));
        fits
    }

    /// Returns where each leaf is read from; `None` for those that are not live.
    ///
    /// # Errors
    /// Fails for the first live leaf that cannot be read.
    pub(crate) fn plans(&self, path: &Path, live: &LeafSet) -> Result<Vec<Option<LeafPlan>>> {
        let plan = |(leaf, plan): (usize, &Result<LeafPlan, String>)| match plan {
            _ if !live.contains(leaf) => Ok(None),
            Ok(plan) => Ok(Some(plan.clone())),
            Err(message) => Err(Error::Schema { path: path.to_path_buf(), message: message.clone() }),
        };
        self.leaves.iter().enumerate().map(plan).collect()
    }
}

/// Finds the column of a leaf. An `Option` and its value have the same path, so leaves of equal
/// path and kind are matched in order.
fn find(leaf: usize, leaves: &[Leaf], stored: &[StoredLeaf]) -> Option<usize> {
    let is_valid = |ty: &StoredType| *ty == StoredType::Plain(LeafType::Valid);
    let me = &leaves[leaf];
    let same = |other: &&Leaf| other.path == me.path && (other.ty == LeafType::Valid) == (me.ty == LeafType::Valid);
    let before = leaves[..leaf].iter().filter(same).count();
    let alike = |other: &StoredLeaf| other.path == me.path && is_valid(&other.ty) == (me.ty == LeafType::Valid);
    stored.iter().enumerate().filter(|(_, other)| alike(other)).nth(before).map(|(index, _)| index)
}

fn plan(index: usize, schema: &Schema, stored: &[StoredLeaf]) -> Result<LeafPlan, String> {
    let leaf = &schema.leaves()[index];
    let Some(column) = find(index, schema.leaves(), stored) else {
        return absent(leaf, stored);
    };
    if let Some(option) = unread_option(leaf, schema, stored) {
        return Err(format!("column `{option}` may be null in the file; make the record's field an Option"));
    }
    match (&stored[column].ty, leaf.ty) {
        (StoredType::Plain(found), ty) if *found == ty => Ok(LeafPlan::Column(column)),
        (StoredType::Tag(_, variants), LeafType::Tag(tag)) => tags(column, variants, tag, &leaf.path),
        (found, ty) => Err(format!("column `{}`: expected {ty}, found {found}", leaf.path)),
    }
}

fn absent(leaf: &Leaf, stored: &[StoredLeaf]) -> Result<LeafPlan, String> {
    let is_inside = |other: &StoredLeaf| {
        other
            .path
            .strip_prefix(&leaf.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || leaf.path.is_empty())
    };
    if leaf.ty == LeafType::Valid && stored.iter().any(is_inside) {
        return match leaf.in_variant {
            false => Ok(LeafPlan::AllValid),
            // If another variant is present, the value is absent, and no column states that.
            true => Err(format!("column `{}` is never null in the file; take the record's Option away", leaf.path)),
        };
    }
    let mut paths: Vec<String> = stored.iter().map(|leaf| leaf.path.clone()).collect();
    paths.dedup();
    let ty = if leaf.ty == LeafType::Valid { String::new() } else { format!(" ({})", leaf.ty) };
    Err(format!("there is no column `{}`{ty}; {}", leaf.path, hint_about(&leaf.path, &paths)))
}

/// Finds an `Option` of the file, at the leaf or around it, that the record does not have.
fn unread_option<'s>(leaf: &Leaf, schema: &Schema, stored: &'s [StoredLeaf]) -> Option<&'s str> {
    let above = |path: &str| {
        leaf.path.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('.'))
    };
    let options = stored.iter().filter(|other| other.ty == StoredType::Plain(LeafType::Valid) && above(&other.path));
    let count = |path: &str| {
        let of_record = schema.leaves().iter().filter(|leaf| leaf.ty == LeafType::Valid && leaf.path == path).count();
        let of_file = |other: &&StoredLeaf| other.ty == StoredType::Plain(LeafType::Valid) && other.path == path;
        of_record < stored.iter().filter(of_file).count()
    };
    options.map(|option| option.path.as_str()).find(|path| count(path))
}

fn tags(column: usize, variants: &[String], tag: &Tag, path: &str) -> Result<LeafPlan, String> {
    let own_tag = |name: &String| {
        tag.find(name.as_bytes())
            .ok_or_else(|| format!("column `{path}`: expected {}, found one that may be `{name}`", tag.expected()))
    };
    let map = variants.iter().map(own_tag).collect::<Result<Box<[u8]>, _>>()?;
    // Equal variants in equal order have equal bytes. A byte out of range is detected when it is
    // read.
    let is_same = map.len() == tag.variants.len() && map.iter().enumerate().all(|(at, &to)| at == usize::from(to));
    Ok(if is_same { LeafPlan::Column(column) } else { LeafPlan::Tags(column, map) })
}

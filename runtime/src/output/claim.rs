//! Finds two outputs of a run with the same place, which would mix their rows or replace each
//! other.

use std::collections::BTreeMap;
use std::path::Path;

use super::place::{Entry, ResolvedPath};
use crate::error::{Error, Origin, Result};
use crate::storage::{self, Location, folder_of};

/// The place of an output of a run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The path as the user wrote it, for messages.
    shown: String,
    claimed: ClaimedPlace,
}

#[derive(Clone, Debug)]
enum ClaimedPlace {
    /// A file, with device and inode if it exists.
    File(Location, Option<(u64, u64)>),
    Folder(Location),
    Standard,
    /// Standard output, written by any number of `print` operators.
    Printed,
}

impl Claim {
    /// The place of an output. `None` if any number of outputs may write there.
    pub(super) fn new(shown: String, place: &ResolvedPath, is_folder: bool) -> Option<Self> {
        let claimed = match place.entry {
            Entry::CharacterDevice => return None,
            Entry::Standard => ClaimedPlace::Standard,
            _ if is_folder => ClaimedPlace::Folder(place.location.clone()),
            _ => ClaimedPlace::File(place.location.clone(), place.id),
        };
        Some(Claim { shown, claimed })
    }

    pub(super) fn printed() -> Self {
        Claim { shown: "-".to_owned(), claimed: ClaimedPlace::Printed }
    }

    pub(super) fn standard() -> Self {
        Claim { shown: "-".to_owned(), claimed: ClaimedPlace::Standard }
    }

    /// Describes how the places of two outputs overlap. `None` if they do not.
    fn conflict_with(&self, other: &Claim) -> Option<String> {
        let inside = |inner: &Claim, outer: &Claim| Some(format!("{} lies inside of {}", inner.shown, outer.shown));
        match (&self.claimed, &other.claimed) {
            (ClaimedPlace::Printed, ClaimedPlace::Standard)
            | (ClaimedPlace::Standard, ClaimedPlace::Printed | ClaimedPlace::Standard) => {
                Some("both are standard output, the same stream".to_owned())
            }
            (ClaimedPlace::File(left, left_id), ClaimedPlace::File(right, right_id)) => {
                let is_one = left.path() == right.path() || (left_id.is_some() && left_id == right_id);
                is_one.then(|| format!("{} and {} are the same file", self.shown, other.shown))
            }
            (
                ClaimedPlace::File(left, _) | ClaimedPlace::Folder(left),
                ClaimedPlace::File(right, _) | ClaimedPlace::Folder(right),
            ) if left.path() == right.path() => Some(format!("{} and {} are the same place", self.shown, other.shown)),
            (ClaimedPlace::File(inner, _) | ClaimedPlace::Folder(inner), ClaimedPlace::Folder(outer))
                if inner.path().starts_with(outer.path()) =>
            {
                inside(self, other)
            }
            (ClaimedPlace::Folder(outer), ClaimedPlace::File(inner, _) | ClaimedPlace::Folder(inner))
                if inner.path().starts_with(outer.path()) =>
            {
                inside(other, self)
            }
            _ => None,
        }
    }
}

/// Deletes temporary files and folders that stopped processes left for these outputs. Lists each
/// folder once.
pub fn remove_abandoned(claims: &[(&Origin, Claim)]) {
    let mut by_folder: BTreeMap<&Path, Vec<&Location>> = BTreeMap::new();
    for (_, claim) in claims {
        if let ClaimedPlace::File(location, _) | ClaimedPlace::Folder(location) = &claim.claimed {
            by_folder.entry(folder_of(location.path())).or_default().push(location);
        }
    }
    for (folder, locations) in by_folder {
        if let Some(Ok(files)) = locations.first().map(|location| location.file_system()) {
            storage::remove_abandoned(files, folder, locations.iter().map(|location| location.path()));
        }
    }
}

/// Fails if two outputs of a run overlap.
///
/// # Errors
/// Fails with [`Error::Plan`], which names both operators.
pub fn refuse_shared(claims: &[(&Origin, Claim)]) -> Result<()> {
    for (index, (origin, claim)) in claims.iter().enumerate() {
        for (before, other) in &claims[..index] {
            if let Some(conflict) = claim.conflict_with(other) {
                let message = format!(
                    "cannot write what {before} writes already: {conflict}; give each output a path of its own"
                );
                return Err(Error::Plan(message).at(origin));
            }
        }
    }
    Ok(())
}

//! Finds two outputs of a run with the same place, which would mix their rows or replace each
//! other.

use std::collections::BTreeMap;
use std::path::Path;

use super::place::{Found, Place};
use crate::error::{Error, Origin, Result};
use crate::storage::{self, Location, folder_of};

/// The place of an output of a run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The path as the user wrote it, for messages.
    shown: String,
    spot: Spot,
}

#[derive(Clone, Debug)]
enum Spot {
    /// A file, with device and inode if it exists.
    File(Location, Option<(u64, u64)>),
    Folder(Location),
    Standard,
    /// Standard output of `print`, which any number of operators may write.
    Printed,
}

impl Claim {
    /// The place of an output. `None` if any number of outputs may write there.
    pub(super) fn new(shown: String, place: &Place, is_folder: bool) -> Option<Self> {
        let spot = match place.found {
            Found::CharacterDevice => return None,
            Found::Standard => Spot::Standard,
            _ if is_folder => Spot::Folder(place.location.clone()),
            _ => Spot::File(place.location.clone(), place.id),
        };
        Some(Claim { shown, spot })
    }

    pub(super) fn printed() -> Self {
        Claim { shown: "-".to_owned(), spot: Spot::Printed }
    }

    pub(super) fn standard() -> Self {
        Claim { shown: "-".to_owned(), spot: Spot::Standard }
    }

    /// Describes how the places of two outputs overlap. `None` if they do not.
    fn meets(&self, other: &Claim) -> Option<String> {
        let inside = |inner: &Claim, outer: &Claim| Some(format!("{} lies inside of {}", inner.shown, outer.shown));
        match (&self.spot, &other.spot) {
            (Spot::Printed, Spot::Standard) | (Spot::Standard, Spot::Printed | Spot::Standard) => {
                Some("both are standard output, the same stream".to_owned())
            }
            (Spot::File(left, left_id), Spot::File(right, right_id)) => {
                let is_one = left.path() == right.path() || (left_id.is_some() && left_id == right_id);
                is_one.then(|| format!("{} and {} are the same file", self.shown, other.shown))
            }
            (Spot::File(left, _) | Spot::Folder(left), Spot::File(right, _) | Spot::Folder(right))
                if left.path() == right.path() =>
            {
                Some(format!("{} and {} are the same place", self.shown, other.shown))
            }
            (Spot::File(inner, _) | Spot::Folder(inner), Spot::Folder(outer))
                if inner.path().starts_with(outer.path()) =>
            {
                inside(self, other)
            }
            (Spot::Folder(outer), Spot::File(inner, _) | Spot::Folder(inner))
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
        if let Spot::File(location, _) | Spot::Folder(location) = &claim.spot {
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
            if let Some(how) = claim.meets(other) {
                let message =
                    format!("cannot write what {before} writes already: {how}; give each output a path of its own");
                return Err(Error::Plan(message).at(origin));
            }
        }
    }
    Ok(())
}

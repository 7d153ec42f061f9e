//! Whether two outputs of a run are one: two sinks that write one file would mix their rows, or one would be lost.

use std::collections::BTreeMap;
use std::path::Path;

use super::place::{Found, Place};
use crate::error::{Error, Origin, Result};
use crate::storage::{self, Location, folder_of};

/// Where an output of a run goes.
#[derive(Clone, Debug)]
pub struct Claim {
    /// As the user wrote it.
    shown: String,
    spot: Spot,
}

#[derive(Clone, Debug)]
enum Spot {
    /// With device and number of what is there now.
    File(Location, Option<(u64, u64)>),
    Folder(Location),
    Standard,
    /// Standard output, by `print`: its lines may stand among those of others.
    Printed,
}

impl Claim {
    /// `None` for what any number may write to.
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

    /// What both are or how one stands to the other, where they are not apart.
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

/// Removes what stopped processes left of these outputs. Each folder is listed once.
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

/// Refuses outputs of one run that are one place.
///
/// # Errors
/// With both operators.
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

//! An output whose rows are seen while the job runs: a folder that is written epoch by epoch, or a stream.

use super::{IfExists, Kind, Target};
use crate::error::Result;
use crate::output::claim::Claim;
use crate::output::epoch_folder::EpochFolder;
use crate::output::place::{Found, OutputMode, Place, decide, refused};

impl Target {
    /// Whether records go out as they come: to standard output, a pipe or a device.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        match self.0.kind {
            Kind::Standard | Kind::Printed => true,
            Kind::Folder => false,
            Kind::File => matches!(self.place(), Ok(Some((_, OutputMode::Stream | OutputMode::Standard)))),
        }
    }

    /// Where a folder is that is written epoch by epoch. It may be full: whether it should be is known when it is recovered.
    fn place_by_epochs(&self) -> Result<Place> {
        let Some((wanted, place)) = self.located()? else {
            return Err(refused(self.path(), "it is no folder; end the path with `/` to write one"));
        };
        if let Some(IfExists::Overwrite | IfExists::Append) = self.0.if_exists {
            let reason = "what becomes visible while the job runs neither replaces what exists nor is added to it; leave `if_exists` out, and choose a folder that is \
                          empty or not there";
            return Err(refused(self.path(), reason));
        }
        let found = if place.found == Found::FullFolder { Found::EmptyFolder } else { place.found };
        decide(wanted, found, None).map_err(|reason| refused(self.path(), reason))?;
        Ok(place)
    }

    /// As [`Target::check`], for a folder that is written epoch by epoch.
    ///
    /// # Errors
    /// What is in the way, and what to do.
    pub fn check_by_epochs(&self) -> Result<()> {
        self.place_by_epochs().map(|_| ())
    }

    /// As [`Target::claim`], for a folder that is written epoch by epoch.
    #[must_use]
    pub fn claim_by_epochs(&self) -> Option<Claim> {
        Claim::new(self.describe_path(), &self.place_by_epochs().ok()?, true)
    }

    /// Makes the folder, and takes it for this job; its files' names have this end.
    ///
    /// # Errors
    /// Where it cannot be made, or another job writes it.
    pub fn epoch_folder(&self, extension: String) -> Result<EpochFolder> {
        EpochFolder::open(self.path(), self.place_by_epochs()?.location, extension)
    }
}

//! Outputs that are visible while the job runs: streams, and folders that are written epoch by
//! epoch.

use super::{IfExists, Kind, Target};
use crate::error::Result;
use crate::output::claim::Claim;
use crate::output::epoch_folder::EpochFolder;
use crate::output::place::{Entry, OutputMode, ResolvedPath, cannot_write, decide};

impl Target {
    /// Returns `true` if records are visible as soon as they are written: standard output, a pipe
    /// or a device.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        match self.0.kind {
            Kind::Standard | Kind::Printed => true,
            Kind::Folder => false,
            Kind::File => matches!(self.place(), Ok(Some((_, OutputMode::Stream | OutputMode::Standard)))),
        }
    }

    /// The place of a folder that is written epoch by epoch. It may contain files:
    /// [`EpochFolder::recover`](crate::output::EpochSink::recover) checks them.
    fn place_by_epochs(&self) -> Result<ResolvedPath> {
        let Some((kind, place)) = self.located()? else {
            return Err(cannot_write(self.path(), "it is no folder; end the path with `/` to write one"));
        };
        if let Some(IfExists::Overwrite | IfExists::Append) = self.0.if_exists {
            let reason = "what becomes visible while the job runs neither replaces what exists nor is added to it; leave `if_exists` out, and choose a folder that is \
                          empty or not there";
            return Err(cannot_write(self.path(), reason));
        }
        let entry = if place.entry == Entry::FullFolder { Entry::EmptyFolder } else { place.entry };
        decide(kind, entry, None).map_err(|reason| cannot_write(self.path(), reason))?;
        Ok(place)
    }

    /// As [`Target::check`], for a folder that is written epoch by epoch.
    ///
    /// # Errors
    /// Fails with the obstacle and a way to remove it.
    pub fn check_by_epochs(&self) -> Result<()> {
        self.place_by_epochs().map(|_| ())
    }

    /// As [`Target::claim`], for a folder that is written epoch by epoch.
    #[must_use]
    pub fn claim_by_epochs(&self) -> Option<Claim> {
        Claim::new(self.describe_path(), &self.place_by_epochs().ok()?, true)
    }

    /// Creates the folder and locks it for this job. The names of its files end with `extension`.
    ///
    /// # Errors
    /// Fails if the folder cannot be created, or if another job has locked it.
    pub fn epoch_folder(&self, extension: String) -> Result<EpochFolder> {
        EpochFolder::open(self.path(), self.place_by_epochs()?.location, extension)
    }
}

//! A table's images, one after the other, while the table goes on.

use super::format::{Head, Header, write_image};
use crate::error::{Error, Result};
use crate::state::StateTable;
use crate::state::key_groups::KeyGroupSet;
use crate::strategy::Progress;

/// A mark whose images were not all given yet.
pub(in crate::state) struct Marking {
    epoch: u64,
    /// The key groups whose rows were in memory, of each part that the table had at the mark.
    groups: Vec<KeyGroupSet>,
    has_begun: bool,
    images: u32,
    rows: u64,
}

impl StateTable {
    /// Marks what is there now as the state of an epoch: [`StateTable::next_image`] gives it, whatever is done with the table meanwhile.
    ///
    /// It takes a note for each page. Until a page is given, who writes to it has it copied first, which takes memory; rows for which there is none
    /// are handled as those that find no room.
    ///
    /// # Errors
    /// Where the mark before was not given to its end, nor [abandoned](StateTable::abandon_mark).
    pub fn mark(&mut self, epoch: u64) -> Result<()> {
        if let Some(before) = &self.marking {
            let before = before.epoch;
            return Err(Error::Internal(format!("a mark of epoch {epoch} while that of {before} is given")));
        }
        self.table.mark();
        let groups = (0..self.table.parts()).map(|part| self.resident_groups(part)).collect();
        self.marking = Some(Marking { epoch, groups, has_begun: false, images: 0, rows: 0 });
        Ok(())
    }

    /// Whether images of a mark are still to be given.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.marking.is_some()
    }

    /// Gives no more of a mark.
    pub fn abandon_mark(&mut self) {
        self.marking = None;
        self.table.unmark();
    }

    /// Appends the next piece of the mark's snapshot to `out`, some 64 KiB unless a row is larger: then `OutputFull`. `Done` where there was no more, and so the
    /// snapshot is whole; `Pending` where a page is on its way from disk. To be called whenever who writes it has room.
    ///
    /// # Errors
    /// Where the disk does not give what was spilled, or the leaves are more than a header can say.
    pub fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        let Some(marking) = &mut self.marking else { return Ok(Progress::Done) };
        if !marking.has_begun {
            marking.has_begun = true;
            let header = Header::of(&self.spec, marking.epoch, self.owned.clone());
            header.write(out).map_err(Error::Plan)?;
            return Ok(Progress::OutputFull);
        }
        let number = marking.images;
        let mut given = 0;
        let is_given = self.table.next_marked(number.into(), &mut |part, image| {
            let groups = marking.groups.get(part).copied().unwrap_or_default();
            given = u64::from(image.sizes().0);
            write_image(Head::of(number, image, groups), image, out);
        });
        if is_given {
            (marking.images, marking.rows) = (number + 1, marking.rows + given);
            return Ok(Progress::OutputFull);
        }
        Head::End { number, rows: marking.rows }.write(out);
        self.marking = None;
        Ok(Progress::Done)
    }
}

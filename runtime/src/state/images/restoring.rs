//! Checks the images of former tasks, and inserts their rows into the table of a task.

use std::path::PathBuf;
use std::sync::Arc;

use super::format::{Header, PREFIX_BYTES, StoredLeaf, type_in_words};
use super::head::{HEAD_BYTES, Head};
use crate::error::{Error, Result};
use crate::group::live_rows;
use crate::hash::hash_rows;
use crate::kernel::Outputs;
use crate::memory::Memory;
use crate::page::{Buffer, FIRST_ROW, Input, Page, RowWriter, Selection, run_bytes, validate_rows};
use crate::row::{LeafType, RowLayout};
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::spec::{StateLeaf, StateSpec};
use crate::state::{Put, Requests, StateTable};
use crate::strategy::{Opened, PageWindows, Progress, ready};

/// Reads the snapshot of one former task into a table. The caller supplies the bytes piece by
/// piece, each of [`wants`](Restoring::wants) bytes. The rows of a piece are inserted before the
/// next piece is supplied.
///
/// No byte is trusted: checksums find damage, and rows are checked one by one for what checksums
/// cannot find. Rows of key groups that the table does not own are skipped. So any number of tasks
/// can restore the snapshots of any other number. Leaves are found by name and type. A leaf that
/// the table does not have is skipped.
pub(in crate::state) struct Restoring {
    path: PathBuf,
    memory: Memory,
    next: NextPiece,
    /// The offset of the next piece in the file.
    offset: u64,
    header: Vec<u8>,
    rows: Option<StoredRows>,
    images: u32,
    seen_rows: u64,
    /// The epoch of the snapshot, and its event time.
    epoch_and_time: Option<(u64, i64)>,
    /// The header, from when it is read until it is taken.
    pub(super) new_header: Option<Header>,
    /// The page whose rows are being inserted.
    page: Option<Placing>,
    put: Option<(Put, Requests)>,
}

/// The next piece.
enum NextPiece {
    Prefix,
    Header(usize),
    Head,
    Image(Image, usize),
    /// The end of the file. Any further byte is an error.
    End,
}

/// The fields of the head of an image.
#[derive(Clone, Copy)]
struct Image {
    number: u32,
    rows: u32,
    heap_start: u32,
    run_bytes: usize,
    groups: KeyGroupSet,
}

/// The layout of the snapshot's rows, and its mapping to the table's leaves.
struct StoredRows {
    layout: Arc<RowLayout>,
    hidden: Option<usize>,
    names: Vec<String>,
    /// For each leaf of the table, the leaf of the snapshot, and its type.
    arranged: Vec<(Option<usize>, LeafType)>,
}

/// A page, and the position up to which its rows are inserted.
struct Placing {
    page: Page,
    groups: KeyGroupSet,
    windows: PageWindows,
}

impl Restoring {
    /// Reads a snapshot of one task. Its images are charged to `memory` while they are read.
    pub(super) fn new(path: impl Into<PathBuf>, memory: &Memory) -> Self {
        Restoring {
            path: path.into(),
            memory: memory.clone(),
            next: NextPiece::Prefix,
            offset: 0,
            header: Vec::new(),
            rows: None,
            images: 0,
            seen_rows: 0,
            epoch_and_time: None,
            new_header: None,
            page: None,
            put: None,
        }
    }

    /// The length of the next piece in bytes. 0 at the end, where the file must end, too.
    pub(super) fn wanted_bytes(&self) -> usize {
        match &self.next {
            NextPiece::Prefix => PREFIX_BYTES,
            NextPiece::Header(bytes) => bytes - PREFIX_BYTES,
            NextPiece::Head => HEAD_BYTES,
            NextPiece::Image(_, bytes) => *bytes,
            NextPiece::End => 0,
        }
    }

    /// The epoch of the snapshot, and its event time. `None` until the header has been read.
    pub(super) fn epoch_and_time(&self) -> Option<(u64, i64)> {
        self.epoch_and_time
    }

    /// Reads the next piece. Fewer bytes than wanted mean that the file has ended.
    ///
    /// # Errors
    /// [`Error::Data`] with the offset if the bytes are damaged, and [`Error::Schema`] if the rows
    /// differ from those of the table.
    pub(super) fn supply(&mut self, table: &StateTable, bytes: &[u8]) -> Result<()> {
        if bytes.len() < self.wanted_bytes() {
            return Err(self.damaged(0, "the file ends before its last image"));
        }
        match std::mem::replace(&mut self.next, NextPiece::End) {
            NextPiece::Prefix => {
                let length = Header::bytes(bytes).map_err(|message| self.damaged(0, message))?;
                self.header.extend_from_slice(bytes);
                self.next = NextPiece::Header(length);
            }
            NextPiece::Header(_) => {
                self.header.extend_from_slice(bytes);
                let header = Header::read(&self.header).map_err(|message| self.damaged(0, message))?;
                self.epoch_and_time = Some((header.epoch, header.time));
                self.rows = Some(StoredRows::of(&header, table.spec(), &self.path)?);
                let spec = table.spec();
                let live = (0..spec.leaves.len()).filter(|&leaf| spec.is_live(leaf)).collect();
                let requests = table.requests(spec.leaves.iter().map(|leaf| leaf.ty).collect(), &live);
                self.put = Some((Put::new(spec.leaves.len(), spec.key.clone()), requests));
                self.new_header = Some(header);
                self.next = NextPiece::Head;
            }
            NextPiece::Head => self.next = self.head(bytes)?,
            NextPiece::Image(image, _) => {
                // An image is skipped if all its key groups belong to other tasks.
                if !image.groups.and(&KeyGroupSet::of_range(table.key_groups())).is_empty() {
                    self.page = Some(self.image(image, bytes)?);
                }
                self.next = NextPiece::Head;
            }
            NextPiece::End if bytes.is_empty() => {}
            NextPiece::End => return Err(self.damaged(0, "the file is damaged: bytes follow the end")),
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Inserts the rows of the last piece. `Done` means that the next piece may be supplied, or
    /// that all rows are inserted. After `Yield` the call is repeated immediately, and after
    /// `Pending` when the task is woken.
    ///
    /// # Errors
    /// As [`StateTable::apply`].
    pub(super) fn place(&mut self, table: &mut StateTable) -> Result<Progress> {
        let (Some(rows), Some((put, requests))) = (&self.rows, &mut self.put) else { return Ok(Progress::Done) };
        let mut out = Outputs::new(RowWriter::new(rows.layout.clone(), self.memory.clone()));
        let Some(placing) = &mut self.page else {
            // Rows whose key groups are on disk are inserted at the end.
            let is_last = matches!(self.next, NextPiece::End);
            return if is_last { table.serve(requests, put, &mut out) } else { Ok(Progress::Done) };
        };
        let (batch, owned) = (placing.page.batch(), KeyGroupSet::of_range(table.key_groups()));
        let arranged = batch.arranged(&rows.arranged);
        let (mut live, mut hashes) = (Vec::new(), Vec::new());
        let windows = &mut placing.windows;
        while let Some(opened) = windows.open(batch.rows()) {
            if opened == Opened::New {
                live_rows(&Input::new(&batch, &windows.window), &rows.layout, rows.hidden, &mut live);
                windows.window.set(live.drain(..));
                let key = table.spec().without_sub_key(&table.spec().key);
                hash_rows(&Input::new(&arranged, &windows.window), key, &mut hashes);
                let groups = placing.groups.and(&owned);
                windows.window.keep_positions(|position| groups.contains(key_group_of(hashes[position])));
            }
            let input = Input::new(&arranged, &windows.window);
            ready!(table.apply(requests, put, &input, &mut windows.cursor, &mut out)?);
            windows.close();
        }
        self.page = None;
        Ok(Progress::Done)
    }

    fn head(&mut self, bytes: &[u8]) -> Result<NextPiece> {
        let head = Head::read(bytes).map_err(|message| self.damaged(0, message))?;
        let width = self.rows.as_ref().map_or(1, |rows| rows.layout.width());
        match head {
            Head::End { number, rows } if (number, rows) == (self.images, self.seen_rows) => Ok(NextPiece::End),
            Head::End { number, rows } => {
                let (images, seen) = (self.images, self.seen_rows);
                let message =
                    format!("the file is damaged: expected {rows} rows in {number} images, found {seen} in {images}");
                Err(self.damaged(0, message))
            }
            Head::Image { number, rows, heap_start, run_bytes: bytes, groups } => {
                let rows_end = (rows as usize).saturating_mul(width).saturating_add(FIRST_ROW);
                let run = usize::try_from(bytes).ok().filter(|&bytes| bytes == run_bytes(bytes) && bytes <= 1 << 33);
                let fits = |run: &usize| rows_end <= heap_start as usize && heap_start as usize <= *run;
                let Some(run) = run.filter(fits).filter(|_| number == self.images) else {
                    return Err(self.damaged(0, "the head of an image makes no sense"));
                };
                self.images += 1;
                self.seen_rows += u64::from(rows);
                let image = Image { number, rows, heap_start, run_bytes: run, groups };
                Ok(NextPiece::Image(image, rows_end + run - heap_start as usize))
            }
        }
    }

    fn image(&self, image: Image, bytes: &[u8]) -> Result<Placing> {
        let Some(rows) = &self.rows else { return Err(Error::Internal("an image before its header".to_owned())) };
        let rows_end = FIRST_ROW + image.rows as usize * rows.layout.width();
        let mut buffer = Buffer::new(image.run_bytes, &self.memory)?;
        let page = buffer.as_mut();
        page[..rows_end].copy_from_slice(&bytes[..rows_end]);
        page[rows_end..image.heap_start as usize].fill(0);
        page[image.heap_start as usize..].copy_from_slice(&bytes[rows_end..]);
        let page = Page::restore(buffer, &rows.layout, image.number.into())
            .map_err(|message| self.damaged(0, format!("the image {message}")))?;
        if page.rows() != image.rows as usize {
            return Err(self.damaged(0, "the image has other rows than its head says"));
        }
        let (batch, mut live, mut selection) = (page.batch(), Vec::new(), Selection::default());
        selection.set(0..batch.rows() as u32);
        live_rows(&Input::new(&batch, &selection), &rows.layout, rows.hidden, &mut live);
        let is_live_row = |row: usize| live.binary_search(&(row as u32)).is_ok();
        validate_rows(&page, is_live_row).map_err(|(row, leaf, message)| {
            let at = FIRST_ROW + row * rows.layout.width() + rows.layout.offset(leaf).unwrap_or_default();
            self.damaged(at, format!("`{}` of a row: {message}", rows.names[leaf]))
        })?;
        drop(batch);
        Ok(Placing { page, groups: image.groups, windows: PageWindows::default() })
    }

    fn damaged(&self, at: usize, message: impl Into<String>) -> Error {
        let place = format!(", byte {}", self.offset + at as u64);
        Error::Data { path: self.path.clone(), place, message: message.into() }
    }
}

impl StoredRows {
    fn of(header: &Header, spec: &StateSpec, path: &std::path::Path) -> Result<Self> {
        header.check_definition(&spec.definition)?;
        let refuse = |message: String| Err(Error::Schema { path: path.to_path_buf(), message });
        let (arranged, known) = find_leaves(header, spec);
        let is_new = |&(number, _): &(usize, &StateLeaf)| spec.is_live(number) && arranged[number].0.is_none();
        let new: Vec<&StateLeaf> = spec.leaves.iter().enumerate().filter(is_new).map(|(_, leaf)| leaf).collect();
        header.check_measures(spec, !new.is_empty() && known.contains(&None))?;
        for leaf in new {
            let stored = header.leaves.iter().filter(|stored| stored.name == leaf.name);
            let others: Vec<&str> = stored.map(|stored| &*stored.ty).collect();
            if others.is_empty() && leaf.starts_at_zero {
                continue;
            }
            let found = if others.is_empty() { "no value of that name".to_owned() } else { others.join(", ") };
            return refuse(format!(
                "the program reads `{}` of the state, expected {}, found {found}; undo the change, or start over with \
                 an empty folder of snapshots",
                leaf.name, leaf.ty
            ));
        }
        let key: Vec<Option<usize>> = header.key.iter().map(|&leaf| Some(usize::from(leaf))).collect();
        let is_key = spec.key.iter().map(|&leaf| arranged[leaf].0).eq(key.iter().copied());
        if !is_key || usize::from(header.sub_key) != spec.sub_key {
            return refuse("the state has another key in the snapshot than in the program".to_owned());
        }
        let names = header.leaves.iter().map(|leaf| leaf.name.clone()).collect();
        let hidden = header.has_tombstones.then(|| header.leaves.len() + header.link_leaves());
        Ok(StoredRows { layout: Arc::new(header.layout(&known)), hidden, names, arranged })
    }
}

/// A leaf of a program's state: its number in the snapshot, if it is there, and its type.
type FoundLeaf = (Option<usize>, LeafType);

/// Finds the leaves of a program's state in a snapshot. Returns for each its number there and its
/// type, and for each leaf of the snapshot its type in the program.
fn find_leaves(header: &Header, spec: &StateSpec) -> (Vec<FoundLeaf>, Vec<Option<LeafType>>) {
    let mut known = vec![None; header.leaves.len()];
    let mut find = |leaf: &StateLeaf| {
        let words = type_in_words(leaf.ty);
        // An `Option` and its value have one name, and so have several levels of them. The first
        // one that is not taken is used.
        let is_it = |(stored, known): (&StoredLeaf, &Option<LeafType>)| {
            let same = stored.ty == words || (matches!(leaf.ty, LeafType::Tag(_)) && words.starts_with(&stored.ty));
            stored.name == leaf.name && same && known.is_none()
        };
        let found = header.leaves.iter().zip(&known).position(is_it)?;
        known[found] = Some(leaf.ty);
        Some(found)
    };
    let arranged = spec.leaves.iter().map(|leaf| (find(leaf), leaf.ty)).collect();
    (arranged, known)
}

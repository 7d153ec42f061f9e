//! The live and the durable state of a disk.

use std::collections::{BTreeMap, HashMap};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::power_failed;
use crate::storage::{FileMode, Kind, Listed, ObjectInfo, RenameMode, folder_of};

/// A failure of a single call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A sync of a file or a folder fails.
    Sync,
    /// A write finds the disk full, after a part of its bytes.
    DiskFull,
    /// A read returns a wrong bit.
    FlippedBit,
    /// A write lands at another offset of the file, and reports success.
    Misdirected,
}

/// The number of a file or folder.
pub(super) type NodeId = usize;

/// A file or folder.
#[derive(Debug)]
struct Node {
    kind: Kind,
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Changes of the content since the last sync.
    writes: Vec<Change>,
    /// Whether a handle holds the exclusive lock.
    is_locked: bool,
    /// The number of handles that share the lock.
    shared_locks: usize,
}

/// A change of a file's content.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetBytes(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes } => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*offset..end].copy_from_slice(bytes);
            }
            Change::SetBytes(bytes) => content.resize(*bytes, 0),
        }
    }
}

impl Change {
    fn offset(&self) -> Option<usize> {
        match self {
            Change::Write { offset, .. } => Some(*offset),
            Change::SetBytes(_) => None,
        }
    }
}

type Names = BTreeMap<PathBuf, NodeId>;

/// Names that change together, each with its new node.
type NameChange = Vec<(PathBuf, Option<NodeId>)>;

#[derive(Debug)]
pub(super) struct Disk {
    random: u64,
    nodes: Vec<Node>,
    live: Names,
    durable: Names,
    /// Changes of names since the sync of their folders.
    changes: Vec<NameChange>,
    /// The number of operations until the power fails.
    power_for: Option<u64>,
    /// For each fault, the number of calls until it occurs.
    faults: HashMap<Fault, u64>,
    /// The number of restarts. Handles from before the last restart are invalid.
    starts: u64,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        let (root, current) = (PathBuf::from("/"), PathBuf::from("."));
        let names: Names = [(root, 0), (current, 0)].into();
        Disk {
            random: seed,
            nodes: vec![Node::new(Kind::Folder)],
            live: names.clone(),
            durable: names,
            changes: Vec::new(),
            power_for: None,
            faults: HashMap::new(),
            starts: 0,
        }
    }

    /// A random number below `end` (SplitMix64).
    fn random(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.random;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((number ^ (number >> 31)) % end.max(1) as u64) as usize
    }

    pub(super) fn fail_power_after(&mut self, operations: u64) {
        self.power_for = Some(operations);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.power_for == Some(0)
    }

    pub(super) fn inject(&mut self, fault: Fault, calls: u64) {
        self.faults.insert(fault, calls);
    }

    pub(super) fn starts(&self) -> u64 {
        self.starts
    }

    /// Counts an operation.
    pub(super) fn operation(&mut self) -> Result<()> {
        match &mut self.power_for {
            Some(0) => return Err(power_failed()),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }

    /// Returns `true` if this call has the fault.
    fn fails(&mut self, fault: Fault) -> bool {
        let Some(calls) = self.faults.get_mut(&fault) else { return false };
        if *calls == 0 {
            self.faults.remove(&fault);
            return true;
        }
        *calls -= 1;
        false
    }

    pub(super) fn restart(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            if self.random(2) == 0 {
                apply(&mut self.durable, change);
            }
        }
        for node in 0..self.nodes.len() {
            self.lose_writes(node, true);
            let node = &mut self.nodes[node];
            node.live = node.durable.clone();
            (node.is_locked, node.shared_locks) = (false, 0);
        }
        // If a folder is lost, its content is lost, too.
        let names = std::mem::take(&mut self.durable);
        let is_reached = |path: &Path| {
            path.ancestors().skip(1).all(|above| above.as_os_str().is_empty() || names.contains_key(above))
        };
        self.durable =
            names.iter().filter(|(path, _)| is_reached(path)).map(|(path, node)| (path.clone(), *node)).collect();
        self.live = self.durable.clone();
        (self.power_for, self.starts) = (None, self.starts + 1);
        self.faults.clear();
    }

    /// Ends the writes of a file that were not synced. Each of them reaches the disk, or is lost.
    /// If `may_tear`, some reach it only in part.
    fn lose_writes(&mut self, node: NodeId, may_tear: bool) {
        for change in std::mem::take(&mut self.nodes[node].writes) {
            let fate = self.random(if may_tear { 3 } else { 2 });
            let change = match (fate, change) {
                (0, _) => continue,
                (2, Change::Write { offset, bytes }) => {
                    let length = self.random(bytes.len());
                    // The new length of the file may reach the disk without the bytes.
                    let content = &mut self.nodes[node].durable;
                    content.resize(content.len().max(offset + bytes.len()), 0);
                    Change::Write { offset, bytes: bytes[..length].to_vec() }
                }
                (_, change) => change,
            };
            change.apply(&mut self.nodes[node].durable);
        }
    }

    pub(super) fn find(&self, path: &Path) -> Option<NodeId> {
        self.live.get(path).copied()
    }

    pub(super) fn info(&self, node: NodeId) -> ObjectInfo {
        let node = &self.nodes[node];
        ObjectInfo { kind: node.kind, bytes: node.live.len() as u64, version: node.live.len() as i128 }
    }

    pub(super) fn list(&mut self, folder: &Path) -> Result<Vec<Listed>> {
        self.operation()?;
        let node = self.find(folder).ok_or(ErrorKind::NotFound)?;
        if self.nodes[node].kind != Kind::Folder {
            return Err(ErrorKind::NotADirectory.into());
        }
        let inside = self.live.iter().filter(|(path, _)| path.parent().is_some() && folder_of(path) == folder);
        let listed = |(path, node): (&PathBuf, &NodeId)| {
            path.file_name().map(|name| Listed { name: name.to_owned(), kind: self.nodes[*node].kind })
        };
        Ok(inside.filter_map(listed).collect())
    }

    pub(super) fn open(&mut self, path: &Path, mode: FileMode) -> Result<NodeId> {
        self.operation()?;
        match (self.find(path), mode) {
            (Some(_), FileMode::CreateNew) => Err(ErrorKind::AlreadyExists.into()),
            (Some(node), _) => Ok(node),
            (None, FileMode::Read) => Err(ErrorKind::NotFound.into()),
            (None, _) => self.add(path, Kind::File),
        }
    }

    fn add(&mut self, path: &Path, kind: Kind) -> Result<NodeId> {
        self.find(folder_of(path)).ok_or(ErrorKind::NotFound)?;
        let node = self.nodes.len();
        self.nodes.push(Node::new(kind));
        self.change(vec![(path.to_owned(), Some(node))]);
        Ok(node)
    }

    fn change(&mut self, change: NameChange) {
        apply(&mut self.live, change.clone());
        self.changes.push(change);
    }

    pub(super) fn create_folder(&mut self, path: &Path) -> Result<()> {
        self.operation()?;
        match self.find(path) {
            Some(_) => Err(ErrorKind::AlreadyExists.into()),
            None => self.add(path, Kind::Folder).map(|_| ()),
        }
    }

    pub(super) fn remove(&mut self, path: &Path) -> Result<()> {
        self.operation()?;
        self.find(path).ok_or(ErrorKind::NotFound)?;
        self.change(vec![(path.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, mode: RenameMode) -> Result<()> {
        self.operation()?;
        let node = self.find(from).ok_or(ErrorKind::NotFound)?;
        match (self.find(to), mode) {
            (Some(_), RenameMode::IfAbsent) => return Err(ErrorKind::AlreadyExists.into()),
            (_, RenameMode::Exchange) => return Err(ErrorKind::Unsupported.into()),
            _ => {}
        }
        if self.nodes[node].kind == Kind::Folder {
            return Err(Error::new(ErrorKind::Unsupported, "folders are not renamed on a simulated disk"));
        }
        self.change(vec![(from.to_owned(), None), (to.to_owned(), Some(node))]);
        Ok(())
    }

    /// A rename to another folder is durable after the sync of either folder.
    pub(super) fn sync_folder(&mut self, folder: &Path) -> Result<()> {
        self.operation()?;
        self.find(folder).ok_or(ErrorKind::NotFound)?;
        if self.fails(Fault::Sync) {
            return Err(Error::other("the folder cannot be synced"));
        }
        let is_inside = |change: &NameChange| change.iter().any(|(path, _)| folder_of(path) == folder);
        let (synced, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.changes).into_iter().partition(is_inside);
        self.changes = rest;
        synced.into_iter().for_each(|change| apply(&mut self.durable, change));
        Ok(())
    }

    pub(super) fn read(&mut self, node: NodeId, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.operation()?;
        let content = &self.nodes[node].live;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let length = buffer.len().min(content.len() - offset);
        buffer[..length].copy_from_slice(&content[offset..offset + length]);
        if length > 0 && self.fails(Fault::FlippedBit) {
            let bit = self.random(8 * length);
            buffer[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(length)
    }

    pub(super) fn write(&mut self, node: NodeId, bytes: &[u8], offset: u64) -> Result<()> {
        self.operation()?;
        let is_full = self.fails(Fault::DiskFull);
        let is_misdirected = self.fails(Fault::Misdirected);
        let offset = if is_misdirected { self.other_offset(node, offset as usize) } else { offset as usize };
        let written = if is_full { bytes.len() / 2 } else { bytes.len() };
        self.write_change(node, Change::Write { offset, bytes: bytes[..written].to_vec() });
        if is_full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// An offset up to `offset`: that of an earlier write, or a random one.
    fn other_offset(&mut self, node: NodeId, offset: usize) -> usize {
        let writes = self.nodes[node].writes.iter();
        let earlier: Vec<usize> = writes.filter_map(|change| change.offset().filter(|&at| at < offset)).collect();
        match self.random(2) {
            0 if !earlier.is_empty() => earlier[self.random(earlier.len())],
            _ => self.random(offset + 1),
        }
    }

    fn write_change(&mut self, node: NodeId, change: Change) {
        let node = &mut self.nodes[node];
        change.apply(&mut node.live);
        node.writes.push(change);
    }

    pub(super) fn set_bytes(&mut self, node: NodeId, bytes: u64) -> Result<()> {
        self.operation()?;
        self.write_change(node, Change::SetBytes(bytes as usize));
        Ok(())
    }

    pub(super) fn sync(&mut self, node: NodeId) -> Result<()> {
        self.operation()?;
        if self.fails(Fault::Sync) {
            self.lose_writes(node, false);
            return Err(Error::other("the file cannot be synced"));
        }
        let node = &mut self.nodes[node];
        // Writes that a failed sync has lost stay lost.
        let (durable, writes) = (&mut node.durable, std::mem::take(&mut node.writes));
        writes.iter().for_each(|change| change.apply(durable));
        Ok(())
    }

    /// Returns `false` if other handles exclude this lock.
    pub(super) fn try_lock(&mut self, node: NodeId, is_shared: bool) -> Result<bool> {
        self.operation()?;
        let node = &mut self.nodes[node];
        let is_free = !node.is_locked && (is_shared || node.shared_locks == 0);
        if is_free && is_shared {
            node.shared_locks += 1;
        } else if is_free {
            node.is_locked = true;
        }
        Ok(is_free)
    }

    pub(super) fn unlock(&mut self, node: NodeId, is_shared: bool) {
        let node = &mut self.nodes[node];
        if is_shared {
            node.shared_locks = node.shared_locks.saturating_sub(1);
        } else {
            node.is_locked = false;
        }
    }
}

impl Node {
    fn new(kind: Kind) -> Self {
        let (live, durable, writes) = (Vec::new(), Vec::new(), Vec::new());
        Node { kind, live, durable, writes, is_locked: false, shared_locks: 0 }
    }
}

fn apply(names: &mut Names, change: NameChange) {
    for (path, node) in change {
        match node {
            Some(node) => names.insert(path, node),
            None => names.remove(&path),
        };
    }
}

//! The files of a CSV source, and the mapping of their columns to the record.

use std::sync::Arc;

use crate::files::InputFile;
use crate::rejects::Rejects;
use runtime::error::Result;
use runtime::row::{LeafSet, LeafType, Schema};
use runtime::value::TimeFormat;

use super::mapping::{CsvColumn, Positions, by_header, by_position, is_nameless};
use super::options::CsvOptions;

/// Input that a source shares with its readers.
pub(super) struct CsvInput {
    pub(super) files: Arc<[InputFile]>,
    /// The first record of each file: its header, if it has one.
    pub(super) first: Vec<Vec<String>>,
    pub(super) schema: Schema,
    pub(super) columns: Vec<CsvColumn>,
    pub(super) options: CsvOptions,
    pub(super) rejects: Option<Arc<Rejects>>,
    /// By leaf: the format of a date or timestamp that is not ISO 8601.
    pub(super) forms: Vec<Option<TimeFormat>>,
}

impl CsvInput {
    /// Returns the columns of the leaves in a file.
    ///
    /// # Errors
    /// Fails if a live column is missing.
    pub(super) fn positions(&self, part: usize, live: &LeafSet) -> Result<Positions> {
        let path = self.files[part].path();
        let header = &self.first[part];
        if !self.options.header || is_nameless(&self.schema) {
            return by_position(path, &self.schema, &self.columns, header.len());
        }
        let is_live = |leaf: usize| {
            let guarded = self.columns.iter().find(|column| column.leaf == leaf);
            live.contains(leaf) || guarded.is_some_and(|column| column.guards.iter().any(|&guard| live.contains(guard)))
        };
        by_header(path, &self.schema, header, is_live)
    }

    /// Returns `true` if the file has a header that is not empty.
    pub(super) fn has_header(&self, part: usize) -> bool {
        self.options.header && self.first[part].iter().any(|name| !name.is_empty())
    }

    /// Returns `true` if a scan reads texts, which must be UTF-8.
    pub(super) fn reads_text(&self, live: &LeafSet) -> bool {
        live.iter().any(|leaf| self.schema.leaves().get(leaf).is_some_and(|leaf| leaf.ty == LeafType::Text))
    }
}

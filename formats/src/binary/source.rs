//! Reads binary files.

use std::ops::Range;
use std::sync::Arc;

use super::packed::Packed;
use super::reader::{BinaryInput, BinaryReader};
use crate::files::{InputFile, Inputs, describe, version_of};
use crate::splits::split_bytes;
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::row::{Leaf, Schema};
use runtime::source::{
    ColumnFit, RangeReader, RangeSource, SAMPLE_PLACES, SAMPLE_ROWS, Sample, Scan, Split, SplitList, Statistics,
    TableSource, sample_splits, spread_evenly,
};

/// Source of the records of binary files. A split is a range of records.
pub struct BinarySource {
    path: String,
    shared: Arc<BinaryInput>,
    split_bytes: u64,
}

impl BinarySource {
    /// Creates a source of the records of listed files.
    ///
    /// # Errors
    /// Fails if the record has no fixed width.
    pub fn of(inputs: Inputs, schema: &Schema) -> Result<Self> {
        let Inputs { path, files } = inputs;
        let packed = Packed::new(schema).map_err(|reason| Error::Plan(format!("cannot read binary: {reason}")))?;
        let split_bytes = split_bytes(&files);
        let shared = Arc::new(BinaryInput { files, schema: schema.clone(), packed });
        Ok(BinarySource { path, shared, split_bytes })
    }

    /// Sets the target size of splits, in bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }

    fn cut(&self, part: usize, file: &InputFile) -> Result<Vec<Split>> {
        let width = self.shared.packed.width as u64;
        if file.compression().is_some() {
            return Ok(vec![Split::of_file(part, 0..u64::MAX, file.bytes())]);
        }
        let left_over = file.bytes() % width;
        if left_over > 0 {
            let place = format!(", byte {}", file.bytes() - left_over);
            let message = self.shared.left_over(left_over);
            return Err(Error::Data { path: file.path().to_path_buf(), place, message });
        }
        let step = (self.split_bytes / width).max(1) * width;
        let starts = (0..file.bytes()).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        let split = |start: u64| {
            let end = file.bytes().min(start.saturating_add(step));
            Split::of_file(part, start..end, end - start)
        };
        Ok(starts.map(split).collect())
    }
}

impl RangeSource for BinarySource {
    fn describe(&self) -> String {
        describe("binary", &self.path, &self.shared.files)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn splits(&self, _scan: &Scan) -> Result<SplitList> {
        let mut splits = Vec::new();
        for (part, file) in self.shared.files.iter().enumerate() {
            splits.extend(self.cut(part, file)?);
        }
        Ok(SplitList::complete(splits))
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        Ok(Box::new(BinaryReader::new(self.shared.clone(), &scan.live, memory)?))
    }
}

impl TableSource for BinarySource {
    fn statistics(&self, _scan: &Scan) -> Statistics {
        let files = &self.shared.files;
        let bytes: u64 = files.iter().map(InputFile::bytes).sum();
        let is_plain = files.iter().all(|file| file.compression().is_none());
        Statistics { rows: is_plain.then(|| (bytes / self.shared.packed.width as u64) as f64), bytes }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let Packed { offsets, width } = &self.shared.packed;
        let column = |(leaf, begin): (&Leaf, &usize)| {
            ColumnFit::of(leaf, format!("bytes {begin}..{} of {width}", begin + leaf.ty.width()), "is read as it is")
        };
        self.shared.schema.leaves().iter().zip(offsets).map(column).collect()
    }

    fn sample(&self, scan: &Scan) -> Option<Sample> {
        let population = self.statistics(scan).rows?;
        let width = self.shared.packed.width as u64;
        let lengths: Vec<u64> = self.shared.files.iter().map(|file| file.bytes() / width).collect();
        let split = |part: usize, rows: Range<u64>| {
            let range = rows.start * width..rows.end * width;
            Split::of_file(part, range.clone(), range.end - range.start)
        };
        let splits: Vec<Split> = if lengths.iter().sum::<u64>() <= SAMPLE_ROWS as u64 {
            lengths.iter().enumerate().map(|(part, &rows)| split(part, 0..rows)).collect()
        } else {
            let each = (SAMPLE_ROWS / SAMPLE_PLACES) as u64;
            let place = |(part, row): (usize, u64)| split(part, row..lengths[part].min(row + each));
            spread_evenly(&lengths, SAMPLE_PLACES).into_iter().map(place).collect()
        };
        Some(sample_splits(self, scan, &splits).ok()?.finish(population))
    }

    fn version(&self) -> Option<u128> {
        Some(version_of("binary", &self.shared.files, &self.shared.schema, &()))
    }
}

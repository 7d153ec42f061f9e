//! Samples that the process keeps: a program that plans a query again over files that have not changed reads none of them for that.

use std::sync::{Arc, Mutex, PoisonError};

use super::Sample;
use crate::row::LeafSet;
use crate::source::{Scan, Source};

/// What all samples that are kept may hold.
const KEPT_BYTES: usize = 32 << 20;

/// Which data, which leaves of it, and of which rows.
#[derive(PartialEq)]
struct Key {
    version: u128,
    live: LeafSet,
    bounds: String,
}

/// What is kept, the one that was used last at the end.
static KEPT: Mutex<Vec<(Key, Arc<Sample>)>> = Mutex::new(Vec::new());

/// A sample of what a scan gives: one that is kept, where the data are the same, else a new one. None where the source gives none, or something is
/// wrong with it, which its reader says in the run.
#[must_use]
pub fn sample_of(source: &dyn Source, scan: &Scan) -> Option<Arc<Sample>> {
    let Some(version) = source.version() else { return source.sample(scan).map(Arc::new) };
    let key = Key { version, live: scan.live.clone(), bounds: format!("{:?}", scan.bounds) };
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut samples = kept();
    if let Some(place) = samples.iter().position(|(other, _)| *other == key) {
        let found = samples.remove(place);
        let sample = found.1.clone();
        samples.push(found);
        return Some(sample);
    }
    // Others may plan while this one reads.
    drop(samples);
    let sample = Arc::new(source.sample(scan)?);
    let mut samples = kept();
    samples.push((key, sample.clone()));
    let mut bytes: usize = samples.iter().map(|(_, sample)| sample.bytes()).sum();
    while bytes > KEPT_BYTES && !samples.is_empty() {
        bytes -= samples.remove(0).1.bytes();
    }
    Some(sample)
}

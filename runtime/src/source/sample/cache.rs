//! A cache of samples in the process. Planning a query again over unchanged files reads none of
//! them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::Sample;
use crate::row::LeafSet;
use crate::source::{Scan, Source};

/// Memory limit of all cached samples.
const CACHE_BYTES: usize = 32 << 20;

/// Identifies the data, the leaves and the rows of a sample.
#[derive(Clone, PartialEq)]
struct Key {
    version: u128,
    live: LeafSet,
    bounds: String,
}

impl Key {
    /// Returns `None` if the source does not detect changes of its data.
    fn of(source: &dyn Source, scan: &Scan) -> Option<Self> {
        let version = source.as_table()?.version()?;
        Some(Key { version, live: scan.live.clone(), bounds: format!("{:?}", scan.bounds) })
    }
}

/// The cached samples. The most recently used one is last.
static CACHE: Mutex<Vec<(Key, Arc<Sample>)>> = Mutex::new(Vec::new());

fn cache() -> MutexGuard<'static, Vec<(Key, Arc<Sample>)>> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the samples of scans, from the cache or read now. New samples are added to the cache.
///
/// `None` if a source has no samples, or cannot be read. Its reader then fails in the run.
/// `parallel_for` calls a function with each number below a count, possibly in parallel.
#[must_use]
pub fn samples_of(
    scans: &[(Arc<dyn Source>, Scan)],
    parallel_for: impl FnOnce(usize, &(dyn Fn(usize) + Sync)),
) -> Vec<Option<Arc<Sample>>> {
    let keys: Vec<Option<Key>> = scans.iter().map(|(source, scan)| Key::of(&**source, scan)).collect();
    // Equal scans of the same data are sampled once.
    let first = |number: usize| keys.iter().position(|key| key.is_some() && *key == keys[number]).unwrap_or(number);
    let known = |key: &Option<Key>| key.as_ref().and_then(cached_sample).map_or_else(OnceLock::new, OnceLock::from);
    let samples: Vec<OnceLock<Arc<Sample>>> = keys.iter().map(known).collect();
    let missing: Vec<usize> =
        (0..scans.len()).filter(|&number| samples[number].get().is_none() && first(number) == number).collect();
    parallel_for(missing.len(), &|number| {
        let (source, scan) = &scans[missing[number]];
        if let Some(sample) = source.as_table().and_then(|table| table.sample(scan)) {
            // Each number is passed once, so the cell is empty.
            let _ = samples[missing[number]].set(Arc::new(sample));
        }
    });
    add(missing.iter().filter_map(|&number| Some((keys[number].clone()?, samples[number].get()?.clone()))));
    (0..scans.len()).map(|number| samples[first(number)].get().cloned()).collect()
}

fn cached_sample(key: &Key) -> Option<Arc<Sample>> {
    let mut samples = cache();
    let index = samples.iter().position(|(other, _)| other == key)?;
    let found = samples.remove(index);
    let sample = found.1.clone();
    samples.push(found);
    Some(sample)
}

fn add(new: impl Iterator<Item = (Key, Arc<Sample>)>) {
    let mut samples = cache();
    for (key, sample) in new {
        // Another thread may have added the same key meanwhile.
        samples.retain(|(other, _)| *other != key);
        samples.push((key, sample));
    }
    let mut bytes: usize = samples.iter().map(|(_, sample)| sample.bytes()).sum();
    while bytes > CACHE_BYTES && !samples.is_empty() {
        bytes -= samples.remove(0).1.bytes();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::{Error, Result};
    use crate::row::{LeafType, Schema, SchemaBuilder};
    use crate::source::{ReaderContext, SplitList, SplitReader, TableSource};

    /// A source that counts the samples taken of it.
    struct Counted {
        schema: Schema,
        version: Option<u128>,
        samples: AtomicUsize,
    }

    impl Source for Counted {
        fn describe(&self) -> String {
            "counted".to_owned()
        }
        fn schema(&self) -> &Schema {
            &self.schema
        }
        fn splits(&self, _: &Scan) -> Result<SplitList> {
            Ok(SplitList::default())
        }
        fn reader_bytes(&self, _: &Scan) -> usize {
            0
        }
        fn reader(&self, _: &Scan, _: ReaderContext) -> Result<Box<dyn SplitReader>> {
            Err(Error::Internal("nobody reads it".to_owned()))
        }
        fn as_table(&self) -> Option<&dyn TableSource> {
            Some(self)
        }
    }

    impl TableSource for Counted {
        fn sample(&self, _: &Scan) -> Option<Sample> {
            self.samples.fetch_add(1, Ordering::Relaxed);
            let population = self.version.map_or(0.0, |version| version as f64);
            Some(Sample { population, ..Sample::of_pages(&Arc::default()) })
        }
        fn version(&self) -> Option<u128> {
            self.version
        }
    }

    #[test]
    fn equal_scans_are_sampled_once() {
        let source = |version| {
            Arc::new(Counted {
                schema: SchemaBuilder::build(|of| of.leaf(LeafType::U64)),
                version,
                samples: AtomicUsize::new(0),
            })
        };
        // No other test uses these versions.
        let sources = [source(Some(u128::MAX)), source(Some(u128::MAX / 2)), source(None)];
        let scan = || Scan { live: LeafSet::all(1), bounds: Vec::new() };
        let scans: Vec<(Arc<dyn Source>, Scan)> =
            [1, 0, 1, 2, 0, 2].into_iter().map(|source| (sources[source].clone() as _, scan())).collect();
        for samples in [[1, 1, 2], [1, 1, 4]] {
            let taken = samples_of(&scans, |count, work| (0..count).for_each(work));
            let versions: Vec<f64> = taken.into_iter().map(|sample| sample.unwrap().population).collect();
            let [first, second, none] = [u128::MAX as f64, (u128::MAX / 2) as f64, 0.0];
            assert_eq!(versions, [second, first, second, none, first, none]);
            assert_eq!(sources.each_ref().map(|source| source.samples.load(Ordering::Relaxed)), samples);
        }
    }
}

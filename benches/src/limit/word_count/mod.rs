//! Hand-written word count for two cores.
//!
//! Threads claim blocks of the file and read each into a small buffer that stays in their cache. A
//! block is scanned for white space 64 bytes at a time. Words of up to 15 bytes become 16-byte keys
//! (see [`key`]). Each thread counts them in its own table (see [`table`]), 32 at a time, so that
//! cache misses overlap (see [`counter`]). Longer words are rare and are counted in an ordinary
//! map. At the end each thread adds up one hash partition of all tables.

mod blocks;
mod counter;
mod key;
mod long_words;
mod merge;
mod scan;
mod table;

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::answer::{Answer, Case, Resources};
use crate::error::{Error, Result};
use crate::workspace::Paths;

use blocks::BlockReader;
use counter::Counter;
use merge::Partition;

use super::threads::in_parallel;

/// Bytes of a thread's share of the file per word of initial table capacity. The table grows when
/// needed.
const FILE_BYTES_PER_WORD: u64 = 400;

/// Counts the words of the text.
pub(super) fn run(_: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let path = &paths.text;
    let partitions = count(path, resources.parallelism).map_err(Error::io("read", path))?;
    let rows = partitions.iter().map(Partition::len).sum();
    Ok(Answer::new(rows, move |out| partitions.iter().try_for_each(|partition| write_rows(partition, out))))
}

fn count(path: &std::path::Path, parallelism: usize) -> io::Result<Vec<Partition>> {
    let file = File::open(path)?;
    let file_bytes = file.metadata()?.len();
    let words = (file_bytes / FILE_BYTES_PER_WORD / parallelism as u64) as usize;
    let next_block = AtomicU64::new(0);
    let counters = in_parallel(parallelism, |_| {
        let mut counter = Counter::new(words)?;
        let mut reader = BlockReader::new(&file, file_bytes);
        // Blocks are claimed one by one, so that a delayed thread takes fewer.
        while reader.read(next_block.fetch_add(1, Ordering::Relaxed))? {
            counter.add_block(&reader)?;
        }
        Ok(counter)
    })?;
    in_parallel(parallelism, |index| Partition::merge(&counters, index, parallelism))
}

fn write_rows(partition: &Partition, out: &mut dyn Write) -> io::Result<()> {
    for (word, count) in partition.rows() {
        out.write_all(&word)?;
        writeln!(out, "\t{count}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use super::*;

    fn counted(text: &[u8], parallelism: usize) -> HashMap<Vec<u8>, u64> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, text).unwrap();
        let partitions = count(&path, parallelism).unwrap();
        let rows: Vec<_> = partitions.iter().flat_map(Partition::rows).collect();
        let distinct = rows.len();
        assert_eq!(partitions.iter().map(Partition::len).sum::<u64>(), distinct as u64);
        let counts: HashMap<_, _> = rows.into_iter().collect();
        assert_eq!(counts.len(), distinct, "a word has two rows");
        counts
    }

    fn expected(text: &[u8]) -> HashMap<Vec<u8>, u64> {
        let mut counts = HashMap::new();
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_vec()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn unusual_texts_are_counted_exactly() {
        let long = "x".repeat(700_000);
        let texts = [
            "",
            " \n\t ",
            "one",
            "\n\none  two\tone\r\nthree\x0ctwo one ",
            // A vertical tab is no white space, and neither is a zero byte.
            "a\x0bb a\0 a \0 \0\0 a\0\0",
            "fifteen_letters sixteen_letters_ seventeen_letter fifteen_letters sixteen_letters_",
            &long,
            &format!("a {long} b {long} a"),
        ];
        for text in texts {
            for parallelism in [1, 2, 3] {
                assert!(counted(text.as_bytes(), parallelism) == expected(text.as_bytes()), "{:.60}", text);
            }
        }
    }

    #[test]
    fn words_across_blocks_and_growing_tables_are_exact() {
        // 300,000 distinct words of every length up to 22, over several blocks, and far more than
        // an initial table holds.
        let mut text = Vec::new();
        for round in 0..2 {
            for number in 0..300_000_u64 {
                let word = format!("{:0width$}", number * 7_919, width = (number % 20 + 3) as usize);
                text.extend_from_slice(word.as_bytes());
                text.push(if (number + round) % 11 == 0 { b'\n' } else { b' ' });
            }
        }
        for parallelism in [1, 2, 3] {
            assert!(counted(&text, parallelism) == expected(&text));
        }
    }
}

//! Generated text with Zipf-distributed words, as in natural language.
//!
//! The word of rank r has a probability proportional to 1/r. Words are lower-case ASCII with 4 to
//! 11 letters; one in 256 has 16 to 24. With their separator they take 8.6 bytes on average, so 1
//! GiB holds about 125 million. Lines have 10 to 15 words. The same arguments give the same bytes
//! on every machine.

mod alias;
mod vocabulary;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use alias::AliasTable;
use vocabulary::Vocabulary;

use crate::random::Random;
use crate::{DataError, progress};

/// The size in the benchmarks: 1 GiB.
pub const DEFAULT_BYTES: u64 = 1 << 30;

/// The vocabulary in the benchmarks: a million words.
pub const DEFAULT_DISTINCT_WORDS: usize = 1_000_000;

/// Bytes that are generated and written as one block. The seed of a block is its number, so blocks
/// can be generated in any order.
const BLOCK_BYTES: usize = 1 << 20;

/// Number of blocks that a thread may generate ahead of the writer.
const BLOCKS_AHEAD: usize = 8;

const THREADS: u64 = 2;

/// Number of words that are looked up together, so that their memory latencies overlap.
const BATCH_WORDS: usize = 16;

/// Generates a text file of about `bytes` bytes (up to one line more) with `distinct` words. Does
/// nothing if `path` exists.
///
/// Takes about 3 seconds per GiB on two cores. In a small file with a large vocabulary the rarest
/// words do not occur.
///
/// ```
/// let folder = std::env::temp_dir().join("examples-text-data");
/// let path = folder.join("small.txt");
/// examples::text_data::ensure(&path, 10_000, 100)?;
/// assert!(std::fs::read_to_string(&path).unwrap().split_whitespace().count() > 1_000);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), examples::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Argument`] if `distinct` is 0 or more than 16 million. Also fails if the file
/// cannot be written.
pub fn ensure(path: &Path, bytes: u64, distinct: usize) -> Result<(), DataError> {
    if !(1..=1 << 24).contains(&distinct) {
        let (name, value) = ("the number of distinct words", distinct.to_string());
        return Err(DataError::Argument { name, value, expected: "1 to 16777216" });
    }
    let content = format!("text of {} MiB, up to {distinct} distinct words", bytes.div_ceil(1 << 20));
    progress::write_once(path, &content, |partial| write_text(partial, bytes, distinct))
}

fn write_text(path: &Path, bytes: u64, distinct: usize) -> Result<(), DataError> {
    let mut file = File::create(path).map_err(DataError::io("create", path))?;
    let vocabulary = Vocabulary::new(distinct);
    let ranks = AliasTable::zipf(distinct);
    let bar = progress::bar("text".to_owned(), bytes >> 20, "MiB");
    thread::scope(|scope| {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| sync_channel(BLOCKS_AHEAD)).unzip();
        for (first_block, sender) in (0..).zip(senders) {
            let (vocabulary, ranks) = (&vocabulary, &ranks);
            scope.spawn(move || make_blocks(first_block, vocabulary, ranks, &sender));
        }
        let mut left = bytes;
        for receiver in receivers.iter().cycle() {
            if left == 0 {
                break;
            }
            let block: Vec<u8> = receiver.recv().map_err(|_| DataError::Generator { path: path.to_owned() })?;
            let kept = &block[..end_of_line_after(&block, left)];
            file.write_all(kept).map_err(DataError::io("write", path))?;
            left = left.saturating_sub(kept.len() as u64);
            bar.inc(1);
        }
        // Dropping the receivers makes the senders fail, so the threads end.
        drop(receivers);
        bar.finish_and_clear();
        Ok(())
    })
}

/// Generates every [`THREADS`]th block from `first_block` on, until the receiver is dropped.
fn make_blocks(first_block: u64, vocabulary: &Vocabulary, ranks: &AliasTable, sender: &SyncSender<Vec<u8>>) {
    let mut block = first_block;
    while sender.send(make_block(block, vocabulary, ranks)).is_ok() {
        block += THREADS;
    }
}

/// Generates whole lines of at least [`BLOCK_BYTES`] bytes in total.
fn make_block(block: u64, vocabulary: &Vocabulary, ranks: &AliasTable) -> Vec<u8> {
    let mut random = Random::new(block);
    let mut text = Vec::with_capacity(BLOCK_BYTES + 1024);
    let mut words_left_in_line = line_words(&mut random);
    loop {
        let rows: [_; BATCH_WORDS] = std::array::from_fn(|_| ranks.draw(&mut random));
        let words = rows.map(|draw| vocabulary.span(ranks.resolve(draw)));
        for span in words {
            text.extend_from_slice(vocabulary.word(span));
            words_left_in_line -= 1;
            if words_left_in_line > 0 {
                text.push(b' ');
                continue;
            }
            text.push(b'\n');
            if text.len() >= BLOCK_BYTES {
                return text;
            }
            words_left_in_line = line_words(&mut random);
        }
    }
}

fn line_words(random: &mut Random) -> u32 {
    10 + random.below(6)
}

/// The length after which to cut `block`, so that whole lines of at least `wanted` bytes remain.
fn end_of_line_after(block: &[u8], wanted: u64) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if wanted >= block.len() {
        return block.len();
    }
    let from = wanted.saturating_sub(1);
    block[from..].iter().position(|&byte| byte == b'\n').map_or(block.len(), |offset| from + offset + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use super::*;

    fn text(bytes: u64, distinct: usize) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        ensure(&path, bytes, distinct).unwrap();
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn the_same_arguments_give_the_same_whole_lines() {
        let first = text(3_000_000, 1_000);
        assert!(first == text(3_000_000, 1_000));
        assert!((3_000_000..3_000_500).contains(&first.len()), "{}", first.len());
        assert!(first.ends_with('\n'));
        for line in first.lines() {
            let words = line.split(' ').count();
            assert!((10..=15).contains(&words), "{words} words in {line:?}");
        }
    }

    #[test]
    fn frequencies_follow_zipf_and_lengths_are_as_documented() {
        let text = text(20_000_000, 1_000);
        let mut counts = HashMap::<&str, u64>::new();
        text.split_whitespace().for_each(|word| *counts.entry(word).or_default() += 1);
        assert_eq!(counts.len(), 1_000);
        let words: u64 = counts.values().sum();
        let mut sorted: Vec<u64> = counts.into_values().collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        // The harmonic number of 1,000 is 7.485.
        for (rank, expected) in [(1, 1.0 / 7.485), (10, 0.1 / 7.485), (100, 0.01 / 7.485)] {
            let share = sorted[rank - 1] as f64 / words as f64;
            assert!((share / expected - 1.0).abs() < 0.05, "rank {rank}: {share} instead of {expected}");
        }
    }

    #[test]
    fn an_empty_vocabulary_is_rejected() {
        assert!(ensure(Path::new("unused"), 1, 0).is_err());
    }
}

//! Word count in timely dataflow, served over the benchmarks' line protocol.
//!
//! Each worker reads its share of the file in chunks of whole lines and counts words in its own
//! hash map. It sends the totals of each word to the worker that the word's hash selects, which
//! adds them up.

use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Instant;

use foldhash::fast::FixedState;
use hashbrown::hash_table::{Entry, HashTable};
use smallvec::SmallVec;
use timely::Config;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::operator::source;
use timely::dataflow::operators::{Operator, Probe};
use timely::dataflow::{ProbeHandle, Scope, Stream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHUNK_BYTES: usize = 256 << 10;

/// A word and its count. Words of up to 16 bytes are stored in the hash table itself: with a
/// pointer to each word, counting took twice the time.
#[derive(serde::Serialize, serde::Deserialize)]
struct Counted {
    word: SmallVec<[u8; 16]>,
    count: u64,
}

#[derive(Default)]
struct Counts {
    table: HashTable<Counted>,
}

#[inline]
fn hash(word: &[u8]) -> u64 {
    FixedState::default().hash_one(word)
}

impl Counts {
    #[inline]
    fn add(&mut self, word: &[u8], count: u64) {
        match self
            .table
            .entry(hash(word), |entry| *entry.word == *word, |entry| hash(&entry.word))
        {
            Entry::Occupied(mut entry) => entry.get_mut().count += count,
            Entry::Vacant(entry) => drop(entry.insert(Counted {
                word: word.into(),
                count,
            })),
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name);
        position
            .and_then(|position| arguments.get(position + 1))
            .unwrap_or_else(|| panic!("{name} is missing"))
    };
    let text = PathBuf::from(option("--text"));
    let parallelism = option("--parallelism").parse().expect("a number of threads");
    serve(&text, parallelism);
}

fn serve(text: &Path, parallelism: usize) {
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            sender
                .send(line)
                .expect("the main thread serves until the process ends");
        }
        // The harness has ended.
        std::process::exit(0);
    });
    println!("ready");
    for line in requests {
        let words: Vec<&str> = line.split_whitespace().collect();
        let case = words[1];
        let start = Instant::now();
        let parts = word_count(text, parallelism);
        let seconds = start.elapsed().as_secs_f64();
        let rows: usize = parts.iter().map(|part| part.table.len()).sum();
        if let ["answer", _, path] = words[..] {
            write_rows(path, &parts).expect("the answer can be written");
        }
        println!("{{\"case\": \"{case}\", \"seconds\": {seconds}, \"rows\": {rows}}}");
    }
}

fn write_rows(path: &str, parts: &[Counts]) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for entry in parts.iter().flat_map(|part| part.table.iter()) {
        out.write_all(&entry.word)?;
        writeln!(out, "\t{}", entry.count)?;
    }
    out.flush()
}

/// The counts of each worker.
fn word_count(path: &Path, parallelism: usize) -> Vec<Counts> {
    let path = path.to_owned();
    let (sender, receiver) = channel();
    let guards = timely::execute(Config::process(parallelism), move |worker| {
        let (index, peers) = (worker.index() as u64, worker.peers() as u64);
        let file = File::open(&path).expect("the text can be opened");
        let len = file.metadata().expect("the text has a length").len();
        let share = len * index / peers..len * (index + 1) / peers;
        let probe = ProbeHandle::new();
        let sender = sender.clone();
        worker.dataflow::<u64, _, _>(|scope| {
            let chunks = read(scope, file, share);
            let exchange = Exchange::new(|counted: &Counted| hash(&counted.word) >> 32);
            let done = combine(chunks).unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>(
                exchange,
                "Count",
                move |_capability, _info| {
                    let mut counts = Some(Counts::default());
                    move |(input, frontier), _output| {
                        input.for_each_time(|_time, data| {
                            if let Some(counts) = &mut counts {
                                let counted = data.flat_map(|batch| batch.drain(..));
                                counted.for_each(|counted| counts.add(&counted.word, counted.count));
                            }
                        });
                        if frontier.is_empty()
                            && let Some(counts) = counts.take()
                        {
                            sender.send(counts).expect("the main thread waits for the counts");
                        }
                    }
                },
            );
            done.probe_with(&probe);
        });
    });
    drop(guards.expect("the workers can be started"));
    receiver.iter().collect()
}

/// Reads the chunks of whole lines that begin in `share`.
fn read<'scope>(scope: Scope<'scope, u64>, file: File, share: Range<u64>) -> Stream<'scope, u64, Vec<Vec<u8>>> {
    source::<_, CapacityContainerBuilder<Vec<Vec<u8>>>, _, _>(scope, "Read", move |capability, info| {
        let activator = scope.activator_for(info.address);
        let mut capability = Some(capability);
        let mut position = first_line_from(&file, share.start);
        move |output| {
            let Some(present) = &capability else { return };
            let end = first_line_from(&file, (position + CHUNK_BYTES as u64).min(share.end));
            let mut chunk = vec![0; (end - position) as usize];
            file.read_exact_at(&mut chunk, position).expect("the text can be read");
            output.session(present).give(chunk);
            position = end;
            match position < share.end {
                true => activator.activate(),
                false => capability = None,
            }
        }
    })
}

/// The start of the first line at or after `position`, or the end of the file if there is none.
fn first_line_from(file: &File, position: u64) -> u64 {
    if position == 0 {
        return 0;
    }
    let mut start = position - 1;
    let mut window = [0; 4096];
    loop {
        let read = file.read_at(&mut window, start).expect("the text can be read");
        match window[..read].iter().position(|&byte| byte == b'\n') {
            Some(offset) => return start + offset as u64 + 1,
            None if read == 0 => return start,
            None => start += read as u64,
        }
    }
}

/// Counts the words of each worker's own chunks. Emits the totals after the last chunk.
fn combine(chunks: Stream<'_, u64, Vec<Vec<u8>>>) -> Stream<'_, u64, Vec<Counted>> {
    chunks.unary_frontier::<CapacityContainerBuilder<Vec<Counted>>, _, _, _>(
        Pipeline,
        "Combine",
        |capability, _info| {
            let mut capability = Some(capability);
            let mut counts = Counts::default();
            move |(input, frontier), output| {
                input.for_each_time(|_time, data| {
                    for chunk in data.flat_map(|batch| batch.drain(..)) {
                        let words = chunk
                            .split(|byte| byte.is_ascii_whitespace())
                            .filter(|word| !word.is_empty());
                        words.for_each(|word| counts.add(word, 1));
                    }
                });
                if frontier.is_empty()
                    && let Some(capability) = capability.take()
                {
                    output
                        .session(&capability)
                        .give_iterator(std::mem::take(&mut counts.table).into_iter());
                }
            }
        },
    )
}

//! One case over records of one length, in a process of its own. Prints the memory that it took.
//!
//! * `make <folder> <length> <rows> <formats>..`: writes the inputs in these formats: `csv`,
//!   `json`, `parquet`, `native`, `text`.
//! * `run <case> <folder> <bytes of memory> <tasks>`: runs a case. Prints `need <bytes>` if memory
//!   is refused before the run, else `heap <bytes> resident <bytes> rows <number> digest <number>`.
//! * `list`: prints the names of all cases.

mod cases;
mod counting;

use dataflow::{Env, Options, ProgressWhen};
use runtime::error::Error;

use cases::{Found, Inputs, cases};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", folder, length, rows, ref formats @ ..] => {
            let number = |text: &str| text.parse::<u64>().unwrap_or_default();
            if let Err(error) = Inputs::at(folder).make(number(length), number(rows), formats) {
                println!("failed {error}");
            }
        }
        ["run", case, folder, memory, tasks] => run(case, folder, memory, tasks),
        ["list"] => cases().iter().for_each(|(name, _)| println!("{name}")),
        _ => println!("failed what is to be done?"),
    }
}

fn run(case: &str, folder: &str, memory: &str, tasks: &str) {
    let (Ok(memory_bytes), Ok(parallelism)) = (memory.parse(), tasks.parse()) else {
        return println!("failed memory and tasks are numbers");
    };
    let progress = ProgressWhen::Never;
    let env = Env::new(Options { parallelism, memory_bytes, progress, ..Options::default() });
    let cases = cases();
    let before = counting::begin();
    let find = match cases.iter().find(|(name, _)| *name == case) {
        Some((_, job)) => job(&Inputs::at(folder), &env),
        None => return println!("failed there is no case `{case}`"),
    };
    let (heap, resident) = (counting::peak() - before, resident_bytes());
    match find.and_then(|find| find()) {
        Ok(Found { rows, digest }) => {
            println!("heap {heap} resident {resident} rows {rows} digest {digest}");
        }
        Err(error) => match error.cause() {
            Error::TooLittleMemory { need, .. } => println!("need {need}"),
            _ => println!("failed {}", error.to_string().replace('\n', " ")),
        },
    }
}

/// The peak of resident bytes of this process (`VmHWM`).
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(0, |kib| kib << 10)
}

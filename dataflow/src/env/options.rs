//! Options of an environment, and their command line.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{IntoResettable, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command, value_parser};

use runtime::error::Error;
use runtime::optimizer::{Profile, Rule};
use runtime::physical::Decisions;

use super::default_budget;
use super::plan_output::Explain;
use crate::error::Result;

/// The engine that runs pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// All cores of this process.
    Local,
    /// One thread and plain vectors: for small data, and to check results in tests.
    Embedded,
}

/// When progress is shown on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressWhen {
    /// If standard error is a terminal.
    Terminal,
    /// Always: in a pipe or a file, one line per second.
    Always,
    /// Never.
    Never,
}

/// Options of an environment.
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of parallel tasks per operator. Default: the number of cores.
    pub parallelism: usize,
    /// Memory budget of pipelines in bytes. By default all environments of the process share one
    /// budget of 70 % of the memory available when the first was created. An environment with
    /// another value has its own budget.
    pub memory_bytes: usize,
    /// Folders for spilled data, used in turn, best on different disks. Default: the system's
    /// folder for temporary files.
    pub spill_dirs: Vec<PathBuf>,
    /// Compresses spilled data with LZ4, for slow or small disks.
    pub compress_spilled: bool,
    /// The form in which plans are shown: before the run with estimates, and after it with measured
    /// values.
    pub explain: Option<Explain>,
    /// Plans show which fields are read, and where they come from.
    pub explain_fields: bool,
    /// The JSON of another run of the program. An [HTML page](Explain::Html) shows both runs.
    pub compare: Option<PathBuf>,
    /// Shows plans without running them: no record is read and no output is changed. A plan that is
    /// not written to a file goes to standard output. Operations that need a run, such as
    /// `collect`, fail.
    pub plan_only: bool,
    /// Prints the fields of sources and sinks next to the columns of their files, before the run.
    pub schema: bool,
    /// When progress is shown.
    pub progress: ProgressWhen,
    /// Longest time that a task of an unbounded flow holds a record to fill a page. Default: 5 ms.
    /// Lower values reduce latency and increase the number of pages. An idle task sends its records
    /// immediately, so this option has an effect only under load. Backpressure can add to this
    /// time. Bounded flows always send full pages.
    pub latency: Duration,
    /// Time without new records after which a split is idle. The watermark then no longer waits for
    /// it. Default: 1 s.
    pub idle_after: Duration,
    /// Folder for snapshots of unbounded jobs, from which [`restore`](Options::restore) continues.
    /// Default: no snapshots.
    pub snapshots: Option<PathBuf>,
    /// Time from the start of one snapshot to the start of the next. Default: 10 s. If `None`,
    /// snapshots are taken only by [`JobHandle::snapshot`](crate::JobHandle::snapshot).
    pub snapshot_every: Option<Duration>,
    /// Jobs continue from the newest snapshot in the folder. If there is none, they start from the
    /// beginning.
    pub restore: bool,
    /// The engine.
    pub engine: Engine,
    /// Optimizer rules that are not applied. Results do not change. For tests, and to measure the
    /// effect of a rule.
    pub without: Vec<Rule>,
    /// The machine or cluster that plans are made for. Default: this machine. Set it to see the
    /// plans for another one.
    pub profile: Profile,
    /// Execution choices that are fixed: from [`Plan::decisions`](crate::Plan::decisions) of an
    /// earlier plan of the same program, or set by a test.
    pub decisions: Option<Arc<Decisions>>,
    /// Arguments of the command line that belong to the program.
    pub args: Vec<String>,
    /// Options of the command line that belong to the program, by name: see
    /// [`Env::from_args_with`](crate::Env::from_args_with).
    pub own: HashMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: default_budget::shared_budget().limit_bytes(),
            spill_dirs: Vec::new(),
            compress_spilled: false,
            explain: None,
            explain_fields: false,
            compare: None,
            plan_only: false,
            schema: false,
            progress: ProgressWhen::Terminal,
            latency: Duration::from_millis(5),
            idle_after: Duration::from_secs(1),
            snapshots: None,
            snapshot_every: Some(Duration::from_secs(10)),
            restore: false,
            engine: Engine::Local,
            without: Vec::new(),
            profile: Profile::default(),
            decisions: None,
            args: Vec::new(),
            own: HashMap::new(),
        }
    }
}

impl Options {
    /// Reads the options from the process's command line. `own` holds names and help texts of the
    /// program's own options. Prints a message and ends the process if the command line is invalid.
    pub(super) fn from_args_with(own: &[(&'static str, &'static str)]) -> Self {
        let matches = command(own).get_matches();
        let defaults = Options::default();
        let value_of = |argument: &str| matches.get_one::<String>(argument).map(String::as_str);
        let is_without =
            |name: &str| matches.get_many::<String>("without").into_iter().flatten().any(|rule| rule == name);
        let tasks = matches.get_one::<i64>("parallelism");
        Options {
            parallelism: tasks.and_then(|&tasks| usize::try_from(tasks).ok()).unwrap_or(defaults.parallelism),
            memory_bytes: matches.get_one::<usize>("memory").copied().unwrap_or(defaults.memory_bytes),
            spill_dirs: matches.get_many::<String>("spill-dir").into_iter().flatten().map(PathBuf::from).collect(),
            compress_spilled: matches.get_flag("compress-spilled"),
            // The command line has checked the form already.
            explain: value_of("plan").or(value_of("explain")).and_then(|form| Explain::parse(form).ok()),
            explain_fields: value_of("plan").or(value_of("explain")) == Some("fields"),
            compare: value_of("compare").map(PathBuf::from),
            plan_only: matches.contains_id("plan"),
            schema: matches.get_flag("schema"),
            progress: match value_of("progress") {
                Some("always") => ProgressWhen::Always,
                Some("never") => ProgressWhen::Never,
                _ => ProgressWhen::Terminal,
            },
            latency: matches.get_one::<Duration>("latency").copied().unwrap_or(defaults.latency),
            idle_after: matches.get_one::<Duration>("idle-after").copied().unwrap_or(defaults.idle_after),
            snapshots: value_of("snapshots").map(PathBuf::from),
            snapshot_every: matches.get_one::<Duration>("snapshot-every").copied().or(defaults.snapshot_every),
            restore: matches.get_flag("restore"),
            engine: if value_of("engine") == Some("embedded") { Engine::Embedded } else { Engine::Local },
            profile: matches.get_one::<Profile>("profile").cloned().unwrap_or_default(),
            decisions: None,
            without: Rule::ALL.into_iter().filter(|rule| is_without(rule.name())).collect(),
            args: matches.get_many::<String>("args").into_iter().flatten().cloned().collect(),
            own: own.iter().filter_map(|(name, _)| Some(((*name).to_owned(), value_of(name)?.to_owned()))).collect(),
        }
    }

    /// Fails under `--plan`: the caller needs the records of a run.
    pub(super) fn check_runs(&self) -> Result<()> {
        if !self.plan_only {
            return Ok(());
        }
        let message = "`--plan` shows the plan and runs nothing, so there are no records to collect or count; run without `--plan`";
        Err(Error::Plan(message.to_owned()).into())
    }
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// The options of every program, and its own.
fn command(own: &[(&'static str, &'static str)]) -> Command {
    // The name is not shown: messages use the one from the command line.
    Command::new("pipeline")
        .args(resource_options())
        .args(shown_options())
        .args(stream_options())
        .args(engine_options())
        .args(own.iter().map(|&(name, help)| option(name, "VALUE", help).allow_negative_numbers(true)))
        .arg(Arg::new("args").num_args(0..).value_name("ARGS").help("The program's own arguments"))
}

/// Options for tasks, memory and disks.
fn resource_options() -> [Arg; 4] {
    let tasks = option("parallelism", "TASKS", "Parallel tasks per operator [default: the machine's cores]");
    let memory = option(
        "memory",
        "BYTES",
        "What pipelines may keep in memory: 512MiB, 4GiB [default: 70 % of what is available]",
    );
    let spill = option(
        "spill-dir",
        "FOLDER",
        "Where what memory does not hold goes, once for each folder [default: the system's folder for temporary files]",
    );
    [
        quantity(tasks, value_parser!(i64).range(1..=1024)),
        quantity(memory, parse_bytes),
        spill.action(ArgAction::Append),
        flag("compress-spilled", "Compress what goes there, for disks that are slow or small"),
    ]
}

/// Options for plans, schemas and progress on the terminal.
fn shown_options() -> [Arg; 5] {
    let explain = option(
        "explain",
        "FORM",
        "Show the plan before the run, and after it with rows, bytes and times: `text`, `fields` (also what is read of records), `json[:FILE]`, `html[:FILE]` [default: text]",
    );
    let plan = option("plan", "FORM", "Show the plan in any of these forms, and run nothing [default: text]");
    let form = |option: Arg| {
        let option = option.num_args(0..=1).require_equals(true).default_missing_value("text");
        option.value_parser(|text: &str| Explain::parse(text).map(|_| text.to_owned()))
    };
    let progress = option("progress", "WHEN", "When to show progress [default: terminal]");
    [
        form(explain),
        form(plan),
        option("compare", "FILE", "Show this run beside another on one page: what `--explain=json:FILE` wrote"),
        flag("schema", "Print the fields of what is read and written beside the columns of files, before the run"),
        progress.value_parser(PossibleValuesParser::new(["terminal", "always", "never"])),
    ]
}

/// Options for flows that do not end.
fn stream_options() -> [Arg; 5] {
    let latency = option(
        "latency",
        "TIME",
        "How long records of a flow that does not end wait for others, to be sent with them: 500us, 20ms [default: 5ms]",
    );
    let idle = option(
        "idle-after",
        "TIME",
        "How long a source may have nothing new before event time goes on without it: 200ms, 10s [default: 1s]",
    );
    let every = option("snapshot-every", "TIME", "From one snapshot to the next: 500ms, 1min [default: 10s]");
    [
        quantity(latency, parse_duration),
        quantity(idle, parse_duration),
        option("snapshots", "FOLDER", "Where snapshots of jobs that do not end are written [default: none are]"),
        quantity(every, parse_duration),
        flag("restore", "Go on from the newest snapshot, if there is one").requires("snapshots"),
    ]
}

/// Options for the engine and its optimizer.
fn engine_options() -> [Arg; 3] {
    let engine = option("engine", "ENGINE", "What runs the pipelines [default: local]");
    let without = option("without", "RULE", "A rule that the optimizer leaves out; results are the same");
    let profile = option(
        "profile",
        "WHERE",
        "What the plan is made for: nodes=8,net=1Gbps,disk=500MB/s, or some of it [default: this machine]",
    );
    [
        engine.value_parser(PossibleValuesParser::new(["local", "embedded"])),
        without.action(ArgAction::Append).value_parser(PossibleValuesParser::new(Rule::ALL.map(Rule::name))),
        profile.env("DATAFLOW_PROFILE").value_parser(|text: &str| text.parse::<Profile>()),
    ]
}

/// Parses `64MiB`, `57.4MiB`, `2G`, `1500000`. All units are powers of 1024.
fn parse_bytes(text: &str) -> Result<usize, String> {
    if text.starts_with('-') {
        return Err(format!("`{text}` is no number of bytes, which is never negative; write 512MiB or 4GiB"));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit.trim().to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return Err(format!("`{unit}` is no unit of bytes; write 512MiB, 4GiB or a plain number")),
    };
    let bytes = match number.parse::<usize>() {
        Ok(whole) => whole.checked_mul(factor),
        Err(_) => {
            let number: f64 = number.parse().map_err(|_| format!("`{text}` does not begin with a number of bytes"))?;
            let bytes = number * factor as f64;
            (bytes < usize::MAX as f64).then_some(bytes as usize)
        }
    };
    bytes.ok_or_else(|| format!("`{text}` is more than any machine has"))
}

/// Takes a value that begins with `-` as an invalid value, not as another option.
fn quantity(option: Arg, parser: impl IntoResettable<ValueParser>) -> Arg {
    option.value_parser(parser).allow_hyphen_values(true)
}

/// The longest time that an option accepts: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// Parses `5ms`, `500us`, `1.5s`, `2min`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err(format!("`{text}` is no time, which is never negative; write 500us, 5ms, 1.5s or 2min"));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        _ => return Err(format!("`{text}` is no time; write 500us, 5ms, 1.5s or 2min")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    let duration = Duration::try_from_secs_f64(number * seconds).ok().filter(|&duration| duration <= LONGEST);
    duration.ok_or_else(|| format!("`{text}` is longer than any job runs, which is a hundred years"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_durations_with_units() {
        assert_eq!(parse_duration("5ms"), Ok(Duration::from_millis(5)));
        assert_eq!(parse_duration("500us"), Ok(Duration::from_micros(500)));
        assert_eq!(parse_duration("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2min"), Ok(Duration::from_secs(120)));
        for wrong in [
            "",
            "5",
            "ms",
            "-1s",
            "1.2.3s",
            "5 minutes",
            "999999999999999999999s",
            "10000000000000000000s",
            "60000000min",
        ] {
            let error = parse_duration(wrong).unwrap_err();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
            assert_eq!(error.contains("never negative"), wrong.starts_with('-'), "{error}");
        }
    }

    #[test]
    fn rejects_negative_and_too_large_quantities_by_option_name() {
        for option in ["--latency", "--idle-after", "--snapshot-every", "--memory", "--parallelism"] {
            for wrong in ["-1s", "-1", "10000000000000000000s", "99999999999999999999999TiB", "--latency"] {
                let error = command(&[]).try_get_matches_from(["pipeline", option, wrong]).unwrap_err().to_string();
                assert!(error.contains(&format!("'{wrong}' for '{option}")), "{error}");
            }
        }
    }

    #[test]
    fn program_options_accept_negative_values() {
        let matches = command(&[("offset", "Degrees")]).get_matches_from(["pipeline", "--offset", "-1.5"]);
        assert_eq!(matches.get_one::<String>("offset").map(String::as_str), Some("-1.5"));
    }

    #[test]
    fn parses_sizes_with_and_without_units() {
        assert_eq!(parse_bytes("4096"), Ok(4096));
        assert_eq!(parse_bytes("64MiB"), Ok(64 << 20));
        assert_eq!(parse_bytes("2g"), Ok(2 << 30));
        assert_eq!(parse_bytes("10 kb"), Ok(10 << 10));
        assert_eq!(parse_bytes("1.5GiB"), Ok(3 << 29));
        for wrong in ["many", "", ".", "1.2.3MiB", "MiB", "99999999999999999999", "99999999999.5TiB"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
        assert!(parse_bytes("5 parsecs").is_err());
    }

    /// A size that an error message names as needed is accepted, and is at most 10 % more.
    #[test]
    fn sizes_in_error_messages_are_accepted_and_sufficient() {
        for power in 1..50 {
            for bytes in [(1_usize << power) - 1, 1 << power, (1 << power) + 1, 3 << power, (1 << power) / 10 * 7 + 3] {
                let shown = runtime::error::Mib::rounded_up(bytes).to_string();
                let given = parse_bytes(&shown).unwrap_or_default();
                assert!(given >= bytes && given <= bytes + bytes / 10 + 1, "{bytes}: {shown}, {given}");
            }
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        command(&[("scale", "how much data")]).debug_assert();
    }
}

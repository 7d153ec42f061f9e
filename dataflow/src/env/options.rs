//! Settings of an environment.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{IntoResettable, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command, value_parser};

use runtime::error::Error;
use runtime::optimizer::{Profile, Rule};
use runtime::physical::Decisions;

use super::available;
use super::explaining::Explain;
use crate::error::Result;

/// Which engine runs a program's pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// All cores of this process.
    Local,
    /// One thread and plain vectors: the oracle of tests, for small data.
    Embedded,
}

/// When progress is shown on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressWhen {
    /// Where that is a terminal.
    Terminal,
    /// Also in a pipe or a file: a line each second.
    Always,
    /// Not at all.
    Never,
}

/// Settings of an environment.
#[derive(Clone, Debug)]
pub struct Options {
    /// Parallel tasks per operator; the machine's cores unless set.
    pub parallelism: usize,
    /// What pipelines may keep in memory, in bytes. Unless it is set all environments of the process share one budget, 70 % of what was available when
    /// the first was made; an environment where it is set has a budget of its own.
    pub memory_bytes: usize,
    /// Folders for what memory does not hold; the system's folder for temporary files where there is none. Several, best on different disks, are used in turn.
    pub spill_dirs: Vec<PathBuf>,
    /// Whether what is spilled is compressed (LZ4): for disks that are slow or small.
    pub compress_spilled: bool,
    /// Whether and how plans are shown, before the run with estimates and after it with what happened.
    pub explain: Option<Explain>,
    /// Whether plans show which fields somebody reads, and where they come from.
    pub explain_fields: bool,
    /// The JSON of another run of the program, which a [page](Explain::Html) shows beside this one.
    pub compare: Option<PathBuf>,
    /// Whether plans are shown and nothing is run: no output is touched and no record read. What only a run gives, as `collect` does, is then an error. A plan that
    /// does not go to a file goes to standard output.
    pub plan_only: bool,
    /// Whether the fields of what is read and written are printed beside the columns of files, before the run.
    pub schema: bool,
    /// When progress is shown.
    pub progress: ProgressWhen,
    /// So long a record of a flow that does not end waits, at most, on its way from one task to another, for others to be sent with; what comes next may find
    /// no room. A task that has nothing else to do sends what it has at once, so this counts where there is much to do: less is sooner, more is
    /// fewer pages. Flows that end are sent in full pages, whatever this is.
    pub latency: Duration,
    /// So long a task's part of a source has nothing new before event time goes on without it.
    pub idle_after: Duration,
    /// A folder for snapshots of jobs that do not end: each is what such a job was at one moment, so that it can [go on](Options::restore) from there.
    pub snapshots: Option<PathBuf>,
    /// From the beginning of one snapshot to that of the next; where it is none, snapshots are taken when [`JobHandle::snapshot`](crate::JobHandle::snapshot) asks for one.
    pub snapshot_every: Option<Duration>,
    /// Whether jobs go on from the newest snapshot in that folder; where there is none they begin.
    pub restore: bool,
    /// Which engine runs.
    pub engine: Engine,
    /// Rules that the optimizer leaves out: results are the same without them. For tests, and to see what a rule is worth.
    pub without: Vec<Rule>,
    /// What plans are made for: this machine, unless a program declares another one, or several, to see its plans there.
    pub profile: Profile,
    /// How operators are to run, as far as that is decided: what [`Plan::decisions`](crate::Plan::decisions) said of the same program before, or what a test forces.
    pub decisions: Option<Arc<Decisions>>,
    /// The program's own arguments.
    pub args: Vec<String>,
    /// The program's own settings, by name; see [`Env::from_args_with`](crate::Env::from_args_with).
    pub own: HashMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: available::budget().limit_bytes(),
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
    /// Settings from the process's command line, where the program has settings of its own: names and what they are. Ends the process
    /// with a message where it cannot be understood.
    pub(super) fn from_args_with(own: &[(&'static str, &'static str)]) -> Self {
        let matches = command(own).get_matches();
        let defaults = Options::default();
        let chosen = |argument: &str| matches.get_one::<String>(argument).map(String::as_str);
        let is_without =
            |name: &str| matches.get_many::<String>("without").into_iter().flatten().any(|rule| rule == name);
        let tasks = matches.get_one::<i64>("parallelism");
        Options {
            parallelism: tasks.and_then(|&tasks| usize::try_from(tasks).ok()).unwrap_or(defaults.parallelism),
            memory_bytes: matches.get_one::<usize>("memory").copied().unwrap_or(defaults.memory_bytes),
            spill_dirs: matches.get_many::<String>("spill-dir").into_iter().flatten().map(PathBuf::from).collect(),
            compress_spilled: matches.get_flag("compress-spilled"),
            // What was checked is read without an error.
            explain: chosen("plan").or(chosen("explain")).and_then(|form| Explain::parse(form).ok()),
            explain_fields: chosen("plan").or(chosen("explain")) == Some("fields"),
            compare: chosen("compare").map(PathBuf::from),
            plan_only: matches.contains_id("plan"),
            schema: matches.get_flag("schema"),
            progress: match chosen("progress") {
                Some("always") => ProgressWhen::Always,
                Some("never") => ProgressWhen::Never,
                _ => ProgressWhen::Terminal,
            },
            latency: matches.get_one::<Duration>("latency").copied().unwrap_or(defaults.latency),
            idle_after: matches.get_one::<Duration>("idle-after").copied().unwrap_or(defaults.idle_after),
            snapshots: chosen("snapshots").map(PathBuf::from),
            snapshot_every: matches.get_one::<Duration>("snapshot-every").copied().or(defaults.snapshot_every),
            restore: matches.get_flag("restore"),
            engine: if chosen("engine") == Some("embedded") { Engine::Embedded } else { Engine::Local },
            profile: matches.get_one::<Profile>("profile").cloned().unwrap_or_default(),
            decisions: None,
            without: Rule::ALL.into_iter().filter(|rule| is_without(rule.name())).collect(),
            args: matches.get_many::<String>("args").into_iter().flatten().cloned().collect(),
            own: own.iter().filter_map(|(name, _)| Some(((*name).to_owned(), chosen(name)?.to_owned()))).collect(),
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

/// The options of every program, and those of its own.
fn command(own: &[(&'static str, &'static str)]) -> Command {
    // The name in messages is the program's own, from the command line.
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

/// `64MiB`, `57.4MiB`, `2G`, `1500000`. All units are powers of 1024.
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

/// An option whose value is a number or a time. A value that begins with `-` is a wrong value, and no other option.
fn quantity(option: Arg, parser: impl IntoResettable<ValueParser>) -> Arg {
    option.value_parser(parser).allow_hyphen_values(true)
}

/// The longest time that an option takes: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// `5ms`, `500us`, `1.5s`, `2min`.
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
    fn times_are_read_with_their_units() {
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
    fn a_quantity_that_is_negative_or_too_large_is_refused_by_name() {
        for option in ["--latency", "--idle-after", "--snapshot-every", "--memory", "--parallelism"] {
            for wrong in ["-1s", "-1", "10000000000000000000s", "99999999999999999999999TiB", "--latency"] {
                let error = command(&[]).try_get_matches_from(["pipeline", option, wrong]).unwrap_err().to_string();
                assert!(error.contains(&format!("'{wrong}' for '{option}")), "{error}");
            }
        }
    }

    #[test]
    fn a_setting_of_the_program_may_be_negative() {
        let matches = command(&[("offset", "Degrees")]).get_matches_from(["pipeline", "--offset", "-1.5"]);
        assert_eq!(matches.get_one::<String>("offset").map(String::as_str), Some("-1.5"));
    }

    #[test]
    fn sizes_are_read_with_and_without_units() {
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

    /// What an error names as the least can be given as it stands.
    #[test]
    fn what_is_said_of_sizes_is_enough() {
        for power in 1..50 {
            for bytes in [(1_usize << power) - 1, 1 << power, (1 << power) + 1, 3 << power, (1 << power) / 10 * 7 + 3] {
                let said = runtime::error::Mib::rounded_up(bytes).to_string();
                let given = parse_bytes(&said).unwrap_or_default();
                assert!(given >= bytes && given <= bytes + bytes / 10 + 1, "{bytes}: {said}, {given}");
            }
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        command(&[("scale", "how much data")]).debug_assert();
    }
}

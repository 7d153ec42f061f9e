//! Flows that snapshots do not support, and snapshot folders from which a job cannot continue or to
//! which it cannot write. Each gives one message with the problem, the place and the next step.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{JobHandle, LogWriter, Options};
use tests::{Folder, Random, within_two_minutes};

use super::job::{Click, Places, check_hits, every_third, hits_per_minute, options};

fn click(number: u64, random: &mut Random) -> Click {
    let time = Timestamp::from_micros((number / 10) as i64 * 1_000_000);
    Click { number, url: format!("/page/{}", random.below(20)), time }
}

/// An open log, and the records written to it.
struct Log {
    writer: LogWriter<Click>,
    clicks: Vec<Click>,
    random: Random,
}

impl Log {
    fn append(&mut self, count: usize) {
        for _ in 0..count {
            let click = click(self.clicks.len() as u64, &mut self.random);
            self.writer.append(&click).unwrap();
            self.clicks.push(click);
        }
        self.writer.flush().unwrap();
    }

    fn seal(self) -> Vec<Click> {
        self.writer.seal_all().unwrap();
        self.clicks
    }
}

/// A folder with a log of some clicks.
fn places_of(folder: &Folder) -> (Places, Log) {
    let places = Places(folder.join("").into());
    let writer = LogWriter::create(places.path("log"), 2).unwrap();
    let mut log = Log { writer, clicks: Vec::new(), random: Random(4) };
    log.append(3_000);
    (places, log)
}

pub(crate) fn on_demand(places: &Places) -> Options {
    Options { snapshot_every: None, ..options(places, 2) }
}

/// The error of a rejected job.
fn refusal(options: Options, declare: impl FnOnce(&Env) -> dataflow::Result<()>) -> String {
    let env = Env::new(options);
    declare(&env).and_then(|()| env.run()).map(|_| ()).unwrap_err().to_string()
}

fn assert_message(error: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(error.contains(part), "`{part}` is not in: {error}"));
}

pub(crate) fn hits(env: &Env, places: &Places) -> dataflow::Result<()> {
    hits_per_minute(env.read_log(places.path("log"))?).write_csv(places.path("hits/"));
    Ok(())
}

fn thirds(env: &Env, places: &Places) -> dataflow::Result<()> {
    every_third(env.read_log(places.path("log"))?).write_native(places.path("thirds/"));
    Ok(())
}

#[dataflow]
fn numbered(clicks: DataStream<Click>) -> DataStream<(u64, u64)> {
    clicks.map_with(
        |_| 0u64,
        |state, c| {
            *state += 1;
            (*state, c.number)
        },
    )
}

#[dataflow]
fn once(clicks: DataStream<Click>) -> DataStream<u64> {
    clicks.filter_with(|_| HashSet::new(), |seen, c| seen.insert(c.number)).map(|c| c.number)
}

#[dataflow]
fn of_the_same_page(clicks: DataStream<Click>, others: DataStream<Click>) -> DataStream<(u64, u64)> {
    clicks.join(others).on(|c| c.url, |o| o.url).map(|c, o| (c.number, o.number))
}

#[dataflow]
fn above(clicks: DataStream<Click>, least: DataSet<u64>) -> DataStream<u64> {
    clicks.with(least).filter(|c, least| c.number > least).map(|c, _| c.number)
}

#[test]
fn unsupported_flows_are_rejected_before_the_first_record() {
    let folder = Folder::default();
    let (places, log) = places_of(&folder);
    // A job that is not rejected ends.
    log.seal();
    let output = places.path("out/");
    let read = |env: &Env| env.read_log::<Click>(places.path("log"));
    let lost = [
        "none can hold what",
        "tests/tests/recovery/refused.rs",
        "`.group_by(..).aggregate(|g| g.fold(..))`",
        "without `--snapshots`",
    ];
    let error = refusal(on_demand(&places), |env| {
        numbered(read(env)?).write_csv(&output);
        Ok(())
    });
    assert_message(&error, &lost);
    assert_message(&error, &["map_with"]);
    let error = refusal(on_demand(&places), |env| {
        once(read(env)?).write_csv(&output);
        Ok(())
    });
    assert_message(&error, &lost);
    let error = refusal(on_demand(&places), |env| {
        of_the_same_page(read(env)?, read(env)?).write_csv(&output);
        Ok(())
    });
    assert_message(&error, &lost);
    assert_message(&error, &["join"]);
    let error = refusal(on_demand(&places), |env| {
        above(read(env)?, env.collection([7u64])?).write_csv(&output);
        Ok(())
    });
    assert_message(
        &error,
        &["refused.rs", "which ends and meets one that does not", "collect it before the job", "without `--snapshots`"],
    );
    let error = refusal(on_demand(&places), |env| {
        every_third(read(env)?).write_csv(places.path("thirds.csv"));
        Ok(())
    });
    assert_message(&error, &["refused.rs", "cannot show its records snapshot by snapshot", "whose path ends with `/`"]);
    assert_eq!(places.snapshots(), [0; 0]);
}

/// Starts a job over an open log.
pub(crate) fn start(options: Options, declare: impl FnOnce(&Env) -> dataflow::Result<()>) -> JobHandle {
    let env = Env::new(options);
    declare(&env).unwrap();
    env.start().unwrap()
}

pub(crate) fn end(job: JobHandle) {
    job.cancel();
    assert!(job.wait().unwrap_err().is_cancelled());
}

#[test]
fn a_snapshot_folder_belongs_to_one_job() {
    within_two_minutes("two jobs", || {
        let folder = Folder::default();
        let (places, _log) = places_of(&folder);
        let job = start(on_demand(&places), |env| hits(env, &places));
        assert_eq!(job.snapshot().unwrap(), 1);
        let error = refusal(on_demand(&places), |env| thirds(env, &places));
        assert_message(
            &error,
            &["another job has its snapshots in", &places.path("snapshots"), "choose another folder"],
        );
        // The job that owns the folder continues.
        assert_eq!(job.snapshot().unwrap(), 2);
        end(job);
        let error = refusal(Options { restore: false, ..on_demand(&places) }, |env| hits(env, &places));
        assert_message(
            &error,
            &[&places.path("snapshots"), "the last of them is 2", "`--restore`", "in another folder"],
        );
        let error = refusal(on_demand(&places), |env| thirds(env, &places));
        assert_message(
            &error,
            &["an operator `", "this program has none of that name", "begin anew in another folder"],
        );
        // A program with more sources and sinks is another program. No file at its outputs is
        // removed.
        let another = places.path("thirds/part-00000-0000000009.native");
        fs::create_dir(places.path("thirds")).unwrap();
        fs::write(&another, "somebody else's").unwrap();
        let error = refusal(on_demand(&places), |env| hits(env, &places).and_then(|()| thirds(env, &places)));
        assert_message(
            &error,
            &["several operators are called `", "start over with an empty folder of snapshots", "`let`"],
        );
        assert!(Path::new(&another).exists());
        // A rejected job has released the folder.
        let job = start(on_demand(&places), |env| hits(env, &places));
        assert_eq!(job.snapshot().unwrap(), 3);
        end(job);
    });
}

/// Simulates a job that is stopped (`SIGSTOP`): its folders are removed, another job starts at the
/// same place, and the first one continues.
#[test]
fn a_job_whose_folders_were_replaced_ends() {
    within_two_minutes("folders that are replaced", || {
        for replaced in [&["snapshots", "hits"][..], &["snapshots"], &["hits"]] {
            let folder = Folder::default();
            let (places, mut log) = places_of(&folder);
            let first = start(on_demand(&places), |env| hits(env, &places));
            assert_eq!(first.snapshot().unwrap(), 1);
            for name in replaced {
                fs::remove_dir_all(places.path(name)).unwrap();
                fs::create_dir(places.path(name)).unwrap();
            }
            let second = (replaced.len() == 2).then(|| start(on_demand(&places), |env| hits(env, &places)));
            let snapshot = |job: &JobHandle, number: u64| assert_eq!(job.snapshot().unwrap(), number);
            second.iter().for_each(|second| snapshot(second, 1));
            log.append(5_000);
            assert!(first.snapshot().is_err());
            let error = first.wait().unwrap_err().to_string();
            assert_message(&error, &["was removed or replaced while this job was running", "a folder of its own"]);
            assert!(replaced.iter().any(|name| error.contains(&places.path(name))), "{error}");
            let Some(second) = second else { continue };
            snapshot(&second, 2);
            let clicks = log.seal();
            second.wait().unwrap();
            check_hits(&places, &clicks);
        }
    });
}

#[test]
fn a_snapshot_without_rows_fails_if_the_output_was_replaced() {
    within_two_minutes("an output folder that is replaced", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let _empty_log = LogWriter::<Click>::create(places.path("log"), 2).unwrap();
        let job = start(on_demand(&places), |env| hits(env, &places));
        assert_eq!(job.snapshot().unwrap(), 1);
        fs::remove_dir_all(places.path("hits")).unwrap();
        fs::create_dir(places.path("hits")).unwrap();
        assert!(job.snapshot().is_err());
        let error = job.wait().unwrap_err().to_string();
        assert_message(&error, &["was removed or replaced while this job was running", &places.path("hits")]);
    });
}

/// Returns `true` if this snapshot made output of the second task visible.
fn makes_visible(places: &Places, epoch: u64) -> bool {
    let names = Path::new(&places.path("hits")).read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    names.into_iter().any(|name| name.to_str() == Some(&format!("part-00001-{epoch:010}.csv")))
}

/// The files of a snapshot with this suffix.
fn files_of(places: &Places, epoch: u64, end: &str) -> Vec<PathBuf> {
    let folder = places.path(&format!("snapshots/epoch-{epoch:010}"));
    let files = Path::new(&folder).read_dir().unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.to_str().unwrap().ends_with(end)).collect()
}

#[test]
fn a_damaged_snapshot_is_named_and_the_previous_one_works() {
    within_two_minutes("damaged snapshots", || {
        let folder = Folder::default();
        let (places, mut log) = places_of(&folder);
        let job = start(on_demand(&places), |env| hits(env, &places));
        // The last snapshot makes some hits visible.
        let mut last = job.snapshot().unwrap();
        while last == 1 || !makes_visible(&places, last) {
            log.append(1_000);
            last = job.snapshot().unwrap();
        }
        end(job);
        let again = || refusal(on_demand(&places), |env| hits(env, &places));
        let mut states = files_of(&places, last, ".state");
        states.sort_by_key(|file| fs::metadata(file).unwrap().len());
        let (state, manifest) = (states.pop().unwrap(), files_of(&places, last, "manifest.json").remove(0));
        let other = fs::read(&states[0]).unwrap();
        let next = "remove the folder of this snapshot";
        let whole = fs::read(&state).unwrap();
        for (damaged, what) in [
            (whole[..whole.len() - 1].to_vec(), "the file ends before its last image"),
            (whole[..20].to_vec(), "the file ends before its last image"),
            (vec![b'x'; whole.len()], "the stamp is not that of this epoch and file name"),
            ([&whole[..24], &vec![b'x'; whole.len() - 24]].concat(), "expected `dfst` at its start"),
            (other, "the file of another epoch, state or task"),
            ([&whole[..], &[0]].concat(), "bytes follow the end"),
            (
                [&whole[..whole.len() / 2], &[!whole[whole.len() / 2]], &whole[whole.len() / 2 + 1..]].concat(),
                "damaged",
            ),
        ] {
            fs::write(&state, damaged).unwrap();
            assert_message(&again(), &[state.to_str().unwrap(), what, next]);
        }
        fs::remove_file(&state).unwrap();
        assert_message(&again(), &[state.to_str().unwrap(), next]);
        fs::write(&state, &whole).unwrap();
        let whole = fs::read_to_string(&manifest).unwrap();
        for (damaged, what) in [
            (whole.replace(&format!("\"epoch\":{last}"), "\"epoch\":0"), "its checksum does not fit"),
            (whole[..whole.len() / 2].to_owned(), "is damaged"),
            (whole.replace("\"version\":2", "\"version\":9"), "this program reads 2"),
        ] {
            fs::write(&manifest, damaged).unwrap();
            assert_message(&again(), &[manifest.to_str().unwrap(), what]);
        }
        fs::write(&manifest, &whole[1..]).unwrap();
        assert_message(&again(), &[next]);
        // Follows the advice of the message. The output that the removed snapshot made visible is
        // taken back: a single task does not overwrite the second task's file.
        fs::remove_dir_all(manifest.parent().unwrap()).unwrap();
        let clicks = log.seal();
        let env = Env::new(Options { parallelism: 1, ..on_demand(&places) });
        hits(&env, &places).unwrap();
        env.run().unwrap();
        assert_eq!(places.snapshots(), [last - 1, last]);
        check_hits(&places, &clicks);
    });
}

#[test]
fn a_store_that_fails_ends_the_job_and_is_named() {
    within_two_minutes("a store that fails", || {
        // Without state to write, writing the manifest fails.
        for is_stateless in [false, true] {
            let folder = Folder::default();
            let (places, _log) = places_of(&folder);
            fs::create_dir(places.path("snapshots")).unwrap();
            let job =
                start(on_demand(&places), |env| if is_stateless { thirds(env, &places) } else { hits(env, &places) });
            // A file in the place of a folder makes writes fail, also for root.
            assert_eq!(job.snapshot().unwrap(), 1);
            fs::write(places.path("snapshots/epoch-0000000002"), "").unwrap();
            assert!(job.snapshot().is_err());
            let error = job.wait().unwrap_err().to_string();
            assert_message(&error, &[&places.path("snapshots/epoch-0000000002"), "cannot"]);
        }
    });
}

#[test]
fn waiting_for_a_snapshot_ends_with_the_job() {
    within_two_minutes("snapshots of jobs that end", || {
        let folder = Folder::default();
        let (places, log) = places_of(&folder);
        // A job that is cancelled at any moment.
        for pause in [0, 300, 1_000, 3_000, 10_000] {
            let job = start(on_demand(&places), |env| hits(env, &places));
            std::thread::scope(|scope| {
                let waits = scope.spawn(|| std::iter::repeat_with(|| job.snapshot()).find_map(Result::err).unwrap());
                std::thread::sleep(Duration::from_micros(pause));
                job.cancel();
                assert_message(&waits.join().unwrap().to_string(), &["the job ended before the snapshot was complete"]);
            });
            assert!(job.wait().unwrap_err().is_cancelled());
        }
        // A job that does not start, because another job writes its output.
        let other = Options { snapshots: Some(places.path("others").into()), ..on_demand(&places) };
        let first = start(on_demand(&places), |env| hits(env, &places));
        first.snapshot().unwrap();
        let second = start(other, |env| hits(env, &places));
        assert!(second.snapshot().is_err());
        assert_message(&second.wait().unwrap_err().to_string(), &["another job writes it at this moment"]);
        // A job that reaches its end: the final snapshot covers the newest records.
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| std::iter::repeat_with(|| first.snapshot()).find_map(Result::err).unwrap());
            std::thread::sleep(Duration::from_millis(5));
            log.seal();
            waits.join().unwrap();
        });
        first.wait().unwrap();
    });
}

#[test]
fn a_file_in_place_of_the_snapshot_folder_is_named() {
    let folder = Folder::default();
    let (places, log) = places_of(&folder);
    log.seal();
    let file = places.path("snapshots.txt");
    std::fs::write(&file, "").unwrap();
    let options = Options { snapshots: Some((&file).into()), ..on_demand(&places) };
    let error = refusal(options, |env| hits(env, &places));
    assert_message(&error, &["snapshots.txt is a file", "`--snapshots data/snapshots`"]);
}

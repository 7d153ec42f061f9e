//! Ends a job at every step, and resumes it from each of its snapshots.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::output::{IfExists, Target};

const TASKS: usize = 2;
const EPOCHS: u64 = 2;

/// A step of a job.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append(usize, u64),
    Seal(usize, u64),
    /// The snapshot is complete.
    Complete(u64),
    Commit(usize, u64),
}

/// The steps of a job after epoch `from`. Each epoch begins before the previous one is committed.
fn steps(from: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    for epoch in from..=EPOCHS + 1 {
        for task in 0..TASKS {
            if epoch <= EPOCHS {
                steps.extend([Step::Append(task, epoch), Step::Append(task, epoch)]);
            }
            if epoch > from {
                steps.push(Step::Commit(task, epoch - 1));
            }
        }
        if epoch <= EPOCHS {
            steps.extend((0..TASKS).map(|task| Step::Seal(task, epoch)));
            steps.push(Step::Complete(epoch));
        }
    }
    steps
}

fn open(path: &Path) -> Result<Arc<EpochFolder>> {
    Target::folder(path.to_str().unwrap(), None).epoch_folder("csv".to_owned()).map(Arc::new)
}

fn name(task: usize, epoch: u64) -> String {
    format!("part-0000{task}-000000000{epoch}.csv")
}

/// Runs the steps, and returns the epoch of the last complete snapshot.
fn run(folder: &Arc<EpochFolder>, steps: &[Step]) -> Option<u64> {
    let mut files = BTreeMap::new();
    let mut complete = None;
    for &step in steps {
        match step {
            Step::Append(task, epoch) => {
                let file = files.entry((task, epoch)).or_insert_with(|| folder.file(task, epoch));
                file.append(format!("{task} in {epoch}\n").as_bytes()).unwrap();
            }
            Step::Seal(task, epoch) => files.get_mut(&(task, epoch)).unwrap().seal().unwrap(),
            Step::Complete(epoch) => complete = Some(epoch),
            Step::Commit(task, epoch) => drop(folder.commit(1, &[name(task, epoch)]).unwrap()),
        }
    }
    complete
}

fn listed(epoch: u64) -> Vec<String> {
    if epoch == 0 { Vec::new() } else { (0..TASKS).map(|task| name(task, epoch)).collect() }
}

/// The contents of the files in a folder, by name.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let file = |entry: IoResult<fs::DirEntry>| {
        let entry = entry.unwrap();
        let content =
            if entry.path().is_dir() { "a folder".to_owned() } else { fs::read_to_string(entry.path()).unwrap() };
        (entry.file_name().into_string().unwrap(), content)
    };
    folder.read_dir().unwrap().map(file).collect()
}

fn visible(path: &Path) -> BTreeMap<String, String> {
    let mut contents = contents(path);
    contents.remove(HIDDEN);
    contents
}

/// The visible files after the snapshot of an epoch.
fn expected(epoch: u64) -> BTreeMap<String, String> {
    let of = |epoch| (0..TASKS).map(move |task| (name(task, epoch), format!("{task} in {epoch}\n").repeat(2)));
    (1..=epoch).flat_map(of).collect()
}

/// Ends a job after `steps_done` steps. Then ends a recovery from `back` after it has committed or
/// deleted `recovered` files.
fn stopped(path: &Path, steps_done: usize, back: u64, recovered: usize) {
    let folder = open(path).unwrap();
    folder.recover(0, &[]).unwrap();
    run(&folder, &steps(1)[..steps_done]);
    drop(folder);
    if recovered > 0 {
        let folder = open(path).unwrap();
        let listed = listed(back);
        folder.commit(1, &listed[..recovered.min(listed.len())]).unwrap();
        let later = (0..TASKS).map(|task| path.join(name(task, back + 1)));
        later.take(recovered.saturating_sub(listed.len())).for_each(|file| fs::remove_file(file).unwrap_or_default());
    }
}

#[test]
fn recovery_restores_the_snapshot_after_a_stop_at_any_step() {
    let all = steps(1);
    for steps_done in 0..=all.len() {
        let is_complete =
            |epoch: u64| all[..steps_done].iter().any(|step| matches!(step, Step::Complete(of) if *of == epoch));
        for back in (0..=EPOCHS).filter(|&epoch| epoch == 0 || is_complete(epoch)) {
            for recovered in 0..=2 * TASKS {
                let case = format!("{steps_done} steps done, back to {back}, {recovered} files recovered before");
                let outer = tempfile::tempdir().unwrap();
                let path = outer.path().join("out");
                stopped(&path, steps_done, back, recovered);
                let folder = open(&path).unwrap();
                if back == 0 && !visible(&path).is_empty() {
                    folder.recover(0, &[]).unwrap_err();
                    continue;
                }
                for _ in 0..2 {
                    folder.recover(back, &listed(back)).unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert_eq!(visible(&path), expected(back), "{case}");
                    assert_eq!(contents(&path.join(HIDDEN)), BTreeMap::new(), "{case}");
                }
                if recovered > 0 {
                    continue;
                }
                // The job continues to its end.
                if back < EPOCHS {
                    assert_eq!(run(&folder, &steps(back + 1)), Some(EPOCHS));
                }
                folder.close(true);
                assert_eq!(contents(&path), expected(EPOCHS), "{case}");
            }
        }
    }
}

#[test]
fn uncommitted_files_are_hidden_and_survive_a_failed_job() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("out");
    let folder = open(&path).unwrap();
    folder.recover(0, &[]).unwrap();
    let sealed = steps(1).iter().position(|step| matches!(step, Step::Complete(1))).unwrap();
    run(&folder, &steps(1)[..sealed]);
    assert_eq!(visible(&path), BTreeMap::new());
    folder.close(false);
    assert_eq!(contents(&path.join(HIDDEN)), expected(1));
    // Other threads may still write.
    let mut late = folder.file(0, 2);
    late.append(b"late").and_then(|()| late.seal()).unwrap();
    assert_eq!(contents(&path.join(HIDDEN)), expected(1));
}

#[test]
fn files_of_other_programs_are_kept() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("out");
    let folder = open(&path).unwrap();
    folder.recover(0, &[]).unwrap();
    let strange = [
        "notes.txt",
        "part-00000.csv",
        "part-00000-0000000009.json",
        "part-00000-0000000009.csv.gz",
        "part-00000-0000000009.csv.bak",
        "part-00000-0000000009csv",
        "part-0-9.csv",
        "part-00000-+000000009.csv",
        "part-00000-00000000009.csv",
        "xpart-00000-0000000009.csv",
    ];
    strange.iter().for_each(|name| fs::write(path.join(name), "mine").unwrap());
    fs::create_dir(path.join(name(0, 8))).unwrap();
    let later = [name(0, 9), "part-123456-12345678901.csv".to_owned()];
    later.iter().for_each(|name| fs::write(path.join(name), "later").unwrap());
    fs::write(path.join(name(1, 5)), "before").unwrap();
    folder.recover(5, &[]).unwrap();
    let mut there: Vec<String> = strange.map(str::to_owned).into();
    there.extend([name(0, 8), name(1, 5)]);
    there.sort();
    assert_eq!(visible(&path).into_keys().collect::<Vec<_>>(), there);
}

#[test]
fn new_job_rejects_a_folder_with_files() {
    for there in ["notes.txt", &name(0, 1)] {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("out");
        fs::create_dir(&path).unwrap();
        fs::write(path.join(there), "there").unwrap();
        let error = open(&path).unwrap().recover(0, &[]).unwrap_err().to_string();
        let reason = "the folder exists and is not empty; remove it, or choose another name";
        assert_eq!(error, format!("cannot write {}: {reason}", path.display()));
        assert_eq!(contents(&path), BTreeMap::from([(there.to_owned(), "there".to_owned())]));
    }
}

#[test]
fn recovery_rejects_missing_or_foreign_files() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("out");
    let folder = open(&path).unwrap();
    fs::write(outer.path().join("other.csv"), "other").unwrap();
    let error = folder.recover(1, &listed(1)).unwrap_err().to_string();
    assert!(error.contains(&name(0, 1)) && error.contains("is not there"), "{error}");
    for strange in ["../other.csv", "part-00000-0000000001.json"] {
        let error = folder.recover(1, &[strange.to_owned()]).unwrap_err().to_string();
        assert!(error.contains(strange) && error.contains("part-00000-0000000001.csv"), "{error}");
    }
    assert_eq!(contents(&path).into_keys().collect::<Vec<_>>(), [HIDDEN]);
}

#[test]
fn second_job_cannot_lock_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("out");
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("another job writes it at this moment"), "{error}");
    // Drivers may hold the folder for longer than the job.
    first.close(false);
    let second = open(&path).unwrap();
    second.recover(0, &[]).unwrap();
    first.close(true);
    assert!(path.join(HIDDEN).exists());
    drop(second);
    open(&path).unwrap();
}

/// Another job may have removed the folder and created a new one at its path.
#[test]
fn replaced_folder_gets_no_files_and_no_commit() {
    let outer = tempfile::tempdir().unwrap();
    let (path, aside) = (outer.path().join("out"), outer.path().join("aside"));
    let folder = open(&path).unwrap();
    folder.recover(0, &[]).unwrap();
    let mut file = folder.file(0, 1);
    file.append(b"a record\n").unwrap();
    file.seal().unwrap();
    fs::rename(&path, &aside).unwrap();
    fs::create_dir_all(path.join(HIDDEN)).unwrap();
    // The new folder has a file of the same name.
    fs::copy(aside.join(HIDDEN).join(name(0, 1)), path.join(HIDDEN).join(name(0, 1))).unwrap();
    for ended in [folder.file(1, 1).append(b"another\n"), folder.commit(1, &[name(0, 1)]).map(drop)] {
        let message = ended.unwrap_err().to_string();
        assert!(message.contains("was removed or replaced while this job was running"), "{message}");
    }
    assert_eq!(visible(&path), BTreeMap::new());
    assert_eq!(contents(&path.join(HIDDEN)).into_keys().collect::<Vec<_>>(), [name(0, 1)]);
}

#[test]
fn files_and_if_exists_choices_are_rejected() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Target::folder(file.to_str().unwrap(), None).check_by_epochs().unwrap_err().to_string();
    assert!(error.contains("it is a file"), "{error}");
    let path = outer.path().join("out");
    for choice in [IfExists::Overwrite, IfExists::Append] {
        let target = Target::folder(path.to_str().unwrap(), Some(choice));
        let error = target.check_by_epochs().unwrap_err().to_string();
        assert!(error.contains("leave `if_exists` out"), "{error}");
    }
    // A job that resumes finds files in it.
    drop(open(&path).unwrap());
    let target = Target::folder(path.to_str().unwrap(), Some(IfExists::Fail));
    target.check_by_epochs().unwrap();
    assert!(target.claim_by_epochs().is_some());
}

//! Tests of the disk itself: its state after a restart.

use super::*;

fn write(disk: &Simulated, path: &str, text: &str) -> Arc<dyn FileHandle> {
    let file = disk.open_file(Path::new(path), FileMode::Write).unwrap();
    file.write_all_at(text.as_bytes(), 0).unwrap();
    file
}

fn text(disk: &Simulated, path: &str) -> Option<String> {
    let file = disk.open_file(Path::new(path), FileMode::Read).ok()?;
    let mut bytes = vec![0; file.info().unwrap().bytes as usize];
    file.read_at(&mut bytes, 0).unwrap();
    String::from_utf8(bytes).ok()
}

#[test]
fn synced_content_under_a_synced_name_survives() {
    for seed in 0..100 {
        let disk = Simulated::new(seed);
        write(&disk, "/kept", "kept").sync().unwrap();
        disk.sync_folder(Path::new("/")).unwrap();
        disk.rename(Path::new("/kept"), Path::new("/moved"), RenameMode::Replace).unwrap();
        disk.restart();
        let found = [text(&disk, "/kept"), text(&disk, "/moved")];
        assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["kept"], "a rename is whole");
    }
}

#[test]
fn unsynced_writes_and_names_have_all_outcomes() {
    let mut found = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let disk = Simulated::new(seed);
        write(&disk, "/file", "ab");
        disk.restart();
        found.insert(text(&disk, "/file"));
    }
    let expected = [None, Some(""), Some("ab"), Some("\0\0"), Some("a\0")];
    assert_eq!(found, expected.map(|text| text.map(str::to_owned)).into());
}

#[test]
fn a_sync_after_a_failed_one_succeeds_without_the_bytes() {
    let mut has_lost = false;
    for seed in 0..50 {
        let disk = Simulated::new(seed);
        let file = write(&disk, "/file", "ab");
        disk.sync_folder(Path::new("/")).unwrap();
        disk.inject(Fault::Sync, 0);
        assert!(file.sync().is_err());
        file.sync().unwrap();
        disk.restart();
        has_lost |= text(&disk, "/file").unwrap().is_empty();
        assert!(file.sync().is_err(), "handles end with the power");
    }
    assert!(has_lost);
}

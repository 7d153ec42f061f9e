//! The command that resumes a job whose program was started from a command line.
//!
//! The library does not handle signals, so it cannot print the command after Ctrl-C. It prints the
//! command after the first snapshot. Without a progress line it prints it after each snapshot.

use runtime::metrics::SnapshotMetrics;

/// The command, and the last snapshot for which it was shown.
pub(super) struct ResumeCommand {
    command: String,
    shown_epoch: u64,
    has_progress: bool,
}

impl ResumeCommand {
    /// Builds the command from the program's arguments, the name of the program first.
    pub(super) fn new(arguments: impl Iterator<Item = String>, has_progress: bool) -> Self {
        let mut words: Vec<String> = arguments.map(|word| quoted(&word)).collect();
        if !words.iter().any(|word| word == "--restore") {
            words.insert(words.len().min(1), "--restore".to_owned());
        }
        ResumeCommand { command: words.join(" "), shown_epoch: 0, has_progress }
    }

    /// Returns the text for the newest snapshot. `None` if it is not to be shown.
    pub(super) fn text(&mut self, snapshots: &SnapshotMetrics) -> Option<String> {
        let epoch = snapshots.last_epoch.get();
        let is_new = snapshots.completed.get() > 0 && epoch > self.shown_epoch;
        if !is_new || (self.has_progress && self.shown_epoch > 0) {
            return None;
        }
        self.shown_epoch = epoch;
        Some(format!("snapshot {epoch} is complete; to resume the job after Ctrl-C, run: {}", self.command))
    }
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(has_progress: bool, arguments: &[&str]) -> Vec<Option<String>> {
        let metrics = SnapshotMetrics::default();
        let mut resume = ResumeCommand::new(arguments.iter().map(|&word| word.to_owned()), has_progress);
        let mut texts = vec![resume.text(&metrics)];
        for epoch in [4, 4, 5] {
            metrics.completed.add(1);
            metrics.last_epoch.set(epoch);
            texts.push(resume.text(&metrics));
        }
        texts
    }

    #[test]
    fn shows_the_newest_snapshot_with_the_resume_command() {
        let text = |epoch: u64, command: &str| {
            Some(format!("snapshot {epoch} is complete; to resume the job after Ctrl-C, run: {command}"))
        };
        let command = "./hits --restore --snapshots 'my data' 60";
        let arguments = ["./hits", "--snapshots", "my data", "60"];
        assert_eq!(shown(false, &arguments), [None, text(4, command), None, text(5, command)]);
        // The progress line shows the later numbers.
        assert_eq!(shown(true, &arguments), [None, text(4, command), None, None]);
        let arguments = ["./hits", "60", "--restore", "--snapshots", "it's"];
        assert_eq!(shown(true, &arguments)[1], text(4, "./hits 60 --restore --snapshots 'it'\\''s'"));
    }
}

//! The table as a separate page, and in the README.

use std::fs;
use std::path::Path;

use super::ratios::Comparison;
use crate::error::{Error, Result};
use crate::harness::Provenance;

/// The marks around the README's table. The text between them is generated.
const START: &str = "<!-- benches -- summary: from here -->";
const END: &str = "<!-- benches -- summary: to here -->";

/// Writes the page of the figure.
pub(super) fn write(comparisons: &[Comparison], provenance: &Provenance, path: &Path) -> Result<()> {
    let text = format!(
        "# The engine beside others\n\n{}\n`cargo run --release -p benches -- summary` makes this page, its figure and the README's table \
         from what the suites have measured. {}\n\n![Each peer's time by the engine's](summary.svg)\n",
        table(comparisons),
        note(provenance)
    );
    fs::write(path, text).map_err(Error::io("write", path))?;
    println!("table: {}", path.display());
    Ok(())
}

/// Writes the table into the README, between its marks.
pub(super) fn update_readme(comparisons: &[Comparison], provenance: &Provenance, path: &Path) -> Result<()> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let parts = text.split_once(START).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(Error::NoMarks { path: path.to_owned(), marks: format!("{START} … {END}") });
    };
    let text = format!("{before}{START}\n{}\n{}\n{END}{after}", table(comparisons), note(provenance));
    fs::write(path, text).map_err(Error::io("write", path))?;
    println!("table: {}", path.display());
    Ok(())
}

/// One row per suite, one column per peer.
fn table(comparisons: &[Comparison]) -> String {
    let mut systems: Vec<&str> = Vec::new();
    for peer in comparisons.iter().flat_map(|comparison| &comparison.peers) {
        if !systems.contains(&peer.system.as_str()) {
            systems.push(&peer.system);
        }
    }
    let mut text = format!("| Time by ours | {} |\n|---|{}\n", systems.join(" | "), "---:|".repeat(systems.len()));
    for comparison in comparisons {
        let cell = |system: &&str| {
            let peer = comparison.peers.iter().find(|peer| peer.system == **system);
            peer.map_or_else(String::new, |peer| match peer.cases {
                1 => format!("**{:.2}**", peer.mean),
                _ => format!("**{:.2}** ({:.2} to {:.2})", peer.mean, peer.least, peer.greatest),
            })
        };
        let cells: Vec<String> = systems.iter().map(cell).collect();
        text += &format!("| {} | {} |\n", comparison.title, cells.join(" | "));
    }
    text
}

/// A note on how to read the table, and on the origin of the measurements.
fn note(provenance: &Provenance) -> String {
    let versions: Vec<String> =
        provenance.versions.iter().map(|(system, version)| format!("{system} {version}")).collect();
    let Provenance { commit, date, processor, cores, memory_gib, .. } = provenance;
    format!(
        "Above 1 the peer takes longer; over several cases it is the geometric mean, and in brackets the least and the greatest. An empty cell \
         is a suite that the peer is not measured in. Answers were compared first; all systems ran in turn on {cores} threads of one machine ({processor}, \
         {cores} cores, {memory_gib} GiB) on {date}, at commit {commit:.8}: {}.",
        versions.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::ratios::Peer;
    use super::*;

    #[test]
    fn the_readme_keeps_the_text_around_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        fs::write(&path, format!("before\n{START}\nold\n{END}\nafter\n")).unwrap();
        let peer = Peer { system: "duckdb".to_owned(), mean: 1.5, least: 0.5, greatest: 2.0, cases: 22 };
        let comparison = Comparison { title: "queries", peers: vec![peer] };
        let provenance = Provenance {
            commit: "0123456789".to_owned(),
            date: "2026-01-02".to_owned(),
            processor: "P".to_owned(),
            cores: 2,
            memory_gib: 24,
            versions: [("duckdb".to_owned(), "2.0.0".to_owned())].into(),
        };
        for _ in 0..2 {
            update_readme(std::slice::from_ref(&comparison), &provenance, &path).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(&format!("before\n{START}\n| Time by ours | duckdb |\n")), "{text}");
            assert!(text.ends_with(&format!("01234567: duckdb 2.0.0.\n{END}\nafter\n")), "{text}");
            assert!(text.contains("| queries | **1.50** (0.50 to 2.00) |") && !text.contains("old"), "{text}");
        }
        fs::write(&path, "no marks").unwrap();
        assert!(update_readme(&[comparison], &provenance, &path).unwrap_err().to_string().contains("from here"));
    }
}

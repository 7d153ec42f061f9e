//! Names, places and source texts that EXPLAIN shows.

use dataflow::Result;
use dataflow::prelude::*;
use tests::{Folder, local};

const FIRST_LINE: u32 = line!();

#[dataflow]
#[rustfmt::skip]
fn frequent(lines: DataSet<String>, least: u64) -> DataSet<(String, u64)> {
    let words = lines
        .flat_map(|line| line.split_whitespace())
        .filter(|word| word.len() > 1);
    let counts = words.group_by(|word| word).count();
    counts
        .filter(|pair| pair.1 >= least)
        .top(10, |pair| desc(pair.1))
}

/// The EXPLAIN text of the pipeline.
fn explained() -> Result<String> {
    let env = local(2);
    let folder = Folder::default();
    let path = folder.join("frequent.csv");
    frequent(env.collection(["to be", "or not to be"])?, 2).write_csv(&path);
    let plan = env.explain()?;
    env.run()?;
    Ok(plan)
}

/// The first line of the plan that contains `part`.
fn line_with<'p>(plan: &'p str, part: &str) -> &'p str {
    plan.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no `{part}` in\n{plan}"))
}

#[test]
fn operators_are_named_after_their_variables() -> Result<()> {
    let plan = explained()?;
    assert!(line_with(&plan, "words: ").contains("|line| line.split_whitespace()"), "{plan}");
    assert!(line_with(&plan, "counts: ").contains("|word| word"), "{plan}");
    Ok(())
}

#[test]
fn operators_show_their_source_text() -> Result<()> {
    let plan = explained()?;
    for text in ["|line| line.split_whitespace()", "|word| word", "|pair| pair.1 >= least", "10, |pair| desc(pair.1)"] {
        line_with(&plan, text);
    }
    Ok(())
}

#[test]
fn operators_point_to_the_users_word() -> Result<()> {
    let plan = explained()?;
    for (part, line) in [("words: ", 6), ("counts: ", 8), ("pair.1 >=", 10), ("desc(", 11)] {
        let place = format!("language/names.rs:{}", FIRST_LINE + line);
        let found = line_with(&plan, part);
        assert!(found.contains(&place), "no {place} in {found}");
    }
    Ok(())
}

//! The programs whose builds are measured, written from the templates in `benches/templates`.

use std::fs;
use std::path::Path;

use super::queries;
use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// One binary of the generated crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Number of operators in its pipelines. 0 for the baseline.
    pub(crate) operators: usize,
    /// `true` for the 22 queries, which were not written for this suite.
    pub(crate) is_queries: bool,
}

/// The variants without the queries, the baseline first.
const MADE: [Variant; 4] = [Variant::of(0), Variant::of(1), Variant::of(10), Variant::of(40)];

impl Variant {
    const fn of(operators: usize) -> Self {
        Variant { operators, is_queries: false }
    }

    /// Its name in rows.
    pub(crate) fn name(self) -> String {
        if self.is_queries { queries::BINARY.to_owned() } else { self.operators.to_string() }
    }

    /// The name of its binary.
    pub(crate) fn binary(self) -> String {
        if self.is_queries { queries::BINARY.to_owned() } else { format!("operators_{}", self.operators) }
    }

    /// Its source. `edit` becomes a constant in the first operator of each pipeline, so that a
    /// rebuild has work where a user's edit would cause it.
    pub(crate) fn source(self, edit: usize) -> String {
        let template = match self.operators {
            0 => include_str!("../../templates/baseline.rs.template").to_owned(),
            1 => include_str!("../../templates/one_operator.rs.template").to_owned(),
            operators => many_operators(operators),
        };
        template.replace("{edit}", &edit.to_string())
    }

    /// Writes its source below the crate's folder.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn write(self, crate_folder: &Path, workspace: &Workspace, edit: usize) -> Result<()> {
        if self.is_queries {
            return queries::edit(crate_folder, &workspace.member("examples"), edit);
        }
        let path = crate_folder.join("src/bin").join(self.binary() + ".rs");
        fs::write(&path, self.source(edit)).map_err(Error::io("write", &path))
    }
}

/// Writes the manifest of the generated crate and every variant. Returns the variants, the baseline
/// first.
///
/// # Errors
/// Fails if a file cannot be written.
pub(crate) fn generate(crate_folder: &Path, workspace: &Workspace) -> Result<Vec<Variant>> {
    let binaries = crate_folder.join("src/bin");
    fs::create_dir_all(&binaries).map_err(Error::io("create the folder", &binaries))?;
    let manifest = crate_folder.join("Cargo.toml");
    let text = include_str!("../../templates/Cargo.toml.template");
    let text = text.replace("{dataflow}", &workspace.member("dataflow").display().to_string());
    fs::write(&manifest, text).map_err(Error::io("write", &manifest))?;
    let operators = queries::generate(crate_folder, &workspace.member("examples"))?;
    let variants: Vec<Variant> = MADE.into_iter().chain([Variant { operators, is_queries: true }]).collect();
    variants.iter().try_for_each(|variant| variant.write(crate_folder, workspace, 0))?;
    Ok(variants)
}

/// Blocks of ten operators, each with its own record types, since real programs do not repeat the
/// same ten operators.
fn many_operators(operators: usize) -> String {
    let block = include_str!("../../templates/ten_operators.rs.template");
    let numbers = 0..operators / 10;
    let blocks: String = numbers.clone().map(|number| block.replace("{n}", &number.to_string())).collect();
    let call = |number| {
        format!(
            "    let (lines, names) = (env.read_text(\"lines.txt\")?, env.read_text(\"names.txt\")?);\n    \
             lengths{number}(lines, names).write_csv(\"lengths{number}.csv\");\n"
        )
    };
    let calls: String = numbers.map(call).collect();
    let template = include_str!("../../templates/many_operators.rs.template");
    let template = template.replace("{blocks}", blocks.trim_end()).replace("{calls}", &calls);
    template.replace("{operators}", &operators.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_have_the_operators_they_name() {
        // `on` only chooses the keys of a join. Creating a row for each pair is separate work.
        let operators = [
            ".flat_map(",
            ".filter(",
            ".distinct(",
            ".join(",
            ".group_by(",
            ".aggregate(",
            ".top(",
            ".map(|word, name|",
        ];
        for variant in MADE {
            let source = variant.source(5);
            let found: usize = operators.iter().map(|operator| source.matches(operator).count()).sum();
            assert_eq!(found, variant.operators, "{source}");
            assert_eq!(source.matches("derive(Record").count(), (variant.operators / 5).max(variant.operators.min(1)));
            assert!(source.contains("const EDIT: u64 = 5;"));
            assert!(!source.contains("{n}") && !source.contains("{edit}"), "{source}");
        }
    }

    #[test]
    fn an_edit_changes_one_line() {
        let (before, after) = (MADE[3].source(1), MADE[3].source(2));
        assert_eq!(before.lines().zip(after.lines()).filter(|(before, after)| before != after).count(), 1);
    }
}

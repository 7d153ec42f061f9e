//! The outputs of programs.

use std::collections::BTreeSet;

use super::draw::Draw;
use super::flow::{Flow, FlowKind, Rows};
use super::spec::Share;
use super::types::{Kind, Type};
use super::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Native,
    Csv,
    Json,
    Parquet,
    Binary,
    Text,
}

impl Format {
    const ALL: [Format; 6] = [Format::Native, Format::Csv, Format::Json, Format::Parquet, Format::Binary, Format::Text];

    fn word(self) -> &'static str {
        match self {
            Format::Native => "native",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Parquet => "parquet",
            Format::Binary => "binary",
            Format::Text => "text",
        }
    }

    fn holds(self, of: &Type) -> bool {
        let is_short = |kind: Kind| !kind.is_optional() && kind != Kind::Text;
        match self {
            Format::Binary => of.kinds().into_iter().all(is_short),
            Format::Text => matches!(of, Type::Plain(kind) if !kind.is_optional() && *kind != Kind::Float),
            _ => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    Collect,
    Count,
    /// One file, with the suffix of its compression. With snapshots, a folder.
    File(Format, &'static str),
    /// A folder with a file for each task.
    Folder(Format),
    /// A folder for each value of a field.
    FoldersBy(Format, String),
}

/// Maximum number of folders of a result.
const MOST_FOLDERS: usize = 40;

impl Sink {
    pub const NATIVE: Sink = Sink::File(Format::Native, "");

    /// Draws a sink from a seed of its own, so that a program's words do not depend on it.
    pub fn draw(seed: u64, share: Share, flow: &Flow, rows: &Rows) -> Sink {
        let mut draw = Draw::new(seed ^ 0x0051_1a4b);
        let formats = Format::ALL.into_iter().filter(|format| format.holds(&flow.of)).collect::<Vec<_>>();
        let format = draw.any(&formats);
        if share.has_snapshots() {
            return Sink::File(format, "");
        }
        let field = match flow.kind {
            FlowKind::Updates => None,
            _ => draw.some(&folder_fields(flow, rows)),
        };
        match draw.below(10) {
            0 if flow.kind == FlowKind::Set => Sink::Collect,
            1 if flow.kind == FlowKind::Set && draw.often(50) => Sink::Count,
            2..4 => Sink::Folder(format),
            4..6 if field.is_some() && !matches!(format, Format::Native | Format::Text) => {
                Sink::FoldersBy(format, field.unwrap_or_default())
            }
            _ if format == Format::Parquet => Sink::File(format, ""),
            _ => Sink::File(format, draw.any(&["", "", ".gz", ".zst"])),
        }
    }

    /// Returns `true` if the sink supports the flow's records.
    pub fn holds(&self, flow: &Flow) -> bool {
        match self {
            Sink::Collect | Sink::Count => flow.kind == FlowKind::Set,
            Sink::File(format, _) | Sink::Folder(format) => format.holds(&flow.of),
            Sink::FoldersBy(format, field) => {
                let fields = fields(flow);
                format.holds(&flow.of) && flow.kind != FlowKind::Updates && fields.iter().any(|(path, _)| path == field)
            }
        }
    }

    /// Its path, derived from a path without a suffix.
    pub fn path(&self, path: &str) -> String {
        match self {
            Sink::Collect | Sink::Count => path.to_owned(),
            Sink::File(format, ending) => format!("{path}.{}{ending}", format.word()),
            Sink::Folder(_) | Sink::FoldersBy(..) => format!("{path}/"),
        }
    }

    pub fn keeps_order(&self) -> bool {
        matches!(self, Sink::Collect | Sink::File(..))
    }

    /// The end of the function that runs a program. `of` is the type of the records.
    pub fn text(&self, of: &str) -> String {
        let write = |folders: &str, format: Format| {
            let word = format.word();
            format!("result{folders}.write_{word}(given.output.as_str());\n    Ok(read::{word}::<{of}>)")
        };
        match self {
            Sink::Collect => "given.collected(&result)".to_owned(),
            Sink::Count => "given.counted(&result)".to_owned(),
            Sink::File(format, _) | Sink::Folder(format) => write("", *format),
            Sink::FoldersBy(format, field) => write(&format!(".in_folders_by(|r| {field})"), *format),
        }
    }

    /// Its name among the shares.
    pub fn share(&self) -> String {
        match self {
            Sink::Collect => "collect".to_owned(),
            Sink::Count => "count".to_owned(),
            Sink::File(format, "") => format.word().to_owned(),
            Sink::File(format, ending) => format!("{}{ending}", format.word()),
            Sink::Folder(format) => format!("{} folder", format.word()),
            Sink::FoldersBy(format, _) => format!("{} in folders", format.word()),
        }
    }
}

/// The record's own single-value fields that can name folders, with their indexes.
fn fields(flow: &Flow) -> Vec<(String, usize)> {
    let leaves = flow.of.leaves("r");
    let is_own = |path: &str| path.matches('.').count() == 1;
    let all = leaves.iter().enumerate();
    let all =
        all.filter(|(place, (path, kind))| leaves.len() > 1 && kind.is_key() && is_own(path) && !flow.free[*place]);
    all.map(|(place, (path, _))| (path.clone(), place)).collect()
}

/// The fields that give few folders with short names.
fn folder_fields(flow: &Flow, rows: &Rows) -> Vec<String> {
    let is_fit = |place: usize| {
        let values: BTreeSet<&Value> = rows.iter().map(|row| &row.values[place]).collect();
        values.len() <= MOST_FOLDERS && values.iter().all(|value| value.text_bytes() < 60)
    };
    fields(flow).into_iter().filter(|(_, place)| is_fit(*place)).map(|(path, _)| path).collect()
}

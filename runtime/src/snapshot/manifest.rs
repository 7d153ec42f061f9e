//! The manifest: the list of a snapshot's contents, as JSON with a checksum.
//!
//! It is written last: a snapshot without a manifest is incomplete. It names operators by their
//! [identities](crate::plan::Node::identity), which come from the program's text. So it also fits a
//! rebuilt program.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::physical::Decisions;
use crate::source::{Position, SplitPosition};
use crate::value::json::Value;

/// The advice in messages about damaged snapshots.
pub(crate) const DAMAGE_ADVICE: &str =
    "put the file back, or remove the folder of this snapshot: the job goes on from the one before then";

/// The version of the manifest's format.
const VERSION: u64 = 2;

/// A snapshot of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The number of the snapshot. Epochs of a job have no gaps.
    pub epoch: u64,
    /// A hash of the identities of all operators. Only if it is the same may operators of the same
    /// name be matched by their order.
    pub program: u64,
    /// The number of parallel tasks of the job.
    pub parallelism: usize,
    /// The optimizer's decisions for the operators.
    pub decisions: Decisions,
    /// The snapshots of operators that take part, by identity.
    pub operators: BTreeMap<String, OperatorSnapshot>,
}

/// The part of a snapshot that belongs to one operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorSnapshot {
    /// For a source: the read positions of its splits.
    pub positions: Vec<SplitPosition>,
    /// For an operator with state: the files of its tasks.
    pub files: Vec<StateFile>,
    /// For a sink: names of the outputs prepared since the last snapshot.
    pub prepared: Vec<String>,
}

/// The file of one state of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFile {
    /// The name of the state.
    pub state: String,
    /// The name of the file, in the manifest's folder.
    pub name: String,
    /// The length of the file in bytes.
    pub bytes: u64,
}

impl OperatorSnapshot {
    /// Returns `true` if it has no positions, files or prepared outputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == OperatorSnapshot::default()
    }

    /// Adds the contribution of another task.
    pub fn add(&mut self, other: OperatorSnapshot) {
        self.positions.extend(other.positions);
        self.files.extend(other.files);
        self.prepared.extend(other.prepared);
    }

    fn value(&self) -> Value {
        let position = |at: &SplitPosition| {
            let time = at.greatest_time.map_or(Value::Null, |time| Value::Number(time.to_string()));
            let position: String = at.position.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            Value::object([
                ("split", (&*at.split).into()),
                ("position", position.as_str().into()),
                ("greatest_time", time),
            ])
        };
        let file = |file: &StateFile| {
            let (state, name) = (file.state.as_str().into(), file.name.as_str().into());
            Value::object([("state", state), ("name", name), ("bytes", file.bytes.into())])
        };
        Value::object([
            ("positions", self.positions.iter().map(position).collect()),
            ("files", self.files.iter().map(file).collect()),
            ("prepared", self.prepared.iter().map(String::as_str).collect()),
        ])
    }

    fn of(value: &Value) -> Option<Self> {
        let position = |value: &Value| {
            let greatest_time = match &value["greatest_time"] {
                Value::Null => None,
                time => Some(time.as_number()?),
            };
            let position = position_of(value["position"].as_str()?)?;
            Some(SplitPosition { split: value["split"].as_str()?.into(), position, greatest_time })
        };
        let file = |value: &Value| {
            let text = |member: &str| value[member].as_str().map(str::to_owned);
            Some(StateFile { state: text("state")?, name: text("name")?, bytes: value["bytes"].as_number()? })
        };
        Some(OperatorSnapshot {
            positions: value["positions"].all(position)?,
            files: value["files"].all(file)?,
            prepared: value["prepared"].all(|name| name.as_str().map(str::to_owned))?,
        })
    }
}

impl Manifest {
    /// The total bytes of the state files.
    #[must_use]
    pub fn state_bytes(&self) -> u64 {
        self.operators.values().flat_map(|operator| &operator.files).map(|file| file.bytes).sum()
    }

    /// Encodes the manifest as JSON with a checksum.
    #[must_use]
    pub fn to_json(&self) -> String {
        let operators = self.operators.iter().map(|(id, operator)| (id.clone(), operator.value())).collect();
        let snapshot = Value::object([
            ("epoch", self.epoch.into()),
            ("program", format!("{:016x}", self.program).as_str().into()),
            ("parallelism", self.parallelism.into()),
            ("decisions", self.decisions.value()),
            ("operators", Value::Object(operators)),
        ]);
        let checksum = checksum_of(&snapshot);
        let all = [("version", VERSION.into()), ("checksum", checksum.as_str().into()), ("snapshot", snapshot)];
        format!("{}\n", Value::object(all))
    }

    /// Decodes the text of [`Manifest::to_json`].
    ///
    /// # Errors
    /// Fails if the text is damaged or has another version. The message has advice.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let damaged = |damage: &str| format!("the manifest of a snapshot is damaged: {damage}; {DAMAGE_ADVICE}");
        let all = Value::parse(text).map_err(|error| damaged(&error))?;
        if all["version"].as_number() != Some(VERSION) {
            let found = &all["version"];
            return Err(format!(
                "the manifest has version {found}, and this program reads {VERSION}; restore it with the program that wrote it"
            ));
        }
        let snapshot = &all["snapshot"];
        if all["checksum"].as_str() != Some(&checksum_of(snapshot)) {
            return Err(damaged("its checksum does not fit"));
        }
        Self::of(snapshot).ok_or_else(|| damaged("it makes no sense"))
    }

    fn of(snapshot: &Value) -> Option<Self> {
        let operator = |(id, value): (&String, &Value)| Some((id.clone(), OperatorSnapshot::of(value)?));
        Some(Manifest {
            epoch: snapshot["epoch"].as_number()?,
            program: u64::from_str_radix(snapshot["program"].as_str()?, 16).ok()?,
            parallelism: snapshot["parallelism"].as_number()?,
            decisions: Decisions::of_value(&snapshot["decisions"]).ok()?,
            operators: snapshot["operators"].as_object()?.iter().map(operator).collect::<Option<_>>()?,
        })
    }
}

/// Decodes a position from hexadecimal digits.
fn position_of(text: &str) -> Option<Position> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(pair).collect();
    Position::new(&bytes?).ok()
}

/// The XXH3 hash of a value's JSON text, written without spaces and with sorted names.
fn checksum_of(snapshot: &Value) -> String {
    format!("{:016x}", xxh3_64(snapshot.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physical::Choice;

    fn manifest() -> Manifest {
        let position = Position::new(&std::array::from_fn::<u8, 40, _>(|byte| 6 * byte as u8)).unwrap();
        let sources = OperatorSnapshot {
            positions: vec![
                SplitPosition { split: "split-00003.log".into(), position, greatest_time: Some(-5) },
                SplitPosition { split: "split-00000.log".into(), position: Position::default(), greatest_time: None },
            ],
            ..OperatorSnapshot::default()
        };
        let state = OperatorSnapshot {
            files: vec![StateFile { state: "groups".to_owned(), name: "2-groups-0.state".to_owned(), bytes: 77 }],
            prepared: vec!["part-00000-0000000009.csv".to_owned()],
            ..OperatorSnapshot::default()
        };
        let choice = Choice { how: "aggregate".to_owned(), ships: vec!["hash 0".to_owned()], tasks: 2 };
        Manifest {
            epoch: 9,
            program: u64::MAX - 1,
            parallelism: 2,
            decisions: Decisions::default().with("hits", choice),
            operators: BTreeMap::from([("clicks/read".to_owned(), sources), ("hits".to_owned(), state)]),
        }
    }

    #[test]
    fn a_manifest_survives_a_json_round_trip() {
        let text = manifest().to_json();
        assert_eq!(Manifest::from_json(&text).unwrap(), manifest());
    }

    #[test]
    fn every_damaged_byte_is_found() {
        let text = manifest().to_json();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(damaged) = String::from_utf8(bytes) else { continue };
            // A changed space does not change the manifest.
            if let Ok(read) = Manifest::from_json(&damaged) {
                assert_eq!(read, manifest(), "byte {at}");
            }
        }
        (0..text.len() - 1).for_each(|length| assert!(Manifest::from_json(&text[..length]).is_err(), "{length}"));
    }
}

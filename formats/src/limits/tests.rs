//! Compile-time checks and encoders refuse the same records.

use super::*;
use crate::{BinaryFormat, CsvFormat, JsonFormat, NativeFormat, ParquetFormat, TextFormat};
use runtime::memory::Memory;
use runtime::output::{FolderKey, folder_keys};
use runtime::row::{Schema, Shape, Tag};
use runtime::source::Format;

static KIND: Tag = Tag { of: "Kind", variants: &["Open", "Paid"] };

const LEAVES: [LeafType; 15] = [
    LeafType::Bool,
    LeafType::I64,
    LeafType::U128,
    LeafType::F64,
    LeafType::Char,
    LeafType::Date,
    LeafType::Decimal(2),
    LeafType::Decimal(20),
    LeafType::Text,
    LeafType::Bytes,
    LeafType::Texts,
    LeafType::List(Element::U32),
    LeafType::List(Element::I128),
    LeafType::Tag(&KIND),
    LeafType::TimeDelta,
];

const NAMES: [&str; 4] = ["0", "1", "2", "3"];

/// A generator of small pseudo-random numbers.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn fields(&mut self, depth: usize, least: usize) -> &'static [FieldType] {
        let count = least + self.below(3);
        NAMES.into_iter().take(count).map(|name| FieldType::named(name, self.record(depth))).collect::<Vec<_>>().leak()
    }

    /// Draws a type. It is leaked.
    fn record(&mut self, depth: usize) -> &'static RecordType {
        let ty = match self.below(if depth == 0 { 4 } else { 12 }) {
            0..4 => RecordType::Leaf(LEAVES[self.below(LEAVES.len())]),
            4 | 5 => RecordType::Optional(self.record(depth - 1)),
            6 => RecordType::List(self.record(depth - 1)),
            7 => RecordType::Map(Box::leak(Box::new(RecordType::Record { name: "", fields: self.pair(depth - 1) }))),
            8 => RecordType::Array(self.record(depth - 1), self.below(3)),
            9 => {
                let variants = self.variants(depth - 1);
                RecordType::Enum { tag: &KIND, variants }
            }
            _ => RecordType::Record { name: "Inner", fields: self.fields(depth - 1, 0) },
        };
        Box::leak(Box::new(ty))
    }

    fn pair(&mut self, depth: usize) -> &'static [FieldType] {
        vec![FieldType::named("0", self.record(depth)), FieldType::named("1", self.record(depth))].leak()
    }

    fn variants(&mut self, depth: usize) -> &'static [FieldType] {
        let mut variant = |name| {
            let ty = RecordType::Record { name, fields: self.fields(depth, 1) };
            FieldType::named(name, Box::leak(Box::new(ty)))
        };
        vec![variant("Open"), variant("Paid")].leak()
    }
}

fn encodes(kind: FileKind, schema: &Schema) -> bool {
    let memory = Memory::unbounded("test");
    let encoder = match kind {
        FileKind::Csv => CsvFormat::default().encoder(schema, &memory),
        FileKind::Json => JsonFormat.encoder(schema, &memory),
        FileKind::Parquet => ParquetFormat::default().encoder(schema, &memory),
        FileKind::Binary => BinaryFormat.encoder(schema, &memory),
        FileKind::Native | FileKind::Log => NativeFormat.encoder(schema, &memory),
        FileKind::Text => TextFormat.encoder(schema, &memory),
    };
    encoder.is_ok()
}

const KINDS: [FileKind; 7] = [
    FileKind::Csv,
    FileKind::Json,
    FileKind::Parquet,
    FileKind::Binary,
    FileKind::Native,
    FileKind::Log,
    FileKind::Text,
];

#[test]
fn builds_and_encoders_refuse_the_same_records() {
    let mut draw = Draw(7);
    let mut verdicts = [[0; 2]; KINDS.len()];
    for _ in 0..3_000 {
        let record = draw.record(3);
        let schema = Schema::of(record);
        assert_eq!(schema.leaves().len(), record.leaf_count(), "{}", schema.describe());
        for (kind, verdicts) in KINDS.into_iter().zip(&mut verdicts) {
            let refused = first_refused(kind, record, false);
            assert_eq!(refused.is_none(), encodes(kind, &schema), "{kind:?} {} {refused:?}", schema.describe());
            verdicts[usize::from(refused.is_some())] += 1;
        }
    }
    assert!(verdicts.iter().flatten().all(|&count| count > 100), "{verdicts:?}");
}

#[test]
fn builds_accept_records_that_folders_make_writable() {
    let mut draw = Draw(11);
    let mut checked = 0;
    for _ in 0..2_000 {
        let record = Box::leak(Box::new(RecordType::Record { name: "Sale", fields: draw.fields(2, 1) }));
        let schema = Schema::of(record);
        // Puts each leaf that a folder name can hold into the folders: alone, and together with all
        // others.
        let leaves = 0..schema.leaves().len();
        let keys: Vec<_> = leaves.filter_map(|leaf| folder_keys(&schema, &[leaf]).ok()?.pop()).collect();
        let alone = keys.iter().map(|key| key.leaves().collect::<Vec<_>>());
        let together = keys.iter().flat_map(FolderKey::leaves).collect();
        for named in alone.chain([together]) {
            let (rest, _) = schema.without(&named);
            let is_left = matches!(rest.shape(), Shape::Record { fields, .. } if !fields.is_empty());
            for kind in KINDS.into_iter().filter(|&kind| is_left && encodes(kind, &rest)) {
                let refused = first_refused(kind, record, true);
                assert!(refused.is_none(), "{kind:?} {} {refused:?}", schema.describe());
                checked += 1;
            }
        }
    }
    assert!(checked > 1_000, "{checked}");
}

#[test]
fn refusals_name_the_field_and_the_reason() {
    static LIST: RecordType = RecordType::Leaf(LeafType::Texts);
    static HOME: RecordType = RecordType::Record { name: "Home", fields: &[FieldType::named("rooms", &LIST)] };
    static USER: RecordType = RecordType::Record { name: "User", fields: &[FieldType::named("home", &HOME)] };
    let caught = std::panic::catch_unwind(|| must_hold(FileKind::Csv, &USER));
    let text = caught.err().and_then(|text| text.downcast_ref::<String>().cloned());
    let expected = "the field `home.rooms` is a list, which CSV cannot hold; use JSON, Parquet or the native format";
    assert_eq!(text.as_deref(), Some(expected));
}

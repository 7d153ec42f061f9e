//! Folders that say what a field is for all records in them: `day=1995-01-01/part-00000.parquet`, as Hive writes them.
//!
//! Such a field is in no file. A source of the other fields reads the files, and each of its batches gets the folders' values as leaves that
//! read the same for every row; splits whose values a scan's bounds exclude are not read.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::files::{InputFile, Inputs};
use super::leaves::{Bits, Values, WithParser, with_parser};
use super::values::parse_hex;
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::page::{Batch, Columns, LeafPlace};
use crate::row::{Datum, Leaf, LeafSet, LeafType, Schema, Shape, compare_leaf, show_leaf};
use crate::source::{
    Bound, ColumnFit, Comparison, ReadRequest, Ready, RejectSink, Rejected, Scan, Source, Split, SplitReader,
    Statistics,
};

/// The value of a null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A field whose value is the name of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderKey {
    /// Which field of the record.
    pub(crate) field: usize,
    /// Its name in files.
    pub(crate) name: &'static str,
    /// What says whether there is a value.
    pub(crate) validity: Option<usize>,
    /// Its value.
    pub(crate) leaf: usize,
    pub(crate) ty: LeafType,
}

impl FolderKey {
    /// The folder of a value: `day=1995-01-01`.
    pub(crate) fn folder(&self, value: Option<&Datum>) -> String {
        let mut text = String::new();
        match value {
            None => text.push_str(NULL),
            Some(value) => {
                let mut shown = String::new();
                show_leaf(self.ty, value, &mut shown);
                escape(&shown, &mut text);
            }
        }
        let mut name = String::new();
        escape(self.name, &mut name);
        format!("{name}={text}")
    }
}

/// The fields of a record as names of folders.
///
/// # Errors
/// For a field that cannot be one, and why.
pub(crate) fn folder_keys(schema: &Schema, fields: &[usize]) -> Result<Vec<FolderKey>, String> {
    let all = schema.fields();
    let key = |&field: &usize| {
        let found = &all[field];
        let (validity, leaf) = match &found.shape {
            Shape::Leaf(leaf) => (None, *leaf),
            Shape::Optional(validity, inner) => match **inner {
                Shape::Leaf(leaf) => (Some(*validity), leaf),
                _ => return Err(format!("the field `{}` is no single value", found.name)),
            },
            _ => return Err(format!("the field `{}` is no single value", found.name)),
        };
        let ty = schema.leaves()[leaf].ty;
        match ty {
            LeafType::List(_) | LeafType::Texts => Err(format!("the field `{}` is a list ({ty})", found.name)),
            _ => Ok(FolderKey { field, name: found.name, validity, leaf, ty }),
        }
    };
    fields.iter().map(key).collect()
}

/// Writes a name or value so that it is one part of a path, no pattern, and nothing that readers pass over.
fn escape(text: &str, out: &mut String) {
    let unfinished = [".tmp", ".inprogress"].iter().find(|end| text.ends_with(**end)).map(|end| text.len() - end.len());
    for (at, char) in text.char_indices() {
        let is_special = char.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(char);
        let is_hidden = (at == 0 && matches!(char, '.' | '_')) || Some(at) == unfinished;
        if is_special || is_hidden {
            out.push_str(&format!("%{:02X}", u32::from(char)));
        } else {
            out.push(char);
        }
    }
}

/// What a name or value was; `None` where it is no UTF-8.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| byte == b'%').and_then(parse_hex);
        out.push(code.as_ref().map_or(byte, |code| code[0]));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(out).ok()
}

/// What a file's folders below a root say, outermost first; `None` is null.
fn pairs(root: &Path, file: &InputFile) -> Vec<(String, Option<String>)> {
    let below = file.path().strip_prefix(root).unwrap_or(Path::new(""));
    let folders = below.parent().into_iter().flat_map(Path::components);
    let pair = |folder: std::path::Component<'_>| {
        let name = folder.as_os_str().to_str()?;
        let (name, value) = name.split_once('=')?;
        Some((unescaped(name)?, if value == NULL { None } else { Some(unescaped(value)?) }))
    };
    folders.filter_map(pair).collect()
}

/// A source of the files that `path` names, where `make` makes one of files and the fields in them; folders' names fill the others.
///
/// # Errors
/// What `make` gives; and where a file lies in no folder of a field that others have, or the folder's value is none of the field.
pub fn read_folders<S: Source + 'static>(
    path: &str,
    schema: &Schema,
    make: impl FnOnce(Inputs, &Schema) -> Result<S>,
) -> Result<Arc<dyn Source>> {
    let inputs = Inputs::at(path)?;
    let root = inputs.root();
    let named: Vec<_> = inputs.files.iter().map(|file| pairs(&root, file)).collect();
    let is_record = matches!(schema.shape(), Shape::Record { .. });
    let is_named = |name: &str| named.iter().flatten().any(|(found, _)| found == name);
    let fields: Vec<usize> =
        (0..schema.fields().len()).filter(|&field| is_named(schema.fields()[field].name)).collect();
    if fields.is_empty() || !is_record {
        return Ok(Arc::new(make(inputs, schema)?));
    }
    let keys = folder_keys(schema, &fields).map_err(|reason| Error::Schema {
        path: path.into(),
        message: format!("{reason}, and the name of a folder says what it is; use a text, a number or a date"),
    })?;
    let (rest, leaves) = schema.without(&fields);
    let values = inputs.files.iter().zip(&named).map(|(file, named)| PartValues::new(file, &keys, named));
    let values = values.collect::<Result<Arc<[PartValues]>>>()?;
    let inner = Arc::new(make(inputs, &rest)?);
    let constants: Vec<usize> = keys.iter().flat_map(|key| key.validity.into_iter().chain([key.leaf])).collect();
    let place = |leaf: usize| match leaves.iter().position(|&kept| kept == leaf) {
        Some(inner) => LeafPlace::Here(inner),
        None => LeafPlace::Constant(constants.iter().position(|&constant| constant == leaf).unwrap_or_default()),
    };
    let order = (0..schema.leaves().len()).map(place).collect();
    Ok(Arc::new(Folders { inner, schema: schema.clone(), order, values }))
}

/// What the folders of one file say: for each key whether it is there, where that is a leaf, and its value.
struct PartValues {
    leaves: Vec<(LeafType, Values)>,
    /// The same values, to be compared with bounds.
    datums: Vec<Datum>,
}

impl PartValues {
    fn new(file: &InputFile, keys: &[FolderKey], named: &[(String, Option<String>)]) -> Result<Self> {
        let failed = |message: String| Error::Schema { path: file.path().to_path_buf(), message };
        let (mut leaves, mut datums) = (Vec::new(), Vec::new());
        for key in keys {
            let name = key.name;
            let Some((_, value)) = named.iter().rev().find(|(found, _)| found == name) else {
                return Err(failed(format!("the file lies in no folder `{name}=…`, and others do")));
            };
            let mut values = Values::new(key.ty);
            match (value, key.validity) {
                (None, None) => {
                    return Err(failed(format!("folder `{name}={NULL}`: found a null; make the field an Option")));
                }
                (None, _) => values.push_zero(),
                (Some(text), _) if push(key.ty, &mut values, text) => {}
                (Some(text), _) => {
                    return Err(failed(format!("folder `{name}={text}`: expected {}, found `{text}`", key.ty)));
                }
            }
            if key.validity.is_some() {
                let valid = value.is_some();
                leaves.push((LeafType::Valid, Values::W1(vec![u8::from(valid)])));
                datums.push(Datum::Fixed(valid.into()));
            }
            datums.push(datum(key.ty, &values)?);
            leaves.push((key.ty, values));
        }
        Ok(PartValues { leaves, datums })
    }

    /// One row of the values.
    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(1);
        self.leaves.iter().try_for_each(|(ty, values)| values.put(*ty, &mut columns))?;
        Ok(columns.finish())
    }
}

fn datum(ty: LeafType, values: &Values) -> Result<Datum> {
    let mut columns = Columns::new(1);
    values.put(ty, &mut columns)?;
    Ok(columns.finish().datum(0, ty, 0))
}

/// Reads one value; `false` where the text is none.
fn push(ty: LeafType, values: &mut Values, text: &str) -> bool {
    match values {
        Values::Text(column) => {
            column.push_str(text);
            true
        }
        Values::List(column) => parse_hex(text.as_bytes()).map(|bytes| column.push(&bytes)).is_some(),
        values => with_parser(ty, Push { text: text.as_bytes(), values }),
    }
}

struct Push<'a> {
    text: &'a [u8],
    values: &'a mut Values,
}

impl WithParser for Push<'_> {
    type Output = bool;
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        parse(self.text).zip(T::of(self.values)).map(|(value, values)| values.push(value)).is_some()
    }
}

/// Files whose folders' names are fields.
struct Folders<S> {
    inner: Arc<S>,
    schema: Schema,
    /// Where each leaf of the record is.
    order: Arc<[LeafPlace]>,
    /// By file.
    values: Arc<[PartValues]>,
}

impl<S: Source> Folders<S> {
    /// What a scan asks of the files.
    fn inner_scan(&self, scan: &Scan) -> Scan {
        let here = |leaf: usize| match self.order.get(leaf) {
            Some(&LeafPlace::Here(inner)) => Some(inner),
            _ => None,
        };
        let live: LeafSet = scan.live.iter().filter_map(here).collect();
        let bound = |bound: &Bound| Some(Bound { leaf: here(bound.leaf)?, ..bound.clone() });
        Scan { live, bounds: scan.bounds.iter().filter_map(bound).collect() }
    }

    /// Whether no record of a file can fulfil the bounds.
    fn is_excluded(&self, part: usize, scan: &Scan) -> bool {
        scan.bounds.iter().any(|bound| match self.order.get(bound.leaf) {
            Some(&LeafPlace::Constant(constant)) => {
                let ty = self.schema.leaves()[bound.leaf].ty;
                !fulfils(compare_leaf(ty, &self.values[part].datums[constant], &bound.value), bound.comparison)
            }
            _ => false,
        })
    }
}

fn fulfils(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Equal => order.is_eq(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Greater => order.is_gt(),
    }
}

impl<S: Source> Source for Folders<S> {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn statistics(&self, scan: &Scan) -> Statistics {
        self.inner.statistics(&self.inner_scan(scan))
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let folder = |leaf: &Leaf| ColumnFit::of(leaf, format!("{}=…", leaf.path), "the name of a folder");
        let is_value =
            |(place, leaf): &(&LeafPlace, &Leaf)| matches!(place, LeafPlace::Constant(_)) && leaf.ty != LeafType::Valid;
        let keys = self.order.iter().zip(self.schema.leaves()).filter(is_value).map(|(_, leaf)| folder(leaf));
        keys.chain(self.inner.columns()).collect()
    }

    fn splits(&self, scan: &Scan) -> Result<Vec<Split>> {
        let mut splits = self.inner.splits(&self.inner_scan(scan))?;
        splits.retain(|split| !self.is_excluded(split.part, scan));
        Ok(splits)
    }

    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.inner.rejects()
    }

    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>> {
        let inner = self.inner.reader(&self.inner_scan(scan), memory)?;
        Ok(Box::new(FolderReader { inner, part: 0, order: self.order.clone(), values: self.values.clone() }))
    }
}

struct FolderReader {
    inner: Box<dyn SplitReader>,
    part: usize,
    order: Arc<[LeafPlace]>,
    values: Arc<[PartValues]>,
}

impl SplitReader for FolderReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.part = split.part;
        self.inner.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.inner.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.inner.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.inner.advance()
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        self.inner.take_rejected()
    }

    fn batch(&self) -> Result<Batch<'_>> {
        Ok(self.inner.batch()?.with_constants(self.values[self.part].batch()?, &self.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_paths_and_read_back() {
        let long = "a".repeat(40);
        for text in ["1995-01-01", "a/b=c%d", "_x", ".x", "a.tmp", "a.b", "", "ä ö", NULL, "*?[", "\n", &long] {
            let mut escaped = String::new();
            escape(text, &mut escaped);
            assert!(!escaped.contains(['/', '=', '*', '?']) && !escaped.ends_with(".tmp"), "{escaped}");
            assert!(!escaped.starts_with(['.', '_']) && escaped != NULL, "{escaped}");
            assert_eq!(unescaped(&escaped).as_deref(), Some(text));
        }
        assert_eq!(unescaped("100%"), Some("100%".to_owned()));
        assert_eq!(unescaped("%FF"), None);
    }
}

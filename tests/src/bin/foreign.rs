//! Reads one file of another program and writes its rows as JSON lines, for
//! `tests/foreign/compare.py`.
//!
//! `foreign FORMAT INPUT OUTPUT` reads the record's fields from standard input, one word per line:
//! `record 2`, a name, its type, a name, its type. A type is a word such as `i64`, or `optional`,
//! `list`, `map` or `record N` followed by the types that it contains.
//!
//! Exit codes: 0 if the file was read, 1 with a message if it was rejected, 3 if any code panicked,
//! even if the panic was caught.

use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use formats::{CsvOptions, JsonFormat, JsonOptions};
use runtime::embedded;
use runtime::error::{Error, Origin, Result};
use runtime::kernel::catching;
use runtime::operators::{ScanSource, WriteFile};
use runtime::output::Target;
use runtime::plan::Node;
use runtime::row::{LeafType, Schema, SchemaBuilder, Shape};
use runtime::source::Source;

static PANICS: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    count_panics();
    let result = run();
    if let Err(error) = &result {
        eprintln!("{error}");
    }
    match (PANICS.load(Ordering::Relaxed), result) {
        (0, Ok(())) => ExitCode::SUCCESS,
        (0, Err(_)) => ExitCode::from(1),
        _ => ExitCode::from(3),
    }
}

/// Counts all panics, including those that the engine catches. The engine sets its own hook at the
/// first call of `catching`.
fn count_panics() {
    let _ = catching(|| Ok(()));
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        eprintln!("panic: {info}");
        before(info);
    }));
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, input, output] = &arguments[..] else { return Err(usage("expected FORMAT INPUT OUTPUT")) };
    let mut described = String::new();
    std::io::stdin().read_to_string(&mut described).map_err(Error::io("read", "standard input"))?;
    let schema = schema(&mut described.lines())?;
    let source: Arc<dyn Source> = match format.as_str() {
        "parquet" => Arc::new(formats::parquet(input, &schema)?),
        "csv" => Arc::new(formats::csv(input, &schema, CsvOptions::default())?),
        "json" => Arc::new(formats::json(input, &schema, JsonOptions::default())?),
        other => return Err(usage(&format!("unknown format `{other}`"))),
    };
    let sink = WriteFile::new(schema, Arc::new(JsonFormat), Target::file(output));
    let read = node("read", Arc::new(ScanSource(source)), Vec::new());
    embedded::run(&[node("write", Arc::new(sink), vec![read])])
}

fn node(name: &str, operator: Arc<dyn runtime::plan::Operator>, inputs: Vec<Arc<Node>>) -> Arc<Node> {
    let origin =
        Origin { name: name.into(), operator: name.into(), file: file!().into(), line: line!(), column: column!() };
    Node::new("".into(), origin, "".into(), operator, inputs)
}

fn usage(message: &str) -> Error {
    Error::Plan(message.to_owned())
}

/// A type whose leaves have no numbers yet.
enum Type {
    Leaf(LeafType),
    Optional(Box<Type>),
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Record(Vec<(&'static str, Type)>),
}

/// The schema that the words describe.
fn schema<'w>(words: &mut impl Iterator<Item = &'w str>) -> Result<Schema> {
    let described = Type::parse(words)?;
    Ok(SchemaBuilder::build(|builder| described.shape(builder)))
}

impl Type {
    fn parse<'w>(words: &mut impl Iterator<Item = &'w str>) -> Result<Type> {
        let word = words.next().ok_or_else(|| usage("a type is missing"))?;
        let inner = |words: &mut _| Type::parse(words).map(Box::new);
        Ok(match word.split_once(' ') {
            None if word == "optional" => Type::Optional(inner(words)?),
            None if word == "list" => Type::List(inner(words)?),
            None if word == "map" => Type::Map(inner(words)?, inner(words)?),
            Some(("record", count)) => {
                let count: usize = count.parse().map_err(|_| usage("`record` needs a number of fields"))?;
                let field = |_| {
                    let name = words.next().ok_or_else(|| usage("a name is missing"))?;
                    Ok((&*Box::leak(name.to_owned().into_boxed_str()), Type::parse(words)?))
                };
                Type::Record((0..count).map(field).collect::<Result<_>>()?)
            }
            Some(("decimal", scale)) => {
                Type::Leaf(LeafType::Decimal(scale.parse().map_err(|_| usage("`decimal` needs a scale"))?))
            }
            _ => Type::Leaf(leaf(word)?),
        })
    }

    fn shape(&self, builder: &mut SchemaBuilder) -> Shape {
        match self {
            Type::Leaf(ty) => builder.leaf(*ty),
            Type::Optional(inner) => builder.optional(|builder| inner.shape(builder)),
            Type::List(item) => builder.list(SchemaBuilder::build(|builder| item.shape(builder))),
            Type::Map(key, value) => {
                let entry = SchemaBuilder::build(|builder| Shape::Record {
                    name: "",
                    fields: vec![
                        builder.field("0", |builder| key.shape(builder)),
                        builder.field("1", |builder| value.shape(builder)),
                    ],
                });
                builder.map(entry)
            }
            Type::Record(fields) => Shape::Record {
                name: "Row",
                fields: fields.iter().map(|(name, ty)| builder.field(name, |builder| ty.shape(builder))).collect(),
            },
        }
    }
}

fn leaf(word: &str) -> Result<LeafType> {
    Ok(match word {
        "bool" => LeafType::Bool,
        "i8" => LeafType::I8,
        "i16" => LeafType::I16,
        "i32" => LeafType::I32,
        "i64" => LeafType::I64,
        "u8" => LeafType::U8,
        "u16" => LeafType::U16,
        "u32" => LeafType::U32,
        "u64" => LeafType::U64,
        "f32" => LeafType::F32,
        "f64" => LeafType::F64,
        "date" => LeafType::Date,
        "timestamp" => LeafType::Timestamp,
        "length" => LeafType::TimeDelta,
        "text" => LeafType::Text,
        "bytes" => LeafType::Bytes,
        _ => return Err(usage(&format!("unknown type `{word}`"))),
    })
}

//! Inputs of programs.

use super::draw::Draw;
use super::records::NAMED;
use super::types::{Kind, Type};
use super::value::{Row, Value};

/// The place that an input's records are read from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    Collection,
    OneFile,
    ManyFiles,
    LogToItsEnd,
    Log,
}

#[derive(Clone, Debug)]
pub struct Input {
    pub name: String,
    pub of: Type,
    pub rows: Vec<Row>,
    pub source: Source,
    /// Number of splits of a log.
    pub splits: usize,
}

impl Input {
    /// The index and path of a stream's event time field.
    pub fn time_field(&self) -> Option<(usize, String)> {
        let leaves = self.of.leaves("o").into_iter().enumerate();
        let mut times = leaves.filter(|(_, (_, kind))| *kind == Kind::Time && self.source == Source::Log);
        times.next().map(|(place, (path, _))| (place, path))
    }

    /// The name of the same stream with event time.
    pub fn name_with_time(&self) -> String {
        format!("{} with time", self.name)
    }
}

/// The distribution of keys.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Distinct,
    Few,
    Skewed,
    Equal,
    Null,
}

/// The properties of an input's records.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    rows: usize,
    keys: Keys,
    /// Length of the longest text in bytes.
    pub text_bytes: usize,
    seconds: u64,
}

impl Contents {
    pub fn draw(draw: &mut Draw, has_long_texts: bool) -> Self {
        let rows = match draw.below(100) {
            0..5 => 0,
            5..10 => 1,
            _ if has_long_texts => 2 + draw.below(8),
            10..40 => 2 + draw.below(40),
            40..94 => 40 + draw.below(360),
            _ => 1_000 + draw.below(1_000),
        };
        let keys = draw.any(&[Keys::Distinct, Keys::Few, Keys::Few, Keys::Skewed, Keys::Equal, Keys::Null]);
        let text_bytes = if has_long_texts { draw.any(&[10_000, 70_000, 300_000, 1_000_000]) } else { 24 };
        Contents { rows, keys, text_bytes, seconds: draw.any(&[0, 1, 7, 40]) }
    }

    pub fn rows(self, draw: &mut Draw, of: &Type) -> Vec<Row> {
        (0..self.rows).map(|number| Row::of(self.row(draw, of, number))).collect()
    }

    fn row(self, draw: &mut Draw, of: &Type, number: usize) -> Vec<Value> {
        let names: Vec<&str> = match of {
            Type::Named(place) => NAMED[*place].fields.iter().map(|(field, _)| *field).collect(),
            // The first of several fields is the key.
            _ => ["key", "value"].to_vec(),
        };
        let value = |(kind, name): (Kind, &str)| self.value(draw, kind, name, number);
        of.kinds().into_iter().zip(names).map(value).collect()
    }

    fn key(self, draw: &mut Draw, number: usize) -> u64 {
        match self.keys {
            Keys::Distinct => number as u64,
            Keys::Few | Keys::Null => draw.below(6) as u64,
            Keys::Skewed => draw.below(1 + draw_power(number)) as u64,
            Keys::Equal => 5,
        }
    }

    fn value(self, draw: &mut Draw, kind: Kind, name: &str, number: usize) -> Value {
        match (kind, name) {
            (Kind::Number, "id") => Value::Number(number as u64),
            (Kind::Number, "key") => Value::Number(self.key(draw, number)),
            (Kind::MaybeNumber, "key") if matches!(self.keys, Keys::Null) && draw.often(60) => Value::Null,
            (Kind::MaybeNumber, "key") => Value::Number(self.key(draw, number)),
            (Kind::Number, _) => Value::Number(draw.below(1_000) as u64),
            (Kind::Signed, _) => Value::Signed(draw.below(2_000) as i64 - 1_000),
            (Kind::Flag, _) => Value::Flag(draw.often(50)),
            // Up to four seconds out of order, some before 1970.
            (Kind::Time, _) => {
                let second = number as i64 * self.seconds as i64 - 300;
                Value::Time(second * 1_000_000 + draw.below(4_000_000) as i64)
            }
            (Kind::Float, _) => Value::Float((draw.below(1_000) as f64 / 8.0).to_bits()),
            (Kind::MaybeNumber | Kind::MaybeText, _) if draw.often(33) => Value::Null,
            (Kind::MaybeNumber, _) => Value::Number(draw.below(30) as u64),
            (Kind::Text, "text") => self.text(draw, self.text_bytes),
            (Kind::Text | Kind::MaybeText, _) => self.text(draw, 24),
        }
    }

    fn text(self, draw: &mut Draw, most_bytes: usize) -> Value {
        let length = if most_bytes > 24 { most_bytes / 2 + draw.below(most_bytes / 2) } else { draw.below(most_bytes) };
        let letters = draw.any(&["a", "b", "xyz", "abcde"]);
        Value::Text(letters.repeat(length / letters.len()).into())
    }
}

/// A limit that is small for most records.
fn draw_power(number: usize) -> usize {
    1 << (number.trailing_zeros().min(8))
}

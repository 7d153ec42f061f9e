//! JSON values of the engine's own documents: plans, decisions and manifests. The reader and the
//! writer of JSON records share tokens and strings with them, but make no values.
//!
//! A library's value type would be shorter. Such types compare with Rust's numbers, so their
//! comparisons appear in the compiler's messages on each program that uses the engine.

mod fault;
mod text;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

pub use fault::{ParseFault, excerpt};
pub use text::write_text;
pub use tokens::{Quoted, Tokens, is_number, unescaped};

/// Most levels of nested values. The engine writes only a few.
const MAX_DEPTH: usize = 64;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) enum Value {
    /// Nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Members by name. They are written in order of names.
    Object(BTreeMap<String, Value>),
}

/// The value of a missing member.
static NULL: Value = Value::Null;

impl Value {
    /// An object of these members.
    pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Self {
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Parses a text with one value and nothing else.
    ///
    /// # Errors
    /// Returns the fault of the text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Strings contain no line ends. Between values, line ends are spaces.
        let line = text.replace(['\n', '\r'], " ");
        let mut tokens = Tokens::new(line.as_bytes(), 0);
        let value = read(&mut tokens, &line, MAX_DEPTH)?;
        match tokens.peek() {
            0 if tokens.at() == line.len() => Ok(value),
            _ => Err(format!("byte {}: something follows the value", tokens.at())),
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(values) = self { Some(values) } else { None }
    }

    pub(crate) fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        if let Value::Object(members) = self { Some(members) } else { None }
    }

    /// The value parsed as a number. `None` if it is not a number, or not an `N`.
    pub(crate) fn as_number<N: std::str::FromStr>(&self) -> Option<N> {
        if let Value::Number(number) = self { number.parse().ok() } else { None }
    }

    /// Maps the elements of a list. `None` if it is not a list, or if `of` returns `None`.
    pub(crate) fn all<V>(&self, of: impl Fn(&Value) -> Option<V>) -> Option<Vec<V>> {
        self.as_list()?.iter().map(of).collect()
    }
}

fn read(tokens: &mut Tokens<'_>, text: &str, max_depth: usize) -> Result<Value, String> {
    let Some(inner_depth) = max_depth.checked_sub(1) else {
        return Err("values lie too deep in each other".to_owned());
    };
    match tokens.peek() {
        b'"' => Ok(Value::Text(read_text(tokens, text)?)),
        b'[' => {
            let mut values = Vec::new();
            take_separated(tokens, b'[', b']', |tokens| {
                values.push(read(tokens, text, inner_depth)?);
                Ok(())
            })?;
            Ok(Value::List(values))
        }
        b'{' => {
            let mut members = BTreeMap::new();
            take_separated(tokens, b'{', b'}', |tokens| {
                let name = read_text(tokens, text)?;
                tokens.peek();
                expect(tokens, b':')?;
                let value = read(tokens, text, inner_depth)?;
                match members.insert(name, value) {
                    None => Ok(()),
                    Some(_) => Err(format!("byte {}: a name stands twice in an object", tokens.at())),
                }
            })?;
            Ok(Value::Object(members))
        }
        _ => {
            let bare = tokens.bare();
            match &text[bare.clone()] {
                "null" => Ok(Value::Null),
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                number if is_number(number.as_bytes()) => Ok(Value::Number(number.to_owned())),
                other => Err(format!("byte {}: expected a value, found `{other}`", bare.start)),
            }
        }
    }
}

/// Takes items between two brackets, separated by commas.
fn take_separated<'l>(
    tokens: &mut Tokens<'l>,
    open: u8,
    close: u8,
    mut each: impl FnMut(&mut Tokens<'l>) -> Result<(), String>,
) -> Result<(), String> {
    expect(tokens, open)?;
    tokens.peek();
    if tokens.take(close) {
        return Ok(());
    }
    loop {
        each(tokens)?;
        tokens.peek();
        if tokens.take(close) {
            return Ok(());
        }
        expect(tokens, b',')?;
    }
}

fn read_text(tokens: &mut Tokens<'_>, text: &str) -> Result<String, String> {
    if tokens.peek() != b'"' {
        return Err(format!("byte {}: expected a text", tokens.at()));
    }
    let at = tokens.at();
    let quoted = tokens.quoted().map_err(|_| format!("byte {at}: a text does not end"))?;
    let inside = &text[quoted.start..quoted.end];
    let mut read = String::new();
    match quoted.is_escaped {
        false => read.push_str(inside),
        true => unescaped(inside, &mut read).map_err(|(place, message)| format!("byte {}: {message}", at + place))?,
    }
    Ok(read)
}

fn expect(tokens: &mut Tokens<'_>, byte: u8) -> Result<(), String> {
    match tokens.take(byte) {
        true => Ok(()),
        false => Err(format!("byte {}: expected `{}`", tokens.at(), byte as char)),
    }
}

impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.as_object().and_then(|members| members.get(name)).unwrap_or(&NULL)
    }
}

impl fmt::Display for Value {
    /// Writes the value on one line, without spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(number) => f.write_str(number),
            Value::Text(text) => f.write_str(&quoted(text)),
            Value::List(values) => {
                f.write_str("[")?;
                for (number, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if number > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (number, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if number > 0 { "," } else { "" }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_text(text, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number.to_string())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Number(number.to_string())
    }
}

impl From<f64> for Value {
    /// NaN and infinities become null, because JSON has no such numbers.
    fn from(number: f64) -> Self {
        if number.is_finite() { Value::Number(format!("{number:?}")) } else { Value::Null }
    }
}

impl<V: Into<Value>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_round_trip_through_text() {
        let value = Value::object([
            ("numbers", Value::List(vec![u64::MAX.into(), Value::Number("-5".to_owned()), 1.5e-7.into(), 1e21.into()])),
            ("text \"quoted\"\n\u{1}", "a\\b\tc ☃".into()),
            ("", Value::object([])),
            ("nothing", f64::NAN.into()),
            ("both", Value::List(vec![Value::Bool(true), Value::Bool(false), Value::List(vec![])])),
        ]);
        let text = value.to_string();
        assert_eq!(Value::parse(&text), Ok(value.clone()), "{text}");
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(Value::parse(&format!("{theirs:#}\n")).unwrap()["text \"quoted\"\n\u{1}"], "a\\b\tc ☃".into());
        assert_eq!(value["numbers"].as_list().unwrap()[0].as_number(), Some(u64::MAX));
        assert_eq!(value["not there"], Value::Null);
    }

    #[test]
    fn invalid_json_is_rejected() {
        let wrong = [
            "",
            "{",
            "[1,]",
            "{\"a\" 1}",
            "{\"a\":1,\"a\":2}",
            "01",
            "1 2",
            "\"a",
            "nul",
            "[1]]",
            "{\"a\":}",
            "\"\\x\"",
        ];
        wrong.iter().for_each(|text| assert!(Value::parse(text).is_err(), "{text}"));
        assert!(Value::parse(&"[".repeat(100_000)).is_err());
    }
}

//! Types of records, as the generator sees them.

use super::records::NAMED;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    Signed,
    Flag,
    Time,
    Float,
    Text,
    MaybeNumber,
    MaybeText,
}

impl Kind {
    pub fn rust(self) -> &'static str {
        match self {
            Kind::Number => "u64",
            Kind::Signed => "i64",
            Kind::Flag => "bool",
            Kind::Time => "Timestamp",
            Kind::Float => "f64",
            Kind::Text => "String",
            Kind::MaybeNumber => "Option<u64>",
            Kind::MaybeText => "Option<String>",
        }
    }

    pub fn is_key(self) -> bool {
        self != Kind::Float
    }

    pub fn is_optional(self) -> bool {
        matches!(self, Kind::MaybeNumber | Kind::MaybeText)
    }
}

/// A record with a name.
pub struct Named {
    pub name: &'static str,
    /// The name of what closures make.
    pub twin: &'static str,
    pub fields: &'static [(&'static str, Kind)],
}

#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Plain(Kind),
    Tuple(Vec<Type>),
    /// Its index in [`NAMED`].
    Named(usize),
}

impl Type {
    pub fn pair(kind: Kind) -> Type {
        Type::Tuple(vec![Type::Plain(Kind::Number), Type::Plain(kind)])
    }

    /// One value, or a tuple of several.
    pub fn of_kinds(kinds: &[Kind]) -> Type {
        match kinds {
            [kind] => Type::Plain(*kind),
            _ => Type::Tuple(kinds.iter().map(|kind| Type::Plain(*kind)).collect()),
        }
    }

    pub fn rust(&self) -> String {
        match self {
            Type::Plain(kind) => kind.rust().to_owned(),
            Type::Tuple(of) => format!("({})", of.iter().map(Type::rust).collect::<Vec<_>>().join(", ")),
            Type::Named(place) => NAMED[*place].name.to_owned(),
        }
    }

    /// The paths of the fields from `root`, and their kinds.
    pub fn leaves(&self, root: &str) -> Vec<(String, Kind)> {
        match self {
            Type::Plain(kind) => vec![(root.to_owned(), *kind)],
            Type::Tuple(of) => {
                of.iter().enumerate().flat_map(|(place, part)| part.leaves(&format!("{root}.{place}"))).collect()
            }
            Type::Named(place) => {
                NAMED[*place].fields.iter().map(|(field, kind)| (format!("{root}.{field}"), *kind)).collect()
            }
        }
    }

    pub fn kinds(&self) -> Vec<Kind> {
        self.leaves("").into_iter().map(|(_, kind)| kind).collect()
    }

    pub fn depth(&self) -> usize {
        match self {
            Type::Tuple(of) => 1 + of.iter().map(Type::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

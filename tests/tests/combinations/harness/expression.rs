//! Expressions in closures: their text, and their value over the closure's fields.

use std::rc::Rc;

use super::draw::Draw;
use super::records::NAMED;
use super::types::{Kind, Type};
use super::value::Value;

pub type Evaluate = Rc<dyn Fn(&[Value]) -> Value>;
pub type Make = Rc<dyn Fn(&[Value]) -> Vec<Value>>;

#[derive(Clone)]
pub struct Expression {
    pub text: String,
    pub value: Evaluate,
}

impl Expression {
    fn new(text: impl Into<String>, value: impl Fn(&[Value]) -> Value + 'static) -> Self {
        Expression { text: text.into(), value: Rc::new(value) }
    }

    fn constant(text: impl Into<String>, value: Value) -> Self {
        Expression::new(text, move |_| value.clone())
    }

    pub fn is_true(&self, values: &[Value]) -> bool {
        (self.value)(values).is_true()
    }
}

/// A record that a closure returns.
#[derive(Clone)]
pub struct Made {
    pub text: String,
    pub of: Type,
    pub values: Make,
}

/// A field that closures can read.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub kind: Kind,
    pub index: usize,
}

/// The parameters of a closure.
#[derive(Clone, Default)]
pub struct Scope {
    /// Fields with a defined value.
    pub fields: Vec<Seen>,
    /// Records that may be used as `..r` in another record of their type.
    whole: Vec<(String, Type, usize)>,
    width: usize,
}

impl Scope {
    /// A scope of one record. `free` marks the fields whose value differs between runs.
    pub fn of(root: &str, of: &Type, free: &[bool]) -> Self {
        let mut scope = Scope::default();
        scope.add(root, of, free, false);
        scope
    }

    /// Adds a parameter, which may be an `Option`.
    pub fn add(&mut self, root: &str, of: &Type, free: &[bool], is_optional: bool) {
        let begin = self.width;
        for (place, (path, kind)) in of.leaves(root).into_iter().enumerate() {
            self.width += 1;
            if free[place] {
                continue;
            }
            let path = match is_optional {
                false => path,
                true if kind.is_optional() => format!("{root}.and_then(|{root}| {path})"),
                true => format!("{root}.map_or({}, |{root}| {path})", default_of(kind).text),
            };
            self.fields.push(Seen { path, kind, index: begin + place });
        }
        if !is_optional && !free.contains(&true) && matches!(of, Type::Named(_)) {
            self.whole.push((root.to_owned(), of.clone(), begin));
        }
    }

    pub fn of_kind(&self, kind: Kind) -> Vec<Seen> {
        self.fields.iter().filter(|seen| seen.kind == kind).cloned().collect()
    }
}

fn default_of(kind: Kind) -> Expression {
    match kind {
        Kind::Number => Expression::constant("7", Value::Number(7)),
        Kind::Signed => Expression::constant("-7", Value::Signed(-7)),
        Kind::Flag => Expression::constant("false", Value::Flag(false)),
        Kind::Time => Expression::constant("Timestamp::from_micros(7)", Value::Time(7)),
        Kind::Float => Expression::constant("0.5", Value::Float(0.5f64.to_bits())),
        Kind::Text => Expression::constant("\"none\"", Value::Text("none".into())),
        Kind::MaybeNumber => Expression::constant("None::<u64>", Value::Null),
        Kind::MaybeText => Expression::constant("None::<&str>", Value::Null),
    }
}

impl Seen {
    pub fn expression(&self) -> Expression {
        let (index, default) = (self.index, default_of(self.kind));
        Expression::new(self.path.clone(), move |values| match &values[index] {
            Value::Missing => (default.value)(values),
            value => value.clone(),
        })
    }
}

/// Draws expressions over a scope.
pub struct Writer<'d> {
    pub draw: &'d mut Draw,
    pub scope: Scope,
}

impl Writer<'_> {
    pub fn new(draw: &mut Draw, scope: Scope) -> Writer<'_> {
        Writer { draw, scope }
    }

    fn field(&mut self, kind: Kind) -> Option<Expression> {
        let seen = self.scope.of_kind(kind);
        self.draw.some(&seen).map(|seen| seen.expression())
    }

    /// An expression of this kind. Numbers stay small, so that no sum overflows.
    pub fn value(&mut self, kind: Kind, depth: usize) -> Expression {
        if self.draw.often(if depth == 0 { 85 } else { 55 })
            && let Some(field) = self.field(kind)
        {
            return field;
        }
        match kind {
            Kind::Number => self.number(depth),
            Kind::Signed => self.signed(),
            Kind::Flag => self.condition(1),
            Kind::Time => self.field(kind).unwrap_or_else(|| default_of(kind)),
            Kind::Float => self.float(),
            Kind::Text => self.text(),
            Kind::MaybeNumber => self.maybe_number(depth),
            Kind::MaybeText => match self.field(Kind::Text) {
                Some(text) => Expression { text: format!("Some({})", text.text), value: text.value },
                None => default_of(kind),
            },
        }
    }

    fn number(&mut self, depth: usize) -> Expression {
        if depth == 0 {
            let number = self.draw.below(40) as u64;
            return Expression::constant(format!("{number}u64"), Value::Number(number));
        }
        match self.draw.below(6) {
            0 => {
                let (l, r) = (self.value(Kind::Number, depth - 1), self.value(Kind::Number, depth - 1));
                Expression::new(format!("({} + {}) % 41", l.text, r.text), move |v| {
                    Value::Number(((l.value)(v).number() + (r.value)(v).number()) % 41)
                })
            }
            1 => {
                let (l, r) = (self.value(Kind::Number, depth - 1), self.value(Kind::Number, depth - 1));
                Expression::new(format!("({} % 31) * ({} % 7)", l.text, r.text), move |v| {
                    Value::Number(((l.value)(v).number() % 31) * ((r.value)(v).number() % 7))
                })
            }
            2 => match self.field(Kind::Text) {
                Some(text) => Expression::new(format!("{}.len() as u64 % 50", text.text), move |v| {
                    Value::Number((text.value)(v).text_bytes() as u64 % 50)
                }),
                None => self.number(0),
            },
            3 => match self.field(Kind::MaybeNumber) {
                Some(field) => Expression::new(format!("{}.unwrap_or(3)", field.text), move |v| {
                    let value = (field.value)(v);
                    Value::Number(if value.is_null() { 3 } else { value.number() })
                }),
                None => self.number(0),
            },
            4 => match self.field(Kind::Signed) {
                Some(field) => Expression::new(format!("{}.unsigned_abs() % 97", field.text), move |v| {
                    Value::Number((field.value)(v).signed().unsigned_abs() % 97)
                }),
                None => self.number(0),
            },
            _ => {
                let condition = self.condition(0);
                let (l, r) = (self.value(Kind::Number, depth - 1), self.value(Kind::Number, depth - 1));
                Expression::new(format!("if {} {{ {} }} else {{ {} }}", condition.text, l.text, r.text), move |v| {
                    if condition.is_true(v) { (l.value)(v) } else { (r.value)(v) }
                })
            }
        }
    }

    fn signed(&mut self) -> Expression {
        let number = self.value(Kind::Number, 0);
        Expression::new(format!("(({}) % 100) as i64 - 40", number.text), move |v| {
            Value::Signed(((number.value)(v).number() % 100) as i64 - 40)
        })
    }

    fn float(&mut self) -> Expression {
        let number = self.value(Kind::Number, 0);
        Expression::new(format!("(({}) % 1000) as f64 / 4.0", number.text), move |v| {
            Value::Float((((number.value)(v).number() % 1_000) as f64 / 4.0).to_bits())
        })
    }

    fn text(&mut self) -> Expression {
        match self.field(Kind::MaybeText).filter(|_| self.draw.often(50)) {
            Some(field) => {
                Expression::new(format!("{}.unwrap_or(\"null\")", field.text), move |v| match (field.value)(v) {
                    value if value.is_null() => Value::Text("null".into()),
                    value => value,
                })
            }
            None => {
                let text = self.draw.any(&["", "a", "longer than twelve bytes"]);
                Expression::constant(format!("{text:?}"), Value::Text(text.into()))
            }
        }
    }

    fn maybe_number(&mut self, depth: usize) -> Expression {
        let number = self.value(Kind::Number, depth.min(1));
        let condition = self.condition(0);
        Expression::new(format!("({}).then_some({})", condition.text, number.text), move |v| {
            if condition.is_true(v) { (number.value)(v) } else { Value::Null }
        })
    }

    pub fn condition(&mut self, depth: usize) -> Expression {
        if depth > 0 && self.draw.often(40) {
            let (l, r) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.draw.often(40) {
                true => Expression::new(format!("{} && {}", l.text, r.text), move |v| {
                    Value::Flag(l.is_true(v) && r.is_true(v))
                }),
                false => Expression::new(format!("({} || {})", l.text, r.text), move |v| {
                    Value::Flag(l.is_true(v) || r.is_true(v))
                }),
            };
        }
        let fields = self.scope.fields.clone();
        let Some(seen) = self.draw.some(&fields) else { return Expression::constant("true", Value::Flag(true)) };
        let field = seen.expression();
        let path = field.text.clone();
        let number = self.draw.below(30) as u64;
        match seen.kind {
            Kind::Number if self.draw.often(50) => Expression::new(format!("{path} % 5 != {}", number % 5), move |v| {
                Value::Flag((field.value)(v).number() % 5 != number % 5)
            }),
            Kind::Number if self.draw.often(50) => {
                Expression::new(format!("{path} > {number}"), move |v| Value::Flag((field.value)(v).number() > number))
            }
            Kind::Number => Expression::new(format!("{path} <= {}", number + 200), move |v| {
                Value::Flag((field.value)(v).number() <= number + 200)
            }),
            Kind::Signed => Expression::new(format!("{path} > -{number}"), move |v| {
                Value::Flag((field.value)(v).signed() > -(number as i64))
            }),
            Kind::Flag => field,
            Kind::Time => Expression::new(format!("{path} > Timestamp::from_micros({number}_000_000)"), move |v| {
                Value::Flag((field.value)(v).micros() > number as i64 * 1_000_000)
            }),
            Kind::Float => Expression::new(format!("{path} < {number}.5"), move |v| match (field.value)(v) {
                Value::Float(bits) => Value::Flag(f64::from_bits(bits) < number as f64 + 0.5),
                _ => Value::Flag(false),
            }),
            Kind::Text => Expression::new(format!("{path}.len() > {}", number % 12), move |v| {
                Value::Flag((field.value)(v).text_bytes() as u64 > number % 12)
            }),
            Kind::MaybeNumber | Kind::MaybeText => {
                Expression::new(format!("{path}.is_some()"), move |v| Value::Flag(!(field.value)(v).is_null()))
            }
        }
    }

    /// A record of that type.
    pub fn record(&mut self, of: &Type) -> Made {
        let rest = self.scope.whole.iter().filter(|(_, whole, _)| whole == of).cloned().collect::<Vec<_>>();
        if let (Type::Named(place), Some(rest)) = (of, self.draw.some(&rest))
            && self.draw.often(60)
        {
            return self.changed(*place, rest);
        }
        let parts = match of {
            Type::Tuple(parts) if parts.iter().any(|part| !matches!(part, Type::Plain(_))) => {
                let parts = parts.iter().map(|part| self.record(part)).collect::<Vec<_>>();
                let text = parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>().join(", ");
                let values = move |v: &[Value]| parts.iter().flat_map(|part| (part.values)(v)).collect();
                return Made { text: format!("({text})"), of: of.clone(), values: Rc::new(values) };
            }
            _ => of.kinds().into_iter().map(|kind| self.value(kind, 1)).collect::<Vec<_>>(),
        };
        let text = match of {
            Type::Plain(_) => parts[0].text.clone(),
            Type::Tuple(_) => {
                format!("({})", parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>().join(", "))
            }
            Type::Named(place) => {
                let named = &NAMED[*place];
                let fields =
                    named.fields.iter().zip(&parts).map(|((field, _), part)| format!("{field}: {}", part.text));
                format!("{} {{ {} }}", named.twin, fields.collect::<Vec<_>>().join(", "))
            }
        };
        let values = move |v: &[Value]| parts.iter().map(|part| (part.value)(v)).collect();
        Made { text, of: of.clone(), values: Rc::new(values) }
    }

    /// Another record with one field changed.
    fn changed(&mut self, place: usize, (root, of, begin): (String, Type, usize)) -> Made {
        let named = &NAMED[place];
        let changed = self.draw.below(named.fields.len());
        let (field, kind) = named.fields[changed];
        let value = self.value(kind, 2);
        let text = format!("{} {{ {field}: {}, ..{root} }}", named.twin, value.text);
        let width = named.fields.len();
        let values = move |v: &[Value]| {
            let mut made = v[begin..begin + width].to_vec();
            made[changed] = (value.value)(v);
            made
        };
        Made { text, of, values: Rc::new(values) }
    }
}

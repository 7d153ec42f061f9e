//! Keys and orders in closures.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::draw::Draw;
use super::super::expression::{Make, Seen, Writer};
use super::super::flow::Flow;
use super::super::types::{Kind, Type};
use super::super::value::Value;

pub struct Key {
    /// The closure's body.
    pub text: String,
    pub of: Type,
    pub values: Make,
    /// The fields, unless the key is computed.
    pub fields: Option<Vec<usize>>,
}

/// Fields that can be keys.
pub fn key_fields(flow: &Flow, root: &str) -> Vec<Seen> {
    flow.scope(root).fields.into_iter().filter(|seen| seen.kind.is_key()).collect()
}

pub fn of_fields(fields: &[Seen]) -> Key {
    let paths = fields.iter().map(|seen| seen.path.clone()).collect::<Vec<_>>().join(", ");
    let text = if fields.len() == 1 { paths } else { format!("({paths})") };
    let of = Type::of_kinds(&fields.iter().map(|seen| seen.kind).collect::<Vec<_>>());
    let indexes = fields.iter().map(|seen| seen.index).collect::<Vec<_>>();
    let picked = indexes.clone();
    let values = Rc::new(move |values: &[Value]| picked.iter().map(|index| values[*index].clone()).collect());
    Key { text, of, values, fields: Some(indexes) }
}

/// One field or two.
pub fn fields(draw: &mut Draw, flow: &Flow, root: &str) -> Option<Key> {
    let all = draw.shuffled(key_fields(flow, root));
    let count = if draw.often(70) { 1 } else { 2 };
    (!all.is_empty()).then(|| of_fields(&all[..count.min(all.len())]))
}

/// A computed number.
fn computed(draw: &mut Draw, flow: &Flow, root: &str) -> Option<Key> {
    let numbers = flow.scope(root).of_kind(Kind::Number);
    let seen = draw.some(&numbers)?;
    let modulus = 3 + draw.below(20) as u64;
    let index = seen.index;
    Some(Key {
        text: format!("{} % {modulus}", seen.path),
        of: Type::Plain(Kind::Number),
        values: Rc::new(move |values: &[Value]| vec![Value::Number(values[index].number() % modulus)]),
        fields: None,
    })
}

/// Fields, or a computed number.
pub fn any(draw: &mut Draw, flow: &Flow, root: &str) -> Option<Key> {
    let is_computed = draw.often(25);
    is_computed.then(|| computed(draw, flow, root)).flatten().or_else(|| fields(draw, flow, root))
}

/// Keys of two flows that have one type.
pub fn of_both(draw: &mut Draw, left: &Flow, right: &Flow) -> Option<[Key; 2]> {
    if draw.often(20)
        && let (Some(l), Some(r)) = (computed(draw, left, "l"), computed(draw, right, "r"))
    {
        return Some([l, r]);
    }
    let (lefts, rights) = (draw.shuffled(key_fields(left, "l")), draw.shuffled(key_fields(right, "r")));
    let mut pairs: Vec<(Seen, Seen)> = Vec::new();
    let most = if draw.often(75) { 1 } else { 2 };
    for l in lefts {
        let is_taken = |r: &Seen| pairs.iter().any(|(_, taken)| taken.index == r.index);
        if let Some(r) = rights.iter().find(|r| r.kind == l.kind && r.kind != Kind::Flag && !is_taken(r)) {
            pairs.push((l, r.clone()));
        }
        if pairs.len() == most {
            break;
        }
    }
    let (l, r): (Vec<Seen>, Vec<Seen>) = pairs.into_iter().unzip();
    (!l.is_empty()).then(|| [of_fields(&l), of_fields(&r)])
}

/// An order of all fields, so that only equal records tie.
pub struct TotalOrder {
    pub text: String,
    fields: Vec<(usize, bool)>,
}

impl TotalOrder {
    pub fn compare(&self, l: &[Value], r: &[Value]) -> Ordering {
        let each = self.fields.iter().map(|&(index, descends)| {
            // Nulls come last in both directions.
            match (l[index].is_null(), r[index].is_null(), l[index].cmp(&r[index])) {
                (false, false, order) if descends => order.reverse(),
                (_, _, order) => order,
            }
        });
        each.fold(Ordering::Equal, Ordering::then)
    }
}

/// At most eight fields can be an order.
pub fn total_order(draw: &mut Draw, flow: &Flow, root: &str) -> Option<TotalOrder> {
    let all = flow.scope(root).fields;
    if !flow.is_certain() || all.len() > 8 {
        return None;
    }
    let mut texts = Vec::new();
    let mut fields = Vec::new();
    for seen in draw.shuffled(all) {
        let direction = draw.below(3);
        texts.push(match direction {
            0 => seen.path.clone(),
            1 => format!("asc({})", seen.path),
            _ => format!("desc({})", seen.path),
        });
        fields.push((seen.index, direction == 2));
    }
    let text = if texts.len() == 1 { texts.remove(0) } else { format!("({})", texts.join(", ")) };
    Some(TotalOrder { text, fields })
}

/// A condition over a record, for words that need one of their own.
pub fn condition(draw: &mut Draw, flow: &Flow, root: &str) -> super::super::expression::Expression {
    Writer::new(draw, flow.scope(root)).condition(1)
}

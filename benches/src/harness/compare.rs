//! Compares the answers of two systems.
//!
//! An answer is a text with one row per line and tab-separated cells. Whole numbers must be equal.
//! Other numbers may differ by [`TOLERANCE`], since sums of floats depend on their order. All other
//! cells are compared as text.

use std::cmp::Ordering;

/// Relative difference up to which two numbers count as equal.
const TOLERANCE: f64 = 1e-9;

/// Whether the order of rows is part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOrder {
    /// The query sorts its rows.
    Given,
    /// The order is not compared.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell<'a> {
    Text(&'a str),
    Integer(i128),
    Number(f64),
}

type Row<'a> = Vec<Cell<'a>>;

/// Describes the first difference of two answers. Returns `None` if they agree.
pub(crate) fn difference(expected: &str, actual: &str, order: RowOrder) -> Option<String> {
    let (expected, actual) = (parse(expected, order), parse(actual, order));
    if expected.len() != actual.len() {
        return Some(format!("{} rows instead of {}", actual.len(), expected.len()));
    }
    let position = expected.iter().zip(&actual).position(|(left, right)| !rows_agree(left, right))?;
    let (left, right) = (display(&expected[position]), display(&actual[position]));
    Some(format!("row {} is `{right}` instead of `{left}`", position + 1))
}

fn parse(text: &str, order: RowOrder) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = text.lines().map(|line| line.split('\t').map(Cell::parse).collect()).collect();
    if order == RowOrder::Any {
        rows.sort_unstable_by(compare_rows);
    }
    rows
}

impl<'a> Cell<'a> {
    fn parse(text: &'a str) -> Self {
        // Words such as `inf` and `nan` parse as numbers, but are texts here.
        if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return Self::Text(text);
        }
        match (text.parse(), text.parse()) {
            (Ok(integer), _) => Self::Integer(integer),
            (_, Ok(number)) => Self::Number(number),
            _ => Self::Text(text),
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Text(_) => None,
            Self::Integer(integer) => Some(integer as f64),
            Self::Number(number) => Some(number),
        }
    }

    fn agrees(self, other: Self) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Integer(left), Self::Integer(right)) => left == right,
            _ => self.number().zip(other.number()).is_some_and(|(left, right)| close(left, right)),
        }
    }
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= TOLERANCE * left.abs().max(right.abs())
}

fn rows_agree(left: &Row<'_>, right: &Row<'_>) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.agrees(*right))
}

/// Sorts by texts first, as they are equal in both answers. So rounding in a number cannot misalign
/// rows.
fn compare_rows(left: &Row<'_>, right: &Row<'_>) -> Ordering {
    let texts = |row: &Row<'_>, other: &Row<'_>| {
        let pairs = row.iter().zip(other).filter_map(|pair| match pair {
            (Cell::Text(left), Cell::Text(right)) => Some(left.cmp(right)),
            _ => None,
        });
        pairs.fold(Ordering::Equal, Ordering::then)
    };
    let numbers = |row: &Row<'_>, other: &Row<'_>| {
        let pairs = row.iter().zip(other).filter_map(|(left, right)| left.number().zip(right.number()));
        pairs.map(|(left, right)| left.total_cmp(&right)).fold(Ordering::Equal, Ordering::then)
    };
    texts(left, right).then_with(|| numbers(left, right))
}

fn display(row: &Row<'_>) -> String {
    let cells = row.iter().map(|cell| match cell {
        Cell::Text(text) => (*text).to_owned(),
        Cell::Integer(integer) => integer.to_string(),
        Cell::Number(number) => number.to_string(),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_within_the_tolerance_in_any_form() {
        for (left, right) in [
            ("406181.0111", "406181.01110000003"),
            ("37734107.00", "37734107"),
            ("1e3", "1000.0"),
            ("0", "0.0"),
            ("-5.5", "-5.50"),
        ] {
            assert_eq!(difference(left, right, RowOrder::Given), None, "{left} {right}");
        }
    }

    #[test]
    fn differences_are_found() {
        for (left, right) in [
            ("1.0", "1.00000001"),
            ("123456789012", "123456789013"),
            ("a\t1", "a\t2"),
            ("a", "a\t1"),
            ("1995-03-05", "1995-03-06"),
            ("nan", "inf"),
            ("0.0", "0.000000001"),
            ("a\nb", "a"),
        ] {
            assert!(difference(left, right, RowOrder::Any).is_some(), "{left:?} {right:?}");
        }
    }

    #[test]
    fn order_counts_only_if_the_query_sorts() {
        let (left, right) = ("b\t2\na\t1\n", "a\t1\nb\t2\n");
        assert_eq!(difference(left, right, RowOrder::Any), None);
        let found = difference(left, right, RowOrder::Given).unwrap();
        assert_eq!(found, "row 1 is `a | 1` instead of `b | 2`");
    }

    #[test]
    fn rounding_does_not_misalign_rows() {
        let left = "0.30000000000000004\tx\n0.3\ty\n";
        let right = "0.3\tx\n0.30000000000000004\ty\n";
        assert_eq!(difference(left, right, RowOrder::Any), None);
    }
}

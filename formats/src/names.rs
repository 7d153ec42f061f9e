//! Hints for misspelled column names.

/// Returns "did you mean `l_quantity`?", or a list of the existing columns.
pub(super) fn hint_about(name: &str, there: &[String]) -> String {
    let is_suggested = |other: &&str| !other.is_empty() && is_similar(name, other);
    let similar: Vec<&str> = there.iter().map(String::as_str).filter(is_suggested).take(3).collect();
    if !similar.is_empty() {
        return format!("did you mean {}?", list(&similar));
    }
    let all: Vec<&str> = there.iter().map(String::as_str).collect();
    match all.len() {
        0 => "there are no columns".to_owned(),
        1..=20 => format!("the columns are {}", list(&all)),
        count => format!("the first of {count} columns are {}", list(&all[..20])),
    }
}

fn list(names: &[&str]) -> String {
    let shown = |name: &&str| match name.contains(char::is_control) {
        true => format!("`{}`", name.escape_debug()),
        false => format!("`{name}`"),
    };
    names.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn is_similar(name: &str, other: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (name, other) = (plain(name), plain(other));
    let (short, long) = if name.len() <= other.len() { (&name, &other) } else { (&other, &name) };
    let contained = short.len() >= 3 && long.windows(short.len()).any(|part| part == short.as_slice());
    contained || distance(&name, &other) <= 1 + short.len() / 5
}

/// Returns the Levenshtein distance: the number of insertions, deletions and replacements.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_suggested() {
        let there = ["l_quantity", "l_tax", "l_shipdate"].map(str::to_owned);
        assert_eq!(hint_about("quantity", &there), "did you mean `l_quantity`?");
        assert_eq!(hint_about("l_shipDtae", &there), "did you mean `l_shipdate`?");
        assert_eq!(hint_about("LShipDate", &there), "did you mean `l_shipdate`?");
        assert_eq!(hint_about("x", &[String::new()]), "the columns are ``");
        assert_eq!(hint_about("price", &there), "the columns are `l_quantity`, `l_tax`, `l_shipdate`");
        assert_eq!(hint_about("one", &["one\r\ntwo".to_owned()]), r"did you mean `one\r\ntwo`?");
        assert_eq!(distance(&['a', 'b', 'c'], &['a', 'x', 'c', 'd']), 2);
    }
}

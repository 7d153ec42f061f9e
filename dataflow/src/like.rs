//! Text patterns of SQL's `LIKE`.

use memchr::memmem::Finder;

/// A pattern of SQL's `LIKE`, compiled once for many texts: see
/// [`TextExt::like`](crate::TextExt::like).
///
/// `%` matches any characters or none, and `_` matches one character. `\` makes the next character
/// literal. Matching is case-sensitive.
///
/// # Cost
/// Creating a pattern takes a few hundred nanoseconds. Matching scans a text once, from the front,
/// with the vector instructions of `memchr`.
///
/// # Examples
///
/// ```
/// use dataflow::prelude::*;
///
/// let green = Like::new("%green%");
/// assert!("dark green metallic".like(&green));
/// assert!(!"red".like(&green));
/// assert!("100%".like(&Like::new(r"___\%")));
/// ```
#[derive(Clone, Debug)]
pub struct Like {
    /// The part before the first `%`.
    prefix: Part,
    /// The part after the last `%`; it does not overlap `first`. `None` if the pattern has no `%`.
    suffix: Option<Part>,
    /// The parts between, which match in this order without overlap.
    middle: Box<[Part]>,
}

impl Like {
    /// Compiles a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut parts = vec![Vec::new()];
        let mut chars = pattern.chars();
        while let Some(char) = chars.next() {
            let one = match char {
                '%' => {
                    parts.push(Vec::new());
                    continue;
                }
                '_' => None,
                '\\' => Some(chars.next().unwrap_or('\\')),
                _ => Some(char),
            };
            if let Some(part) = parts.last_mut() {
                part.push(one);
            }
        }
        let mut parts = parts.iter().map(|part| Part::of(part));
        let prefix = parts.next().unwrap_or_else(|| Part::of(&[]));
        let suffix = parts.next_back();
        Self { prefix, suffix, middle: parts.filter(|part| !part.is_empty()).collect() }
    }

    /// Returns `true` if the whole text matches.
    #[must_use]
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(rest) = self.prefix.strip_from_front(text) else { return false };
        let Some(suffix) = &self.suffix else { return rest.is_empty() };
        let Some(rest) = suffix.strip_from_back(rest) else { return false };
        self.middle.iter().try_fold(rest, |rest, part| part.after_match(rest)).is_some()
    }
}

/// The part of a pattern between two `%`.
#[derive(Clone, Debug)]
enum Part {
    /// Matches everywhere.
    Empty,
    /// A literal text.
    Text(Box<Finder<'static>>),
    /// Characters. `None` matches any character.
    Chars(Box<[Option<char>]>),
}

impl Part {
    fn of(chars: &[Option<char>]) -> Self {
        match chars.iter().copied().collect::<Option<String>>() {
            Some(text) if text.is_empty() => Self::Empty,
            Some(text) => Self::Text(Box::new(Finder::new(&text).into_owned())),
            None => Self::Chars(chars.into()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Returns the rest of the text after this part. `None` if the text does not start with it.
    fn strip_from_front<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Empty => Some(text),
            Self::Text(finder) => text.as_bytes().starts_with(finder.needle()).then(|| &text[finder.needle().len()..]),
            Self::Chars(part) => {
                let mut chars = text.chars();
                let is_each = |one: &Option<char>| chars.next().is_some_and(|char| one.is_none_or(|one| one == char));
                part.iter().all(is_each).then_some(chars.as_str())
            }
        }
    }

    /// Returns the text before this part. `None` if the text does not end with it.
    fn strip_from_back<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Empty => Some(text),
            Self::Text(finder) => {
                let start = text.len().checked_sub(finder.needle().len())?;
                text.as_bytes().ends_with(finder.needle()).then(|| &text[..start])
            }
            Self::Chars(part) => {
                let (start, _) = text.char_indices().nth_back(part.len() - 1)?;
                self.strip_from_front(&text[start..])?;
                Some(&text[..start])
            }
        }
    }

    /// Returns the text after the first match of this part.
    fn after_match<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Empty => Some(text),
            Self::Text(finder) => finder.find(text.as_bytes()).map(|start| &text[start + finder.needle().len()..]),
            Self::Chars(_) => text.char_indices().find_map(|(start, _)| self.strip_from_front(&text[start..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, character by character.
    fn is_like(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', pattern @ ..] => (0..=text.len()).any(|start| is_like(&text[start..], pattern)),
            ['_', pattern @ ..] => !text.is_empty() && is_like(&text[1..], pattern),
            ['\\', char, pattern @ ..] | [char, pattern @ ..] => {
                text.first() == Some(char) && is_like(&text[1..], pattern)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn patterns_match_by_definition(text in "[aé%\\\\]{0,8}", pattern in r"([aé]{1,2}|%|_|\\%|\\_|\\\\|\\a){0,6}\\?") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Like::new(&pattern).matches(&text), is_like(&chars(&text), &chars(&pattern)));
        }
    }

    #[test]
    fn parts_do_not_overlap() {
        for (text, pattern, is_form) in [
            ("aba", "ab%ba", false),
            ("abba", "ab%ba", true),
            ("aba", "a%b%a", true),
            ("special requests", "%special%requests%", true),
            ("requests special", "%special%requests%", false),
            ("specialrequest", "%special%requests%", false),
            ("", "", true),
            ("", "%", true),
            ("", "%%", true),
            ("", "_", false),
            ("a", "", false),
            ("é", "_", true),
            ("aé", "%_é", true),
            ("é", "%__", false),
        ] {
            assert_eq!(Like::new(pattern).matches(text), is_form, "{text} like {pattern}");
        }
    }
}

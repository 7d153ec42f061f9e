//! A small scanner for Rust that finds paths without a parser.

/// A use of a module of the crate.
#[derive(Debug, PartialEq)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) module: String,
}

/// The text with comments, string literals and test-only items blanked out. Line numbers stay the
/// same.
pub(crate) fn code_of(source: &str) -> String {
    without_tests(&without_comments(source))
}

fn without_comments(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'r' if !code.ends_with(is_word) => raw_text(rest),
            '"' => 1 + text_end(&rest[1..]),
            '\'' => character(rest),
            _ => 0,
        };
        if skipped > 0 {
            code.extend(rest[..skipped].chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = &rest[skipped..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the prefix of `r"…"` or `r#"…"#`. Zero for a word that begins with r.
fn raw_text(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|&byte| byte == b'#').count();
    let begin = 1 + hashes + 1;
    if rest.as_bytes().get(begin - 1) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len())
}

/// The end of a string literal, after its closing quote.
fn text_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal. Zero for a lifetime.
fn character(rest: &str) -> usize {
    let mut inside = rest[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            rest[2 + escaped.len_utf8()..].find('\'').map_or(0, |at| 3 + escaped.len_utf8() + at)
        }
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let (before, item) = rest.split_at(at);
        let end = item_end(item);
        kept.push_str(before);
        kept.extend(item[..end].chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &item[end..];
    }
    kept + rest
}

/// The end of an item: its closing brace, or its semicolon if it has no braces.
fn item_end(item: &str) -> usize {
    let mut depth = 0;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// The words of the code with their lines.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (&str, usize)> {
    code.lines().zip(1..).flat_map(|(text, line)| {
        text.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(move |word| (word, line))
    })
}

/// The modules that occur in `crate::x`, in `crate::{x, y::z}`, or after enough `super`s to leave
/// the file's own module, which is `depth` modules deep.
pub(crate) fn mentions(code: &str, depth: usize) -> Vec<Mention> {
    let mut found = Vec::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            // `$crate::` and the end of a longer chain of `super` are other paths.
            if code[..at].ends_with(|c| is_word(c) || c == ':' || c == '$') {
                continue;
            }
            let line = 1 + code[..at].matches('\n').count();
            let path = &code[at + root.len()..];
            found.extend(heads(path).into_iter().map(|module| Mention { line, module }));
        }
    }
    found
}

/// The first names of a path. A group in braces has several.
fn heads(path: &str) -> Vec<String> {
    let name = |part: &str| -> String { part.trim_start().chars().take_while(|&c| is_word(c)).collect() };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ if depth == 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts.iter().map(|part| name(part)).filter(|name| !name.is_empty()).collect()
}

#[test]
fn paths_are_found_in_code_only() {
    let source = r##"
        use crate::{plan::{Node, Table}, row};
        // crate::comment
        fn f<'a>(x: &'a str) -> char { let s = "crate::text"; let r = r#"crate::raw"#; '"' }
        use super::super::exec::run;
        fn g() { crate::page::f(super::sibling::h()) }
        #[cfg(test)]
        mod tests { use crate::hidden; fn f() {} }
        fn after() { crate::error::f() }
    "##;
    let found: Vec<(usize, String)> =
        mentions(&code_of(source), 2).into_iter().map(|mention| (mention.line, mention.module)).collect();
    let expected = [(2, "plan"), (2, "row"), (6, "page"), (9, "error"), (5, "exec")];
    assert_eq!(found, expected.map(|(line, module)| (line, module.to_owned())));
}

//! Source text of the user's code, on one line.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprClosure, RangeLimits, Token, token};

/// The text between parentheses: the source text if the compiler has it, else printed from the
/// tokens.
pub(crate) fn between(paren: token::Paren, tokens: impl ToTokens) -> String {
    let source = paren.span.join().source_text();
    let inside = source.as_deref().and_then(|text| text.strip_prefix('(')?.strip_suffix(')'));
    match inside {
        Some(text) => one_line(text),
        None => of_tokens(tokens.to_token_stream()),
    }
}

/// The name without the prefix of a raw identifier.
pub(crate) fn of_name(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// Prints tokens with the usual spaces.
pub(crate) fn of_tokens(tokens: TokenStream) -> String {
    let mut text = String::new();
    for token in tokens {
        let piece = match &token {
            TokenTree::Group(group) => match group.span().source_text() {
                Some(source) => one_line(&source),
                None => group.to_string(),
            },
            other => other.to_string(),
        };
        if needs_space(&text, &piece) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}

/// Prints a closure so that the text depends only on its tokens: not on white space, comments, or a
/// trailing comma.
pub(crate) fn canonical_closure(closure: &ExprClosure) -> String {
    format!("|{}| {}", canonical(&closure.inputs), canonical(&closure.body))
}

/// Like [`canonical_closure`], for any code.
pub(crate) fn canonical(tokens: impl ToTokens) -> String {
    let (mut text, mut run, mut after_operand) = (String::new(), String::new(), false);
    for token in tokens.to_token_stream() {
        if let TokenTree::Punct(punct) = &token {
            run.push(punct.as_char());
            if punct.spacing() == Spacing::Joint {
                continue;
            }
            match &run[..] {
                "." | "::" | "?" | ".." | "..=" | "!" | "'" => text.push_str(&run),
                "," | ";" | ":" => text.extend([&run, " "]),
                _ if after_operand => text.extend([" ", &run, " "]),
                _ => text.push_str(&run),
            }
            // An operand ends with `?`.
            after_operand = run == "?";
            run.clear();
            continue;
        }
        text.push_str(&std::mem::take(&mut run));
        let piece = canonical_piece(&token);
        let word = |c: char| c.is_alphanumeric() || "_\"'{}".contains(c);
        if text.ends_with(word) && piece.starts_with(word) {
            text.push(' ');
        }
        text.push_str(&piece);
        after_operand = true;
    }
    text.push_str(&run);
    text.trim_end_matches([',', ' ']).to_owned()
}

/// Prints a group, an identifier or a literal in canonical form.
fn canonical_piece(token: &TokenTree) -> String {
    let TokenTree::Group(group) = token else { return token.to_string() };
    let [open, close] = match group.delimiter() {
        Delimiter::Parenthesis => ["(", ")"],
        Delimiter::Bracket => ["[", "]"],
        Delimiter::Brace => ["{ ", " }"],
        Delimiter::None => ["", ""],
    };
    format!("{open}{}{close}", canonical(group.stream()))
}

/// Prints a condition with the usual spaces. Its tokens may come from several places. Invisible
/// groups are left out.
pub(crate) fn of_condition(expr: &Expr) -> String {
    let listed = |items: &Punctuated<Expr, Token![,]>| items.iter().map(of_condition).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::Paren(inner) => format!("({})", of_condition(&inner.expr)),
        Expr::Group(inner) => of_condition(&inner.expr),
        Expr::Binary(binary) => {
            let op: String = binary.op.to_token_stream().into_iter().map(|token| token.to_string()).collect();
            format!("{} {op} {}", of_condition(&binary.left), of_condition(&binary.right))
        }
        Expr::Unary(unary) => format!("{}{}", unary.op.to_token_stream(), of_condition(&unary.expr)),
        Expr::Reference(reference) => format!("&{}", of_condition(&reference.expr)),
        Expr::Field(field) => format!("{}.{}", of_condition(&field.base), field.member.to_token_stream()),
        Expr::MethodCall(call) => format!("{}.{}({})", of_condition(&call.receiver), call.method, listed(&call.args)),
        Expr::Call(call) => format!("{}({})", of_condition(&call.func), listed(&call.args)),
        Expr::Tuple(tuple) => format!("({})", listed(&tuple.elems)),
        Expr::Path(_) | Expr::Lit(_) => expr.to_token_stream().to_string().replace(' ', ""),
        Expr::Range(range) => {
            let end = |end: &Option<Box<Expr>>| end.as_deref().map(of_condition).unwrap_or_default();
            let dots = if matches!(range.limits, RangeLimits::Closed(_)) { "..=" } else { ".." };
            format!("{}{dots}{}", end(&range.start), end(&range.end))
        }
        _ => of_tokens(expr.to_token_stream()),
    }
}

/// Shortens a text to at most `limit` characters. The last one is an ellipsis if the text is cut.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Source text without line comments, with single spaces.
fn one_line(source: &str) -> String {
    let lines = source.lines().map(without_comment);
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>();
    words.join(" ").replace("( ", "(").replace(" )", ")").trim_end_matches(',').to_owned()
}

/// A `//` after an odd number of quotes counts as a part of a string. This is exact enough for text
/// that is only shown.
fn without_comment(line: &str) -> &str {
    match line.find("//") {
        Some(at) if line[..at].matches('"').count().is_multiple_of(2) => &line[..at],
        _ => line,
    }
}

fn needs_space(before: &str, piece: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let ends_in_word = before.ends_with(word);
    match piece.chars().next() {
        Some('(' | '[' | '.' | ',' | ';' | '?' | ':' | '!' | '<' | '>') | None => false,
        Some('{') => !before.is_empty(),
        Some(first) => (ends_in_word && word(first)) || before.ends_with([',', ';', '=']) || piece == "=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_depends_on_tokens_alone() {
        let text = |source: &str| canonical_closure(&syn::parse_str(source).unwrap());
        for (source, expected) in [
            ("|c|c.number%KEYS", "|c| c.number % KEYS"),
            ("|c| // how\n (c.0,  -c.1.len(),)", "|c| (c.0, -c.1.len())"),
            ("|a,b| if a.x>=b.x&&!b.is {a}else{b}", "|a, b| if a.x >= b.x && !b.is { a } else { b }"),
            ("|(k, r)| W{of:&k, t:f(r)?+1, ..r}", "|(k, r)| W { of: &k, t: f(r)? + 1, ..r }"),
            ("|r| r.kind==\"a  b\"", "|r| r.kind == \"a  b\""),
        ] {
            assert_eq!(text(source), expected);
            assert_eq!(text(expected), expected);
        }
    }
}

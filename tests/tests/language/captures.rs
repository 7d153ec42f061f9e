//! Captured variables: closures copy them, so that no `.clone()` is needed.

use dataflow::prelude::*;
use tests::same_on_all_engines;

use crate::texts;

#[dataflow]
fn wrapped(words: DataSet<String>, before: String, after: String) -> DataSet<String> {
    let plain = words.filter(|word| word != before).map(|word| format!("{before}{word}{after}"));
    let marked = words.map(|word| before.clone() + word);
    let longest = before.len() + after.len();
    plain.union(marked).filter(|word| word.len() > longest)
}

#[test]
fn texts_are_captured_for_each_use() {
    same_on_all_engines(texts(["<a>"]), |env| {
        wrapped(env.collection(["a", "<"])?, "<".to_owned(), ">".to_owned()).collect()
    });
}

#[derive(Clone)]
struct Range {
    from: u64,
    names: Vec<String>,
}

#[dataflow]
fn named(numbers: DataSet<u64>, range: Range) -> DataSet<String> {
    numbers.filter(|n| n >= range.from).filter_map(|n| range.names.get((n - range.from) as usize))
}

#[test]
fn a_struct_is_captured_whole() {
    let range = Range { from: 2, names: texts(["two", "three"]) };
    same_on_all_engines(texts(["two", "three"]), |env| named(env.collection(0u64..9)?, range.clone()).collect());
}

#[dataflow]
fn scaled<F>(numbers: DataSet<u64>, scale: F) -> DataSet<u64>
where
    F: Fn(u64) -> u64 + Clone + Send + 'static,
{
    numbers.map(|n| scale(n))
}

#[test]
fn a_function_is_captured_like_a_value() {
    let factor = 3;
    same_on_all_engines(vec![3, 6], |env| scaled(env.collection([1u64, 2])?, move |n| n * factor).collect());
}

#[dataflow]
fn greeted(words: DataSet<String>, greeting: &'static str) -> DataSet<String> {
    words.filter(|word| word > greeting).map(|word| format!("{greeting} {word}"))
}

#[test]
fn a_static_text_may_be_borrowed() {
    same_on_all_engines(texts(["hi you"]), |env| greeted(env.collection(["you", "a"])?, "hi").collect());
}

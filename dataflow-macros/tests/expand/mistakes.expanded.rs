#[allow(warnings)]
///
/// # Plan
/// ```text
/// long = lines
///     filter(|l| l.len() > 3)
/// _also = lines
///     filter(|l| l.len() > 3)
/// lines
///     map(|l| l.len() as u64)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn unused(lines: DataSet<String>) -> DataSet<String> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("unused");
    let lines = ::dataflow::__private::of_records(lines);
    let long = lines
        .step(const {
            &::dataflow::Step {
                name: "long",
                operator: "filter",
                text: "|l| l.len() > 3",
                reads: &[::dataflow::Reads::All],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l).__several())
        .filter(move |l| { l.len() > 3 });
    let _also = lines
        .step(const {
            &::dataflow::Step {
                name: "_also",
                operator: "filter",
                text: "|l| l.len() > 3",
                reads: &[::dataflow::Reads::All],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l).__several())
        .filter(move |l| { l.len() > 3 });
    lines
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|l| l.len() as u64",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |l, __out| { __out.emit(l.len() as u64) });
    lines.clone()
}
::core::compile_error! {
    "the flow `long` reaches no result: return it, write it, or join it to another flow; if that is intended, call it `_long`"
}
::core::compile_error! {
    "what this `map` makes reaches no result: bind it with `let`, return it, or write it with `.write_csv(..)`, `.print()` or `.collect()`"
}
#[allow(warnings)]
fn too_many(lines: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "`map` looks at one record at a time; two come after `.join(..).on(..)`: write `|record| …`"
}
#[allow(warnings)]
fn too_few(lines: DataSet<String>, more: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "`map` gets one record of each side after a join, or all of the other side after `with_all`: write `|left, right| …`"
}
#[allow(warnings)]
fn unfinished(lines: DataSet<String>, more: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "after this `filter` the join still needs to say what it makes: write `.map(|left, right| …)` after it"
}
#[allow(warnings)]
fn escapes(lines: DataSet<String>) -> DataSet<u64> {
    ::core::unreachable!()
}
::core::compile_error! {
    "the handle of a group stays inside of `aggregate`: use its measures, `.sum(..)`, `.min(..)`, `.max(..)`, `.avg(..)`, `.count()`, …, and its `.key`; what a macro such as `format!` takes of them is bound by `let` before"
}
::core::compile_error! {
    "`total` is no measure of a group: there are `.sum(..)`, `.min(..)`, `.max(..)`, `.avg(..)`, `.median(..)`, `.percentile(..)`, `.variance(..)`, `.stddev(..)`, `.count()`, `.count_if(..)`, `.count_distinct(..)`, `.min_by(..)`, `.max_by(..)`, `.first(..)`, and for all others `.fold(..)`"
}
#[allow(warnings)]
fn no_key(lines: DataSet<String>) -> DataSet<u64> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a whole flow has no key: write `.group_by(..)` before `.aggregate(..)`"
}
#[allow(warnings)]
fn method(&self, lines: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a pipeline is a free function: take what it needs of `self` as parameters, and call it from the method"
}
#[allow(warnings)]
async fn waits(lines: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a pipeline only describes what is computed, so there is nothing to await: write `fn` without `async`"
}
#[allow(warnings)]
const unsafe extern "C" fn odd(lines: DataSet<String>) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a pipeline is built when the program runs: write `fn` without `const`"
}
::core::compile_error! {
    "a pipeline has nothing unsafe to promise: write `fn` without `unsafe`"
}
::core::compile_error! {
    "a pipeline is called from Rust: write `fn` without `extern`"
}
#[allow(warnings)]
///
/// # Plan
/// ```text
/// long = lines
///     filter(|l| l.len() > 3)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn no_result(lines: DataSet<String>) {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("no_result");
    let lines = ::dataflow::__private::of_records(lines);
    let long = lines
        .step(const {
            &::dataflow::Step {
                name: "long",
                operator: "filter",
                text: "|l| l.len() > 3",
                reads: &[::dataflow::Reads::All],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l).__several())
        .filter(move |l| { l.len() > 3 });
}
::core::compile_error! {
    "the pipeline `no_result` has no result: return a flow, or write one with `.write_csv(..)`, `.print()` or `.collect()`"
}
#[allow(warnings)]
///
/// # Plan
/// ```text
/// forever(..)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn forever(lines: DataSet<String>) -> DataSet<String> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("forever");
    let lines = ::dataflow::__private::of_records(lines);
    {
        let _scope = ::dataflow::scope("forever");
        forever(lines.clone())
    }
}
::core::compile_error! {
    "the pipeline `forever` calls itself, so its plan would never end: build what repeats in a `for` loop"
}
struct NoFunction;
::core::compile_error! {
    "`#[dataflow]` goes on a function: write `#[dataflow] fn name(input: DataSet<Record>) -> DataSet<Record> { … }`"
}
#[allow(warnings)]
fn borrows(
    lines: DataSet<String>,
    name: &str,
    greeting: &'static str,
) -> DataSet<String> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a closure over records runs after this function has returned, so it cannot borrow `name`: take it by value, as a `String` for a `&str`"
}
#[allow(warnings)]
fn changes(lines: DataSet<String>, limit: usize) -> DataSet<usize> {
    ::core::unreachable!()
}
::core::compile_error! {
    "a closure over records cannot change `longest`: each task has a copy of its own, and records come in no order; use a group's measures, or `reduce`, or `map_with` for a state of the task, or an accumulator (`env.counter(..)`)"
}
#[allow(warnings)]
fn computes(lines: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ::core::unreachable!()
}
::core::compile_error! {
    "`project` names fields, before there are records to compute with: make the value in a `.map(..)` before it"
}
::core::compile_error! {
    "an order has one direction for all records: write `desc` around the whole value, as in `|record| desc(if … { … } else { … })`"
}

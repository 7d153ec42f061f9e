/// Counts words.
///
/// # Plan
/// ```text
/// lines
///     flat_map(|line| { line.to_lowercase().split_whitespace().map(|word| WordCountRef { word, count: 1 }) }) filte…
///     group_by(|w| w.word) sum(|w| w.count)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
pub fn word_count(lines: DataSet<String>, min: usize) -> DataSet<WordCount> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("word_count");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "flat_map",
                operator: "flat_map → filter",
                text: "|line| { line.to_lowercase().split_whitespace().map(|word| WordCountRef { word, count: 1 }) } → |w| w.word.len() > min",
                reads: &[::dataflow::Reads::All],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let min = min.__capture();
            move |line, __out| {
                {
                    {
                        #[allow(for_loops_over_fallibles)]
                        for value in line
                            .to_lowercase()
                            .split_whitespace()
                            .map(|word| WordCountRef { word, count: 1 })
                        {
                            let w = ::dataflow::Value::twin(&value);
                            if w.word.len() > min {
                                __out.emit(w)
                            }
                        }
                    }
                }
            }
        })
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → sum",
                text: "|w| w.word → |w| w.count",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|w| w.word)
        .covering({
            fn __covers<__Record: ::dataflow::__private::Record>(
                _: ::core::marker::PhantomData<__Record>,
            ) {
                const {
                    ::dataflow::__private::must_cover(
                        <__Record as ::dataflow::__private::Record>::TYPE,
                        &[&["word"], &["count"]],
                    )
                }
            }
            __covers
        })
        .sum(|w| w.count)
}
///
/// # Plan
/// ```text
/// words
///     map(|w| if w.count > 1 { w } else { WordCount { word: w.word.to_uppercase(), count: 0 } })
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn arms_of_twin_and_owned(words: DataSet<WordCount>) -> DataSet<WordCount> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("arms_of_twin_and_owned");
    let words = ::dataflow::__private::of_records(words);
    words
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|w| if w.count > 1 { w } else { WordCount { word: w.word.to_uppercase(), count: 0 } }",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |w, __out| {
            if w.count > 1 {
                __out.emit(w)
            } else {
                __out
                    .emit(WordCount {
                        word: w.word.to_uppercase(),
                        count: 0,
                    })
            }
        })
}
///
/// # Plan
/// ```text
/// words
///     map(|w| { let half = w.count / 2; match half { 0 => panic!("empty"), 1 => { if w.word.is_empty() { 0 } else {…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn nested_tails(words: DataSet<WordCount>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("nested_tails");
    let words = ::dataflow::__private::of_records(words);
    words
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|w| { let half = w.count / 2; match half { 0 => panic!(\"empty\"), 1 => { if w.word.is_empty() { 0 } else { 1 } } n => n,…",
                reads: &[::dataflow::Reads::Fields(&["count", "word"])],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |w, __out| {
            {
                let half = w.count / 2;
                match half {
                    0 => panic!("empty"),
                    1 => if w.word.is_empty() { __out.emit(0) } else { __out.emit(1) }
                    n => __out.emit(n),
                }
            }
        })
}
///
/// # Plan
/// ```text
/// lines
///     map(|line| { if line.is_empty() { return 0; } line.len() as u64 })
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn early_return(lines: DataSet<String>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("early_return");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|line| { if line.is_empty() { return 0; } line.len() as u64 }",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |line, __out| {
            __out
                .emit(
                    (|| {
                        if line.is_empty() {
                            return 0;
                        }
                        line.len() as u64
                    })(),
                )
        })
}
///
/// # Plan
/// ```text
/// lines
///     try_map(|line| Ok(line.parse::<u64>()?)) filter(|n| n.is_power_of_two())
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn numbers(lines: DataSet<String>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("numbers");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "try_map",
                operator: "try_map → filter",
                text: "|line| Ok(line.parse::<u64>()?) → |n| n.is_power_of_two()",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process(move |line, __out| {
            match line.parse::<u64>()? {
                value => {
                    let n = ::dataflow::Value::twin(&value);
                    if n.is_power_of_two() {
                        __out.emit(n)
                    }
                }
            };
            ::core::result::Result::Ok(())
        })
}
///
/// # Plan
/// ```text
/// parsed = lines
///     try_filter(|line| valid(line))
///     try_map(|line| line.parse::<u64>())
/// checked = parsed
///     try_map(|n| if n > 3 { Ok(n) } else { Err(Small(n)) })
/// checked
///     try_flat_map(|n| { if n == 0 { return Err(Small(n)); } Ok(0..n) })
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn fallible(lines: DataSet<String>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("fallible");
    let lines = ::dataflow::__private::of_records(lines);
    let parsed = lines
        .step(const {
            &::dataflow::Step {
                name: "try_filter",
                operator: "try_filter",
                text: "|line| valid(line)",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_filter(move |line| {
            ::core::result::Result::Ok(
                ::core::convert::identity::<::core::result::Result<_, _>>(valid(line))?,
            )
        })
        .step(const {
            &::dataflow::Step {
                name: "parsed",
                operator: "try_map",
                text: "|line| line.parse::<u64>()",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process(move |line, __out| {
            __out
                .emit(
                    ::core::convert::identity::<
                        ::core::result::Result<_, _>,
                    >(line.parse::<u64>())?,
                );
            ::core::result::Result::Ok(())
        });
    let checked = parsed
        .step(const {
            &::dataflow::Step {
                name: "checked",
                operator: "try_map",
                text: "|n| if n > 3 { Ok(n) } else { Err(Small(n)) }",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process(move |n, __out| {
            if n > 3 {
                __out.emit(n)
            } else {
                return ::core::result::Result::Err(::core::convert::From::from(Small(n)))
            };
            ::core::result::Result::Ok(())
        });
    checked
        .step(const {
            &::dataflow::Step {
                name: "try_flat_map",
                operator: "try_flat_map",
                text: "|n| { if n == 0 { return Err(Small(n)); } Ok(0..n) }",
                reads: &[::dataflow::Reads::All],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process(move |n, __out| {
            {
                #[allow(for_loops_over_fallibles)]
                for __value in ::core::convert::identity::<
                    ::core::result::Result<_, _>,
                >(
                    (|| -> ::core::result::Result<_, ::dataflow::UserError> {
                        if n == 0 {
                            return Err(Small(n));
                        }
                        Ok(0..n)
                    })(),
                )? {
                    __out.emit(__value)
                }
            };
            ::core::result::Result::Ok(())
        })
}
///
/// # Plan
/// ```text
/// words = lines
///     filter_map(|line| line.split(' ').next())
/// words
///     filter_map(|w| if w.is_empty() { None } else { Some(w.trim()) })
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn options(lines: DataSet<String>) -> DataSet<String> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("options");
    let lines = ::dataflow::__private::of_records(lines);
    let words = lines
        .step(const {
            &::dataflow::Step {
                name: "words",
                operator: "filter_map",
                text: "|line| line.split(' ').next()",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |line, __out| {
            if let ::core::option::Option::Some(__value) = ::dataflow::__private::option(
                line.split(' ').next(),
            ) {
                __out.emit(__value)
            }
        });
    words
        .step(const {
            &::dataflow::Step {
                name: "filter_map",
                operator: "filter_map",
                text: "|w| if w.is_empty() { None } else { Some(w.trim()) }",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |w, __out| {
            if w.is_empty() { () } else { __out.emit(w.trim()) }
        })
}
///
/// # Plan
/// ```text
/// lines
///     filter(crate::text::is_valid)
///     map(parse)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn functions_in_place_of_closures(
    lines: DataSet<String>,
    parse: fn(&str) -> u64,
) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("functions_in_place_of_closures");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "crate::text::is_valid",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter(move |__record0| { crate::text::is_valid(__record0) })
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "parse",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let parse = parse.__capture();
            move |__record0, __out| { __out.emit(parse(__record0)) }
        })
}
///
/// # Plan
/// ```text
/// lines
///     map(|line| (line.len() as u64, out))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn names_do_not_collide(lines: DataSet<String>, out: u64) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("names_do_not_collide");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|line| (line.len() as u64, out)",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let out = out.__capture();
            move |line, __out| { __out.emit_parts((line.len() as u64, out)) }
        })
}

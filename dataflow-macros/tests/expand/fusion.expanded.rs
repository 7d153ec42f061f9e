///
/// # Plan
/// ```text
/// lines
///     map(|l| l.to_uppercase()) filter(|l| known.contains(l)) map(|l| (l, 1u64)) filter(|(word, n)| word.len() > n)…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn values_are_seen_as_twins(
    lines: DataSet<String>,
    known: Known,
) -> DataSet<(String, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("values_are_seen_as_twins");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map → filter → map → filter → map",
                text: "|l| l.to_uppercase() → |l| known.contains(l) → |l| (l, 1u64) → |(word, n)| word.len() > n → |(word, n)| (word, n + 1)",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let known = known.__capture();
            move |l, __out| {
                match l.to_uppercase() {
                    value => {
                        let l = ::dataflow::Value::twin(&value);
                        if known.contains(l) {
                            match (l, 1u64) {
                                value => {
                                    let record0 = ::dataflow::Value::twin(&value);
                                    if ({
                                        let (word, n) = record0;
                                        word.len() > n
                                    }) {
                                        let (word, n) = record0;
                                        __out
                                            .emit_parts((
                                                word,
                                                (match (n, 1) {
                                                    (__left, __right) => {
                                                        ::dataflow::__private::Operands(&__left, &__right)
                                                            .add("n + 1");
                                                        __left + __right
                                                    }
                                                }),
                                            ))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        })
}
///
/// # Plan
/// ```text
/// items
///     map(|l| { let price = l.price * 2.0; price })
///     filter(|p| p.fract() > price)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn hidden_names(items: DataSet<LineItem>, price: f64) -> DataSet<f64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("hidden_names");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|l| { let price = l.price * 2.0; price }",
                reads: &[::dataflow::Reads::Fields(&["price"])],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |l, __out| {
            {
                let price = l.price * 2.0;
                __out.emit(price)
            }
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|p| p.fract() > price",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&price).__plain())
        .filter({
            let price = price.__capture();
            move |p| { p.fract() > price }
        })
}
///
/// # Plan
/// ```text
/// words
///     map(|w| if w.count > 1 { w } else { owned(w) }) filter(|w| w.count > 1)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn branches(words: DataSet<WordCount>) -> DataSet<WordCount> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("branches");
    let words = ::dataflow::__private::of_records(words);
    words
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map → filter",
                text: "|w| if w.count > 1 { w } else { owned(w) } → |w| w.count > 1",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |w, __out| {
            if w.count > 1 {
                match w {
                    value => {
                        let w = ::dataflow::Value::twin(&value);
                        if w.count > 1 {
                            __out.emit(w)
                        }
                    }
                }
            } else {
                match owned(w) {
                    value => {
                        let w = ::dataflow::Value::twin(&value);
                        if w.count > 1 {
                            __out.emit(w)
                        }
                    }
                }
            }
        })
}
///
/// # Plan
/// ```text
/// words
///     map(|w| match w.count { 0 => a(w), 1 => b(w), 2 => c(w), 3 => d(w), _ => w, })
///     filter(|w| w.count > 1)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn too_many_branches(words: DataSet<WordCount>) -> DataSet<WordCount> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("too_many_branches");
    let words = ::dataflow::__private::of_records(words);
    words
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|w| match w.count { 0 => a(w), 1 => b(w), 2 => c(w), 3 => d(w), _ => w, }",
                reads: &[::dataflow::Reads::All],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |w, __out| {
            match w.count {
                0 => __out.emit(a(w)),
                1 => __out.emit(b(w)),
                2 => __out.emit(c(w)),
                3 => __out.emit(d(w)),
                _ => __out.emit(w),
            }
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|w| w.count > 1",
                reads: &[::dataflow::Reads::Fields(&["count"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|w| ::dataflow::__private::Of(&w.count).__plain())
        .bounded("count", ::dataflow::Comparison::Greater, &1)
        .filter(move |w| { w.count > 1 })
}
///
/// # Plan
/// ```text
/// lines
///     filter_map(|l| { let word = l.split(' ').next()?; Some(word.trim()) }) filter_map(|word| if word.is_empty() {…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn options_of_options(lines: DataSet<String>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("options_of_options");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "filter_map",
                operator: "filter_map → filter_map → flat_map",
                text: "|l| { let word = l.split(' ').next()?; Some(word.trim()) } → |word| if word.is_empty() { None } else { Some(word.len()…",
                reads: &[::dataflow::Reads::All],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |l, __out| {
            if let ::core::option::Option::Some(value) = ::dataflow::__private::option(
                (|| {
                    let word = l.split(' ').next()?;
                    Some(word.trim())
                })(),
            ) {
                let word = ::dataflow::Value::twin(&value);
                if word.is_empty() {
                    ()
                } else {
                    match word.len() as u64 {
                        value => {
                            let n = ::dataflow::Value::twin(&value);
                            {
                                #[allow(for_loops_over_fallibles)]
                                for __value in 0..n {
                                    __out.emit(__value)
                                }
                            }
                        }
                    }
                }
            }
        })
}

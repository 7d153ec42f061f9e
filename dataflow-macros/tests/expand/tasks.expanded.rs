///
/// # Plan
/// ```text
/// sales
///     filter(|s| s.amount > 0)
///     map(|s| (s.id, s.amount))
///     map_with(|task| first + task.index as i64, |sum, s| { *sum += s.1; (s.0, *sum) }) filter(|s| s.1 > first) try…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn running(sales: DataSet<Sale>, first: i64) -> DataSet<(u64, i64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("running");
    let sales = ::dataflow::__private::of_records(sales);
    sales
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|s| s.amount > 0",
                reads: &[::dataflow::Reads::Fields(&["amount"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|s| ::dataflow::__private::Of(&s.amount).__plain())
        .bounded("amount", ::dataflow::Comparison::Greater, &0)
        .filter(move |s| { s.amount > 0 })
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|s| (s.id, s.amount)",
                reads: &[::dataflow::Reads::Fields(&["amount", "id"])],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "id",
                    },
                    ::dataflow::Forward::Field {
                        to: "1",
                        record: 0,
                        from: "amount",
                    },
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |s, __out| { __out.emit_parts((s.id, s.amount)) })
        .step(const {
            &::dataflow::Step {
                name: "map_with",
                operator: "map_with → filter → try_map",
                text: "|task| first + task.index as i64, |sum, s| { *sum += s.1; (s.0, *sum) } → |s| s.1 > first → |s| checked(s)",
                reads: &[::dataflow::Reads::Fields(&["0", "1"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process_with(
            {
                {
                    let first = first.__capture();
                    move |task| {
                        ::core::result::Result::Ok(
                            (match (first, task.index as i64) {
                                (__left, __right) => {
                                    ::dataflow::__private::Operands(&__left, &__right)
                                        .add("first + task.index as i64");
                                    __left + __right
                                }
                            }),
                        )
                    }
                }
            },
            {
                let first = first.__capture();
                move |sum, s, __out| {
                    {
                        (match (s.1,) {
                            (__right,) => {
                                ::dataflow::__private::Operands(&*sum, &__right)
                                    .add("*sum += s.1");
                                *sum += __right;
                            }
                        });
                        match (s.0, *sum) {
                            value => {
                                let s = ::dataflow::Value::twin(&value);
                                if s.1 > first {
                                    __out
                                        .emit(
                                            ::core::convert::identity::<
                                                ::core::result::Result<_, _>,
                                            >(checked(s))?,
                                        )
                                }
                            }
                        }
                    };
                    ::core::result::Result::Ok(())
                }
            },
        )
}
///
/// # Plan
/// ```text
/// lines
///     flat_map_with(Splitter::open, |splitter, line| splitter.words(line.text))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn words(lines: DataSet<Line>) -> DataSet<String> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("words");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "flat_map_with",
                operator: "flat_map_with",
                text: "Splitter::open, |splitter, line| splitter.words(line.text)",
                reads: &[::dataflow::Reads::Fields(&["text"])],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process_with(
            { move |__record0| Splitter::open(__record0) },
            move |splitter, line, __out| {
                {
                    #[allow(for_loops_over_fallibles)]
                    for __value in splitter.words(line.text) {
                        __out.emit(__value)
                    }
                }
            },
        )
}
///
/// # Plan
/// ```text
/// sales
///     partition_by(|s| s.key)
///     sort_partition(|s| (asc(s.key), desc(s.day)))
///     filter_map_with(|_| None, |last, Sale { key, id, .. }| match last.replace(key) { Some(before) if before == ke…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn changes(sales: DataSet<Sale>) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("changes");
    let sales = ::dataflow::__private::of_records(sales);
    sales
        .step(const {
            &::dataflow::Step {
                name: "partition_by",
                operator: "partition_by",
                text: "|s| s.key",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .partition_by(|s| s.key)
        .step(const {
            &::dataflow::Step {
                name: "sort_partition",
                operator: "sort_partition",
                text: "|s| (asc(s.key), desc(s.day))",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sort_partition(|s| (asc(s.key), desc(s.day)))
        .step(const {
            &::dataflow::Step {
                name: "filter_map_with",
                operator: "filter_map_with",
                text: "|_| None, |last, Sale { key, id, .. }| match last.replace(key) { Some(before) if before == key => None, _ => Some(id), }",
                reads: &[::dataflow::Reads::Fields(&["id", "key"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process_with(
            { move |_| None },
            move |last, Sale { key, id, .. }, __out| {
                match last.replace(key) {
                    Some(before) if before == key => {}
                    _ => __out.emit(id),
                }
            },
        )
}
///
/// # Plan
/// ```text
/// sales
///     rebalance()
///     partition_with(|s| s.id % parts)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn by_parity(sales: DataSet<Sale>, parts: u64) -> DataSet<Sale> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("by_parity");
    let sales = ::dataflow::__private::of_records(sales);
    sales
        .step(const {
            &::dataflow::Step {
                name: "rebalance",
                operator: "rebalance",
                text: "",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .rebalance()
        .step(const {
            &::dataflow::Step {
                name: "partition_with",
                operator: "partition_with",
                text: "|s| s.id % parts",
                reads: &[::dataflow::Reads::Fields(&["id"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .partition_with({
            let parts = parts.__capture();
            move |s| s.id % parts
        })
}
///
/// # Plan
/// ```text
/// sales
///     map_partition(|records, out| { for sale in records { out.emit(sale.id.max(least)); } })
///     filter(|id| id > least)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn pairs(sales: DataSet<Sale>, least: u64) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("pairs");
    let sales = ::dataflow::__private::of_records(sales);
    sales
        .step(const {
            &::dataflow::Step {
                name: "map_partition",
                operator: "map_partition",
                text: "|records, out| { for sale in records { out.emit(sale.id.max(least)); } }",
                reads: &[::dataflow::Reads::Fields(&["id"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .map_partition({
            let least = least.__capture();
            move |records, out| {
                for sale in records {
                    out.emit(sale.id.max(least));
                }
            }
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|id| id > least",
                reads: &[::dataflow::Reads::All],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|id| ::dataflow::__private::Of(&(&id, &least)).__plain())
        .filter({
            let least = least.__capture();
            move |id| { id > least }
        })
}
///
/// # Plan
/// ```text
/// sales
///     sample(0.1, seed)
///     sample_n(100, seed)
///     zip_with_index()
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn some(sales: DataSet<Sale>, seed: u64) -> DataSet<(u64, Sale)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("some");
    let sales = ::dataflow::__private::of_records(sales);
    sales
        .step(const {
            &::dataflow::Step {
                name: "sample",
                operator: "sample",
                text: "0.1, seed",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sample(0.1, seed)
        .step(const {
            &::dataflow::Step {
                name: "sample_n",
                operator: "sample_n",
                text: "100, seed",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sample_n(100, seed)
        .step(const {
            &::dataflow::Step {
                name: "zip_with_index",
                operator: "zip_with_index",
                text: "",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .zip_with_index()
}
///
/// # Plan
/// ```text
/// lines
///     filter_with(|_| Seen::default(), |seen, line| seen.insert(line.number))
///     try_filter_with(Rules::load, |rules, line| rules.allow(line.text))
///     try_flat_map_with(|task| { let parser = Parser::open(task.index)?; Ok(parser) }, |parser, line| parser.fields…
///     map_with(|_| 0, |sum, n| { *sum += n; *sum }) try_map(|n| checked(n))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn parsed(lines: DataSet<Line>, separator: char) -> DataSet<u64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("parsed");
    let lines = ::dataflow::__private::of_records(lines);
    lines
        .step(const {
            &::dataflow::Step {
                name: "filter_with",
                operator: "filter_with",
                text: "|_| Seen::default(), |seen, line| seen.insert(line.number)",
                reads: &[::dataflow::Reads::Fields(&["number"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter_with(
            { move |_| Seen::default() },
            move |seen, line| { seen.insert(line.number) },
        )
        .step(const {
            &::dataflow::Step {
                name: "try_filter_with",
                operator: "try_filter_with",
                text: "Rules::load, |rules, line| rules.allow(line.text)",
                reads: &[::dataflow::Reads::Fields(&["text"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_filter_with(
            {
                move |__record0| {
                    ::core::result::Result::Ok(
                        ::core::convert::identity::<
                            ::core::result::Result<_, _>,
                        >(Rules::load(__record0))?,
                    )
                }
            },
            move |rules, line| {
                ::core::result::Result::Ok(
                    ::core::convert::identity::<
                        ::core::result::Result<_, _>,
                    >(rules.allow(line.text))?,
                )
            },
        )
        .step(const {
            &::dataflow::Step {
                name: "try_flat_map_with",
                operator: "try_flat_map_with → try_filter_map",
                text: "|task| { let parser = Parser::open(task.index)?; Ok(parser) }, |parser, line| parser.fields(line.text, separator) → |fi…",
                reads: &[::dataflow::Reads::Fields(&["text"])],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process_with(
            {
                move |task| {
                    {
                        let parser = Parser::open(task.index)?;
                        ::core::result::Result::Ok(parser)
                    }
                }
            },
            {
                let separator = separator.__capture();
                move |parser, line, __out| {
                    {
                        #[allow(for_loops_over_fallibles)]
                        for value in ::core::convert::identity::<
                            ::core::result::Result<_, _>,
                        >(parser.fields(line.text, separator))? {
                            let field = ::dataflow::Value::twin(&value);
                            match field.len() {
                                0 => {}
                                _ => {
                                    if let ::core::option::Option::Some(__value) = ::dataflow::__private::option(
                                        ::core::convert::identity::<
                                            ::core::result::Result<_, _>,
                                        >(field.parse::<u64>().map(Some))?,
                                    ) {
                                        __out.emit(__value)
                                    }
                                }
                            }
                        }
                    };
                    ::core::result::Result::Ok(())
                }
            },
        )
        .step(const {
            &::dataflow::Step {
                name: "map_with",
                operator: "map_with → try_map",
                text: "|_| 0, |sum, n| { *sum += n; *sum } → |n| checked(n)",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process_with(
            { move |_| { ::core::result::Result::Ok(0) } },
            move |sum, n, __out| {
                {
                    (match (n,) {
                        (__right,) => {
                            ::dataflow::__private::Operands(&*sum, &__right)
                                .add("*sum += n");
                            *sum += __right;
                        }
                    });
                    match *sum {
                        value => {
                            let n = ::dataflow::Value::twin(&value);
                            __out
                                .emit(
                                    ::core::convert::identity::<
                                        ::core::result::Result<_, _>,
                                    >(checked(n))?,
                                )
                        }
                    }
                };
                ::core::result::Result::Ok(())
            },
        )
}

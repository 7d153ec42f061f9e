///
/// # Plan
/// ```text
/// lines = read_text(..)
/// short = lines
///     filter(|l| l.len() < 10)
/// long = lines
///     filter(|l| l.len() >= 10)
/// counts = count_words(..)
/// more = refine(..)
/// marked = library(pairs)
///     map(|x| x)
/// counts
///     union(more)
/// chosen = ..
/// chosen
///     filter(|n| n.is(pair))
///     print()
/// both(..)
///     write_csv("out.csv")
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn flow_expressions(
    env: &Env,
    name: Option<&str>,
    pairs: Vec<u64>,
) -> dataflow::Result<DataSet<u64>> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("flow_expressions");
    let name = {
        #[allow(unused_imports)]
        use ::dataflow::__private::OtherParameter as _;
        ::dataflow::__private::Parameter(name).taken()
    };
    let lines = env.read_text("a.txt")?;
    let (short, long) = (
        lines
            .step(const {
                &::dataflow::Step {
                    name: "short",
                    operator: "filter",
                    text: "|l| l.len() < 10",
                    reads: &[::dataflow::Reads::All],
                    moves: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|l| ::dataflow::__private::Of(&l).__several())
            .filter(move |l| { l.len() < 10 }),
        lines
            .step(const {
                &::dataflow::Step {
                    name: "long",
                    operator: "filter",
                    text: "|l| l.len() >= 10",
                    reads: &[::dataflow::Reads::All],
                    moves: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|l| ::dataflow::__private::Of(&l).__several())
            .filter(move |l| { l.len() >= 10 }),
    );
    let length = name.map(|name| name.len()).unwrap_or(0);
    let counts = {
        let _scope = ::dataflow::scope("counts");
        count_words(short.clone(), length)
    };
    let more = {
        let flow0 = counts
            .step(const {
                &::dataflow::Step {
                    name: "map",
                    operator: "map",
                    text: "|c| c + 1",
                    reads: &[::dataflow::Reads::All],
                    maps: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .process(move |c, __out| {
                __out
                    .emit(
                        (match (c, 1) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .add("c + 1");
                                __left + __right
                            }
                        }),
                    )
            });
        let _scope = ::dataflow::scope("more");
        helpers::refine(flow0, &long)
    };
    let marked = library(pairs)
        .step(const {
            &::dataflow::Step {
                name: "marked",
                operator: "map",
                text: "|x| x",
                reads: &[::dataflow::Reads::All],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "",
                        record: 0,
                        from: "",
                    },
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |x, __out| { __out.emit(x) });
    let chosen = if length > 3 {
        counts
            .step(const {
                &::dataflow::Step {
                    name: "union",
                    operator: "union",
                    text: "more",
                    reads: &[],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .union(more.clone())
    } else {
        marked.clone()
    };
    for pair in pairs {
        println!("{pair}");
        chosen
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|n| n.is(pair)",
                    reads: &[::dataflow::Reads::All],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .captured(::dataflow::__private::Of(&pair).__plain())
            .filter({
                let pair = pair.__capture();
                move |n| { n.is(pair) }
            })
            .step(const {
                &::dataflow::Step {
                    name: "print",
                    operator: "print",
                    text: "",
                    reads: &[],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .print();
    }
    let same = chosen.clone();
    {
        let flow0 = env.collection([1u64, 2]);
        let _scope = ::dataflow::scope("both");
        both(same.clone(), flow0)
    }
        .step(const {
            &::dataflow::Step {
                name: "write_csv",
                operator: "write_csv",
                text: "\"out.csv\"",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .write_csv("out.csv");
    Ok(
        same
            .step(const {
                &::dataflow::Step {
                    name: "map",
                    operator: "map",
                    text: "|n| format!(\"{n} {length:>3}\")",
                    reads: &[::dataflow::Reads::All],
                    maps: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .process({
                #[allow(unused_variables)]
                let length = length.__capture();
                move |n, __out| { __out.emit(format!("{n} {length:>3}")) }
            }),
    )
}
///
/// # Plan
/// ```text
/// upper = lines
///     my_own_operator(|l| l.is_upper())
///     filter(|l| l.is_upper())
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn split(
    lines: dataflow::DataStream<String>,
) -> (DataStream<String>, DataStream<String>) {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("split");
    let lines = ::dataflow::__private::of_records(lines);
    let upper = lines
        .my_own_operator(|l| l.is_upper())
        .step(const {
            &::dataflow::Step {
                name: "upper",
                operator: "filter",
                text: "|l| l.is_upper()",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter(move |l| { l.is_upper() });
    (upper.clone(), lines.clone())
}
const _: () = {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let words = lines
        .step(const {
            &::dataflow::Step {
                name: "words",
                operator: "flat_map",
                text: "|line| line.split(' ').filter(|w| w.len() > minimum)",
                reads: &[::dataflow::Reads::All],
                expands: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let minimum = minimum.__capture();
            move |line, __out| {
                {
                    #[allow(for_loops_over_fallibles)]
                    for __value in line.split(' ').filter(|w| w.len() > minimum) {
                        __out.emit(__value)
                    }
                }
            }
        });
    {
        let _scope = ::dataflow::scope("count");
        count(words.clone())
    }
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|c| c.n > LIMIT",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|c| ::dataflow::__private::Of(&(&c.n, &LIMIT)).__plain())
        .bounded("n", ::dataflow::Comparison::Greater, &LIMIT)
        .filter(move |c| { c.n > LIMIT })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|c| c.n < helper(c)",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter(move |c| { c.n < helper(c) })
        .step(const {
            &::dataflow::Step {
                name: "write_csv",
                operator: "write_csv",
                text: "\"x.csv\"",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .write_csv("x.csv")
};

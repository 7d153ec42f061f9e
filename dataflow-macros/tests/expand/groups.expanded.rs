///
/// # Plan
/// ```text
/// items
///     group_by(|l| (l.returnflag, l.linestatus)) aggregate(|g| Pricing { returnflag: g.key.0, linestatus: g.key.1,…
///     filter(|p| p.n > 10)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn measures(items: DataSet<LineItem>, rate: Decimal) -> DataSet<Pricing> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("measures");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| (l.returnflag, l.linestatus) → |g| Pricing { returnflag: g.key.0, linestatus: g.key.1, total: g.sum(|l| l.quantity…",
                reads: &[::dataflow::Reads::Fields(&["quantity"])],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "returnflag",
                        record: 0,
                        from: "0",
                    },
                    ::dataflow::Forward::Field {
                        to: "linestatus",
                        record: 0,
                        from: "1",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&rate).__plain())
        .group_by(|l| (l.returnflag, l.linestatus))
        .aggregates()
        .written(&["sum(|l| l.quantity * rate)", "sum(|l| l.quantity)", "count()"])
        .sum({
            let rate = rate.__capture();
            move |l| {
                (match (l.quantity, rate) {
                    (__left, __right) => {
                        ::dataflow::__private::Operands(&__left, &__right)
                            .mul("l.quantity * rate");
                        __left * __right
                    }
                })
            }
        })
        .sum(move |l| { l.quantity })
        .count()
        .finish(move |__key, ((((), __slot0), __slot1), __slot2), __out| {
            __out
                .emit(
                    ::dataflow::__private::fieldwise(Pricing {
                        returnflag: __key.0,
                        linestatus: __key.1,
                        total: (match (__slot0, 2) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .mul("sum(…) * 2");
                                __left * __right
                            }
                        }),
                        mean: __slot1 / __slot2,
                        again: __slot1,
                        n: __slot2,
                    }),
                )
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|p| p.n > 10",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|p| ::dataflow::__private::Of(&p.n).__plain())
        .bounded("n", ::dataflow::Comparison::Greater, &10)
        .filter(move |p| { p.n > 10 })
}
///
/// # Plan
/// ```text
/// items
///     aggregate(|g| g.sum(|l| l.price * l.discount) * scale)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn ungrouped(items: DataSet<LineItem>, scale: f64) -> DataSet<f64> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("ungrouped");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "aggregate",
                operator: "aggregate",
                text: "|g| g.sum(|l| l.price * l.discount) * scale",
                reads: &[::dataflow::Reads::Fields(&["discount", "price"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .aggregates()
        .written(&["sum(|l| l.price * l.discount)"])
        .sum(move |l| {
            (match (l.price, l.discount) {
                (__left, __right) => {
                    ::dataflow::__private::Operands(&__left, &__right)
                        .mul("l.price * l.discount");
                    __left * __right
                }
            })
        })
        .finish({
            let scale = scale.__capture();
            move |_, ((), __slot0), __out| {
                __out
                    .emit(
                        (match (__slot0, scale) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .mul("sum(…) * scale");
                                __left * __right
                            }
                        }),
                    )
            }
        })
}
///
/// # Plan
/// ```text
/// longest = items
///     group_by(|l| l.orderkey) reduce(|a, b| if a.n + by > b.n { a } else { b })
/// longest
///     group_by(|l| l.day) count()
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn reduced(items: DataSet<LineItem>, by: u64) -> DataSet<LineItem> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("reduced");
    let items = ::dataflow::__private::of_records(items);
    let longest = items
        .step(const {
            &::dataflow::Step {
                name: "longest",
                operator: "group_by → reduce",
                text: "|l| l.orderkey → |a, b| if a.n + by > b.n { a } else { b }",
                reads: &[::dataflow::Reads::All, ::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.orderkey)
        .written("|a, b| if a.n + by > b.n { a } else { b }")
        .reduce({
            let by = by.__capture();
            move |a, b, __out| {
                if (match (a.n, by) {
                    (__left, __right) => {
                        ::dataflow::__private::Operands(&__left, &__right)
                            .add("a.n + by");
                        __left + __right
                    }
                }) > b.n
                {
                    __out.emit(a)
                } else {
                    __out.emit(b)
                }
            }
        });
    longest
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → count",
                text: "|l| l.day",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.day)
        .count()
}
///
/// # Plan
/// ```text
/// both = a
///     union(b)
///     distinct()
/// both
///     project(|r| (r.x, r.y))
///     sort(|r| asc(r.0))
///     first(10)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn whole_flows(a: DataSet<A>, b: DataSet<A>) -> DataSet<A> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("whole_flows");
    let a = ::dataflow::__private::of_records(a);
    let b = ::dataflow::__private::of_records(b);
    let both = a
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "b",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(b.clone())
        .step(const {
            &::dataflow::Step {
                name: "both",
                operator: "distinct",
                text: "",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .distinct();
    both.step(const {
            &::dataflow::Step {
                name: "project",
                operator: "project",
                text: "|r| (r.x, r.y)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .project(|r| (r.x, r.y))
        .step(const {
            &::dataflow::Step {
                name: "sort",
                operator: "sort",
                text: "|r| asc(r.0)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sort(|r| asc(r.0))
        .step(const {
            &::dataflow::Step {
                name: "first",
                operator: "first",
                text: "10",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .first(10)
}
///
/// # Plan
/// ```text
/// items
///     group_by(|l| l.partkey) aggregate(|g| Parts { partkey: g.key, large: g.count_if(|l| l.quantity > limit), supp…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn more_measures(items: DataSet<LineItem>, limit: u64) -> DataSet<Parts> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("more_measures");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| l.partkey → |g| Parts { partkey: g.key, large: g.count_if(|l| l.quantity > limit), suppliers: g.count_distinct(|l|…",
                reads: &[
                    ::dataflow::Reads::Fields(
                        &["day", "name", "price", "quantity", "suppkey"],
                    ),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "partkey",
                        record: 0,
                        from: "",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&limit).__plain())
        .group_by(|l| l.partkey)
        .aggregates()
        .written(
            &[
                "count_if(|l| l.quantity > limit)",
                "count_distinct(|l| l.suppkey)",
                "count_distinct(|l| (l.suppkey, l.day))",
                "min_by(|l| l.price, |l| l.suppkey)",
                "max_by(|l| l.quantity * limit, |l| l.suppkey)",
                "first(|l| l.name)",
            ],
        )
        .count_if({
            let limit = limit.__capture();
            move |l| { l.quantity > limit }
        })
        .count_distinct(|l| l.suppkey)
        .count_distinct(|l| (l.suppkey, l.day))
        .min_by_field(
            |l| l.price,
            move |l, _| { l.price },
            |l| l.suppkey,
            move |l, _| { l.suppkey },
        )
        .max_by(
            {
                let limit = limit.__capture();
                move |l| {
                    (match (l.quantity, limit) {
                        (__left, __right) => {
                            ::dataflow::__private::Operands(&__left, &__right)
                                .mul("l.quantity * limit");
                            __left * __right
                        }
                    })
                }
            },
            move |l| { l.suppkey },
        )
        .first(|l| l.name)
        .finish(move |
            __key,
            (((((((), __slot0), __slot1), __slot2), __slot3), __slot4), __slot5),
            __out|
        {
            __out
                .emit(
                    ::dataflow::__private::fieldwise(Parts {
                        partkey: __key,
                        large: __slot0,
                        suppliers: __slot1,
                        deliveries: __slot2,
                        cheapest: __slot3,
                        largest: __slot4,
                        name: __slot5,
                        again: __slot1,
                    }),
                )
        })
}
///
/// # Plan
/// ```text
/// by_part = items
///     distinct_by(|l| (l.partkey, l.suppkey))
///     group_by(|l| l.partkey)
/// best = by_part
///     top(count, |l| (desc(l.price), l.day))
///     union(by_part.first(count))
/// best
///     union(by_part.min_by(|l| l.price))
///     union(by_part.max_by(|l| (l.price, l.day)))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn records_of_groups(items: DataSet<LineItem>, count: usize) -> DataSet<LineItem> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("records_of_groups");
    let items = ::dataflow::__private::of_records(items);
    let by_part = items
        .step(const {
            &::dataflow::Step {
                name: "distinct_by",
                operator: "distinct_by",
                text: "|l| (l.partkey, l.suppkey)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .distinct_by(|l| (l.partkey, l.suppkey))
        .step(const {
            &::dataflow::Step {
                name: "by_part",
                operator: "group_by",
                text: "|l| l.partkey",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey);
    let best = by_part
        .top(count, |l| (desc(l.price), l.day))
        .step(const {
            &::dataflow::Step {
                name: "best",
                operator: "union",
                text: "by_part.first(count)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(by_part.first(count));
    best.step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "by_part.min_by(|l| l.price)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(by_part.min_by(|l| l.price))
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "by_part.max_by(|l| (l.price, l.day))",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(by_part.max_by(|l| (l.price, l.day)))
}
///
/// # Plan
/// ```text
/// by_part = items
///     group_by(|l| l.partkey)
/// last = by_part
///     sorted_by(|l| (asc(l.day), desc(l.price))) reduce_group(|g, out| { let mut before = None; 'items: for l in g…
/// last
///     union(by_part.reduce_group(|items, made| for LineItem { day, .. } in items { made.emit((day, 1)) }))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn whole_groups(items: DataSet<LineItem>, limit: u64) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("whole_groups");
    let items = ::dataflow::__private::of_records(items);
    let by_part = items
        .step(const {
            &::dataflow::Step {
                name: "by_part",
                operator: "group_by",
                text: "|l| l.partkey",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey);
    let last = by_part
        .sorted_by(|l| (asc(l.day), desc(l.price)))
        .reduce_group({
            let limit = limit.__capture();
            move |g, out| {
                let mut before = None;
                'items: while let ::core::option::Option::Some(l) = g.next() {
                    for other in others(l) {
                        if l.quantity > limit {
                            continue 'items;
                        }
                    }
                    before = Some(l.day);
                }
                out.emit((before, limit));
            }
        });
    last.step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "by_part.reduce_group(|items, made| for LineItem { day, .. } in items { made.emit((day, 1)) })",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(
            by_part
                .reduce_group(move |items, made| {
                    while let ::core::option::Option::Some(record) = items.next() {
                        let LineItem { day, .. } = record;
                        { made.emit((day, 1)) }
                    }
                }),
        )
}
///
/// # Plan
/// ```text
/// by_order = items
///     group_by(|l| l.orderkey)
/// by_order
///     sum(|l| l.quantity)
/// by_order
///     aggregate(|g| (g.key, g.count()))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn named_grouping(items: DataSet<LineItem>) -> (DataSet<LineItem>, DataSet<(u64, u64)>) {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("named_grouping");
    let items = ::dataflow::__private::of_records(items);
    let by_order = items
        .step(const {
            &::dataflow::Step {
                name: "by_order",
                operator: "group_by",
                text: "|l| l.orderkey",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.orderkey);
    (
        by_order.sum(|l| l.quantity),
        by_order
            .aggregates()
            .written(&["count()"])
            .count()
            .finish(move |__key, ((), __slot0), __out| {
                __out.emit_parts((__key, __slot0))
            }),
    )
}
///
/// # Plan
/// ```text
/// both = items
///     co_group(parts) on(|l| (l.partkey, l.suppkey), |p| (p.key, p.supplier))
/// both
///     sorted_by(|l| asc(l.day), |p| desc(p.price)) reduce_group(|items, parts, out| { for l in items { for p in par…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn both_sides(
    items: DataSet<LineItem>,
    parts: DataSet<Part>,
    limit: u64,
) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("both_sides");
    let items = ::dataflow::__private::of_records(items);
    let parts = ::dataflow::__private::of_records(parts);
    let both = items
        .step(const {
            &::dataflow::Step {
                name: "both",
                operator: "co_group",
                text: "parts → |l| (l.partkey, l.suppkey), |p| (p.key, p.supplier)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .co_group(parts.clone())
        .on(
            |l| (l.partkey, l.suppkey),
            |p| ::dataflow::__private::matched_key((
                ::dataflow::__private::matched_key(p.key),
                ::dataflow::__private::matched_key(p.supplier),
            )),
        );
    both.sorted_by(|l| asc(l.day), |p| desc(p.price))
        .reduce_group({
            let limit = limit.__capture();
            move |items, parts, out| {
                while let ::core::option::Option::Some(l) = items.next() {
                    while let ::core::option::Option::Some(p) = parts.next() {
                        out.emit((
                            l.day,
                            (match (p.price, limit) {
                                (__left, __right) => {
                                    ::dataflow::__private::Operands(&__left, &__right)
                                        .mul("p.price * limit");
                                    __left * __right
                                }
                            }),
                        ));
                    }
                }
            }
        })
}
///
/// # Plan
/// ```text
/// items
///     group_by(|l| l.partkey) aggregate(|g| { let spread = g.fold(Spread { least: scale, most: -scale }, |spread, l…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn folds(
    items: DataSet<LineItem>,
    scale: f64,
    quantile: Quantile,
) -> DataSet<(u64, f64, f64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("folds");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| l.partkey → |g| { let spread = g.fold(Spread { least: scale, most: -scale }, |spread, l| spread.add(l.price * scale…",
                reads: &[::dataflow::Reads::Fields(&["price", "quantity"])],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&(&scale, &quantile)).__plain())
        .group_by(|l| l.partkey)
        .aggregates()
        .written(
            &[
                "fold(Spread { least: scale, most: -scale }, |spread, l| spread.add(l.price * scale), |spread, other| spread.merge(other))",
                "fold_with(quantile, |l| l.quantity)",
                "count()",
            ],
        )
        .fold(
            {
                let scale = scale.__capture();
                Spread {
                    least: scale,
                    most: -scale,
                }
            },
            {
                let scale = scale.__capture();
                move |spread, l| {
                    spread
                        .add(
                            (match (l.price, scale) {
                                (__left, __right) => {
                                    ::dataflow::__private::Operands(&__left, &__right)
                                        .mul("l.price * scale");
                                    __left * __right
                                }
                            }),
                        )
                }
            },
            move |spread, other| { spread.merge(other) },
        )
        .fold_with(
            {
                let quantile = quantile.__capture();
                quantile
            },
            move |l| { l.quantity },
        )
        .count()
        .finish(move |__key, ((((), __slot0), __slot1), __slot2), __out| {
            {
                let spread = __slot0;
                __out.emit_parts((__key, spread.range(), __slot1, __slot2))
            }
        })
}
///
/// # Plan
/// ```text
/// largest = items
///     reduce(|a, b| if a.quantity + least > b.quantity { a } else { b })
/// gaps = items
///     sort(|l| asc(l.day))
///     reduce_group(|items, out| for l in items { out.emit(l.day) })
/// partial = items
///     group_by(|l| l.partkey) combine_group(|group, out| for l in group { out.emit(l.price) })
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn ungrouped_and_partial(
    items: DataSet<LineItem>,
    least: u64,
) -> (DataSet<LineItem>, DataSet<u64>, DataSet<u64>) {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("ungrouped_and_partial");
    let items = ::dataflow::__private::of_records(items);
    let largest = items
        .step(const {
            &::dataflow::Step {
                name: "largest",
                operator: "reduce",
                text: "|a, b| if a.quantity + least > b.quantity { a } else { b }",
                reads: &[::dataflow::Reads::All, ::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .reduce({
            let least = least.__capture();
            move |a, b, __out| {
                if (match (a.quantity, least) {
                    (__left, __right) => {
                        ::dataflow::__private::Operands(&__left, &__right)
                            .add("a.quantity + least");
                        __left + __right
                    }
                }) > b.quantity
                {
                    __out.emit(a)
                } else {
                    __out.emit(b)
                }
            }
        });
    let gaps = items
        .step(const {
            &::dataflow::Step {
                name: "sort",
                operator: "sort",
                text: "|l| asc(l.day)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sort(|l| asc(l.day))
        .step(const {
            &::dataflow::Step {
                name: "gaps",
                operator: "reduce_group",
                text: "|items, out| for l in items { out.emit(l.day) }",
                reads: &[::dataflow::Reads::Fields(&["day"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .reduce_group(move |items, out| {
            while let ::core::option::Option::Some(l) = items.next() {
                out.emit(l.day)
            }
        });
    let partial = items
        .step(const {
            &::dataflow::Step {
                name: "partial",
                operator: "group_by → combine_group",
                text: "|l| l.partkey → |group, out| for l in group { out.emit(l.price) }",
                reads: &[::dataflow::Reads::Fields(&["price"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey)
        .combine_group(move |group, out| {
            while let ::core::option::Option::Some(l) = group.next() {
                out.emit(l.price)
            }
        });
    (largest.clone(), gaps.clone(), partial.clone())
}

///
/// # Plan
/// ```text
/// plain = orders
///     group_by(|o| (o.custkey, o.home.zip)) count()
/// whole = orders
///     group_by(|o| o) count()
/// widths = orders
///     group_by(|o| o.amount / width) aggregate(|g| (g.key, g.sum(|o| o.tax)))
/// branches = orders
///     group_by(|o| { let x = o.amount; if x < least { o.name } else { "rest" } }) count()
/// parts = orders
///     distinct_by(|(a, b)| (a, b.len()))
/// keep(..)
/// orders
///     group_by(|o| o.day.month()) count()
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn groups(orders: DataSet<Order>, width: i64, least: i64) -> DataSet<(i32, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("groups");
    let orders = ::dataflow::__private::of_records(orders);
    let plain = orders
        .step(const {
            &::dataflow::Step {
                name: "plain",
                operator: "group_by → count",
                text: "|o| (o.custkey, o.home.zip)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|o| (o.custkey, o.home.zip))
        .count();
    let whole = orders
        .step(const {
            &::dataflow::Step {
                name: "whole",
                operator: "group_by → count",
                text: "|o| o",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|o| o)
        .count();
    let widths = orders
        .step(const {
            &::dataflow::Step {
                name: "widths",
                operator: "group_by → aggregate",
                text: "|o| o.amount / width → |g| (g.key, g.sum(|o| o.tax))",
                reads: &[::dataflow::Reads::Fields(&["tax"])],
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
        .captured(::dataflow::__private::Of(&width).__plain())
        .group_by(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    {
                        let width = width.__capture();
                        move |o, __key| { __key.emit(o.amount / width) }
                    },
                )
                .reading(&["amount"])
                .written("|o| o.amount / width")
        })
        .aggregates()
        .written(&["sum(|o| o.tax)"])
        .sum(move |o| { o.tax })
        .finish(move |__key, ((), __slot0), __out| {
            __out.emit_parts((__key, __slot0))
        });
    let branches = orders
        .step(const {
            &::dataflow::Step {
                name: "branches",
                operator: "group_by → count",
                text: "|o| { let x = o.amount; if x < least { o.name } else { \"rest\" } }",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    {
                        let least = least.__capture();
                        move |o, __key| {
                            {
                                let x = o.amount;
                                if x < least {
                                    __key.emit(o.name)
                                } else {
                                    __key.emit("rest")
                                }
                            }
                        }
                    },
                )
                .reading(&["amount", "name"])
                .written(
                    "|o| { let x = o.amount; if x < least { o.name } else { \"rest\" } }",
                )
        })
        .count();
    let parts = orders
        .step(const {
            &::dataflow::Step {
                name: "parts",
                operator: "distinct_by",
                text: "|(a, b)| (a, b.len())",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .distinct_by(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    move |(a, b), __key| { __key.emit((a, b.len())) },
                )
                .reading(&["0", "1"])
                .written("|(a, b)| (a, b.len())")
        });
    {
        let _scope = ::dataflow::scope("keep");
        keep(
            plain.clone(),
            whole.clone(),
            widths.clone(),
            branches.clone(),
            parts.clone(),
        )
    };
    orders
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → count",
                text: "|o| o.day.month()",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    move |o, __key| { __key.emit(o.day.month()) },
                )
                .reading(&["day"])
                .written("|o| o.day.month()")
        })
        .count()
}
///
/// # Plan
/// ```text
/// named = orders
///     join(items) on(|o| o.id, |i| i.code.trim()) map(|o, i| (o.day, i.price))
/// keep(..)
/// orders
///     semi_join(items) on(|o| o.day.month(), |i| i.month)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn joins(orders: DataSet<Order>, items: DataSet<Item>) -> DataSet<Order> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("joins");
    let orders = ::dataflow::__private::of_records(orders);
    let items = ::dataflow::__private::of_records(items);
    let named = orders
        .step(const {
            &::dataflow::Step {
                name: "named",
                operator: "join → map",
                text: "items → |o| o.id, |i| i.code.trim() → |o, i| (o.day, i.price)",
                reads: &[
                    ::dataflow::Reads::Fields(&["day"]),
                    ::dataflow::Reads::Fields(&["price"]),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "day",
                    },
                    ::dataflow::Forward::Field {
                        to: "1",
                        record: 1,
                        from: "price",
                    },
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .join(items.clone())
        .on(
            |o| o.id,
            |__symbols| ::dataflow::__private::matched_key(
                ::dataflow::__private::key_at(
                    ::dataflow::Symbols::computed(
                            __symbols,
                            move |i, __key| { __key.emit(i.code.trim()) },
                        )
                        .reading(&["code"])
                        .written("|i| i.code.trim()"),
                ),
            ),
        )
        .process(move |o, i, __out| { __out.emit_parts((o.day, i.price)) });
    {
        let _scope = ::dataflow::scope("keep");
        keep(named.clone())
    };
    orders
        .step(const {
            &::dataflow::Step {
                name: "semi_join",
                operator: "semi_join",
                text: "items → |o| o.day.month(), |i| i.month",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .semi_join(items.clone())
        .on(
            |__symbols| {
                ::dataflow::Symbols::computed(
                        __symbols,
                        move |o, __key| { __key.emit(o.day.month()) },
                    )
                    .reading(&["day"])
                    .written("|o| o.day.month()")
            },
            |i| ::dataflow::__private::matched_key(i.month),
        )
}
///
/// # Plan
/// ```text
/// plain = items
///     sort(|i| (desc(i.price), i.id))
/// one = items
///     top(3, |i| desc(i.price * i.count))
/// ascending = items
///     sort_partition(|i| i.name.len())
/// keep(..)
/// items
///     group_by(|i| i.id) sorted_by(|i| { let net = i.price - i.tax; (desc(net), i.id) }) first(1)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn orders(items: DataSet<Item>) -> DataSet<Item> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("orders");
    let items = ::dataflow::__private::of_records(items);
    let plain = items
        .step(const {
            &::dataflow::Step {
                name: "plain",
                operator: "sort",
                text: "|i| (desc(i.price), i.id)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sort(|i| (desc(i.price), i.id));
    let one = items
        .step(const {
            &::dataflow::Step {
                name: "one",
                operator: "top",
                text: "3, |i| desc(i.price * i.count)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .top(
            3,
            |__symbols| {
                ::dataflow::Symbols::computed(
                        __symbols,
                        move |i, __key| {
                            __key
                                .emit(
                                    (match (i.price, i.count) {
                                        (__left, __right) => {
                                            ::dataflow::__private::Operands(&__left, &__right)
                                                .mul("i.price * i.count");
                                            __left * __right
                                        }
                                    }),
                                )
                        },
                    )
                    .reading(&["count", "price"])
                    .written("|i| i.price * i.count")
                    .order(|__parts| desc(__parts))
            },
        );
    let ascending = items
        .step(const {
            &::dataflow::Step {
                name: "ascending",
                operator: "sort_partition",
                text: "|i| i.name.len()",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .sort_partition(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    move |i, __key| { __key.emit(i.name.len()) },
                )
                .reading(&["name"])
                .written("|i| i.name.len()")
        });
    {
        let _scope = ::dataflow::scope("keep");
        keep(plain.clone(), one.clone(), ascending.clone())
    };
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → sorted_by → first",
                text: "|i| i.id → |i| { let net = i.price - i.tax; (desc(net), i.id) } → 1",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|i| i.id)
        .sorted_by(|__symbols| {
            ::dataflow::Symbols::computed(
                    __symbols,
                    move |i, __key| {
                        {
                            let net = (match (i.price, i.tax) {
                                (__left, __right) => {
                                    ::dataflow::__private::Operands(&__left, &__right)
                                        .sub("i.price - i.tax");
                                    __left - __right
                                }
                            });
                            __key.emit((net, i.id))
                        }
                    },
                )
                .reading(&["id", "price", "tax"])
                .written("|i| { let net = i.price - i.tax; (net, i.id) }")
                .order(|__parts| (desc(__parts.0), __parts.1))
        })
        .first(1)
}

///
/// # Plan
/// ```text
/// building = customers
///     filter(|c| c.mktsegment == segment)
/// open = orders
///     filter(|o| o.orderdate < day)
///     semi_join(building) on(|o| o.custkey, |c| c.custkey)
/// items
///     filter(|l| l.shipdate > day)
///     join(open) on(|l| l.orderkey, |o| o.orderkey) map(|l, o| Revenue { orderkey: o.orderkey, orderdate: o.orderda…
///     group_by(|r| (r.orderkey, r.orderdate)) sum(|r| r.revenue)
///     top(10, |r| (desc(r.revenue), asc(r.orderdate)))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn shipping_priority(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    segment: String,
    day: Date,
) -> DataSet<Revenue> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("shipping_priority");
    let customers = ::dataflow::__private::of_records(customers);
    let orders = ::dataflow::__private::of_records(orders);
    let items = ::dataflow::__private::of_records(items);
    let building = customers
        .step(const {
            &::dataflow::Step {
                name: "building",
                operator: "filter",
                text: "|c| c.mktsegment == segment",
                reads: &[::dataflow::Reads::Fields(&["mktsegment"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|c| ::dataflow::__private::Of(&(&c.mktsegment, &segment)).__plain())
        .bounded("mktsegment", ::dataflow::Comparison::Equal, &segment)
        .filter({
            let segment = segment.__capture();
            move |c| { c.mktsegment == segment }
        });
    let open = orders
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|o| o.orderdate < day",
                reads: &[::dataflow::Reads::Fields(&["orderdate"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|o| ::dataflow::__private::Of(&(&o.orderdate, &day)).__plain())
        .bounded("orderdate", ::dataflow::Comparison::Less, &day)
        .filter({
            let day = day.__capture();
            move |o| { o.orderdate < day }
        })
        .step(const {
            &::dataflow::Step {
                name: "open",
                operator: "semi_join",
                text: "building → |o| o.custkey, |c| c.custkey",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .semi_join(building.clone())
        .on(|o| o.custkey, |c| ::dataflow::__private::matched_key(c.custkey));
    items
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| l.shipdate > day",
                reads: &[::dataflow::Reads::Fields(&["shipdate"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&(&l.shipdate, &day)).__plain())
        .bounded("shipdate", ::dataflow::Comparison::Greater, &day)
        .filter({
            let day = day.__capture();
            move |l| { l.shipdate > day }
        })
        .step(const {
            &::dataflow::Step {
                name: "join",
                operator: "join → map",
                text: "open → |l| l.orderkey, |o| o.orderkey → |l, o| Revenue { orderkey: o.orderkey, orderdate: o.orderdate, revenue: l.exten…",
                reads: &[
                    ::dataflow::Reads::Fields(&["discount", "extendedprice"]),
                    ::dataflow::Reads::Fields(&["orderdate", "orderkey"]),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "orderkey",
                        record: 1,
                        from: "orderkey",
                    },
                    ::dataflow::Forward::Field {
                        to: "orderdate",
                        record: 1,
                        from: "orderdate",
                    },
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .join(open.clone())
        .on(|l| l.orderkey, |o| ::dataflow::__private::matched_key(o.orderkey))
        .process(move |l, o, __out| {
            __out
                .emit(
                    ::dataflow::__private::fieldwise(Revenue {
                        orderkey: o.orderkey,
                        orderdate: o.orderdate,
                        revenue: (match (
                            l.extendedprice,
                            ((match (1, l.discount) {
                                (__left, __right) => {
                                    ::dataflow::__private::Operands(&__left, &__right)
                                        .sub("1 - l.discount");
                                    __left - __right
                                }
                            })),
                        ) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .mul("l.extendedprice * (1 - l.discount)");
                                __left * __right
                            }
                        }),
                    }),
                )
        })
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → sum",
                text: "|r| (r.orderkey, r.orderdate) → |r| r.revenue",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|r| (r.orderkey, r.orderdate))
        .covering({
            fn __covers<__Record: ::dataflow::__private::Record>(
                _: ::core::marker::PhantomData<__Record>,
            ) {
                const {
                    ::dataflow::__private::must_cover(
                        <__Record as ::dataflow::__private::Record>::TYPE,
                        &[&["orderkey"], &["orderdate"], &["revenue"]],
                    )
                }
            }
            __covers
        })
        .sum(|r| r.revenue)
        .step(const {
            &::dataflow::Step {
                name: "top",
                operator: "top",
                text: "10, |r| (desc(r.revenue), asc(r.orderdate))",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .top(10, |r| (desc(r.revenue), asc(r.orderdate)))
}
///
/// # Plan
/// ```text
/// same = left
///     join(right) on(|a| a.id, |b| b.id) filter(|a, b| a.n > b.n) filter_map(|a, b| a.pair(b))
/// other = same
///     join(right.filter(|r| r.n > l)) on(|s| s.0, |r| r.id)
/// other
///     filter(|s, r| s.1 > r.n) filter(|(a, b), _| a > b) map(|x, y| (x.0, y.n + l)) filter(|p| p.0 > 3)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn filtered_pairs(left: DataSet<L>, right: DataSet<R>, l: u64) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("filtered_pairs");
    let left = ::dataflow::__private::of_records(left);
    let right = ::dataflow::__private::of_records(right);
    let same = left
        .step(const {
            &::dataflow::Step {
                name: "same",
                operator: "join → filter → filter_map",
                text: "right → |a| a.id, |b| b.id → |a, b| a.n > b.n → |a, b| a.pair(b)",
                reads: &[::dataflow::Reads::All, ::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .join(right.clone())
        .on(|a| a.id, |b| ::dataflow::__private::matched_key(b.id))
        .process(move |a, b, __out| {
            if a.n > b.n {
                if let ::core::option::Option::Some(__value) = ::dataflow::__private::option(
                    a.pair(b),
                ) {
                    __out.emit(__value)
                }
            }
        });
    let other = same
        .step(const {
            &::dataflow::Step {
                name: "other",
                operator: "join",
                text: "right.filter(|r| r.n > l) → |s| s.0, |r| r.id",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .join(
            right
                .step(const {
                    &::dataflow::Step {
                        name: "filter",
                        operator: "filter",
                        text: "|r| r.n > l",
                        reads: &[::dataflow::Reads::Fields(&["n"])],
                        moves: true,
                        ..::dataflow::Step::UNKNOWN
                    }
                })
                .proven(|r| ::dataflow::__private::Of(&(&r.n, &l)).__plain())
                .bounded("n", ::dataflow::Comparison::Greater, &l)
                .filter({
                    let l = l.__capture();
                    move |r| { r.n > l }
                }),
        )
        .on(|s| s.0, |r| ::dataflow::__private::matched_key(r.id));
    other
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter → filter → map → filter",
                text: "|s, r| s.1 > r.n → |(a, b), _| a > b → |x, y| (x.0, y.n + l) → |p| p.0 > 3",
                reads: &[
                    ::dataflow::Reads::Fields(&["0", "1"]),
                    ::dataflow::Reads::Fields(&["n"]),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "0",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&l).__plain())
        .process({
            let l = l.__capture();
            move |record0, record1, __out| {
                if ({
                    let s = record0;
                    let r = record1;
                    s.1 > r.n
                }) {
                    if ({
                        let (a, b) = record0;
                        let _ = record1;
                        a > b
                    }) {
                        {
                            let x = record0;
                            let y = record1;
                            match (
                                x.0,
                                (match (y.n, l) {
                                    (__left, __right) => {
                                        ::dataflow::__private::Operands(&__left, &__right)
                                            .add("y.n + l");
                                        __left + __right
                                    }
                                }),
                            ) {
                                value => {
                                    let p = ::dataflow::Value::twin(&value);
                                    if p.0 > 3 {
                                        __out.emit(p)
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
/// left
///     join(right) on(|a| a.id, |b| b.id)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn no_closure(left: DataSet<L>, right: DataSet<R>) -> Joined<L, R, Bounded> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("no_closure");
    let left = ::dataflow::__private::of_records(left);
    let right = ::dataflow::__private::of_records(right);
    left.step(const {
            &::dataflow::Step {
                name: "join",
                operator: "join",
                text: "right → |a| a.id, |b| b.id",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .join(right.clone())
        .on(|a| a.id, |b| ::dataflow::__private::matched_key(b.id))
}
///
/// # Plan
/// ```text
/// named = left
///     left_join(right) on(|a| a.id, |b| b.id) filter(|_, b| b.is_none()) map(|a, b| (a.n, b.map(|b| b.n)))
/// named
///     full_join(right) hint(Repartition) on_nulls_equal(|a| a.1, |b| b.m) map(|a, b| match b { Some(b) => (b.id, a.…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn missing_sides(left: DataSet<L>, right: DataSet<R>) -> DataSet<(u64, Option<u64>)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("missing_sides");
    let left = ::dataflow::__private::of_records(left);
    let right = ::dataflow::__private::of_records(right);
    let named = left
        .step(const {
            &::dataflow::Step {
                name: "named",
                operator: "left_join → filter → map",
                text: "right → |a| a.id, |b| b.id → |_, b| b.is_none() → |a, b| (a.n, b.map(|b| b.n))",
                reads: &[
                    ::dataflow::Reads::Fields(&["n"]),
                    ::dataflow::Reads::Fields(&["n"]),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "n",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .left_join(right.clone())
        .on(|a| a.id, |b| ::dataflow::__private::matched_key(b.id))
        .process(move |record0, record1, __out| {
            if ({
                let _ = record0;
                let b = record1;
                b.is_none()
            }) {
                {
                    let a = record0;
                    let b = record1;
                    __out.emit_parts((a.n, b.map(|b| b.n)))
                }
            }
        });
    named
        .step(const {
            &::dataflow::Step {
                name: "full_join",
                operator: "full_join → map",
                text: "right → Repartition → |a| a.1, |b| b.m → |a, b| match b { Some(b) => (b.id, a.map_or(None, |a| a.1)), None => (0, None)…",
                reads: &[
                    ::dataflow::Reads::Fields(&["1"]),
                    ::dataflow::Reads::Fields(&["id"]),
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .full_join(right.clone())
        .hint(Repartition)
        .on_nulls_equal(|a| a.1, |b| ::dataflow::__private::matched_key(b.m))
        .process(move |a, b, __out| {
            __out
                .emit(
                    match b {
                        Some(b) => (b.id, a.map_or(None, |a| a.1)),
                        None => (0, None),
                    },
                )
        })
}
///
/// # Plan
/// ```text
/// banded = sales
///     with_all(bands) filter(|s, bands| s.amount > least && !bands.is_empty()) map(|s, bands| band(s, bands))
/// banded
///     with_all(rates) init(|rates| Table::new(rates, least)) try_map(|s, table| table.look_up(s.day).map(|rate| (s.…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn in_bands(
    sales: DataSet<Sale>,
    bands: DataSet<Band>,
    rates: DataSet<Rate>,
    least: i64,
) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("in_bands");
    let sales = ::dataflow::__private::of_records(sales);
    let bands = ::dataflow::__private::of_records(bands);
    let rates = ::dataflow::__private::of_records(rates);
    let banded = {
        let __proven0 = ::dataflow::__private::Of(&least).__plain();
        sales
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|s, bands| s.amount > least",
                    reads: &[::dataflow::Reads::Fields(&["amount"])],
                    moves: true,
                    below: "with_all",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven0,
                ::dataflow::__private::Of(&__record.amount).__plain(),
            ))
            .bounded("amount", ::dataflow::Comparison::Greater, &least)
            .filter({
                let least = least.__capture();
                move |__record| { __record.amount > least }
            })
            .step(const {
                &::dataflow::Step {
                    name: "banded",
                    operator: "with_all → filter → map",
                    text: "bands → |s, bands| !bands.is_empty() → |s, bands| band(s, bands)",
                    reads: &[::dataflow::Reads::All, ::dataflow::Reads::All],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .with_all(bands.clone())
            .process({
                let least = least.__capture();
                move |s, bands, __out| {
                    if (::dataflow::__private::holds((
                        __proven0,
                        ::dataflow::__private::Of(&s.amount).__plain(),
                    )) || (s.amount > least)) && !bands.is_empty()
                    {
                        __out.emit(band(s, bands))
                    }
                }
            })
    };
    banded
        .step(const {
            &::dataflow::Step {
                name: "with_all",
                operator: "with_all → init → try_map",
                text: "rates → |rates| Table::new(rates, least) → |s, table| table.look_up(s.day).map(|rate| (s.id, rate))",
                reads: &[
                    ::dataflow::Reads::Fields(&["day", "id"]),
                    ::dataflow::Reads::All,
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .with_all(rates.clone())
        .init({
            let least = least.__capture();
            move |rates| Table::new(rates, least)
        })
        .try_process(move |s, table, __out| {
            __out
                .emit(
                    ::core::convert::identity::<
                        ::core::result::Result<_, _>,
                    >(table.look_up(s.day).map(|rate| (s.id, rate)))?,
                );
            ::core::result::Result::Ok(())
        })
}

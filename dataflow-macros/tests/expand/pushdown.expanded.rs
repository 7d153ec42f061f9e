///
/// # Plan
/// ```text
/// sales
///     map(|s| Row { id: s.order.id, twice: s.amount * 2, name: s.name }) filter(|r| r.id > least && r.twice > 10 &&…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn below_a_map(sales: DataSet<Sale>, least: u64) -> DataSet<Row> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("below_a_map");
    let sales = ::dataflow::__private::of_records(sales);
    {
        let __proven1 = ::dataflow::__private::Of(&least).__plain();
        sales
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.id > least",
                    reads: &[::dataflow::Reads::Fields(&["order.id"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.order.id).__plain(),
            ))
            .bounded("order.id", ::dataflow::Comparison::Greater, &least)
            .filter({
                let least = least.__capture();
                move |__record| { __record.order.id > least }
            })
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.name.starts_with(\"a\")",
                    reads: &[::dataflow::Reads::Fields(&["name"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.name).__several(),
            ))
            .filter(move |__record| { __record.name.starts_with("a") })
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.name != \"ab\"",
                    reads: &[::dataflow::Reads::Fields(&["name"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.name).__plain(),
            ))
            .filter(move |__record| { __record.name != "ab" })
            .step(const {
                &::dataflow::Step {
                    name: "map",
                    operator: "map → filter → map",
                    text: "|s| Row { id: s.order.id, twice: s.amount * 2, name: s.name } → |r| r.twice > 10 → |r| Row { twice: 0, ..r }",
                    reads: &[::dataflow::Reads::Fields(&["amount", "name", "order.id"])],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .process({
                let least = least.__capture();
                move |s, __out| {
                    match (Row {
                        id: s.order.id,
                        twice: (match (s.amount, 2) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .mul("s.amount * 2");
                                __left * __right
                            }
                        }),
                        name: s.name,
                    }) {
                        value => {
                            let r = ::dataflow::Value::twin(
                                ::dataflow::__private::fieldwise(&value),
                            );
                            if (::dataflow::__private::holds((
                                __proven1,
                                ::dataflow::__private::Of(&r.id).__plain(),
                            )) || (r.id > least)) && r.twice > 10
                                && (::dataflow::__private::holds((
                                    __proven1,
                                    ::dataflow::__private::Of(&r.name).__several(),
                                )) || (r.name.starts_with("a")))
                            {
                                match (Row { twice: 0, ..r }) {
                                    value => {
                                        let r = ::dataflow::Value::twin(
                                            ::dataflow::__private::fieldwise(&value),
                                        );
                                        if ::dataflow::__private::holds((
                                            __proven1,
                                            ::dataflow::__private::Of(&r.name).__plain(),
                                        )) || (r.name != "ab")
                                        {
                                            __out.emit(r)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            })
    }
}
///
/// # Plan
/// ```text
/// items
///     join(orders) on(|l| l.order, |o| o.id) filter(|l, o| l.shipped > day && (o.day < day || o.open) && l.price >…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn to_the_sides_of_a_join(
    items: DataSet<Item>,
    orders: DataSet<Order>,
    day: Date,
) -> DataSet<(u64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("to_the_sides_of_a_join");
    let items = ::dataflow::__private::of_records(items);
    let orders = ::dataflow::__private::of_records(orders);
    {
        let __proven0 = ::dataflow::__private::Of(&day).__plain();
        items
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|l, o| l.shipped > day",
                    reads: &[::dataflow::Reads::Fields(&["shipped"])],
                    moves: true,
                    below: "join",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven0,
                ::dataflow::__private::Of(&__record.shipped).__plain(),
            ))
            .bounded("shipped", ::dataflow::Comparison::Greater, &day)
            .filter({
                let day = day.__capture();
                move |__record| { __record.shipped > day }
            })
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|(id, price)| price > 3",
                    reads: &[::dataflow::Reads::Fields(&["price"])],
                    moves: true,
                    below: "join",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven0,
                ::dataflow::__private::Of(&__record.price).__plain(),
            ))
            .bounded("price", ::dataflow::Comparison::Greater, &3)
            .filter(move |__record| { __record.price > 3 })
            .step(const {
                &::dataflow::Step {
                    name: "join",
                    operator: "join → filter → map",
                    text: "orders → |l| l.order, |o| o.id → |l, o| l.price > o.price → |l, o| (o.id, l.price)",
                    reads: &[
                        ::dataflow::Reads::Fields(&["price"]),
                        ::dataflow::Reads::Fields(&["id", "price"]),
                    ],
                    forwards: &[
                        ::dataflow::Forward::Field {
                            to: "0",
                            record: 1,
                            from: "id",
                        },
                        ::dataflow::Forward::Field {
                            to: "1",
                            record: 0,
                            from: "price",
                        },
                    ],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .join(
                orders
                    .step(const {
                        &::dataflow::Step {
                            name: "filter",
                            operator: "filter",
                            text: "|l, o| o.day < day || o.open",
                            reads: &[::dataflow::Reads::Fields(&["day", "open"])],
                            moves: true,
                            below: "join",
                            ..::dataflow::Step::UNKNOWN
                        }
                    })
                    .proven(|__record| (
                        __proven0,
                        ::dataflow::__private::Of(&(&__record.day, &__record.open))
                            .__plain(),
                    ))
                    .filter({
                        let day = day.__capture();
                        move |__record| { __record.day < day || __record.open }
                    })
                    .step(const {
                        &::dataflow::Step {
                            name: "filter",
                            operator: "filter",
                            text: "|(id, price)| id != 7",
                            reads: &[::dataflow::Reads::Fields(&["id"])],
                            moves: true,
                            below: "join",
                            ..::dataflow::Step::UNKNOWN
                        }
                    })
                    .proven(|__record| (
                        __proven0,
                        ::dataflow::__private::Of(&__record.id).__plain(),
                    ))
                    .filter(move |__record| { __record.id != 7 }),
            )
            .on(|l| l.order, |o| ::dataflow::__private::matched_key(o.id))
            .process({
                let day = day.__capture();
                move |l, o, __out| {
                    if (::dataflow::__private::holds((
                        __proven0,
                        ::dataflow::__private::Of(&l.shipped).__plain(),
                    )) || (l.shipped > day))
                        && (::dataflow::__private::holds((
                            __proven0,
                            ::dataflow::__private::Of(&(&o.day, &o.open)).__plain(),
                        )) || (o.day < day || o.open)) && l.price > o.price
                    {
                        match (o.id, l.price) {
                            value => {
                                let __record0 = ::dataflow::Value::twin(&value);
                                if (::dataflow::__private::holds((
                                    __proven0,
                                    ::dataflow::__private::Of(&__record0.1).__plain(),
                                )) || (__record0.1 > 3))
                                    && (::dataflow::__private::holds((
                                        __proven0,
                                        ::dataflow::__private::Of(&__record0.0).__plain(),
                                    )) || (__record0.0 != 7))
                                {
                                    __out.emit(__record0)
                                }
                            }
                        }
                    }
                }
            })
    }
}
///
/// # Plan
/// ```text
/// items
///     map(|l| Item { price: l.price + 1, ..l })
///     left_join(orders) on(|l| l.order, |o| o.id) map(|l, o| (l.order, o.map(|o| o.id))) filter(|p| p.0 > 3) filter…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn below_an_outer_join(
    items: DataSet<Item>,
    orders: DataSet<Order>,
) -> DataSet<(u64, Option<u64>)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("below_an_outer_join");
    let items = ::dataflow::__private::of_records(items);
    let orders = ::dataflow::__private::of_records(orders);
    items
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map",
                text: "|l| Item { price: l.price + 1, ..l }",
                reads: &[::dataflow::Reads::All],
                forwards: &[
                    ::dataflow::Forward::Rest {
                        record: 0,
                        from: "",
                        named: &["price"],
                    },
                ],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |l, __out| {
            __out
                .emit(
                    ::dataflow::__private::fieldwise(Item {
                        price: (match (l.price, 1) {
                            (__left, __right) => {
                                ::dataflow::__private::Operands(&__left, &__right)
                                    .add("l.price + 1");
                                __left + __right
                            }
                        }),
                        ..l
                    }),
                )
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|p| p.0 > 3",
                reads: &[::dataflow::Reads::Fields(&["order"])],
                moves: true,
                below: "left_join",
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|__record| ::dataflow::__private::Of(&__record.order).__plain())
        .bounded("order", ::dataflow::Comparison::Greater, &3)
        .filter(move |__record| { __record.order > 3 })
        .step(const {
            &::dataflow::Step {
                name: "left_join",
                operator: "left_join → map → filter",
                text: "orders → |l| l.order, |o| o.id → |l, o| (l.order, o.map(|o| o.id)) → |p| p.1.is_none()",
                reads: &[
                    ::dataflow::Reads::Fields(&["order"]),
                    ::dataflow::Reads::Fields(&["id"]),
                ],
                forwards: &[
                    ::dataflow::Forward::Field {
                        to: "0",
                        record: 0,
                        from: "order",
                    },
                ],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .left_join(orders.clone())
        .on(|l| l.order, |o| ::dataflow::__private::matched_key(o.id))
        .process(move |l, o, __out| {
            match (l.order, o.map(|o| o.id)) {
                value => {
                    let p = ::dataflow::Value::twin(&value);
                    if ::dataflow::__private::holds(
                        ::dataflow::__private::Of(&p.0).__plain(),
                    ) || (p.0 > 3)
                    {
                        if p.1.is_none() {
                            __out.emit(p)
                        }
                    }
                }
            }
        })
}
/// Filters stay that may fail or would move past a side effect.
///
/// # Plan
/// ```text
/// guarded = sales
///     map(|s| Row { id: s.id, twice: s.amount }) filter(|r| r.id > 0 && 10 / r.id > least)
/// counted = sales
///     map(|s| { seen.add(1); Row { id: s.id, twice: 2 } }) filter(|r| r.id > 0)
/// checked = sales
///     try_map(|s| checked(s).map(|twice| Row { id: s.id, twice })) filter(|r| r.id > 0)
/// hidden = sales
///     map(|s| { let s = other(s); Row { id: s.id, twice: 1 } }) filter(|r| r.id > 0)
/// either = sales
///     map(|s| if s.old { Row { id: s.id, twice: 1 } } else { Row { id: s.other, twice: 1 } })
/// guarded
///     union(counted)
///     union(checked)
///     union(hidden)
///     union(either.filter(|r| r.id > 0))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn not_moved(sales: DataSet<Sale>, seen: Counter, least: u64) -> DataSet<Row> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("not_moved");
    let sales = ::dataflow::__private::of_records(sales);
    let guarded = {
        let __proven1 = ::dataflow::__private::Of(&least).__plain();
        sales
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.id > 0",
                    reads: &[::dataflow::Reads::Fields(&["id"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.id).__plain(),
            ))
            .bounded("id", ::dataflow::Comparison::Greater, &0)
            .filter(move |__record| { __record.id > 0 })
            .step(const {
                &::dataflow::Step {
                    name: "guarded",
                    operator: "map → filter",
                    text: "|s| Row { id: s.id, twice: s.amount } → |r| 10 / r.id > least",
                    reads: &[::dataflow::Reads::Fields(&["amount", "id"])],
                    forwards: &[
                        ::dataflow::Forward::Field {
                            to: "id",
                            record: 0,
                            from: "id",
                        },
                        ::dataflow::Forward::Field {
                            to: "twice",
                            record: 0,
                            from: "amount",
                        },
                    ],
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .captured(__proven1)
            .process({
                let least = least.__capture();
                move |s, __out| {
                    match (Row { id: s.id, twice: s.amount }) {
                        value => {
                            let r = ::dataflow::Value::twin(
                                ::dataflow::__private::fieldwise(&value),
                            );
                            if (::dataflow::__private::holds((
                                __proven1,
                                ::dataflow::__private::Of(&r.id).__plain(),
                            )) || (r.id > 0)) && 10 / r.id > least
                            {
                                __out.emit(r)
                            }
                        }
                    }
                }
            })
    };
    let counted = {
        let __proven1 = ::dataflow::__private::Of(&seen).__plain();
        sales
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.id > 0",
                    reads: &[::dataflow::Reads::Fields(&["id"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.id).__plain(),
            ))
            .bounded("id", ::dataflow::Comparison::Greater, &0)
            .filter(move |__record| { __record.id > 0 })
            .step(const {
                &::dataflow::Step {
                    name: "counted",
                    operator: "map",
                    text: "|s| { seen.add(1); Row { id: s.id, twice: 2 } }",
                    reads: &[::dataflow::Reads::Fields(&["id"])],
                    forwards: &[
                        ::dataflow::Forward::Field {
                            to: "id",
                            record: 0,
                            from: "id",
                        },
                    ],
                    maps: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .captured(__proven1)
            .process({
                let seen = seen.__capture();
                move |s, __out| {
                    {
                        seen.add(1);
                        match (Row { id: s.id, twice: 2 }) {
                            value => {
                                let r = ::dataflow::Value::twin(
                                    ::dataflow::__private::fieldwise(&value),
                                );
                                if ::dataflow::__private::holds((
                                    __proven1,
                                    ::dataflow::__private::Of(&r.id).__plain(),
                                )) || (r.id > 0)
                                {
                                    __out.emit(r)
                                }
                            }
                        }
                    }
                }
            })
    };
    let checked = sales
        .step(const {
            &::dataflow::Step {
                name: "checked",
                operator: "try_map → filter",
                text: "|s| checked(s).map(|twice| Row { id: s.id, twice }) → |r| r.id > 0",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .try_process(move |s, __out| {
            match ::core::convert::identity::<
                ::core::result::Result<_, _>,
            >(checked(s).map(|twice| Row { id: s.id, twice }))? {
                value => {
                    let r = ::dataflow::Value::twin(&value);
                    if r.id > 0 {
                        __out.emit(r)
                    }
                }
            };
            ::core::result::Result::Ok(())
        });
    let hidden = sales
        .step(const {
            &::dataflow::Step {
                name: "hidden",
                operator: "map → filter",
                text: "|s| { let s = other(s); Row { id: s.id, twice: 1 } } → |r| r.id > 0",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |s, __out| {
            {
                let s = other(s);
                match (Row { id: s.id, twice: 1 }) {
                    value => {
                        let r = ::dataflow::Value::twin(&value);
                        if r.id > 0 {
                            __out.emit(r)
                        }
                    }
                }
            }
        });
    let either = sales
        .step(const {
            &::dataflow::Step {
                name: "either",
                operator: "map",
                text: "|s| if s.old { Row { id: s.id, twice: 1 } } else { Row { id: s.other, twice: 1 } }",
                reads: &[::dataflow::Reads::Fields(&["id", "old", "other"])],
                maps: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |s, __out| {
            if s.old {
                __out.emit(Row { id: s.id, twice: 1 })
            } else {
                __out.emit(Row { id: s.other, twice: 1 })
            }
        });
    guarded
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "counted",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(counted.clone())
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "checked",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(checked.clone())
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "hidden",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(hidden.clone())
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "either.filter(|r| r.id > 0)",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(
            either
                .step(const {
                    &::dataflow::Step {
                        name: "filter",
                        operator: "filter",
                        text: "|r| r.id > 0",
                        reads: &[::dataflow::Reads::Fields(&["id"])],
                        moves: true,
                        ..::dataflow::Step::UNKNOWN
                    }
                })
                .proven(|r| ::dataflow::__private::Of(&r.id).__plain())
                .bounded("id", ::dataflow::Comparison::Greater, &0)
                .filter(move |r| { r.id > 0 }),
        )
}
/// Statement macros of the standard library bind no names. Printing is a side effect.
///
/// # Plan
/// ```text
/// checked = sales
///     map(|s| { assert!(s.amount > 0, "{}", s.id); Row { id: s.id, twice: s.amount } }) filter(|r| r.id > least)
/// shown = sales
///     map(|s| { println!("{}", s.id); Row { id: s.id, twice: s.amount } }) filter(|r| r.id > least)
/// checked
///     union(shown)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn after_statements(sales: DataSet<Sale>, least: u64) -> DataSet<Row> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("after_statements");
    let sales = ::dataflow::__private::of_records(sales);
    let checked = {
        let __proven1 = ::dataflow::__private::Of(&least).__plain();
        sales
            .step(const {
                &::dataflow::Step {
                    name: "filter",
                    operator: "filter",
                    text: "|r| r.id > least",
                    reads: &[::dataflow::Reads::Fields(&["id"])],
                    moves: true,
                    below: "map",
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .proven(|__record| (
                __proven1,
                ::dataflow::__private::Of(&__record.id).__plain(),
            ))
            .bounded("id", ::dataflow::Comparison::Greater, &least)
            .filter({
                let least = least.__capture();
                move |__record| { __record.id > least }
            })
            .step(const {
                &::dataflow::Step {
                    name: "checked",
                    operator: "map",
                    text: "|s| { assert!(s.amount > 0, \"{}\", s.id); Row { id: s.id, twice: s.amount } }",
                    reads: &[::dataflow::Reads::All],
                    forwards: &[
                        ::dataflow::Forward::Field {
                            to: "id",
                            record: 0,
                            from: "id",
                        },
                        ::dataflow::Forward::Field {
                            to: "twice",
                            record: 0,
                            from: "amount",
                        },
                    ],
                    maps: true,
                    ..::dataflow::Step::UNKNOWN
                }
            })
            .process({
                let least = least.__capture();
                move |s, __out| {
                    {
                        assert!(s.amount > 0, "{}", s.id);
                        match (Row { id: s.id, twice: s.amount }) {
                            value => {
                                let r = ::dataflow::Value::twin(
                                    ::dataflow::__private::fieldwise(&value),
                                );
                                if ::dataflow::__private::holds((
                                    __proven1,
                                    ::dataflow::__private::Of(&r.id).__plain(),
                                )) || (r.id > least)
                                {
                                    __out.emit(r)
                                }
                            }
                        }
                    }
                }
            })
    };
    let shown = sales
        .step(const {
            &::dataflow::Step {
                name: "shown",
                operator: "map → filter",
                text: "|s| { println!(\"{}\", s.id); Row { id: s.id, twice: s.amount } } → |r| r.id > least",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process({
            let least = least.__capture();
            move |s, __out| {
                {
                    println!("{}", s.id);
                    match (Row { id: s.id, twice: s.amount }) {
                        value => {
                            let r = ::dataflow::Value::twin(&value);
                            if r.id > least {
                                __out.emit(r)
                            }
                        }
                    }
                }
            }
        });
    checked
        .step(const {
            &::dataflow::Step {
                name: "union",
                operator: "union",
                text: "shown",
                reads: &[],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .union(shown.clone())
}

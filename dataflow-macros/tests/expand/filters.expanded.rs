///
/// # Plan
/// ```text
/// some = items
///     filter(|l| l.shipdate > day && 24 >= l.quantity && (5..=7).contains(&l.discount) && l.n > limit.n)
///     filter(|l| { let x = l.n; x > 3 && x < 7 })
/// some
///     filter(|(a, b)| a > 1 && b > 2)
///     filter(|l| day.is_past() && l.n != 0 && 10 / l.n > 2)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn conjuncts(items: DataSet<LineItem>, day: Date, limit: Limit) -> DataSet<LineItem> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("conjuncts");
    let items = ::dataflow::__private::of_records(items);
    let some = items
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
                name: "filter",
                operator: "filter",
                text: "|l| 24 >= l.quantity",
                reads: &[::dataflow::Reads::Fields(&["quantity"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l.quantity).__plain())
        .bounded("quantity", ::dataflow::Comparison::LessOrEqual, &24)
        .filter(move |l| { 24 >= l.quantity })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| (5..=7).contains(&l.discount)",
                reads: &[::dataflow::Reads::Fields(&["discount"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l.discount).__plain())
        .bounded("discount", ::dataflow::Comparison::GreaterOrEqual, &5)
        .bounded("discount", ::dataflow::Comparison::LessOrEqual, &7)
        .filter(move |l| { (5..=7).contains(&l.discount) })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| l.n > limit.n",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&(&l.n, &limit.n)).__plain())
        .filter({
            let limit = limit.__capture();
            move |l| { l.n > limit.n }
        })
        .step(const {
            &::dataflow::Step {
                name: "some",
                operator: "filter",
                text: "|l| { let x = l.n; x > 3 && x < 7 }",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter(move |l| {
            {
                let x = l.n;
                x > 3 && x < 7
            }
        });
    some.step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|(a, b)| a > 1",
                reads: &[::dataflow::Reads::Fields(&["0"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|__record0| ::dataflow::__private::Of(&__record0.0).__plain())
        .bounded("0", ::dataflow::Comparison::Greater, &1)
        .filter(move |__record0| { __record0.0 > 1 })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|(a, b)| b > 2",
                reads: &[::dataflow::Reads::Fields(&["1"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|__record0| ::dataflow::__private::Of(&__record0.1).__plain())
        .bounded("1", ::dataflow::Comparison::Greater, &2)
        .filter(move |__record0| { __record0.1 > 2 })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| day.is_past()",
                reads: &[::dataflow::Reads::Fields(&[])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .captured(::dataflow::__private::Of(&day).__plain())
        .filter({
            let day = day.__capture();
            move |_| { day.is_past() }
        })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| l.n != 0",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                moves: true,
                ..::dataflow::Step::UNKNOWN
            }
        })
        .proven(|l| ::dataflow::__private::Of(&l.n).__plain())
        .filter(move |l| { l.n != 0 })
        .step(const {
            &::dataflow::Step {
                name: "filter",
                operator: "filter",
                text: "|l| 10 / l.n > 2",
                reads: &[::dataflow::Reads::Fields(&["n"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .filter(move |l| { 10 / l.n > 2 })
}
///
/// # Plan
/// ```text
/// items
///     map(|l| LineItem { n: l.n + 1, ..l }) filter(|l| l == LineItem { n: 1 }) map(|l| l)
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn conditions(items: DataSet<LineItem>) -> DataSet<LineItem> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("conditions");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "map",
                operator: "map → filter → map",
                text: "|l| LineItem { n: l.n + 1, ..l } → |l| l == LineItem { n: 1 } → |l| l",
                reads: &[::dataflow::Reads::All],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .process(move |l, __out| {
            match (LineItem {
                n: (match (l.n, 1) {
                    (__left, __right) => {
                        ::dataflow::__private::Operands(&__left, &__right)
                            .add("l.n + 1");
                        __left + __right
                    }
                }),
                ..l
            }) {
                value => {
                    let l = ::dataflow::Value::twin(&value);
                    if (l == LineItem { n: 1 }) {
                        __out.emit(l)
                    }
                }
            }
        })
}

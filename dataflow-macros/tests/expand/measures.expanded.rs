///
/// # Plan
/// ```text
/// items
///     group_by(|l| l.partkey) aggregate(|g| (g.sum(|l| l.price), g.avg(|l| l.price), g.avg(|l| l.tax), g.count()))
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn shared_sums(items: DataSet<LineItem>) -> DataSet<(u64, f64, f64, u64)> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("shared_sums");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| l.partkey → |g| (g.sum(|l| l.price), g.avg(|l| l.price), g.avg(|l| l.tax), g.count())",
                reads: &[::dataflow::Reads::Fields(&["price", "tax"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey)
        .aggregates()
        .written(&["sum(|l| l.price)", "avg(|l| l.tax)", "count()"])
        .sum_parts(move |l| { l.price })
        .avg(move |l| { l.tax })
        .count()
        .finish(move |_, ((((), __slot0), __slot2), __slot3), __out| {
            let (__slot1, __slot0) = (__slot0.mean(__slot3), __slot0.sum());
            __out.emit_parts((__slot0, __slot1, __slot2, __slot3))
        })
}
///
/// # Plan
/// ```text
/// items
///     group_by(|l| l.partkey) aggregate(|g| Parts { first_day: g.min(|l| l.day), name: g.max(|(name, _)| name), dea…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn fields_and_closures(items: DataSet<LineItem>, rate: u64) -> DataSet<Parts> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("fields_and_closures");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| l.partkey → |g| Parts { first_day: g.min(|l| l.day), name: g.max(|(name, _)| name), dearest: g.max(|l| l.price * ra…",
                reads: &[::dataflow::Reads::Fields(&["0", "comment", "day", "price"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey)
        .aggregates()
        .written(
            &[
                "min(|l| l.day)",
                "max(|(name, _)| name)",
                "max(|l| l.price * rate)",
                "count(|l| l.comment)",
                "count()",
                "stddev(|l| l.price)",
            ],
        )
        .min_field(|l| l.day, move |l, _| { l.day })
        .max_field(|(name, _)| name, move |(name, _), _| { name })
        .max({
            let rate = rate.__capture();
            move |l| {
                (match (l.price, rate) {
                    (__left, __right) => {
                        ::dataflow::__private::Operands(&__left, &__right)
                            .mul("l.price * rate");
                        __left * __right
                    }
                })
            }
        })
        .count_if(move |l| ::core::option::Option::is_some(&{ l.comment }))
        .count()
        .stddev(move |l| { l.price })
        .finish(move |
            _,
            (((((((), __slot0), __slot1), __slot2), __slot3), __slot4), __slot5),
            __out|
        {
            __out
                .emit(Parts {
                    first_day: __slot0,
                    name: __slot1,
                    dearest: __slot2,
                    commented: __slot3,
                    n: __slot4,
                    spread: __slot5,
                })
        })
}
///
/// # Plan
/// ```text
/// items
///     group_by(|l| l.partkey) aggregate(|g| Parts { name: g.first(|l| l.name), median: g.median(|l| l.price * rate)…
/// ```
#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
fn quantiles(items: DataSet<LineItem>, share: f64, rate: u64) -> DataSet<Parts> {
    #[allow(unused_imports)]
    use ::dataflow::__private::copying::*;
    let _scope = ::dataflow::scope("quantiles");
    let items = ::dataflow::__private::of_records(items);
    items
        .step(const {
            &::dataflow::Step {
                name: "group_by",
                operator: "group_by → aggregate",
                text: "|l| l.partkey → |g| Parts { name: g.first(|l| l.name), median: g.median(|l| l.price * rate), high: g.percentile(share,…",
                reads: &[::dataflow::Reads::Fields(&["name", "price", "tax"])],
                ..::dataflow::Step::UNKNOWN
            }
        })
        .group_by(|l| l.partkey)
        .aggregates()
        .written(
            &[
                "first(|l| l.name)",
                "median(|l| l.price * rate)",
                "percentile(0.1, |l| l.tax)",
                "count()",
            ],
        )
        .first_seen(|l| l.name, move |l, _| { l.name })
        .quantiles(
            [
                0.5,
                {
                    let share = share.__capture();
                    share
                },
            ],
            {
                let rate = rate.__capture();
                move |l| {
                    (match (l.price, rate) {
                        (__left, __right) => {
                            ::dataflow::__private::Operands(&__left, &__right)
                                .mul("l.price * rate");
                            __left * __right
                        }
                    })
                }
            },
        )
        .quantiles([0.1], move |l| { l.tax })
        .count()
        .finish_groups(move |_, (((((), __slot0), __slot1), __slot3), __slot4), __out| {
            let [__slot1, __slot2] = __slot1;
            let [__slot3] = __slot3;
            __out
                .emit(Parts {
                    name: __slot0,
                    median: __slot1,
                    high: __slot2,
                    other: __slot3,
                    n: __slot4,
                })
        })
}

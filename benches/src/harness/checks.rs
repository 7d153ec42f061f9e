//! Conditions for a meaningful measurement.

use super::compare::difference;
use super::{Answered, Check, Failure, Measurement, RowOrder, Spread};
use crate::protocol::PROCESSOR_SECONDS;
use crate::systems::Role;

/// The geometric mean of our times relative to an earlier commit may be at most this. Runs differ
/// by a few percent.
const MAX_RATIO_TO_EARLIER: f64 = 1.03;

/// Checks that all systems returned the same rows in every case, or in all cases if they are
/// `the_same`. The first answer is the reference.
pub(crate) fn answers_agree(
    answers: &[Answered],
    the_same: impl Fn(&str, &str) -> bool,
    order_of: impl Fn(&str) -> RowOrder,
) -> Check {
    let mut differences = Vec::new();
    let mut compared = 0;
    for (position, answer) in answers.iter().enumerate() {
        let reference = answers.iter().position(|other| the_same(other.case, answer.case)).unwrap_or(position);
        if answer.rows != answer.text.lines().count() as u64 {
            differences.push(format!("{} on {}: rows reported and rows written differ", answer.system, answer.case));
        }
        if reference == position {
            continue;
        }
        compared += 1;
        let reference = &answers[reference];
        if let Some(found) = difference(&reference.text, &answer.text, order_of(answer.case)) {
            let (system, case) = (answer.system, answer.case);
            differences.push(match reference.case == case {
                true => format!("{system} against {} on {case}: {found}", reference.system),
                false => format!("{system} on {case} against {} on {}: {found}", reference.system, reference.case),
            });
        }
    }
    let detail = match differences.is_empty() {
        true => format!("{compared} comparisons"),
        false => differences.join("; "),
    };
    Check { name: "answers agree".to_owned(), ok: differences.is_empty(), detail }
}

/// Checks that the limit of each case takes at most `share` of the best peer's time. A slower limit
/// is no useful reference.
pub(crate) fn check_limits(measured: &[Measurement], role_of: impl Fn(&str) -> Role, share: f64) -> Vec<Check> {
    let limits = measured.iter().filter(|measurement| role_of(measurement.system) == Role::Limit);
    let checks = limits.filter_map(|limit| {
        let peers = measured.iter().filter(|other| other.case == limit.case && role_of(other.system) == Role::Peer);
        let best = peers.min_by(|left, right| left.seconds.median.total_cmp(&right.seconds.median))?;
        let ratio = limit.seconds.median / best.seconds.median;
        Some(Check {
            name: format!("the limit of {} is one", limit.case),
            ok: ratio <= share,
            detail: format!("{ratio:.3} of the time of {}, {share} allowed", best.system),
        })
    });
    checks.collect()
}

/// A ratio to reach.
#[derive(Debug)]
pub(crate) struct Aim {
    /// The measured case.
    pub(crate) case: &'static str,
    /// The system to compare with.
    pub(crate) against: &'static str,
    /// Our time may be at most this multiple of its time.
    pub(crate) at_most: f64,
}

/// Checks that our time stays within each aim whose other system was measured.
pub(crate) fn aims_hold(measured: &[Measurement], aims: &[Aim]) -> Vec<Check> {
    let seconds = |system: &str, case: &str| {
        let found = measured.iter().find(|found| (found.system, found.case) == (system, case));
        found.map(|found| found.seconds.median)
    };
    let check = |&Aim { case, against, at_most }: &Aim| {
        let other = seconds(against, case)?;
        let ratio = seconds("ours", case).map(|ours| ours / other);
        let detail = ratio.map_or_else(|| "ours failed".to_owned(), |ratio| format!("{ratio:.3}"));
        let name = format!("{case}: ours takes at most {at_most} of the time of {against}");
        Some(Check { name, ok: ratio.is_some_and(|ratio| ratio <= at_most), detail })
    };
    aims.iter().filter_map(check).collect()
}

/// Compares our times with those of an earlier commit, for each case in seconds and in processor
/// seconds.
pub(crate) fn compare_with_earlier(measured: &[Measurement], earlier: &str) -> Option<Check> {
    let ratios = |of: fn(&Measurement) -> Option<f64>| -> Vec<(&str, f64)> {
        let ours = measured.iter().filter(|measurement| measurement.system == "ours");
        let ratio = |ours: &Measurement| {
            let other = measured.iter().find(|other| (other.system, other.case) == (earlier, ours.case))?;
            Some((ours.case, of(ours)? / of(other)?))
        };
        ours.filter_map(ratio).collect()
    };
    let wall = ratios(|measurement| Some(measurement.seconds.median));
    let processor = ratios(|measurement| Some(Spread::of(measurement.figure(PROCESSOR_SECONDS))?.median));
    if wall.is_empty() {
        return None;
    }
    for ((case, wall), (_, processor)) in wall.iter().zip(&processor) {
        println!("{case}: ours / {earlier} {wall:.2}, in processor seconds {processor:.2}");
    }
    let mean = geometric_mean(&wall);
    Some(Check {
        name: format!("ours takes on the geometric mean at most {MAX_RATIO_TO_EARLIER} of the time of {earlier}"),
        ok: mean <= MAX_RATIO_TO_EARLIER,
        detail: format!("{mean:.3}, in processor seconds {:.3}", geometric_mean(&processor)),
    })
}

fn geometric_mean(ratios: &[(&str, f64)]) -> f64 {
    (ratios.iter().map(|(_, ratio)| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

/// Compares our times with those of the best peer of each case: the geometric mean and the worst
/// ratio.
pub(crate) fn compare_with_best_peer(
    measured: &[Measurement],
    role_of: impl Fn(&str) -> Role,
    mean_aim: Option<f64>,
    worst_aim: Option<f64>,
) -> Vec<Check> {
    let by_best = |ours: &Measurement| {
        let peers = measured.iter().filter(|other| other.case == ours.case && role_of(other.system) == Role::Peer);
        let best = peers.map(|peer| peer.seconds.median).min_by(f64::total_cmp)?;
        Some((ours.case, ours.seconds.median / best))
    };
    let ours = measured.iter().filter(|measurement| measurement.system == "ours");
    let ratios: Vec<(&str, f64)> = ours.filter_map(by_best).collect();
    if ratios.is_empty() {
        return Vec::new();
    }
    let mean = geometric_mean(&ratios);
    let mean_check = mean_aim.map(|at_most| Check {
        name: format!("ours takes on the geometric mean at most {at_most} of the best peer's time"),
        ok: mean <= at_most,
        detail: format!("{mean:.3}"),
    });
    let worst_check = worst_aim.map(|at_most| {
        let beyond = ratios.iter().filter(|(_, ratio)| *ratio > at_most);
        let beyond: Vec<_> = beyond.map(|(case, ratio)| format!("{case} {ratio:.2}")).collect();
        let detail = if beyond.is_empty() { "all of them".to_owned() } else { beyond.join(", ") };
        let name = format!("ours takes in no case more than {at_most} of the best peer's time");
        Check { name, ok: beyond.is_empty(), detail }
    });
    mean_check.into_iter().chain(worst_check).collect()
}

/// Checks that no system failed, except where `may_fail` allows it.
pub(crate) fn nothing_failed(failures: &[Failure], may_fail: impl Fn(&Failure) -> bool) -> Check {
    let failed: Vec<_> = failures
        .iter()
        .filter(|failure| !may_fail(failure))
        .map(|Failure { system, case, .. }| format!("{system} on {case}"))
        .collect();
    let detail = if failed.is_empty() { "all of them".to_owned() } else { format!("failed: {}", failed.join(", ")) };
    Check { name: "cases are answered".to_owned(), ok: failed.is_empty(), detail }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn answered(system: &'static str, text: &str) -> Answered {
        Answered { system, case: "q1", rows: text.lines().count() as u64, text: text.to_owned() }
    }

    #[test]
    fn one_wrong_answer_fails_the_check_and_is_named() {
        let good = [answered("duckdb", "a\t1\nb\t2"), answered("polars", "b\t2.0\na\t1.0")];
        assert!(answers_agree(&good, by_case, |_| RowOrder::Any).ok);
        assert!(!answers_agree(&good, by_case, |_| RowOrder::Given).ok);
        let bad = [answered("duckdb", "a\t1"), answered("polars", "a\t1"), answered("timely", "a\t2")];
        let check = answers_agree(&bad, by_case, |_| RowOrder::Any);
        assert!(!check.ok);
        assert_eq!(check.detail, "timely against duckdb on q1: row 1 is `a | 2` instead of `a | 1`");
    }

    fn by_case(one: &str, other: &str) -> bool {
        one == other
    }

    #[test]
    fn cases_with_the_same_answer_are_compared() {
        let mut answers = [answered("ours", "a\t1"), answered("ours", "a\t2")];
        answers[1].case = "q2";
        assert!(answers_agree(&answers, by_case, |_| RowOrder::Any).ok);
        let check = answers_agree(&answers, |_, _| true, |_| RowOrder::Any);
        assert_eq!(check.detail, "ours on q2 against ours on q1: row 1 is `a | 2` instead of `a | 1`");
    }

    #[test]
    fn a_build_slower_than_the_earlier_one_fails_its_check() {
        let of = |system, seconds: f64| {
            let figures = BTreeMap::from([(PROCESSOR_SECONDS.to_owned(), vec![2.0 * seconds])]);
            let seconds = Spread { median: seconds, min: seconds, max: seconds };
            Measurement { system, case: "q1", seconds, runs: 5, peak_rss_mib: 0, figures }
        };
        assert!(compare_with_earlier(&[of("ours", 1.0), of("limit", 1.0)], "earlier").is_none());
        assert!(compare_with_earlier(&[of("ours", 1.0), of("earlier", 1.0)], "earlier").unwrap().ok);
        let slower = compare_with_earlier(&[of("ours", 1.1), of("earlier", 1.0)], "earlier").unwrap();
        assert_eq!((slower.ok, slower.detail.as_str()), (false, "1.100, in processor seconds 1.100"));
    }

    #[test]
    fn reported_rows_must_equal_written_rows() {
        let mut answer = answered("duckdb", "a\t1");
        answer.rows = 2;
        assert!(!answers_agree(&[answer], by_case, |_| RowOrder::Any).ok);
    }

    fn measured(system: &'static str, median: f64) -> Measurement {
        let seconds = Spread { median, min: median, max: median };
        Measurement { system, case: "word_count", seconds, runs: 5, peak_rss_mib: 1, figures: BTreeMap::new() }
    }

    #[test]
    fn an_aim_is_missed_by_slowness_or_our_failure() {
        let aims = [Aim { case: "word_count", against: "duckdb", at_most: 0.5 }];
        let with_ours = |seconds| [measured("duckdb", 4.0), measured("ours", seconds)];
        assert!(aims_hold(&with_ours(1.9), &aims)[0].ok);
        assert!(!aims_hold(&with_ours(2.1), &aims)[0].ok);
        assert!(!aims_hold(&with_ours(1.9)[..1], &aims)[0].ok);
        assert!(aims_hold(&with_ours(9.0)[1..], &aims).is_empty());
    }

    #[test]
    fn a_failure_counts_unless_it_is_allowed() {
        let failure = Failure { case: "q1".to_owned(), system: "polars".to_owned(), message: "no".to_owned() };
        assert!(nothing_failed(&[], |_| false).ok);
        assert!(nothing_failed(std::slice::from_ref(&failure), |failure| failure.system == "polars").ok);
        assert_eq!(nothing_failed(&[failure], |_| false).detail, "failed: polars on q1");
    }

    #[test]
    fn a_slow_limit_fails_against_the_best_peer() {
        let role = |system: &str| if system == "limit" { Role::Limit } else { Role::Peer };
        let with_limit = |seconds| [measured("limit", seconds), measured("duckdb", 4.0), measured("timely", 8.0)];
        assert!(check_limits(&with_limit(0.9), role, 0.25)[0].ok);
        assert!(!check_limits(&with_limit(1.1), role, 0.25)[0].ok);
        assert!(check_limits(&with_limit(0.9)[..1], role, 0.25).is_empty());
    }

    #[test]
    fn mean_and_worst_compare_with_the_best_peer_per_case() {
        let all = [measured("duckdb", 4.0), measured("polars", 2.0), measured("ours", 3.0)];
        let role = |system: &str| if system == "ours" { Role::Ours } else { Role::Peer };
        let checks =
            |mean, worst| compare_with_best_peer(&all, role, Some(mean), Some(worst)).into_iter().map(|check| check.ok);
        assert!(checks(1.5, 1.4).eq([true, false]));
        assert!(checks(1.4, 1.5).eq([false, true]));
        assert!(compare_with_best_peer(&all[..2], role, Some(1.0), Some(1.0)).is_empty());
    }
}

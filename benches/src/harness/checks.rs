//! What must hold for a measurement to mean anything.

use super::compare::difference;
use super::{Answered, Check, Measurement, RowOrder};
use crate::systems::Role;

/// All systems gave the same rows in every case; the first system of a case is the one the others are compared with.
pub(crate) fn answers_agree(answers: &[Answered], order_of: impl Fn(&str) -> RowOrder) -> Check {
    let mut differences = Vec::new();
    let mut compared = 0;
    for (position, answer) in answers.iter().enumerate() {
        let reference = answers.iter().position(|other| other.case == answer.case).unwrap_or(position);
        if answer.rows != answer.text.lines().count() as u64 {
            differences.push(format!("{} on {}: rows reported and rows written differ", answer.system, answer.case));
        }
        if reference == position {
            continue;
        }
        compared += 1;
        let reference = &answers[reference];
        if let Some(found) = difference(&reference.text, &answer.text, order_of(answer.case)) {
            differences.push(format!("{} against {} on {}: {found}", answer.system, reference.system, answer.case));
        }
    }
    let detail = match differences.is_empty() {
        true => format!("{compared} comparisons"),
        false => differences.join("; "),
    };
    Check { name: "answers agree".to_owned(), ok: differences.is_empty(), detail }
}

/// The limit of each case takes at most `share` of the best peer's time; otherwise it is no limit to measure against.
pub(crate) fn limit_is_a_limit(measured: &[Measurement], role_of: impl Fn(&str) -> Role, share: f64) -> Vec<Check> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Spread;

    fn answered(system: &'static str, text: &str) -> Answered {
        Answered { system, case: "q1", rows: text.lines().count() as u64, text: text.to_owned() }
    }

    #[test]
    fn one_wrong_answer_fails_the_check_and_is_named() {
        let good = [answered("duckdb", "a\t1\nb\t2"), answered("polars", "b\t2.0\na\t1.0")];
        assert!(answers_agree(&good, |_| RowOrder::Any).ok);
        assert!(!answers_agree(&good, |_| RowOrder::Given).ok);
        let bad = [answered("duckdb", "a\t1"), answered("polars", "a\t1"), answered("timely", "a\t2")];
        let check = answers_agree(&bad, |_| RowOrder::Any);
        assert!(!check.ok);
        assert_eq!(check.detail, "timely against duckdb on q1: row 1 is `a | 2` instead of `a | 1`");
    }

    #[test]
    fn rows_reported_must_be_rows_written() {
        let mut answer = answered("duckdb", "a\t1");
        answer.rows = 2;
        assert!(!answers_agree(&[answer], |_| RowOrder::Any).ok);
    }

    fn measured(system: &'static str, median: f64) -> Measurement {
        let seconds = Spread { median, min: median, max: median };
        Measurement { system, case: "word_count", seconds, runs: 5, peak_rss_mib: 1 }
    }

    #[test]
    fn a_slow_limit_fails_against_the_best_peer() {
        let role = |system: &str| if system == "limit" { Role::Limit } else { Role::Peer };
        let with_limit = |seconds| [measured("limit", seconds), measured("duckdb", 4.0), measured("timely", 8.0)];
        assert!(limit_is_a_limit(&with_limit(0.9), role, 0.25)[0].ok);
        assert!(!limit_is_a_limit(&with_limit(1.1), role, 0.25)[0].ok);
        assert!(limit_is_a_limit(&with_limit(0.9)[..1], role, 0.25).is_empty());
    }
}

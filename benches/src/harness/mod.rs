//! Measures systems side by side: answers first, then interleaved rounds, then a table and a file
//! of results.

mod attempt;
mod checks;
mod client;
mod command;
mod compare;
mod cores;
mod disk;
mod measure;
mod provenance;
mod report;
mod statistics;
mod warm;

#[cfg(test)]
pub(crate) use attempt::Done;
pub(crate) use attempt::{Attempt, attempt};
pub(crate) use checks::{
    Aim, aims_hold, answers_agree, check_limits, compare_with_best_peer, compare_with_earlier, nothing_failed,
};
pub(crate) use command::run_to_end;
pub(crate) use compare::{RowOrder, difference};
pub(crate) use cores::Cores;
pub(crate) use disk::disk_seconds;
pub(crate) use measure::{Answered, Entrant, Failure, Measurement, Pace, take_answers, time_rounds};
pub(crate) use provenance::Provenance;
pub(crate) use report::{Check, Report, Row, print_checks};
pub(crate) use statistics::Spread;
pub(crate) use warm::warm_memory;

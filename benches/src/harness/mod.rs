//! Measures systems side by side: answers first, then interleaved rounds, then a table and a file of results.

mod checks;
mod client;
mod command;
mod compare;
mod measure;
mod report;
mod statistics;

pub(crate) use checks::{answers_agree, limit_is_a_limit};
pub(crate) use command::run_to_end;
pub(crate) use compare::RowOrder;
pub(crate) use measure::{Answered, Entrant, Measurement, take_answers, time_rounds};
pub(crate) use report::{Check, Report, Row};
pub(crate) use statistics::Spread;

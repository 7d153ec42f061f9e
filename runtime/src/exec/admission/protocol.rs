//! Decides which jobs run at the same time in one budget. A state machine without threads or clock.
//!
//! ```text
//!            fits, and no job waits              ends
//!   request ------------------------> admitted ------> gone
//!      |                                 ^               ^
//!      | otherwise                       | fits, and is  | gives up
//!      v                                 | the first     |
//!   waiting -----------------------------+---------------+
//! ```
//! The sum of the minimums of admitted jobs never exceeds the budget. No job passes a waiting one,
//! so small jobs cannot starve a large one.
//!
//! A nested job may not wait, because an admitted job waits for it. It is admitted before all
//! waiting jobs, or refused.

use std::collections::BTreeMap;

/// The number of a job. Later jobs have larger numbers.
pub(super) type Ticket = u64;

/// The result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Admitted(Ticket),
    Waiting(Ticket),
    /// The job may not wait, or its minimum exceeds the budget. `free` bytes are free now.
    Refused {
        free: usize,
    },
}

/// The jobs of one budget, each with its minimum memory in bytes.
#[derive(Debug)]
pub(super) struct Admission {
    limit: usize,
    admitted: BTreeMap<Ticket, usize>,
    /// In order of arrival.
    waiting: BTreeMap<Ticket, usize>,
    next: Ticket,
}

impl Admission {
    pub(super) fn new(limit: usize) -> Self {
        Admission { limit, admitted: BTreeMap::new(), waiting: BTreeMap::new(), next: 0 }
    }

    /// The bytes of the budget beyond the minimums of admitted jobs.
    pub(super) fn free(&self) -> usize {
        self.limit.saturating_sub(self.admitted.values().sum())
    }

    /// Requests admission of a job. A job that exceeds the whole budget is refused.
    pub(super) fn request(&mut self, minimum: usize, may_wait: bool) -> Entry {
        let begins = minimum <= self.free() && (self.waiting.is_empty() || !may_wait);
        if !begins && (!may_wait || minimum > self.limit) {
            return Entry::Refused { free: self.free() };
        }
        let ticket = self.next;
        self.next += 1;
        if begins {
            self.admitted.insert(ticket, minimum);
            Entry::Admitted(ticket)
        } else {
            self.waiting.insert(ticket, minimum);
            Entry::Waiting(ticket)
        }
    }

    /// Removes a job that has ended or given up. Admits waiting jobs that fit now, in order.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.admitted.remove(&ticket);
        self.waiting.remove(&ticket);
        while let Some((&first, &minimum)) = self.waiting.first_key_value()
            && minimum <= self.free()
        {
            self.waiting.remove(&first);
            self.admitted.insert(first, minimum);
        }
    }

    pub(super) fn is_admitted(&self, ticket: Ticket) -> bool {
        self.admitted.contains_key(&ticket)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn jobs_that_fit_run_and_others_wait_in_order() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(50, true), Entry::Waiting(1));
        // It would fit, but another job waits.
        assert_eq!(admission.request(40, true), Entry::Waiting(2));
        assert_eq!(admission.request(60, true), Entry::Waiting(3));
        admission.leave(0);
        assert_eq!([1, 2, 3].map(|ticket| admission.is_admitted(ticket)), [true, true, false]);
        admission.leave(2);
        assert!(!admission.is_admitted(3) && admission.free() == 50);
        admission.leave(1);
        assert!(admission.is_admitted(3));
    }

    #[test]
    fn a_job_that_gives_up_delays_no_other() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(90, true), Entry::Waiting(1));
        assert_eq!(admission.request(40, true), Entry::Waiting(2));
        admission.leave(1);
        assert!(admission.is_admitted(2) && admission.free() == 0);
    }

    #[test]
    fn nested_jobs_pass_waiting_jobs_or_are_refused() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(50, true), Entry::Waiting(1));
        assert_eq!(admission.request(30, false), Entry::Admitted(2));
        assert_eq!(admission.request(11, false), Entry::Refused { free: 10 });
        assert_eq!(admission.request(101, true), Entry::Refused { free: 10 });
    }

    #[derive(Clone, Debug)]
    enum Act {
        Request(usize, bool),
        /// Removes one of the present jobs.
        Leave(usize),
    }

    proptest! {
        #[test]
        fn admission_keeps_the_budget_and_the_order(
            acts in proptest::collection::vec(
                prop_oneof![
                    2 => (0..120_usize, prop::bool::weighted(0.8)).prop_map(|(minimum, waits)| Act::Request(minimum, waits)),
                    1 => any::<usize>().prop_map(Act::Leave),
                ],
                0..60,
            )
        ) {
            let mut admission = Admission::new(100);
            let mut present: Vec<(Ticket, usize)> = Vec::new();
            for act in acts {
                match act {
                    Act::Request(minimum, may_wait) => match admission.request(minimum, may_wait) {
                        Entry::Admitted(ticket) | Entry::Waiting(ticket) => present.push((ticket, minimum)),
                        Entry::Refused { free } => prop_assert!(minimum > 100 || (!may_wait && minimum > free)),
                    },
                    Act::Leave(which) if !present.is_empty() => {
                        let (ticket, _) = present.remove(which % present.len());
                        admission.leave(ticket);
                    }
                    Act::Leave(_) => {}
                }
                let (runs, waits): (Vec<_>, Vec<_>) =
                    present.iter().copied().partition(|&(ticket, _)| admission.is_admitted(ticket));
                let used: usize = runs.iter().map(|&(_, minimum)| minimum).sum();
                prop_assert!(used <= 100);
                prop_assert_eq!(admission.free(), 100 - used);
                // The first waiting job does not fit.
                prop_assert!(waits.first().is_none_or(|&(_, minimum)| minimum > 100 - used));
            }
            // If running jobs end, all waiting jobs are admitted, in order.
            while !present.is_empty() {
                let runs = present.iter().position(|&(ticket, _)| admission.is_admitted(ticket));
                prop_assert!(runs.is_some());
                let waited: Vec<Ticket> =
                    present.iter().map(|&(ticket, _)| ticket).filter(|&ticket| !admission.is_admitted(ticket)).collect();
                admission.leave(present.remove(runs.unwrap_or_default()).0);
                let begun = waited.iter().take_while(|&&ticket| admission.is_admitted(ticket)).count();
                prop_assert!(waited[begun..].iter().all(|&ticket| !admission.is_admitted(ticket)));
            }
        }
    }
}

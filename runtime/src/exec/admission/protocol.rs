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
    Waits(Ticket),
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
    pub(super) fn request(&mut self, least: usize, may_wait: bool) -> Entry {
        let begins = least <= self.free() && (self.waiting.is_empty() || !may_wait);
        if !begins && (!may_wait || least > self.limit) {
            return Entry::Refused { free: self.free() };
        }
        let ticket = self.next;
        self.next += 1;
        if begins {
            self.admitted.insert(ticket, least);
            Entry::Admitted(ticket)
        } else {
            self.waiting.insert(ticket, least);
            Entry::Waits(ticket)
        }
    }

    /// Removes a job that has ended or given up. Admits waiting jobs that fit now, in order.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.admitted.remove(&ticket);
        self.waiting.remove(&ticket);
        while let Some((&first, &least)) = self.waiting.first_key_value()
            && least <= self.free()
        {
            self.waiting.remove(&first);
            self.admitted.insert(first, least);
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
    fn jobs_that_fit_run_together_and_others_wait_in_their_order() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(50, true), Entry::Waits(1));
        // It would fit, but another job waits.
        assert_eq!(admission.request(40, true), Entry::Waits(2));
        assert_eq!(admission.request(60, true), Entry::Waits(3));
        admission.leave(0);
        assert_eq!([1, 2, 3].map(|ticket| admission.is_admitted(ticket)), [true, true, false]);
        admission.leave(2);
        assert!(!admission.is_admitted(3) && admission.free() == 50);
        admission.leave(1);
        assert!(admission.is_admitted(3));
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(90, true), Entry::Waits(1));
        assert_eq!(admission.request(40, true), Entry::Waits(2));
        admission.leave(1);
        assert!(admission.is_admitted(2) && admission.free() == 0);
    }

    #[test]
    fn who_may_not_wait_passes_others_or_is_refused() {
        let mut admission = Admission::new(100);
        assert_eq!(admission.request(60, true), Entry::Admitted(0));
        assert_eq!(admission.request(50, true), Entry::Waits(1));
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
        fn the_budget_is_kept_nobody_is_passed_and_all_have_their_turn(
            acts in proptest::collection::vec(
                prop_oneof![
                    2 => (0..120_usize, prop::bool::weighted(0.8)).prop_map(|(least, waits)| Act::Request(least, waits)),
                    1 => any::<usize>().prop_map(Act::Leave),
                ],
                0..60,
            )
        ) {
            let mut admission = Admission::new(100);
            let mut there: Vec<(Ticket, usize)> = Vec::new();
            for act in acts {
                match act {
                    Act::Request(least, may_wait) => match admission.request(least, may_wait) {
                        Entry::Admitted(ticket) | Entry::Waits(ticket) => there.push((ticket, least)),
                        Entry::Refused { free } => prop_assert!(least > 100 || (!may_wait && least > free)),
                    },
                    Act::Leave(which) if !there.is_empty() => {
                        let (ticket, _) = there.remove(which % there.len());
                        admission.leave(ticket);
                    }
                    Act::Leave(_) => {}
                }
                let (runs, waits): (Vec<_>, Vec<_>) =
                    there.iter().copied().partition(|&(ticket, _)| admission.is_admitted(ticket));
                let used: usize = runs.iter().map(|&(_, least)| least).sum();
                prop_assert!(used <= 100);
                prop_assert_eq!(admission.free(), 100 - used);
                // The first waiting job does not fit.
                prop_assert!(waits.first().is_none_or(|&(_, least)| least > 100 - used));
            }
            // If running jobs end, all waiting jobs are admitted, in order.
            while !there.is_empty() {
                let runs = there.iter().position(|&(ticket, _)| admission.is_admitted(ticket));
                prop_assert!(runs.is_some());
                let waited: Vec<Ticket> =
                    there.iter().map(|&(ticket, _)| ticket).filter(|&ticket| !admission.is_admitted(ticket)).collect();
                admission.leave(there.remove(runs.unwrap_or_default()).0);
                let begun = waited.iter().take_while(|&&ticket| admission.is_admitted(ticket)).count();
                prop_assert!(waited[begun..].iter().all(|&ticket| !admission.is_admitted(ticket)));
            }
        }
    }
}

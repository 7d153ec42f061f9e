//! The accumulators of an environment, by name, with the partial values of each run.

use std::any::{Any, type_name};
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use runtime::error::Error as EngineError;

use super::any::AnyAccumulator;
use super::{Accumulator, Run};
use crate::error::Result;

/// The number of partial values above which the task that adds one merges them.
const MAX_PARTIALS: usize = 32;

/// An accumulator and its partial values.
pub(super) struct Declared<A> {
    name: String,
    location: &'static Location<'static>,
    empty: Mutex<A>,
    state: Mutex<State<A>>,
}

struct State<A> {
    /// The partial values of each run that are not merged yet. The lock is not held during a merge,
    /// which is code of the program.
    partials: Vec<(u64, Vec<A>)>,
    last: Option<A>,
}

impl<A: Accumulator> Declared<A> {
    /// Returns an accumulator without items.
    pub(super) fn empty(&self) -> A {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a partial value of a task. Ignored if the run has ended.
    pub(super) fn publish(&self, run: u64, partial: A) {
        let mut partial = partial;
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((_, partials)) = state.partials.iter_mut().find(|(of, _)| *of == run) else { return };
            if partials.len() < MAX_PARTIALS {
                return partials.push(partial);
            }
            let others = std::mem::take(partials);
            drop(state);
            others.into_iter().for_each(|other| partial.merge(other));
        }
    }

    /// Merges all partial values and returns the total. The total replaces them while the run
    /// continues.
    fn total(&self, run: u64) -> A {
        let mut total = self.empty();
        let partials = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.partials.iter_mut().find(|(of, _)| *of == run).map(|(_, partials)| std::mem::take(partials))
        };
        partials.into_iter().flatten().for_each(|partial| total.merge(partial));
        self.publish(run, total.clone());
        total
    }

    /// Returns the value of the last run.
    pub(super) fn value(&self) -> Result<A::Value> {
        let last = self.state.lock().unwrap_or_else(PoisonError::into_inner).last.clone();
        let Declared { name, location, .. } = self;
        last.map(|last| last.value()).ok_or_else(|| {
            let (file, line) = (location.file(), location.line());
            EngineError::Plan(format!(
                "the accumulator `{name}` of {file}:{line} has no value: there was no run yet, or the last one failed; \
                 read it behind `env.run()?` or `.collect()?`"
            ))
            .into()
        })
    }
}

impl<A: Accumulator> AnyAccumulator for Declared<A> {
    fn begin(&self, run: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).partials.push((run, Vec::new()));
    }

    fn formatted(&self, run: u64) -> (String, String) {
        (self.name.clone(), self.total(run).show())
    }

    fn end(&self, run: u64, success: bool) {
        let last = success.then(|| self.total(run));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.partials.retain(|(of, _)| *of != run);
        state.last = last;
    }

    fn description(&self) -> String {
        let kind = type_name::<A>().rsplit("::").next().unwrap_or_default().trim_end_matches('>');
        format!("a `{}` at {}:{}", kind, self.location.file(), self.location.line())
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The accumulators of an environment, in the order of declaration.
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<RegistryState>,
}

#[derive(Default)]
struct RegistryState {
    accumulators: Vec<Arc<dyn AnyAccumulator>>,
    /// The error message for the first name that was declared with two types or settings. The next
    /// run returns it, because a declaration cannot fail.
    name_conflict: Option<String>,
}

impl Registry {
    /// Returns the accumulator of this name. Creates one, unless there is one of the same type and
    /// settings.
    pub(super) fn declare<A: Accumulator>(
        &self,
        name: &str,
        empty: A,
        location: &'static Location<'static>,
    ) -> Arc<Declared<A>> {
        let settings = empty.show();
        let state = Mutex::new(State { partials: Vec::new(), last: None });
        let new = Arc::new(Declared { name: name.to_owned(), location, empty: Mutex::new(empty), state });
        let mut names = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = names.accumulators.iter().find(|known| known.name() == name).cloned() else {
            names.accumulators.push(new.clone());
            return new;
        };
        let same = known.clone().as_any().downcast::<Declared<A>>().ok();
        if let Some(same) = same.filter(|same| same.empty().show() == settings) {
            return same;
        }
        let name_conflict = format!(
            "two accumulators are called `{name}`: {}, and {}; give one of them another name",
            known.description(),
            new.description()
        );
        names.name_conflict.get_or_insert(name_conflict);
        new
    }

    /// Begins a run.
    ///
    /// # Errors
    /// Fails if a name was declared with two types or settings.
    pub(crate) fn begin(&self) -> Result<Arc<Run>> {
        let names = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &names.name_conflict {
            Some(name_conflict) => Err(EngineError::Plan(name_conflict.clone()).into()),
            None => Ok(Run::begin(&names.accumulators)),
        }
    }
}

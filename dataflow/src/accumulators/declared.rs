//! Accumulators as an environment knows them: by name, with what the tasks of each run have said.

use std::any::{Any, type_name};
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use runtime::error::Error as EngineError;

use super::any::AnyAccumulator;
use super::{Accumulator, Run};
use crate::error::Result;

/// More values than these are put together by who adds one.
const MOST_PIECES: usize = 32;

/// An accumulator, and what tasks said of it.
pub(super) struct Declared<A> {
    name: String,
    location: &'static Location<'static>,
    empty: Mutex<A>,
    state: Mutex<State<A>>,
}

struct State<A> {
    /// By run, what was said and not yet put together. Nobody holds the lock while values, which are the user's code, are merged.
    pieces: Vec<(u64, Vec<A>)>,
    last: Option<A>,
}

impl<A: Accumulator> Declared<A> {
    /// A value that nothing was added to.
    pub(super) fn empty(&self) -> A {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds what a task gathered.
    pub(super) fn publish(&self, run: u64, piece: A) {
        let mut piece = piece;
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // A run that is over wants nothing any more.
            let Some((_, pieces)) = state.pieces.iter_mut().find(|(of, _)| *of == run) else { return };
            if pieces.len() < MOST_PIECES {
                return pieces.push(piece);
            }
            let others = std::mem::take(pieces);
            drop(state);
            others.into_iter().for_each(|other| piece.merge(other));
        }
    }

    /// All that was said, put together; it stays one of the pieces where the run goes on.
    fn total(&self, run: u64) -> A {
        let mut total = self.empty();
        let pieces = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.pieces.iter_mut().find(|(of, _)| *of == run).map(|(_, pieces)| std::mem::take(pieces))
        };
        pieces.into_iter().flatten().for_each(|piece| total.merge(piece));
        self.publish(run, total.clone());
        total
    }

    /// The value of the last run.
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner).pieces.push((run, Vec::new()));
    }

    fn shown(&self, run: u64) -> (String, String) {
        (self.name.clone(), self.total(run).show())
    }

    fn end(&self, run: u64, success: bool) {
        let last = success.then(|| self.total(run));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pieces.retain(|(of, _)| *of != run);
        state.last = last;
    }

    fn described(&self) -> String {
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

/// The accumulators of an environment, in the order in which they were declared.
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    accumulators: Vec<Arc<dyn AnyAccumulator>>,
    /// The first name that means two things. Said when the environment runs: a declaration has no error path.
    clash: Option<String>,
}

impl Registry {
    /// The accumulator of this name; a new one, unless one of the same type and settings is there.
    pub(super) fn declare<A: Accumulator>(
        &self,
        name: &str,
        empty: A,
        location: &'static Location<'static>,
    ) -> Arc<Declared<A>> {
        let settings = empty.show();
        let state = Mutex::new(State { pieces: Vec::new(), last: None });
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
        let clash = format!(
            "two accumulators are called `{name}`: {}, and {}; give one of them another name",
            known.described(),
            new.described()
        );
        names.clash.get_or_insert(clash);
        new
    }

    /// A new run.
    ///
    /// # Errors
    /// Where a name means two things.
    pub(crate) fn begin(&self) -> Result<Arc<Run>> {
        let names = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &names.clash {
            Some(clash) => Err(EngineError::Plan(clash.clone()).into()),
            None => Ok(Run::begin(&names.accumulators)),
        }
    }
}

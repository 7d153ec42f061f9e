//! What the tasks of an operator share.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// What the tasks of one operator share in one run: a meeting, a file. The first task that asks for a thing makes it. It belongs to a run and a round, and
/// not to the plan: one plan may run twice, also at the same time.
#[derive(Clone, Default)]
pub struct TaskGroup {
    things: Arc<Mutex<Vec<Thing>>>,
}

struct Thing {
    superstep: u32,
    value: Arc<dyn Any + Send + Sync>,
}

impl TaskGroup {
    /// The thing of this type and superstep.
    pub(super) fn shared<V: Any + Send + Sync>(&self, superstep: u32, make: impl FnOnce() -> V) -> Arc<V> {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        // A task is at most one superstep ahead of another.
        things.retain(|thing| thing.superstep + 1 >= superstep);
        let of_now = things.iter().filter(|thing| thing.superstep == superstep);
        let known = of_now.filter_map(|thing| thing.value.clone().downcast().ok()).next();
        known.unwrap_or_else(|| {
            let value = Arc::new(make());
            things.push(Thing { superstep, value: value.clone() });
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_share_what_one_of_them_made_and_rounds_share_nothing() {
        let group = TaskGroup::default();
        let (mine, theirs) = (group.shared(1, || 7_u64), group.clone().shared(1, || 8_u64));
        assert!(Arc::ptr_eq(&mine, &theirs) && *mine == 7);
        assert_eq!(*group.shared(1, || 9_u32), 9, "a thing of another type");
        assert_eq!(*group.shared(2, || 10_u64), 10);
        assert_eq!((*group.shared(1, || 0_u64), *group.shared(2, || 0_u64)), (7, 10), "one task is behind");
        assert_eq!(*group.shared(3, || 11_u64), 11);
        assert_eq!(group.things.lock().unwrap().len(), 2);
    }
}

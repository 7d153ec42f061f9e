//! Values in memory that the tasks of an operator share, in one process.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// The process-local values of one operator in one run: see
/// [`TaskContext::process_local`](super::TaskContext::process_local). They belong to a run and not
/// to its plan, since one plan may run twice at the same time.
#[derive(Clone, Default)]
pub struct ProcessLocals {
    values: Arc<Mutex<Vec<Local>>>,
}

struct Local {
    superstep: u32,
    value: Arc<dyn Any + Send + Sync>,
}

impl ProcessLocals {
    /// The value of this type and superstep. The first task that asks for it makes it.
    pub(super) fn get<V: Any + Send + Sync>(&self, superstep: u32, make: impl FnOnce() -> V) -> Arc<V> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        // A task is at most one superstep ahead of another.
        values.retain(|local| local.superstep + 1 >= superstep);
        let current = values.iter().filter(|local| local.superstep == superstep);
        let known = current.filter_map(|local| local.value.clone().downcast().ok()).next();
        known.unwrap_or_else(|| {
            let value = Arc::new(make());
            values.push(Local { superstep, value: value.clone() });
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_share_a_value_of_each_type_and_superstep() {
        let locals = ProcessLocals::default();
        let (mine, theirs) = (locals.get(1, || 7_u64), locals.clone().get(1, || 8_u64));
        assert!(Arc::ptr_eq(&mine, &theirs) && *mine == 7);
        assert_eq!(*locals.get(1, || 9_u32), 9, "a value of another type");
        assert_eq!(*locals.get(2, || 10_u64), 10);
        assert_eq!((*locals.get(1, || 0_u64), *locals.get(2, || 0_u64)), (7, 10), "a task one superstep before");
        assert_eq!(*locals.get(3, || 11_u64), 11);
        assert_eq!(locals.values.lock().unwrap().len(), 2);
    }
}

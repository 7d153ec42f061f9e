//! [`Handle`]: a flow without the type of its records.
//!
//! A program compiles each method of [`Flow`] once per record type. So the methods of all but rare
//! operators make only kernels and schemas, which depend on the types. The rest is a method of
//! `Handle`, never inlined and compiled once. So programs contain no code that builds operators, or
//! drops them if that panics.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{Keyed, Project};
use runtime::plan::{Node, Operator};
use runtime::row::Schema;

use super::scope;
use super::step::NextStep;
use super::{AnyMode, Flow};
use crate::env::Env;
use crate::record::Record;

/// The last node of a flow so far, and what is known of the next.
pub(crate) struct Handle {
    pub(super) node: Arc<Node>,
    pub(super) env: Env,
    pub(super) next: NextStep,
}

impl Clone for Handle {
    #[inline(never)]
    fn clone(&self) -> Self {
        Handle { node: self.node.clone(), env: self.env.clone(), next: self.next.clone() }
    }
}

impl Handle {
    /// What an operator gives, whose inputs are these. `next` describes it.
    pub(crate) fn behind(env: Env, operator: Arc<dyn Operator>, inputs: Vec<Arc<Node>>, next: &NextStep) -> Handle {
        let (origin, text) = next.origin(operator.name());
        let node = Node::new(scope::path(), origin, text, operator, inputs);
        Handle { node, env, next: NextStep::default() }
    }

    /// What the next operator gives.
    pub(super) fn then(&self, operator: impl Operator + 'static) -> Handle {
        self.then_with(Arc::new(operator), &[])
    }

    /// What the next operator gives, which has other inputs as well.
    #[inline(never)]
    pub(super) fn then_with(&self, operator: Arc<dyn Operator>, others: &[Arc<Node>]) -> Handle {
        let inputs = std::iter::once(&self.node).chain(others).cloned().collect();
        Handle::behind(self.env.clone(), operator, inputs, &self.next)
    }

    /// The same flow, whose next operator is described like this.
    pub(super) fn described(&self, next: NextStep) -> Handle {
        Handle { next, ..self.clone() }
    }

    /// The same flow, whose next operator's place is that of the method's call.
    #[inline(never)]
    pub(super) fn called_at(&self, location: &'static Location<'static>) -> Handle {
        self.described(self.next.called_at(location))
    }

    /// The flow behind the operator that computes a key, where it is computed.
    #[inline(never)]
    pub(super) fn keyed(&self, computation: Option<Keyed>) -> Handle {
        let is_timed = self.node.schema().event_time().is_some();
        let computation = computation.map(|computation| if is_timed { computation.timed() } else { computation });
        let text = computation.iter().map(|computation| computation.text).filter(|text| !text.is_empty()).collect();
        Handle { node: keyed(&self.node, computation, &self.next), ..self.clone() }.written(text)
    }

    /// The same flow, whose next operator keeps what closures of these source texts compute.
    #[inline(never)]
    pub(super) fn written(mut self, closures: Vec<&'static str>) -> Handle {
        self.next.closures.extend(closures);
        self
    }

    /// The schema of its rows: the record's, and what was computed behind it.
    pub(super) fn schema(&self) -> Schema {
        self.node.schema().clone()
    }

    /// The schema of rows that hold such records, and the hidden leaves of this flow: its event time.
    pub(super) fn rows_of(&self, record: Schema) -> Schema {
        if self.node.schema().event_time().is_some() { record.with_event_time() } else { record }
    }

    /// The flow of these records. Its rows have the leaves of `T`, then those that `M` hides, and no others.
    pub(crate) fn typed<T: Record, M: AnyMode>(self) -> Flow<T, M> {
        let handle = self.with_rows(T::schema, T::LEAVES, M::Hidden::LEAVES > 0);
        Flow { handle, _types: Typed(PhantomData) }
    }

    /// The same records in rows without other leaves than the record's and, if `has_time`, event time.
    #[inline(never)]
    fn with_rows(self, record: fn() -> Schema, leaves: usize, has_time: bool) -> Handle {
        let rows = self.node.schema();
        let (found, time) = (rows.leaves().len(), rows.event_time());
        if found == leaves + usize::from(has_time) && time.is_some() == has_time {
            return self;
        }
        // If rows lack event time this names a leaf that is not there, and the plan is rejected.
        let time = has_time.then(|| time.unwrap_or(found));
        let record = record();
        let output = if has_time { record.with_event_time() } else { record };
        let leaves = (0..leaves).chain(time).collect();
        let view = Project { word: "drop key", input: rows.clone(), output, leaves };
        let origin = self.node.origin.clone();
        let node = Node::new(self.node.path.clone(), origin, "".into(), Arc::new(view), vec![self.node.clone()]);
        Handle { node, ..self }
    }
}

/// The types of a flow. Only [`Handle::typed`] makes them, so that no flow has other rows than its types say.
pub(super) struct Typed<T, M>(PhantomData<fn() -> (T, M)>);

impl<T, M> Clone for Flow<T, M> {
    fn clone(&self) -> Self {
        Flow { handle: self.handle.clone(), _types: Typed(PhantomData) }
    }
}

/// The node that computes a key for the next operator, behind `node`; `node` itself where nothing is computed.
pub(super) fn keyed(node: &Arc<Node>, computation: Option<Keyed>, next: &NextStep) -> Arc<Node> {
    let Some(computation) = computation else { return node.clone() };
    let (origin, text) = next.behind("key").origin("key");
    Node::new(scope::path(), origin, text, Arc::new(computation), vec![node.clone()])
}

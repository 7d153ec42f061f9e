//! [`Handle`]: a flow without its record type.
//!
//! A program compiles each method of [`Flow`] once per record type. So these methods only make
//! kernels and schemas, which depend on the types. The rest is in methods of `Handle`, which are
//! compiled once and never inlined. Programs therefore contain no code that builds operators, nor
//! code that drops them after a panic.
//!
//! Rarely used operators are the exception.

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

/// The last node of a flow, and the description of the operator that comes next.
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
    /// Creates the flow that `operator` emits for `inputs`. `next` describes the operator.
    pub(crate) fn of_operator(
        env: Env,
        operator: Arc<dyn Operator>,
        inputs: Vec<Arc<Node>>,
        next: &NextStep,
    ) -> Handle {
        let (origin, text) = next.origin(operator.name());
        let node = Node::new(scope::path(), origin, text, operator, inputs);
        Handle { node, env, next: NextStep::default() }
    }

    /// Appends an operator with this flow as its only input.
    pub(super) fn append(&self, operator: impl Operator + 'static) -> Handle {
        self.append_with_inputs(Arc::new(operator), &[])
    }

    /// Appends an operator with this flow and `others` as its inputs.
    #[inline(never)]
    pub(super) fn append_with_inputs(&self, operator: Arc<dyn Operator>, others: &[Arc<Node>]) -> Handle {
        let inputs = std::iter::once(&self.node).chain(others).cloned().collect();
        Handle::of_operator(self.env.clone(), operator, inputs, &self.next)
    }

    /// Returns this flow with another description of its next operator.
    pub(super) fn with_next(&self, next: NextStep) -> Handle {
        Handle { next, ..self.clone() }
    }

    /// Sets the location of the next operator, unless it has one.
    #[inline(never)]
    pub(super) fn called_at(&self, location: &'static Location<'static>) -> Handle {
        self.with_next(self.next.called_at(location))
    }

    /// Appends an operator that computes a key. Returns the same flow if `computation` is `None`.
    #[inline(never)]
    pub(super) fn keyed(&self, computation: Option<Keyed>) -> Handle {
        let is_timed = self.node.schema().event_time().is_some();
        let computation = computation.map(|computation| if is_timed { computation.timed() } else { computation });
        let text = computation.iter().map(|computation| computation.text).filter(|text| !text.is_empty()).collect();
        Handle { node: keyed(&self.node, computation, &self.next), ..self.clone() }.with_closure_texts(text)
    }

    /// Adds source texts of closures on which the state of the next operator depends.
    #[inline(never)]
    pub(super) fn with_closure_texts(mut self, closures: Vec<&'static str>) -> Handle {
        self.next.closures.extend(closures);
        self
    }

    /// The schema of the rows: the leaves of the record, and leaves that operators added, such as a
    /// computed key.
    pub(super) fn schema(&self) -> Schema {
        self.node.schema().clone()
    }

    /// The schema of rows of `record`, with event time if this flow has it.
    pub(super) fn rows_of(&self, record: Schema) -> Schema {
        if self.node.schema().event_time().is_some() { record.with_event_time() } else { record }
    }

    /// Attaches the types. The rows have the leaves of `T`, then those of `M::Hidden`, and no
    /// others.
    pub(crate) fn typed<T: Record, M: AnyMode>(self) -> Flow<T, M> {
        let handle = self.without_extra_leaves(T::schema, T::LEAVES, M::Hidden::LEAVES > 0);
        Flow { handle, _types: Typed(PhantomData) }
    }

    /// Removes leaves that are neither the record's nor, if `has_time`, its event time.
    #[inline(never)]
    fn without_extra_leaves(self, record: fn() -> Schema, leaves: usize, has_time: bool) -> Handle {
        let rows = self.node.schema();
        let (found, time) = (rows.leaves().len(), rows.event_time());
        if found == leaves + usize::from(has_time) && time.is_some() == has_time {
            return self;
        }
        // Rows without event time get a leaf that does not exist, so the plan is rejected.
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

/// The types of a flow. Only [`Handle::typed`] makes this, so the types always match the rows.
pub(super) struct Typed<T, M>(PhantomData<fn() -> (T, M)>);

impl<T, M> Clone for Flow<T, M> {
    fn clone(&self) -> Self {
        Flow { handle: self.handle.clone(), _types: Typed(PhantomData) }
    }
}

/// Creates the node that computes a key for the next operator, with `node` as its input. Returns
/// `node` if `computation` is `None`.
pub(super) fn keyed(node: &Arc<Node>, computation: Option<Keyed>, next: &NextStep) -> Arc<Node> {
    let Some(computation) = computation else { return node.clone() };
    let (origin, text) = next.for_part("key").origin("key");
    Node::new(scope::path(), origin, text, Arc::new(computation), vec![node.clone()])
}

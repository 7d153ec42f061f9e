//! What the parts of a pipeline call each other by.

/// Names one of [`Pipeline::flows`](crate::syntax::Pipeline::flows).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowId(pub(crate) usize);

/// Names one of [`Pipeline::names`](crate::syntax::Pipeline::names).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NameId(pub(crate) usize);

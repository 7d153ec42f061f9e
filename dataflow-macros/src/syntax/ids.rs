//! Typed indices into the lists of a pipeline.

/// An index into [`Pipeline::flows`](crate::syntax::Pipeline::flows).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowId(pub(crate) usize);

/// An index into [`Pipeline::names`](crate::syntax::Pipeline::names).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NameId(pub(crate) usize);

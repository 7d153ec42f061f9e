//! The numbers by which the parts of a pipeline name each other.

/// The index of one of [`Pipeline::flows`](crate::syntax::Pipeline::flows).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowId(pub(crate) usize);

/// The index of one of [`Pipeline::names`](crate::syntax::Pipeline::names).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NameId(pub(crate) usize);

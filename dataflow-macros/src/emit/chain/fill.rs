//! Replaces the holes of a body by the emitted flows.

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item};

use super::Emission;
use crate::syntax::Pipeline;
use crate::syntax::hole::flow_of;

/// Emits all flows of a body.
pub(crate) fn fill_holes(pipeline: &Pipeline, body: &mut Block) {
    let emission = Emission::new(pipeline);
    FillHoles { emission: &emission }.visit_block_mut(body);
}

pub(super) struct FillHoles<'a> {
    emission: &'a Emission<'a>,
}

impl<'a> FillHoles<'a> {
    pub(super) fn new(emission: &'a Emission<'a>) -> Self {
        FillHoles { emission }
    }

    pub(super) fn expr(&mut self, expr: &mut Expr) {
        self.visit_expr_mut(expr);
    }
}

impl VisitMut for FillHoles<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match flow_of(expr) {
            Some(flow) => *expr = Expr::Verbatim(self.emission.flow(flow)),
            None => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // There are no holes in items.
    }
}

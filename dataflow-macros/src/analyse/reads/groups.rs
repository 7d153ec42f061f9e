//! Read sets of closures over lent records: of whole groups, and of a task.
//!
//! A group lends its records to a `for` loop, or one at a time from `next`. The uses of each record
//! are found as in a closure over a record. Any other use of a group counts as a read of all
//! fields.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprBlock, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprMethodCall, ExprWhile, Item, Pat, Stmt,
};

use super::{ReadSet, of, of_parameter};
use crate::syntax::names::{free_names, peeled, plain_path};
use crate::syntax::patterns::{names_bound_inside, plain_name};

/// The read set of each group. All parameters but the last are groups.
pub(crate) fn of_groups(closure: &ExprClosure) -> Vec<ReadSet> {
    let groups = closure.inputs.iter().take(closure.inputs.len().saturating_sub(1));
    groups.map(|group| of_group(group, &closure.body)).collect()
}

fn of_group(parameter: &Pat, body: &Expr) -> ReadSet {
    if matches!(parameter, Pat::Wild(_)) {
        return ReadSet::nothing();
    }
    let Some(group) = plain_name(parameter).filter(|group| !names_bound_inside(body).contains(group)) else {
        return ReadSet::All;
    };
    let mut uses = GroupUses { group, reads: ReadSet::nothing(), understood: 0 };
    uses.visit_expr(body);
    let mentions = free_names(body);
    let mentioned = mentions.plain.iter().filter(|mention| mention.name == group).count();
    if mentions.opaque.contains(group) || mentioned != uses.understood { ReadSet::All } else { uses.reads }
}

/// Finds the uses of a group that show which fields of its records are read.
struct GroupUses<'a> {
    group: &'a Ident,
    reads: ReadSet,
    /// Number of mentions of the group in these uses.
    understood: usize,
}

impl GroupUses<'_> {
    fn is_group(&self, expr: &Expr) -> bool {
        plain_path(expr) == Some(self.group)
    }

    /// Returns `true` for `group.next()`.
    fn is_next(&self, expr: &Expr) -> bool {
        matches!(peeled(expr), Expr::MethodCall(call)
            if call.method == "next" && call.args.is_empty() && self.is_group(&call.receiver))
    }

    fn understand(&mut self, reads: ReadSet) {
        self.understood += 1;
        let known = std::mem::replace(&mut self.reads, ReadSet::All);
        self.reads = known.and(reads);
    }

    /// The fields that a block reads of the record that `let Some(record) = group.next()` binds.
    fn of_lent(&self, condition: &Expr, block: &Block) -> Option<ReadSet> {
        let Expr::Let(ExprLet { pat, expr, .. }) = condition else { return None };
        let Pat::TupleStruct(some) = &**pat else { return None };
        let record = some.elems.first().filter(|_| some.path.is_ident("Some") && some.elems.len() == 1)?;
        // A pattern that does not match every record reads the fields that it compares. Syntax
        // alone does not show whether a pattern always matches.
        (self.is_next(expr) && always_matches(record)).then(|| of_block(record, block))
    }

    /// The fields that a method on the group, or on its next record, reads. `None` if syntax does
    /// not show them.
    fn of_call(&self, call: &ExprMethodCall) -> Option<ReadSet> {
        let looks_at_none = (call.method == "len" || call.method == "is_empty") && call.args.is_empty();
        if looks_at_none && self.is_group(&call.receiver) {
            return Some(ReadSet::nothing());
        }
        let arguments = if call.method == "map" { 1 } else { 2 };
        let maps = (call.method == "map" || call.method == "map_or") && call.args.len() == arguments;
        match call.args.last() {
            Some(Expr::Closure(closure)) if maps && self.is_next(&call.receiver) => of(closure).into_iter().next(),
            _ => None,
        }
    }
}

impl<'ast> Visit<'ast> for GroupUses<'_> {
    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        if !self.is_group(&expr.expr) {
            return visit::visit_expr_for_loop(self, expr);
        }
        self.understand(of_block(&expr.pat, &expr.body));
        self.visit_block(&expr.body);
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        let Some(reads) = self.of_lent(&expr.cond, &expr.body) else {
            return visit::visit_expr_while(self, expr);
        };
        self.understand(reads);
        self.visit_block(&expr.body);
    }

    fn visit_expr_if(&mut self, expr: &'ast ExprIf) {
        let Some(reads) = self.of_lent(&expr.cond, &expr.then_branch) else {
            return visit::visit_expr_if(self, expr);
        };
        self.understand(reads);
        self.visit_block(&expr.then_branch);
        if let Some((_, otherwise)) = &expr.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        match self.of_call(call) {
            Some(reads) => {
                self.understand(reads);
                call.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            None => visit::visit_expr_method_call(self, call),
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            // The record is skipped.
            Stmt::Expr(expr, Some(_)) if self.is_next(expr) => self.understand(ReadSet::nothing()),
            _ => visit::visit_stmt(self, statement),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {
        // Items cannot use the closure's variables.
    }
}

/// The fields that a block reads of a record that a pattern binds.
fn of_block(record: &Pat, block: &Block) -> ReadSet {
    let block = Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block: block.clone() });
    of_parameter(record, &block)
}

/// Returns `true` if a pattern only binds parts, so that it matches every value.
fn always_matches(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Paren(inner) => always_matches(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(always_matches),
        pattern => plain_name(pattern).is_some(),
    }
}

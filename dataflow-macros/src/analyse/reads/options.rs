//! Read sets of optional records: a side of an outer join that is an `Option`.
//!
//! A test for `None` reads no fields. A closure of `map` and similar methods, or the arm of
//! `Some(..)`, reads the fields that it mentions. Any other use of the `Option` reads all fields.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprBlock, ExprClosure, ExprMethodCall, Local, Pat, PatIdent, Stmt};

use super::{ReadSet, of_parameter};
use crate::syntax::names::MentionKind;
use crate::syntax::names::{Mention, RecognisedUse, UseRecogniser, member_text, peeled, plain_path};
use crate::syntax::patterns::looks_like_a_constant;
use crate::words::is_one_of;

/// Recognises the uses of one `Option`.
pub(super) struct OptionUses<'n> {
    pub(super) name: &'n Ident,
}

impl<'a> UseRecogniser<'a> for OptionUses<'_> {
    fn expr(&self, expr: &'a Expr) -> Option<RecognisedUse<'a>> {
        match expr {
            Expr::MethodCall(call) => {
                let name = self.option(&call.receiver)?;
                Some(RecognisedUse { mentions: mentions(name, of_call(call)?), replaced: &call.receiver })
            }
            Expr::Field(_) => self.field(expr),
            Expr::Match(choice) => {
                let name = self.option(&choice.expr)?;
                let arms = choice.arms.iter().map(|arm| of_pattern(&arm.pat, &arm.body));
                let reads = arms.fold(ReadSet::nothing(), ReadSet::and);
                Some(RecognisedUse { mentions: mentions(name, reads), replaced: &choice.expr })
            }
            Expr::If(branch) => {
                let Expr::Let(condition) = peeled(&branch.cond) else { return None };
                let name = self.option(&condition.expr)?;
                let reads = of_pattern(&condition.pat, &in_block(branch.then_branch.stmts.clone()));
                Some(RecognisedUse { mentions: mentions(name, reads), replaced: &condition.expr })
            }
            _ => None,
        }
    }

    fn local(&self, local: &'a Local, rest: &'a [Stmt]) -> Option<RecognisedUse<'a>> {
        let init = local.init.as_ref().filter(|init| init.diverge.is_some())?;
        let name = self.option(&init.expr)?;
        let reads = of_pattern(&local.pat, &in_block(rest.to_vec()));
        Some(RecognisedUse { mentions: mentions(name, reads), replaced: &init.expr })
    }
}

impl OptionUses<'_> {
    /// The name of the `Option`, used directly or by reference.
    fn option<'a>(&self, expr: &'a Expr) -> Option<&'a Ident> {
        match peeled(expr) {
            Expr::Reference(reference) => self.option(&reference.expr),
            Expr::MethodCall(call) if call.args.is_empty() && is_one_of(&call.method, "as_ref copied cloned") => {
                self.option(&call.receiver)
            }
            expr => plain_path(expr).filter(|name| *name == self.name),
        }
    }

    /// `r?.field`, `r.unwrap().field`
    fn field<'a>(&self, expr: &'a Expr) -> Option<RecognisedUse<'a>> {
        let Expr::Field(outermost) = expr else { return None };
        let (mut fields, mut base) = (Vec::new(), expr);
        while let Expr::Field(field) = peeled(base) {
            fields.insert(0, member_text(&field.member));
            base = &field.base;
        }
        let option = match peeled(base) {
            Expr::Try(attempt) => &attempt.expr,
            Expr::MethodCall(call) if call.method == "unwrap" && call.args.is_empty() => &call.receiver,
            _ => return None,
        };
        let name = self.option(option)?;
        Some(RecognisedUse {
            mentions: vec![Mention { name, kind: MentionKind::Value, fields }],
            replaced: &outermost.base,
        })
    }
}

/// The fields that a method reads of the record. `None` if they are unknown.
fn of_call(call: &ExprMethodCall) -> Option<ReadSet> {
    let arguments = call.args.iter().collect::<Vec<_>>();
    match arguments.as_slice() {
        [] if is_one_of(&call.method, "is_some is_none") => Some(ReadSet::nothing()),
        [Expr::Closure(of_record)] if is_one_of(&call.method, "map and_then is_some_and is_none_or") => {
            of_closure(of_record)
        }
        [_, Expr::Closure(of_record)] if is_one_of(&call.method, "map_or map_or_else") => of_closure(of_record),
        _ => None,
    }
}

fn of_closure(closure: &ExprClosure) -> Option<ReadSet> {
    match closure.inputs.iter().collect::<Vec<_>>().as_slice() {
        [record] => Some(of_parameter(record, &closure.body)),
        _ => None,
    }
}

/// The fields that are read of the record after a pattern has matched the `Option`.
fn of_pattern(pattern: &Pat, body: &Expr) -> ReadSet {
    match pattern {
        Pat::Guard(guarded) => of_pattern(&guarded.pat, &guarded.guard).and(of_pattern(&guarded.pat, body)),
        Pat::Wild(_) => ReadSet::nothing(),
        Pat::Ident(PatIdent { ident, subpat: None, .. }) if ident == "None" => ReadSet::nothing(),
        Pat::TupleStruct(some) if some.path.is_ident("Some") && some.elems.len() == 1 && only_binds(&some.elems[0]) => {
            of_parameter(&some.elems[0], body)
        }
        _ => ReadSet::All,
    }
}

/// Returns `true` if a pattern contains no name that looks like a constant.
fn only_binds(pattern: &Pat) -> bool {
    let mut search = Constants(false);
    search.visit_pat(pattern);
    !search.0
}

struct Constants(bool);

impl<'ast> Visit<'ast> for Constants {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0 |= looks_like_a_constant(&pattern.ident);
        visit::visit_pat_ident(self, pattern);
    }
}

/// Mentions of a name that are equivalent to a read set.
fn mentions(name: &Ident, reads: ReadSet) -> Vec<Mention<'_>> {
    let mention = |fields| Mention { name, kind: MentionKind::Value, fields };
    match reads {
        ReadSet::All => vec![mention(Vec::new())],
        ReadSet::Fields(paths) => {
            paths.iter().map(|path| mention(path.split('.').map(str::to_owned).collect())).collect()
        }
    }
}

fn in_block(stmts: Vec<Stmt>) -> Expr {
    let block = Block { brace_token: Default::default(), stmts };
    Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block })
}

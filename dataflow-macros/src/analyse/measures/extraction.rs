//! Takes the measures out of the body of an `aggregate`.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    BinOp, Expr, ExprBinary, ExprClosure, ExprMethodCall, Lit, Local, Macro, Member, PatIdent, UnOp, parse_quote,
};

use super::conditions::{self, Condition};
use super::{MeasureCall, key, slot, text};
use crate::analyse::symbols;
use crate::diagnostics::{Diagnostics, message};
use crate::operators::measures::{self, MeasureArguments};
use crate::syntax::names::{Mentions, free_names, free_names_of_closure, names_in_tokens, plain_path};

/// Replaces the measures and the key in a body by variables. Returns the measures, and whether the
/// body uses the key.
pub(super) fn of(
    handle: &Ident,
    (has_key, has_window): (bool, bool),
    body: &mut Expr,
    mistakes: &mut Diagnostics,
) -> (Vec<MeasureCall>, bool) {
    let mut extraction = Extraction {
        handle,
        has_key,
        has_window,
        measures: Vec::new(),
        condition: None,
        exit: None,
        uses_key: false,
        has_escaped: false,
        mistakes,
    };
    extraction.visit_expr_mut(body);
    let Extraction { measures, uses_key, .. } = extraction;
    conditions::read_deferred_sums(&measures, body);
    (measures, uses_key)
}

/// Moves measures out of a body.
struct Extraction<'a> {
    handle: &'a Ident,
    has_key: bool,
    /// Whether the group is a window. Its key is then a pair: the key of the group, and the start
    /// of the window.
    has_window: bool,
    measures: Vec<MeasureCall>,
    /// The innermost condition around the visited expression.
    condition: Option<Condition>,
    /// The last earlier expression that may have exited the closure.
    exit: Option<Condition>,
    uses_key: bool,
    /// Whether a misuse of the handle was reported: one message is enough.
    has_escaped: bool,
    mistakes: &'a mut Diagnostics,
}

impl Extraction<'_> {
    fn is_handle(&self, expr: &Expr) -> bool {
        plain_path(expr) == Some(self.handle)
    }

    fn report_escape(&mut self, at: &Ident) {
        self.report_once(at.span(), message::HANDLE_ESCAPES);
    }

    fn report_once(&mut self, at: Span, sentence: impl std::fmt::Display) {
        if !std::mem::replace(&mut self.has_escaped, true) {
            self.mistakes.report_fatal(at, sentence);
        }
    }

    /// The slot of `g.sum(|r| ..)`. Calls of the same measure share one slot.
    fn measure(&mut self, call: &ExprMethodCall) -> Option<Ident> {
        let word = &call.method;
        let Some(measure) = measures::find(word) else {
            let wrong = match is_key(word) {
                true if self.has_key => message::KEY_CALLED.to_owned(),
                true => message::NO_KEY.to_owned(),
                false => message::unknown_measure(word),
            };
            self.mistakes.report_fatal(word.span(), wrong);
            return None;
        };
        let (value, closures) = self.arguments(call, measure.takes)?;
        let same = |known: &MeasureCall| {
            known.word == *word && text(&known.closures) == text(&closures) && text(&known.value) == text(&value)
        };
        let index = self.measures.iter().position(same).unwrap_or(self.measures.len());
        let condition = self.condition.or(self.exit);
        match self.measures.get_mut(index) {
            Some(known) => known.condition = known.condition.filter(|_| condition.is_some()),
            None => {
                let word = word.clone();
                let (quotient, quantile_group) = (None, None);
                self.measures.push(MeasureCall { word, measure, value, closures, condition, quotient, quantile_group });
            }
        }
        Some(slot(index))
    }

    /// The value and the closures in a call of a measure. Reports wrong arguments.
    fn arguments(
        &mut self,
        call: &ExprMethodCall,
        takes: MeasureArguments,
    ) -> Option<(Option<Expr>, Vec<ExprClosure>)> {
        let word = &call.method;
        let value = call.args.first().filter(|_| takes.values() > 0).cloned();
        let closures = call.args.iter().skip(takes.values()).filter_map(|argument| match argument {
            Expr::Closure(closure) => Some(closure.clone()),
            _ => None,
        });
        let closures = closures.collect::<Vec<_>>();
        let expected = takes.closures(call.args.len());
        if call.args.len() != takes.values() + expected || closures.len() != expected {
            self.mistakes.report_fatal(word.span(), message::measure_arguments_expected(word, takes));
            return None;
        }
        if let Some(value) = &value {
            if let Some(at) = wrong_share(value).filter(|_| takes == MeasureArguments::ShareThenRecord) {
                self.mistakes.report_fatal(at, message::SHARE_EXPECTED);
            }
            self.check_mentions(&free_names(value));
        }
        closures.iter().for_each(|closure| self.check_closure(word, closure, takes));
        Some((value, closures))
    }

    /// A field of the handle: the key, or the start of the window. Reports other fields.
    fn field(&mut self, member: &Member) -> Option<Expr> {
        let Member::Named(name) = member else {
            self.report_escape(self.handle);
            return None;
        };
        if is_key(name) {
            if !self.has_key {
                self.mistakes.report_fatal(name.span(), message::NO_KEY);
            }
            self.uses_key = true;
            let key = standing_for(key(), name.span());
            return Some(if self.has_window { parse_quote!(#key.0) } else { key });
        }
        if self.has_window && name == "start" {
            self.uses_key = true;
            let key = standing_for(key(), name.span());
            return Some(parse_quote!(#key.1));
        }
        let message = match self.has_window {
            true => message::field_of_window(self.handle, name),
            false => message::field_of_handle(self.handle, name),
        };
        self.report_once(name.span(), message);
        None
    }

    /// Visits parts of an expression that are evaluated only under a condition.
    fn within(&mut self, condition: Condition, visit: impl FnOnce(&mut Self)) {
        let outside = self.condition.replace(condition);
        visit(self);
        self.condition = outside;
    }

    /// Visits an expression that does not start at the handle.
    fn visit_other(&mut self, expr: &mut Expr) {
        match expr {
            Expr::If(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                self.within(Condition::new(branch.if_token.span, "if"), |this| {
                    this.visit_block_mut(&mut branch.then_branch);
                    branch.else_branch.iter_mut().for_each(|(_, otherwise)| this.visit_expr_mut(otherwise));
                });
            }
            Expr::Match(choice) => {
                self.visit_expr_mut(&mut choice.expr);
                self.within(Condition::new(choice.match_token.span, "match"), |this| {
                    choice.arms.iter_mut().for_each(|arm| this.visit_arm_mut(arm));
                });
            }
            Expr::Binary(ExprBinary { left, op: BinOp::And(token), right, .. }) => {
                self.visit_expr_mut(left);
                self.within(Condition::new(token.span(), "&&"), |this| this.visit_expr_mut(right));
            }
            Expr::Binary(ExprBinary { left, op: BinOp::Or(token), right, .. }) => {
                self.visit_expr_mut(left);
                self.within(Condition::new(token.span(), "||"), |this| this.visit_expr_mut(right));
            }
            Expr::Closure(closure) => {
                let (condition, exit) = (Condition::new(closure.inputs_begin.span, "|…|"), self.exit);
                self.within(condition, |this| visit_mut::visit_expr_closure_mut(this, closure));
                self.exit = exit;
            }
            Expr::ForLoop(repeated) => {
                self.visit_expr_mut(&mut repeated.expr);
                self.visit_pat_mut(&mut repeated.pat);
                let condition = Condition::new(repeated.for_token.span, "for");
                self.within(condition, |this| this.visit_block_mut(&mut repeated.body));
            }
            Expr::While(repeated) => {
                self.visit_expr_mut(&mut repeated.cond);
                let condition = Condition::new(repeated.while_token.span, "while");
                self.within(condition, |this| this.visit_block_mut(&mut repeated.body));
            }
            _ => {
                visit_mut::visit_expr_mut(self, expr);
                self.exit = Condition::of_exit(expr).or(self.exit);
            }
        }
    }

    fn check_closure(&mut self, word: &Ident, closure: &ExprClosure, takes: MeasureArguments) {
        if closure.inputs.len() != takes.parameters() {
            self.mistakes.report_fatal(closure.inputs_begin.span, message::measure_arguments_expected(word, takes));
        }
        if let Some(at) = symbols::computed_in(closure).filter(|_| takes == MeasureArguments::Symbols) {
            self.mistakes.report_fatal(at, message::computed_symbol(word));
        }
        self.check_mentions(&free_names_of_closure(closure));
    }

    fn check_mentions(&mut self, mentions: &Mentions<'_>) {
        let plain = mentions.plain.iter().map(|mention| mention.name);
        if let Some(escaped) = plain.chain(&mentions.opaque).find(|name| *name == self.handle) {
            self.report_escape(escaped);
        }
    }
}

impl VisitMut for Extraction<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::MethodCall(call) if self.is_handle(&call.receiver) => {
                if let Some(slot) = self.measure(call) {
                    *expr = standing_for(slot, call.method.span());
                }
            }
            Expr::Field(field) if self.is_handle(&field.base) => {
                if let Some(value) = self.field(&field.member) {
                    *expr = value;
                }
            }
            Expr::Path(path) if path.path.is_ident(self.handle) => {
                if let Some(name) = path.path.get_ident() {
                    self.report_escape(name);
                }
            }
            _ => self.visit_other(expr),
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        visit_mut::visit_local_mut(self, local);
        let leaves = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        self.exit = leaves.map(|(otherwise, _)| Condition::new(otherwise.span, "else")).or(self.exit);
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        // A variable with the name of the handle would hide it.
        if pattern.ident == *self.handle {
            self.report_escape(&pattern.ident);
        }
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let mut names = Vec::new();
        names_in_tokens(call.tokens.clone(), &mut names);
        if let Some(escaped) = names.iter().find(|name| *name == self.handle) {
            self.report_escape(escaped);
        }
    }
}

/// A generated variable in place of the user's expression.
fn standing_for(mut name: Ident, at: Span) -> Expr {
    name.set_span(name.span().located_at(at));
    parse_quote!(#name)
}

/// Returns `true` if a field of the handle is the key of the group.
fn is_key(name: &Ident) -> bool {
    name == "key"
}

/// The span of a literal share that is not from 0 to 1.
fn wrong_share(share: &Expr) -> Option<Span> {
    let (sign, number) = match share {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => (-1.0, &*unary.expr),
        other => (1.0, other),
    };
    let Expr::Lit(literal) = number else { return None };
    let (value, is_whole) = match &literal.lit {
        Lit::Float(float) => (float.base10_parse::<f64>().ok()?, false),
        Lit::Int(whole) => (whole.base10_parse::<f64>().ok()?, true),
        _ => return None,
    };
    (is_whole || !(0.0..=1.0).contains(&(sign * value))).then(|| number.span())
}

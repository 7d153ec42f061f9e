//! The measures of `aggregate(|g| Out { a: g.key, b: g.sum(|r| r.q), n: g.count() })`.
//!
//! The closure never runs as it is written. Its measures are computed over the group's records, all of them in one
//! pass, and what is left of the body runs once per group on their values. So the handle `g` only exists where one
//! of its measures or its key is named.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, ExprMethodCall, Macro, Member, Pat, parse_quote};

use crate::analyse::reads::{self, Reads};
use crate::analyse::symbols;
use crate::diagnostics::{Diagnostics, message};
use crate::operators::{Stand, Takes};
use crate::syntax::names::{Mentions, free_names, free_names_of_closure, names_in_tokens, plain_path};
use crate::syntax::patterns::{bound_names, names_bound_inside, plain_name};
use crate::syntax::{Call, Pipeline};

/// An aggregation, taken apart.
pub(crate) struct Aggregation {
    /// Each measure once, in the order in which the body first names them.
    pub(crate) measures: Vec<Measure>,
    /// The body, with a name from [`slot`] or [`key`] in place of each measure and of the group's key.
    pub(crate) body: Expr,
    /// Whether the body looks at the key.
    pub(crate) uses_key: bool,
}

/// One measure of a group.
pub(crate) struct Measure {
    pub(crate) word: Ident,
    /// What a fold begins with, or folds by.
    pub(crate) value: Option<Expr>,
    /// What is measured of each record; a count has none.
    pub(crate) closures: Vec<ExprClosure>,
    /// Whether its closure names fields, and looks at no record.
    pub(crate) is_symbolic: bool,
    /// Where a mean's sum and count are measured anyway: which they are. Nothing is added up for it then.
    pub(crate) quotient: Option<(usize, usize)>,
    /// Of a quantile, the first of those of the same values: they are selected together.
    pub(crate) together: Option<usize>,
}

impl Measure {
    /// Whether nothing is added up for it: it comes of others.
    pub(crate) fn is_derived(&self, index: usize) -> bool {
        self.quotient.is_some() || self.together.is_some_and(|first| first != index)
    }
}

impl Aggregation {
    /// Whether a group's records must be together, as its quantiles are of all its values.
    pub(crate) fn is_in_groups(&self) -> bool {
        self.measures.iter().any(|measure| measure.together.is_some())
    }
}

/// Whether a measure is a quantile.
fn is_quantile(word: &Ident) -> bool {
    word == "median" || word == "percentile"
}

/// What a measure's closures get.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sees {
    /// None, or one closure, of one record.
    PerhapsRecord,
    /// One closure, of one record.
    Record,
    /// Two closures, each of one record: what is compared, and what is kept.
    RecordTwice,
    /// One closure that names fields.
    Symbols,
    /// A value, then a closure of one record.
    ValueThenRecord,
    /// A share from 0 to 1, then a closure of one record.
    ShareThenRecord,
    /// A value, then a closure of an accumulator and a record, and one of two accumulators.
    Accumulators,
}

/// The measures: what the user writes, and what its closures get.
const MEASURES: [(&str, Sees); 18] = [
    ("sum", Sees::Record),
    ("min", Sees::Record),
    ("max", Sees::Record),
    ("avg", Sees::Record),
    ("count", Sees::PerhapsRecord),
    ("count_if", Sees::Record),
    ("count_distinct", Sees::Symbols),
    ("median", Sees::Record),
    ("percentile", Sees::ShareThenRecord),
    ("variance", Sees::Record),
    ("stddev", Sees::Record),
    ("variance_pop", Sees::Record),
    ("stddev_pop", Sees::Record),
    ("min_by", Sees::RecordTwice),
    ("max_by", Sees::RecordTwice),
    ("first", Sees::Symbols),
    ("fold", Sees::Accumulators),
    ("fold_with", Sees::ValueThenRecord),
];

impl Sees {
    /// How many closures it has, of so many arguments.
    fn closures(self, arguments: usize) -> usize {
        match self {
            Sees::PerhapsRecord => arguments.min(1),
            Sees::Record | Sees::Symbols | Sees::ValueThenRecord | Sees::ShareThenRecord => 1,
            Sees::RecordTwice | Sees::Accumulators => 2,
        }
    }

    fn values(self) -> usize {
        usize::from(matches!(self, Sees::ValueThenRecord | Sees::ShareThenRecord | Sees::Accumulators))
    }

    /// What to say where a measure has other arguments.
    fn wanted(self, word: &Ident) -> String {
        match self {
            Sees::ValueThenRecord => message::measure_wants_aggregator(word),
            Sees::ShareThenRecord => message::measure_wants_share(word),
            Sees::Accumulators => message::measure_wants_accumulator(word),
            Sees::PerhapsRecord => message::count_wants_closure(word),
            _ => message::measure_wants_closures(word, self.closures(1)),
        }
    }

    /// How many parameters each closure has.
    fn parameters(self) -> usize {
        if self == Sees::Accumulators { 2 } else { 1 }
    }

    /// What a measure of these closures reads of a record.
    fn reads(self, closures: &[ExprClosure]) -> Reads {
        let of_all = closures.iter().map(reads::of);
        let of_records: Vec<Reads> = match self {
            // The record stands behind the accumulator, and the second closure gets none.
            Sees::Accumulators => of_all.take(1).flat_map(|reads| reads.into_iter().skip(1)).collect(),
            _ => of_all.flatten().collect(),
        };
        of_records.into_iter().fold(Reads::nothing(), Reads::and)
    }
}

/// Whether a closure gives a field of the record as it is.
pub(crate) fn names_field(closure: &ExprClosure) -> bool {
    // A pattern of another kind names the record's type, which symbols do not have.
    if !closure.inputs.iter().all(|input| matches!(input, Pat::Ident(_) | Pat::Tuple(_))) {
        return false;
    }
    let mut place = &*closure.body;
    while let Expr::Field(field) = place {
        place = &field.base;
    }
    let bound = closure.inputs.iter().flat_map(bound_names).collect::<Vec<_>>();
    plain_path(place).is_some_and(|name| bound.contains(&name))
}

/// The name of the value of the measure number `index`.
pub(crate) fn slot(index: usize) -> Ident {
    format_ident!("__slot{index}", span = Span::mixed_site())
}

/// The name of the group's key.
pub(crate) fn key() -> Ident {
    Ident::new("__key", Span::mixed_site())
}

/// Takes an aggregation apart. What is wrong with it, [`check`] has reported.
pub(crate) fn of(call: &Call) -> Option<Aggregation> {
    read(call, &mut Diagnostics::default())
}

/// What all measures read of a record.
pub(crate) fn reads(aggregation: &Aggregation) -> Reads {
    let measures = aggregation.measures.iter().filter_map(|measure| {
        let (_, sees) = MEASURES.iter().find(|(known, _)| measure.word == known)?;
        Some(sees.reads(&measure.closures))
    });
    measures.fold(Reads::nothing(), Reads::and)
}

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    let calls = pipeline.flows.iter().flat_map(|flow| &flow.calls);
    for call in calls.filter(|call| call.operator.is_some_and(|operator| operator.takes == Takes::Handle)) {
        read(call, found);
    }
}

fn read(call: &Call, found: &mut Diagnostics) -> Option<Aggregation> {
    let Some(closure) = call.closures().next() else {
        found.report_unwritable(call.span(), message::handle_wanted(&call.word));
        return None;
    };
    let parameter = closure.inputs.first()?;
    let mut body = (*closure.body).clone();
    let Some(handle) = plain_name(parameter) else {
        if !matches!(parameter, Pat::Wild(_)) {
            found.report_unwritable(call.span(), message::HANDLE_IS_A_NAME);
        }
        return Some(Aggregation { measures: Vec::new(), body, uses_key: false });
    };
    let has_key = call.operator.is_some_and(|operator| operator.from == Stand::Grouped);
    let mut extraction =
        Extraction { handle, has_key, measures: Vec::new(), uses_key: false, has_escaped: false, found: &mut *found };
    extraction.visit_expr_mut(&mut body);
    let Extraction { mut measures, uses_key, .. } = extraction;
    if let Some(name) = inner_variable(&measures, &body) {
        found.report_unwritable(name.span(), message::inner_variable(&name));
    }
    divide(&mut measures);
    select_together(&mut measures);
    let counted = measures.iter().find(|measure| measure.word == "count_distinct");
    if let Some(counted) = counted.filter(|_| measures.iter().any(|measure| measure.together.is_some())) {
        found.report_unwritable(counted.word.span(), message::COUNTED_BESIDE_QUANTILE);
        return None;
    }
    Some(Aggregation { measures, body, uses_key })
}

/// A variable of the body that a measure's closure names. What is left of the body has names in place of the measures.
fn inner_variable(measures: &[Measure], body: &Expr) -> Option<Ident> {
    let inner = names_bound_inside(body);
    let closures = measures.iter().flat_map(|measure| &measure.closures);
    closures.into_iter().find_map(|closure| {
        let mentions = free_names_of_closure(closure);
        let mut plain = mentions.plain.iter().map(|mention| mention.name);
        plain.find(|name| inner.contains(name)).cloned()
    })
}

/// Finds the means whose sum and count are measured anyway.
fn divide(measures: &mut [Measure]) {
    let counts_all = |measure: &Measure| measure.word == "count" && measure.closures.is_empty();
    let Some(count) = measures.iter().position(counts_all) else { return };
    for index in (0..measures.len()).filter(|&index| measures[index].word == "avg").collect::<Vec<_>>() {
        let measured = text(&measures[index].closures);
        let sum = |known: &Measure| known.word == "sum" && text(&known.closures) == measured;
        measures[index].quotient = measures.iter().position(sum).map(|sum| (sum, count));
    }
}

/// Finds the quantiles of the same values.
fn select_together(measures: &mut [Measure]) {
    for index in 0..measures.len() {
        if is_quantile(&measures[index].word) {
            let values = text(&measures[index].closures);
            let same = |known: &Measure| is_quantile(&known.word) && text(&known.closures) == values;
            measures[index].together = measures.iter().position(same);
        }
    }
}

/// The place of a share that is written out, and is none from 0 to 1.
fn wrong_share(share: &Expr) -> Option<Span> {
    let (sign, number) = match share {
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => (-1.0, &*unary.expr),
        other => (1.0, other),
    };
    let Expr::Lit(literal) = number else { return None };
    let (value, is_whole) = match &literal.lit {
        syn::Lit::Float(float) => (float.base10_parse::<f64>().ok()?, false),
        syn::Lit::Int(whole) => (whole.base10_parse::<f64>().ok()?, true),
        _ => return None,
    };
    (is_whole || !(0.0..=1.0).contains(&(sign * value))).then(|| syn::spanned::Spanned::span(number))
}

/// Moves measures out of a body.
struct Extraction<'a> {
    handle: &'a Ident,
    has_key: bool,
    measures: Vec<Measure>,
    uses_key: bool,
    /// Whether it was said that the handle stays inside: once is enough.
    has_escaped: bool,
    found: &'a mut Diagnostics,
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
            self.found.report_unwritable(at, sentence);
        }
    }

    /// `g.sum(|r| ..)`: its slot, which the same measure shares wherever it is written.
    fn measure(&mut self, call: &ExprMethodCall) -> Option<Ident> {
        let word = &call.method;
        let Some(&(_, sees)) = MEASURES.iter().find(|(known, _)| word == known) else {
            let wrong = match word == "key" {
                true if self.has_key => message::KEY_CALLED.to_owned(),
                true => message::NO_KEY.to_owned(),
                false => message::unknown_measure(word),
            };
            self.found.report_unwritable(word.span(), wrong);
            return None;
        };
        let value = call.args.first().filter(|_| sees.values() > 0).cloned();
        let closures = call.args.iter().skip(sees.values()).filter_map(|argument| match argument {
            Expr::Closure(closure) => Some(closure.clone()),
            _ => None,
        });
        let closures = closures.collect::<Vec<_>>();
        let wanted = sees.closures(call.args.len());
        if call.args.len() != sees.values() + wanted || closures.len() != wanted {
            self.found.report_unwritable(word.span(), sees.wanted(word));
            return None;
        }
        if let Some(value) = &value {
            if let Some(at) = wrong_share(value).filter(|_| sees == Sees::ShareThenRecord) {
                self.found.report_unwritable(at, message::SHARE_WANTED);
            }
            self.check_mentions(&free_names(value));
        }
        closures.iter().for_each(|closure| self.check_closure(word, closure, sees));
        let same = |known: &Measure| {
            known.word == *word && text(&known.closures) == text(&closures) && text(&known.value) == text(&value)
        };
        let index = self.measures.iter().position(same).unwrap_or(self.measures.len());
        if index == self.measures.len() {
            let is_symbolic = sees == Sees::Symbols;
            self.measures.push(Measure {
                word: word.clone(),
                value,
                closures,
                is_symbolic,
                quotient: None,
                together: None,
            });
        }
        Some(slot(index))
    }

    fn check_closure(&mut self, word: &Ident, closure: &ExprClosure, sees: Sees) {
        if closure.inputs.len() != sees.parameters() {
            self.found.report_unwritable(closure.inputs_begin.span, sees.wanted(word));
        }
        if let Some(at) = symbols::computed_in(closure).filter(|_| sees == Sees::Symbols) {
            self.found.report_unwritable(at, message::computed_symbol(word));
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

fn text<'a>(parts: impl IntoIterator<Item = &'a (impl ToTokens + 'a)>) -> Vec<String> {
    parts.into_iter().map(|part| part.to_token_stream().to_string()).collect()
}

impl VisitMut for Extraction<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::MethodCall(call) if self.is_handle(&call.receiver) => {
                if let Some(slot) = self.measure(call) {
                    *expr = standing_for(slot, call.method.span());
                }
            }
            Expr::Field(field) if self.is_handle(&field.base) && is_key(&field.member) => {
                if !self.has_key {
                    self.found.report_unwritable(syn::spanned::Spanned::span(&field.member), message::NO_KEY);
                }
                self.uses_key = true;
                *expr = standing_for(key(), syn::spanned::Spanned::span(&field.member));
            }
            Expr::Field(field) if self.is_handle(&field.base) => match &field.member {
                Member::Named(name) => self.report_once(name.span(), message::field_of_handle(self.handle, name)),
                Member::Unnamed(_) => self.report_escape(self.handle),
            },
            Expr::Path(path) if path.path.is_ident(self.handle) => {
                if let Some(name) = path.path.get_ident() {
                    self.report_escape(name);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut syn::PatIdent) {
        // A second variable of this name would make the first one hard to tell from it.
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

/// A name that stands where the user wrote something else.
fn standing_for(mut name: Ident, at: Span) -> Expr {
    name.set_span(name.span().located_at(at));
    parse_quote!(#name)
}

fn is_key(member: &Member) -> bool {
    matches!(member, Member::Named(name) if name == "key")
}

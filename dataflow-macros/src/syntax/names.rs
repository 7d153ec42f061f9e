//! Free names: the variables that an expression mentions but does not bind.
//!
//! Captures, read sets and fusion use this walk. The contents of macro calls are not parsed, so all
//! names among their tokens are reported as [opaque](Mentions::opaque).

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprCall, ExprClosure, ExprField, ExprForLoop, ExprIf, ExprLet, ExprWhile};
use syn::{Item, Lit, Local, Macro, Member, Pat, Stmt};

use crate::operators::macros::{self, MacroEffect};
use crate::syntax::patterns::{bound_names, looks_like_a_constant};

/// One mention of a name.
pub(crate) struct Mention<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) kind: MentionKind,
    /// The fields after the name: `["home", "zip"]` for `u.home.zip`.
    pub(crate) fields: Vec<String>,
}

/// The kind of a mention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MentionKind {
    /// As a value, or as the root of a field path.
    Value,
    /// As the function in a call.
    Called,
}

/// The names that an expression mentions.
#[derive(Default)]
pub(crate) struct Mentions<'a> {
    /// Mentions in parsed syntax.
    pub(crate) plain: Vec<Mention<'a>>,
    /// Names among the tokens of macro calls and of syntax that `syn` does not parse.
    pub(crate) opaque: Vec<Ident>,
}

impl Mentions<'_> {
    /// Returns `true` if the name is mentioned.
    pub(crate) fn contain(&self, name: &Ident) -> bool {
        self.plain.iter().any(|mention| mention.name == name) || self.opaque.contains(name)
    }
}

/// The names that an expression mentions and does not bind.
pub(crate) fn free_names(expr: &Expr) -> Mentions<'_> {
    let mut walk = NameWalk::default();
    walk.visit_expr(expr);
    walk.mentions
}

/// Like [`free_names`], but `known` may narrow some uses of a name to fields.
pub(crate) fn free_names_with<'a>(expr: &'a Expr, known: &'a dyn UseRecogniser<'a>) -> Mentions<'a> {
    let mut walk = NameWalk { known: Some(known), ..NameWalk::default() };
    walk.visit_expr(expr);
    walk.mentions
}

/// Narrows some uses of a name to the fields that they read. Also called for bound names, whose
/// mentions are ignored.
pub(crate) trait UseRecogniser<'a> {
    /// A use of the name by an expression.
    fn expr(&self, expr: &'a Expr) -> Option<RecognisedUse<'a>>;
    /// A use of the name by a `let`, given the statements after it.
    fn local(&self, local: &'a Local, rest: &'a [Stmt]) -> Option<RecognisedUse<'a>>;
}

/// A use of a name.
pub(crate) struct RecognisedUse<'a> {
    /// The mentions that are counted.
    pub(crate) mentions: Vec<Mention<'a>>,
    /// The part of the expression that is not walked, because `mentions` replace it.
    pub(crate) replaced: &'a Expr,
}

/// The names that a closure mentions, except its parameters and its own bindings.
pub(crate) fn free_names_of_closure(closure: &ExprClosure) -> Mentions<'_> {
    let mut walk = NameWalk::default();
    walk.visit_expr_closure(closure);
    walk.mentions
}

/// Collects the names among tokens, including those in format strings: in `"{total:>width$}"` both
/// names.
pub(crate) fn names_in_tokens(tokens: TokenStream, names: &mut Vec<Ident>) {
    let mut after_dot = false;
    for token in tokens {
        let is_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        match token {
            TokenTree::Ident(ident) if !after_dot => names.push(ident),
            TokenTree::Literal(literal) => names_in_format(&literal, names),
            TokenTree::Group(group) => names_in_tokens(group.stream(), names),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        after_dot = is_dot;
    }
}

/// Collects the words that a format string may use as names: all words inside of its braces.
fn names_in_format(literal: &proc_macro2::Literal, names: &mut Vec<Ident>) {
    let text = literal.to_string();
    if !text.starts_with(['"', 'r']) {
        return;
    }
    for placeholder in text.split('{').skip(1) {
        let inside = placeholder.split('}').next().unwrap_or_default();
        let words = inside.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        names.extend(words.filter_map(|word| syn::parse_str::<Ident>(word).ok()).map(|mut ident| {
            ident.set_span(literal.span());
            ident
        }));
    }
}

#[derive(Default)]
struct NameWalk<'a> {
    bound: Vec<&'a Ident>,
    mentions: Mentions<'a>,
    known: Option<&'a dyn UseRecogniser<'a>>,
    /// Expressions whose mentions are already counted.
    skipped: Vec<&'a Expr>,
}

impl<'a> NameWalk<'a> {
    fn within(&mut self, walk: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        walk(self);
        self.bound.truncate(outside);
    }

    fn bind(&mut self, pattern: &'a Pat) {
        self.bound.extend(bound_names(pattern));
    }

    fn mention(&mut self, name: &'a Ident, kind: MentionKind, fields: Vec<String>) {
        if !self.bound.contains(&name) {
            self.mentions.plain.push(Mention { name, kind, fields });
        }
    }

    fn recognised(&mut self, found: Option<RecognisedUse<'a>>) {
        let Some(RecognisedUse { mentions, replaced }) = found else { return };
        self.skipped.push(replaced);
        mentions.into_iter().for_each(|mention| self.mention(mention.name, mention.kind, mention.fields));
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        let mut names = Vec::new();
        names_in_tokens(tokens.clone(), &mut names);
        names.retain(|name| !self.bound.contains(&name));
        self.mentions.opaque.append(&mut names);
    }
}

impl<'a> Visit<'a> for NameWalk<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.skipped.iter().any(|skipped| std::ptr::eq(*skipped, expr)) {
            return;
        }
        if let Some(known) = self.known {
            self.recognised(known.expr(expr));
        }
        match expr {
            Expr::Path(path) if path.qself.is_none() => {
                if let Some(name) = path.path.get_ident() {
                    self.mention(name, MentionKind::Value, Vec::new());
                }
            }
            Expr::Verbatim(tokens) => self.tokens(tokens),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_field(&mut self, expr: &'a ExprField) {
        match field_path(expr) {
            Some((name, fields)) => self.mention(name, MentionKind::Value, fields),
            None => visit::visit_expr_field(self, expr),
        }
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        match plain_path(&call.func) {
            Some(name) => self.mention(name, MentionKind::Called, Vec::new()),
            None => self.visit_expr(&call.func),
        }
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_expr_closure(&mut self, closure: &'a ExprClosure) {
        self.within(|walk| {
            closure.inputs.iter().for_each(|input| walk.bind(input));
            walk.visit_expr(&closure.body);
        });
    }

    fn visit_block(&mut self, block: &'a Block) {
        self.within(|walk| {
            for (index, statement) in block.stmts.iter().enumerate() {
                if let (Some(known), Stmt::Local(local)) = (walk.known, statement) {
                    walk.recognised(known.local(local, &block.stmts[index + 1..]));
                }
                walk.visit_stmt(statement);
            }
        });
    }

    fn visit_local(&mut self, local: &'a Local) {
        if let Some(init) = &local.init {
            visit::visit_local_init(self, init);
        }
        self.bind(&local.pat);
    }

    fn visit_arm(&mut self, arm: &'a Arm) {
        self.within(|walk| {
            walk.bind(&arm.pat);
            visit::visit_arm(walk, arm);
        });
    }

    fn visit_expr_let(&mut self, expr: &'a ExprLet) {
        self.visit_expr(&expr.expr);
        self.bind(&expr.pat);
    }

    fn visit_expr_if(&mut self, expr: &'a ExprIf) {
        self.within(|walk| {
            walk.visit_expr(&expr.cond);
            walk.visit_block(&expr.then_branch);
        });
        if let Some((_, otherwise)) = &expr.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, expr: &'a ExprWhile) {
        self.within(|walk| visit::visit_expr_while(walk, expr));
    }

    fn visit_expr_for_loop(&mut self, expr: &'a ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.within(|walk| {
            walk.bind(&expr.pat);
            walk.visit_block(&expr.body);
        });
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.tokens(&call.tokens);
    }

    fn visit_item(&mut self, _: &'a Item) {
        // Items cannot use local variables.
    }
}

/// The name and the fields of `name.field.field`.
fn field_path(expr: &ExprField) -> Option<(&Ident, Vec<String>)> {
    let (name, mut fields) = match peeled(&expr.base) {
        Expr::Field(base) => field_path(base)?,
        base => (plain_path(base)?, Vec::new()),
    };
    fields.push(member_text(&expr.member));
    Some((name, fields))
}

/// The second mention of a name in an expression. Returns `None` if `if` or `match` expressions
/// mention the name, because only one branch may run.
pub(crate) fn repeated_use(name: &Ident, body: &Expr) -> Option<Ident> {
    struct Branches<'n>(&'n Ident, bool);
    impl<'e> Visit<'e> for Branches<'_> {
        fn visit_expr(&mut self, expr: &'e Expr) {
            self.1 |= matches!(expr, Expr::If(_) | Expr::Match(_)) && free_names(expr).contain(self.0);
            visit::visit_expr(self, expr);
        }
    }
    let mut branches = Branches(name, false);
    branches.visit_expr(body);
    let mentions = free_names(body).plain.into_iter().filter(|mention| mention.name == name);
    mentions.map(|mention| mention.name.clone()).nth(1).filter(|_| !branches.1)
}

/// The name of a variable or function written as a plain name.
pub(crate) fn plain_path(expr: &Expr) -> Option<&Ident> {
    match peeled(expr) {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// Returns `true` if an expression is a constant by its spelling: a literal, a `date!`, or a path
/// such as `LIMIT` or `u64::MAX`.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::Lit(literal) => !matches!(literal.lit, Lit::Verbatim(_)),
        Expr::Macro(call) => is_date(&call.mac),
        Expr::Path(path) => {
            path.qself.is_none() && path.path.segments.last().is_some_and(|name| looks_like_a_constant(&name.ident))
        }
        _ => false,
    }
}

/// Returns `true` if a path names an associated constant without type arguments, such as
/// `Decimal::ZERO`. Its type may be generic and follow only from its use, so the macro cannot ask
/// the compiler for the type of the constant alone.
///
/// An uppercase first letter distinguishes a type from a module, like in rustc's lint
/// `non_camel_case_types`. A wrong guess changes no result:
/// * A filter with a constant of a module `Limits` keeps its position.
/// * A filter with a constant of a generic type `limits` does not compile without type arguments.
pub(crate) fn is_associated_constant(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    let owner = path.path.segments.iter().rev().nth(1);
    owner.is_some_and(|owner| owner.arguments.is_none() && owner.ident.to_string().starts_with(char::is_uppercase))
}

/// Returns `true` for `date!("1995-03-15")`.
fn is_date(call: &Macro) -> bool {
    let mut tokens = call.tokens.clone().into_iter();
    let is_one_literal = matches!((tokens.next(), tokens.next()), (Some(TokenTree::Literal(_)), None));
    is_one_literal && macros::effect_of(call) == Some(MacroEffect::EvaluatesLiteral)
}

/// The text of a field, without the prefix of a raw identifier.
pub(crate) fn member_text(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string().trim_start_matches("r#").to_owned(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// The expression without parentheses and invisible groups around it.
pub(crate) fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => peeled(&inner.expr),
        Expr::Group(inner) => peeled(&inner.expr),
        _ => expr,
    }
}

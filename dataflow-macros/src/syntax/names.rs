//! Free names: which variables an expression mentions that it does not itself bind, and how.
//!
//! Captures, read sets and fusion all use this walk. In macro calls, where syntax does not tell, the walk reports every
//! name that it sees.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprCall, ExprClosure, ExprField, ExprForLoop, ExprIf, ExprLet, ExprWhile};
use syn::{Item, Lit, Local, Macro, Member, Pat, Stmt};

use crate::operators::macros::{self, MacroEffect};
use crate::syntax::patterns::{bound_names, looks_like_a_constant};

/// One mention of a name.
pub(crate) struct Mention<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) how: MentionKind,
    /// The fields named after it: `["home", "zip"]` for `u.home.zip`.
    pub(crate) fields: Vec<String>,
}

/// How a name is mentioned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MentionKind {
    /// As a value, or as the root of a path of fields.
    Value,
    /// As a function that is called.
    Called,
}

/// What an expression mentions.
#[derive(Default)]
pub(crate) struct Mentions<'a> {
    /// Mentions that syntax shows.
    pub(crate) plain: Vec<Mention<'a>>,
    /// Names among the tokens of macro calls and of syntax that the parser does not know.
    pub(crate) opaque: Vec<Ident>,
}

impl Mentions<'_> {
    /// Whether the name is mentioned in any way.
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

/// As [`free_names`], where some uses of names are known to mention less than the name.
pub(crate) fn free_names_but<'a>(expr: &'a Expr, known: &'a dyn Recognise<'a>) -> Mentions<'a> {
    let mut walk = NameWalk { known: Some(known), ..NameWalk::default() };
    walk.visit_expr(expr);
    walk.mentions
}

/// Knows what some uses of a name mention. It is asked about bound names, too; their mentions do not count.
pub(crate) trait Recognise<'a> {
    /// What an expression does with a name.
    fn expr(&self, expr: &'a Expr) -> Option<Recognised<'a>>;
    /// What a `let` does with a name, for the statements behind it.
    fn local(&self, local: &'a Local, rest: &'a [Stmt]) -> Option<Recognised<'a>>;
}

/// A use of a name.
pub(crate) struct Recognised<'a> {
    /// What it mentions.
    pub(crate) mentions: Vec<Mention<'a>>,
    /// The part of the expression that these stand for.
    pub(crate) seen: &'a Expr,
}

/// The names that a closure mentions, other than its parameters and what it binds itself.
pub(crate) fn free_names_of_closure(closure: &ExprClosure) -> Mentions<'_> {
    let mut walk = NameWalk::default();
    walk.visit_expr_closure(closure);
    walk.mentions
}

/// The names among tokens, those in format strings included: in `"{total:>width$}"` both are.
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

/// The names that a format string could mean: words right after `{` or `:`, and words before `$`.
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
    known: Option<&'a dyn Recognise<'a>>,
    /// Expressions whose mentions are counted already.
    seen: Vec<&'a Expr>,
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

    fn mention(&mut self, name: &'a Ident, how: MentionKind, fields: Vec<String>) {
        if !self.bound.contains(&name) {
            self.mentions.plain.push(Mention { name, how, fields });
        }
    }

    fn recognised(&mut self, found: Option<Recognised<'a>>) {
        let Some(Recognised { mentions, seen }) = found else { return };
        self.seen.push(seen);
        mentions.into_iter().for_each(|mention| self.mention(mention.name, mention.how, mention.fields));
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
        if self.seen.iter().any(|seen| std::ptr::eq(*seen, expr)) {
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
        // Items do not see local variables.
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

/// The second mention of a name in an expression. None where mentions lie in branches, of which
/// only one may run.
pub(crate) fn second_use(name: &Ident, body: &Expr) -> Option<Ident> {
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

/// Whether an expression is a constant by its spelling: a literal, a `date!`, or a path like `LIMIT` and `u64::MAX`.
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

/// Whether a path names a constant of a type whose parameters only its use may tell, as `Decimal::ZERO`: the compiler cannot be asked for the type of
/// such a constant alone.
///
/// Syntax tells a type from a module by the case of its name alone, as rustc's own lint `non_camel_case_types` does. A wrong guess changes no result:
/// a filter with a constant of a module `Limits` stays where it is written, and one with a constant of a generic type `limits` does not compile
/// without the constant's parameters.
pub(crate) fn is_of_a_type(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    let owner = path.path.segments.iter().rev().nth(1);
    owner.is_some_and(|owner| owner.arguments.is_none() && owner.ident.to_string().starts_with(char::is_uppercase))
}

/// `date!("1995-03-15")`
fn is_date(call: &Macro) -> bool {
    let mut tokens = call.tokens.clone().into_iter();
    let is_one_literal = matches!((tokens.next(), tokens.next()), (Some(TokenTree::Literal(_)), None));
    is_one_literal && macros::effect_of(call) == Some(MacroEffect::EvaluatesLiteral)
}

/// A field as it is written after the dot.
pub(crate) fn member_text(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string().trim_start_matches("r#").to_owned(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// An expression without the parentheses around it.
pub(crate) fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => peeled(&inner.expr),
        Expr::Group(inner) => peeled(&inner.expr),
        _ => expr,
    }
}

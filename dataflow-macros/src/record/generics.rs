//! The type parameters of a record: `struct Pair<A, B> { … }`. Each stands for a record.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned as _;
use syn::{GenericParam, Type};

/// The parameters of a record, and its field types that contain them.
#[derive(Default)]
pub(super) struct Generics {
    names: Vec<Ident>,
    /// The user's bounds, one entry per parameter.
    bounds: Vec<TokenStream>,
    /// The predicates of the user's `where`.
    predicates: Vec<TokenStream>,
    /// Field types that contain parameters, such as `Option<A>`. The implementations assume that
    /// they are records. One function checks it.
    composed: Vec<Type>,
}

impl Generics {
    /// Reads the parameters. `item_kind` is `struct` or `enum`.
    pub(super) fn read(generics: syn::Generics, item_kind: &str) -> syn::Result<Self> {
        let mut read = Generics::default();
        for parameter in generics.params {
            match parameter {
                GenericParam::Type(parameter) => {
                    let bounds = &parameter.bounds;
                    read.names.push(parameter.ident.clone());
                    read.bounds.push(quote!(#bounds));
                }
                GenericParam::Lifetime(parameter) => {
                    let message = format!(
                        "a record owns its values, so its {item_kind} has no lifetime: write `String` for `&str` and `Vec<T>` for `&[T]`; \
                         closures see them borrowed"
                    );
                    return Err(syn::Error::new(parameter.span(), message));
                }
                GenericParam::Const(parameter) => {
                    let message = "a record has no constant parameters: write the number out, one struct for each";
                    return Err(syn::Error::new(parameter.span(), message));
                }
            }
        }
        let predicates = generics.where_clause.into_iter().flat_map(|clause| clause.predicates);
        read.predicates = predicates.map(ToTokens::into_token_stream).collect();
        Ok(read)
    }

    /// Adds the type of a field, if it contains parameters but is not one.
    pub(super) fn add(&mut self, ty: &Type) {
        if self.occur_in(ty) && !self.names.iter().any(|name| is_name(ty, name)) {
            self.composed.push(ty.clone());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns `true` if a type contains parameters.
    pub(super) fn occur_in(&self, ty: &Type) -> bool {
        !self.is_empty() && mentions(ty.to_token_stream(), &|name| self.names.contains(name))
    }

    /// `A, B,`: the parameters as arguments.
    pub(super) fn arguments(&self) -> TokenStream {
        let names = &self.names;
        quote!(#(#names,)*)
    }

    /// `A: Record, B: Record,`: the parameters as declared.
    pub(super) fn declared(&self) -> TokenStream {
        let declared = self.names.iter().zip(&self.bounds).map(|(name, bounds)| {
            let bounds = (!bounds.is_empty()).then(|| quote!(+ #bounds));
            quote!(#name: ::dataflow::__private::Record #bounds)
        });
        quote!(#(#declared,)*)
    }

    /// The declared parameters, the arguments, and the predicates of an implementation.
    pub(super) fn parts(&self) -> (TokenStream, TokenStream, TokenStream) {
        (self.declared(), self.arguments(), self.predicates())
    }

    /// The predicates of the emitted items.
    pub(super) fn predicates(&self) -> TokenStream {
        let (predicates, composed) = (&self.predicates, &self.composed);
        quote!(#(#predicates,)* #(#composed: ::dataflow::__private::Record,)*)
    }

    /// The predicates of the user's `where`.
    pub(super) fn user_predicates(&self) -> TokenStream {
        let predicates = &self.predicates;
        quote!(#(#predicates,)*)
    }

    /// The field types that contain parameters.
    pub(super) fn composed(&self) -> &[Type] {
        &self.composed
    }
}

fn is_name(ty: &Type, name: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// Returns `true` if `matches` holds for a name anywhere in the tokens.
pub(super) fn mentions(tokens: TokenStream, matches: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => matches(&name),
        TokenTree::Group(group) => mentions(group.stream(), matches),
        _ => false,
    })
}

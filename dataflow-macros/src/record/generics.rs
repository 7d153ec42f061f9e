//! The type parameters of a record: `struct Pair<A, B> { … }`, where each stands for a record.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned as _;
use syn::{GenericParam, Type};

/// The parameters of a record, and its types that are made of them.
#[derive(Default)]
pub(super) struct Generics {
    names: Vec<Ident>,
    /// The user's bounds, parameter by parameter.
    bounds: Vec<TokenStream>,
    /// The user's `where`.
    predicates: Vec<TokenStream>,
    /// Fields' types that are made of parameters, `Option<A>`: taken to be records in the implementations, and checked once.
    composed: Vec<Type>,
}

impl Generics {
    /// Reads the parameters of `what`, a struct or an enum.
    pub(super) fn read(generics: syn::Generics, what: &str) -> syn::Result<Self> {
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
                        "a record owns its values, so its {what} has no lifetime: write `String` for `&str` and `Vec<T>` for `&[T]`; \
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

    /// Takes in a field's type.
    pub(super) fn add(&mut self, ty: &Type) {
        if self.is_in(ty) && !self.names.iter().any(|name| is_name(ty, name)) {
            self.composed.push(ty.clone());
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a type is made of parameters.
    pub(super) fn is_in(&self, ty: &Type) -> bool {
        !self.is_empty() && mentions(ty.to_token_stream(), &|name| self.names.contains(name))
    }

    /// `A, B,`: the parameters as arguments.
    pub(super) fn arguments(&self) -> TokenStream {
        let names = &self.names;
        quote!(#(#names,)*)
    }

    /// `A: Record, B: Record,`: the parameters as they are declared.
    pub(super) fn declared(&self) -> TokenStream {
        let declared = self.names.iter().zip(&self.bounds).map(|(name, bounds)| {
            let bounds = (!bounds.is_empty()).then(|| quote!(+ #bounds));
            quote!(#name: ::dataflow::__private::Record #bounds)
        });
        quote!(#(#declared,)*)
    }

    /// The parameters as they are declared, as arguments, and what follows `where`: for an implementation.
    pub(super) fn parts(&self) -> (TokenStream, TokenStream, TokenStream) {
        (self.declared(), self.arguments(), self.predicates())
    }

    /// What follows `where` in everything that is written out.
    pub(super) fn predicates(&self) -> TokenStream {
        let (predicates, composed) = (&self.predicates, &self.composed);
        quote!(#(#predicates,)* #(#composed: ::dataflow::__private::Record,)*)
    }

    /// What the user wrote behind `where`.
    pub(super) fn given(&self) -> TokenStream {
        let predicates = &self.predicates;
        quote!(#(#predicates,)*)
    }

    /// The types that are made of parameters.
    pub(super) fn composed(&self) -> &[Type] {
        &self.composed
    }
}

fn is_name(ty: &Type, name: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// Whether a name for which `is_it` holds stands anywhere in the tokens.
pub(super) fn mentions(tokens: TokenStream, is_it: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => is_it(&name),
        TokenTree::Group(group) => mentions(group.stream(), is_it),
        _ => false,
    })
}

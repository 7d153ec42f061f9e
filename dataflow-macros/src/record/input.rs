//! What the derive is given: a struct with named fields.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Fields, Item, ItemStruct, LitStr, Type, Visibility};

use super::attributes::{self, Mistakes};
use super::borrowing::{Sight, sight};

/// A struct that becomes a record.
pub(super) struct RecordInput {
    pub(super) name: Ident,
    pub(super) visibility: Visibility,
    pub(super) fields: Vec<FieldInput>,
    /// What closures see of it.
    pub(super) sight: Sight,
}

/// One of its fields.
pub(super) struct FieldInput {
    pub(super) name: Ident,
    pub(super) visibility: Visibility,
    pub(super) ty: Type,
    pub(super) column: LitStr,
    /// The user's documentation, which the field's counterparts carry too.
    pub(super) docs: Vec<Attribute>,
}

impl RecordInput {
    /// Reads the struct. Mistakes that leave its meaning clear come beside it.
    pub(super) fn read(tokens: TokenStream) -> syn::Result<(Self, Option<syn::Error>)> {
        let input = structure(syn::parse2(tokens)?)?;
        let mut mistakes = Mistakes::default();
        attributes::of_struct(&input.attrs, &mut mistakes);
        if !input.generics.params.is_empty() {
            let message = "a record has no parameters: write the types out, one struct for each";
            return Err(syn::Error::new(input.generics.params.span(), message));
        }
        if let Some(clause) = &input.generics.where_clause {
            return Err(syn::Error::new(clause.where_token.span, "a record has no bounds: its types are written out"));
        }
        let fields = named_fields(&input.ident, input.fields)?
            .into_iter()
            .map(|field| FieldInput::read(field, &mut mistakes))
            .collect::<syn::Result<Vec<_>>>()?;
        check_columns(&fields, &mut mistakes);
        let sight = fields.iter().map(|field| sight(&field.ty)).max().unwrap_or(Sight::Itself);
        let record = RecordInput { name: input.ident, visibility: input.vis, fields, sight };
        Ok((record, mistakes.into_error()))
    }

    /// The fields' types.
    pub(super) fn types(&self) -> impl Iterator<Item = &Type> {
        self.fields.iter().map(|field| &field.ty)
    }
}

impl FieldInput {
    fn read(field: syn::Field, mistakes: &mut Mistakes) -> syn::Result<Self> {
        let Some(name) = field.ident else {
            return Err(syn::Error::new(field.ty.span(), "a record's fields have names"));
        };
        let plain_name = || LitStr::new(&name.unraw().to_string(), name.span());
        let column = attributes::column(&field.attrs, mistakes).unwrap_or_else(plain_name);
        let docs = field.attrs.into_iter().filter(|attribute| attribute.path().is_ident("doc")).collect();
        Ok(FieldInput { name, visibility: field.vis, ty: field.ty, column, docs })
    }
}

fn structure(item: Item) -> syn::Result<ItemStruct> {
    let (at, message) = match item {
        Item::Struct(item) => return Ok(item),
        Item::Enum(item) => (
            item.enum_token.span(),
            "an enum is not a record yet: use a struct, with an `Option` for what may be missing",
        ),
        Item::Union(item) => (item.union_token.span(), "a union cannot be a record: use a struct"),
        item => (item.span(), "only a struct can be a record"),
    };
    Err(syn::Error::new(at, message))
}

fn named_fields(name: &Ident, fields: Fields) -> syn::Result<Vec<syn::Field>> {
    let (at, message) = match fields {
        Fields::Named(fields) if !fields.named.is_empty() => return Ok(fields.named.into_iter().collect()),
        Fields::Named(_) | Fields::Unit => {
            (name.span(), format!("`{name}` has no fields, so there is nothing to record: give it one, or use `()`"))
        }
        Fields::Unnamed(fields) => (
            fields.span(),
            format!("a record's fields have names: write `struct {name} {{ name: Type, … }}`, or use a plain tuple"),
        ),
    };
    Err(syn::Error::new(at, message))
}

/// Two columns of one name could not be told apart.
fn check_columns(fields: &[FieldInput], mistakes: &mut Mistakes) {
    let mut seen = HashMap::new();
    for field in fields {
        let column = field.column.value();
        if let Some(first) = seen.insert(column.clone(), &field.name) {
            mistakes.report(field.column.span(), format!("the column `{column}` is already the field `{first}`"));
        }
    }
}

//! The input of the derive: a struct with named fields, or an enum.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Fields, Item, LitStr, Member, Type, Visibility};

use super::attributes;
use super::borrowing::{Borrowing, borrowing};
use super::generics::Generics;
use super::invalid_types;
use super::spelling::has_spelling;
use super::stored::stored;
use crate::diagnostics::Diagnostics;

/// The largest number of variants of an enum, because the tag is one byte.
const MAX_VARIANTS: usize = 256;

/// A struct or an enum that becomes a record.
pub(super) struct RecordInput {
    pub(super) name: Ident,
    pub(super) visibility: Visibility,
    pub(super) generics: Generics,
    pub(super) body: RecordBody,
    /// The type that closures get.
    pub(super) borrowing: Borrowing,
    /// The errors of fields with invalid types. Their types are replaced.
    pub(super) rejected: Option<syn::Error>,
}

/// The fields or variants of a record.
pub(super) enum RecordBody {
    Struct(Vec<FieldInput>),
    Enum(Vec<VariantInput>),
}

/// A field of a struct or of a variant.
#[derive(Clone)]
pub(super) struct FieldInput {
    /// The name or position in the type: `word`, or `0`.
    pub(super) member: Member,
    /// The name that patterns bind it to.
    pub(super) binding: Ident,
    pub(super) visibility: Visibility,
    /// The type as the user wrote it.
    pub(super) ty: Type,
    /// The type without its boxes, which is stored.
    pub(super) stored: Type,
    pub(super) column: LitStr,
    /// Whether readers set it to the path of the file that a row is read from.
    pub(super) is_source_file: bool,
    /// The user's documentation, which is also emitted for the field's counterparts.
    pub(super) docs: Vec<Attribute>,
}

/// A variant of an enum.
#[derive(Clone)]
pub(super) struct VariantInput {
    pub(super) name: Ident,
    /// The name in files.
    pub(super) column: LitStr,
    pub(super) is_tuple: bool,
    pub(super) fields: Vec<FieldInput>,
    pub(super) docs: Vec<Attribute>,
}

impl RecordInput {
    /// Reads the record. Mistakes that do not hide its meaning are the second part of the value.
    pub(super) fn read(tokens: TokenStream) -> syn::Result<(Self, Option<syn::Error>)> {
        let mut mistakes = Diagnostics::default();
        let (name, visibility, generics, body) = match syn::parse2(tokens)? {
            Item::Struct(item) => {
                attributes::of_record(&item.attrs, &mut mistakes);
                let generics = Generics::read(item.generics, "struct")?;
                let fields = read_fields(named_fields(&item.ident, item.fields)?, &mut mistakes);
                (item.ident, item.vis, generics, RecordBody::Struct(fields))
            }
            Item::Enum(item) => {
                attributes::of_record(&item.attrs, &mut mistakes);
                let generics = Generics::read(item.generics, "enum")?;
                let variants = read_variants(&item.ident, item.variants, &mut mistakes)?;
                (item.ident, item.vis, generics, RecordBody::Enum(variants))
            }
            Item::Union(item) => {
                return Err(syn::Error::new(
                    item.union_token.span(),
                    "a union cannot be a record: nothing says which of its fields is there; use an enum",
                ));
            }
            item => return Err(syn::Error::new(item.span(), "only a struct or an enum can be a record")),
        };
        let mut record = RecordInput { name, visibility, generics, body, borrowing: Borrowing::Itself, rejected: None };
        record.reject_types();
        let stored: Vec<Type> = record.types().cloned().collect();
        stored.iter().for_each(|ty| record.generics.add(ty));
        let seen = |field: &FieldInput| match record.generics.occur_in(&field.ty) {
            true => Borrowing::Twin,
            false => borrowing(&field.ty),
        };
        record.borrowing = record.all_fields().map(seen).max().unwrap_or(Borrowing::Itself);
        Ok((record, mistakes.into_error()))
    }

    /// The stored types of the fields, including those of all variants.
    pub(super) fn types(&self) -> impl Iterator<Item = &Type> {
        self.all_fields().map(|field| &field.stored)
    }

    /// Returns `true` if the twin writes out the type of a field.
    pub(super) fn is_written_out(&self, ty: &Type) -> bool {
        !self.generics.occur_in(ty) && has_spelling(ty)
    }

    /// The name of the record's twin.
    pub(super) fn twin(&self) -> Ident {
        format_ident!("{}Ref", self.name)
    }

    /// The name of the [type guard](super::type_guard). Only the expansion uses it.
    pub(super) fn type_guard(&self) -> Ident {
        format_ident!("__{}Known", self.name)
    }

    fn all_fields(&self) -> impl Iterator<Item = &FieldInput> {
        let (fields, variants) = match &self.body {
            RecordBody::Struct(fields) => (fields.as_slice(), [].as_slice()),
            RecordBody::Enum(variants) => ([].as_slice(), variants.as_slice()),
        };
        fields.iter().chain(variants.iter().flat_map(|variant| &variant.fields))
    }

    fn all_fields_mut(&mut self) -> impl Iterator<Item = &mut FieldInput> {
        let (fields, variants) = match &mut self.body {
            RecordBody::Struct(fields) => (fields.as_mut_slice(), [].as_mut_slice()),
            RecordBody::Enum(variants) => ([].as_mut_slice(), variants.as_mut_slice()),
        };
        fields.iter_mut().chain(variants.iter_mut().flat_map(|variant| &mut variant.fields))
    }

    /// Reports fields with invalid types, and replaces the types, so that the rest of the record
    /// can be emitted.
    fn reject_types(&mut self) {
        let (name, mut rejected) = (self.name.clone(), Diagnostics::default());
        for field in self.all_fields_mut() {
            if let Err(error) = invalid_types::check(&name, &field.ty) {
                rejected.add(error);
                field.ty = invalid_types::replacement(&field.ty);
                field.stored = field.ty.clone();
            }
        }
        self.rejected = rejected.into_error();
    }
}

impl FieldInput {
    fn read(index: usize, field: syn::Field, mistakes: &mut Diagnostics) -> Self {
        let member = field.ident.map_or_else(|| Member::from(index), Member::from);
        let span = if let Member::Named(name) = &member { name.span() } else { field.ty.span() };
        let plain_name = || LitStr::new(&text(&member), span);
        let attributes = attributes::read("field", &field.attrs, mistakes);
        let (column, is_source_file) = (attributes.column.unwrap_or_else(plain_name), attributes.source_file.is_some());
        if is_source_file && !is_string(&field.ty) {
            mistakes.report(
                field.ty.span(),
                "a field marked `source_file` is a `String`: the path of the file that the row is from",
            );
        }
        let docs = docs(field.attrs);
        let binding = format_ident!("__{index}");
        let stored = stored(&field.ty);
        FieldInput { member, binding, visibility: field.vis, ty: field.ty, stored, column, is_source_file, docs }
    }

    /// The field's name in the program.
    pub(super) fn ident(&self) -> String {
        text(&self.member)
    }
}

fn text(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Returns `true` if a type is spelled `String`.
fn is_string(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "String"))
}

fn docs(attributes: Vec<Attribute>) -> Vec<Attribute> {
    attributes.into_iter().filter(|attribute| attribute.path().is_ident("doc")).collect()
}

fn read_fields(fields: impl IntoIterator<Item = syn::Field>, mistakes: &mut Diagnostics) -> Vec<FieldInput> {
    let fields = fields.into_iter().enumerate().map(|(index, field)| FieldInput::read(index, field, mistakes));
    let fields: Vec<_> = fields.collect();
    let name = |field: &FieldInput| format!("the field `{}`", field.ident());
    check_names("column", fields.iter().map(|field| (&field.column, name(field))), mistakes);
    fields
}

fn read_variants(
    name: &Ident,
    variants: impl IntoIterator<Item = syn::Variant>,
    mistakes: &mut Diagnostics,
) -> syn::Result<Vec<VariantInput>> {
    let read = |variant: syn::Variant| {
        let plain_name = || LitStr::new(&variant.ident.unraw().to_string(), variant.ident.span());
        let column = attributes::read("variant", &variant.attrs, mistakes).column.unwrap_or_else(plain_name);
        let is_tuple = matches!(variant.fields, Fields::Unnamed(_));
        for field in &variant.fields {
            if let Some(at) = attributes::read("field", &field.attrs, &mut Diagnostics::default()).source_file {
                mistakes.report(at, "`source_file` stands on a field of the record that is read, not of a variant");
            }
        }
        let fields = read_fields(variant.fields, mistakes);
        VariantInput { name: variant.ident, column, is_tuple, fields, docs: docs(variant.attrs) }
    };
    let variants: Vec<_> = variants.into_iter().map(read).collect();
    let error = |message| Err(syn::Error::new(name.span(), message));
    match variants.len() {
        0 => error(format!("`{name}` has no variants, so there is no value to record: give it one")),
        count if count > MAX_VARIANTS => error(format!(
            "`{name}` has {count} variants; an enum in a record has at most {MAX_VARIANTS}: use a number"
        )),
        _ => {
            let name = |variant: &VariantInput| format!("the variant `{}`", variant.name);
            check_names("name", variants.iter().map(|variant| (&variant.column, name(variant))), mistakes);
            Ok(variants)
        }
    }
}

fn named_fields(name: &Ident, fields: Fields) -> syn::Result<Fields> {
    let (at, message) = match fields {
        Fields::Named(fields) if !fields.named.is_empty() => return Ok(Fields::Named(fields)),
        Fields::Unnamed(fields) if !fields.unnamed.is_empty() => (
            fields.span(),
            format!("a record's fields have names: write `struct {name} {{ name: Type, … }}`, or use a plain tuple"),
        ),
        _ => (name.span(), format!("`{name}` has no fields, so there is nothing to record: give it one, or use `()`")),
    };
    Err(syn::Error::new(at, message))
}

/// Reports names in files that are used twice.
fn check_names<'n>(what: &str, names: impl Iterator<Item = (&'n LitStr, String)>, mistakes: &mut Diagnostics) {
    let mut seen = HashMap::new();
    for (name, owner) in names {
        if let Some(first) = seen.insert(name.value(), owner) {
            mistakes.report(name.span(), format!("the {what} `{}` is already {first}", name.value()));
        }
    }
}

//! Expansion tests: `tests/expand/<topic>.rs` must expand to `tests/expand/<topic>.expanded.rs`.
//!
//! After an intended change, `UPDATE_EXPECT=1 cargo test -p dataflow-macros` writes the new
//! expansions.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{File, Item};

use crate::expand;

#[test]
fn expansions_match_the_recorded_files() -> Result<(), Box<dyn Error>> {
    for input in inputs()? {
        let expanded =
            expanded(&fs::read_to_string(&input)?).map_err(|error| format!("{}: {error}", input.display()))?;
        expect_test::expect_file![input.with_extension("expanded.rs")].assert_eq(&expanded);
    }
    Ok(())
}

fn inputs() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    let is_input = |path: &PathBuf| !path.to_string_lossy().ends_with(".expanded.rs");
    let mut inputs = files.into_iter().filter(is_input).collect::<Vec<_>>();
    inputs.sort();
    Ok(inputs)
}

/// Expands the items with `#[dataflow]` and the `dataflow! { … }` items of a file.
fn expanded(source: &str) -> Result<String, syn::Error> {
    let mut expanded = TokenStream::new();
    for mut item in syn::parse_str::<File>(source)?.items {
        match &mut item {
            Item::Macro(inline) if inline.mac.path.is_ident("dataflow") => {
                let pipeline = expand::expression(inline.mac.tokens.clone());
                expanded.extend(quote::quote!(const _: () = #pipeline;));
            }
            item => {
                remove_attribute(item);
                expanded.extend(expand::function(TokenStream::new(), item.to_token_stream()));
            }
        }
    }
    Ok(prettyplease::unparse(&syn::parse2(expanded)?))
}

fn remove_attribute(item: &mut Item) {
    let attributes = match item {
        Item::Fn(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        _ => return,
    };
    attributes.retain(|attribute| !attribute.path().is_ident("dataflow"));
}

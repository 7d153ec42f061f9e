//! Tests of the derive: rejected input, and the structure of its output.

use std::str::FromStr as _;

use proc_macro2::TokenStream;

use super::borrowing::{Borrowing, borrowing};
use super::{expand, parts};

/// The messages of the errors in an expansion, in order.
fn errors(input: &str) -> Vec<String> {
    let expansion = expand(TokenStream::from_str(input).unwrap()).to_string();
    let messages = expansion.split("compile_error ! {").skip(1);
    messages
        .map(|rest| {
            let literal = rest.split_once('}').map_or(rest, |(literal, _)| literal);
            syn::parse_str::<syn::LitStr>(literal).map_or_else(|_| literal.to_owned(), |literal| literal.value())
        })
        .collect()
}

#[test]
fn only_enums_and_structs_with_named_fields_are_records() {
    let rejected = [
        ("enum Never {}", "`Never` has no variants"),
        ("enum E<'a> { A(&'a str) }", "so its enum has no lifetime"),
        ("union U { a: u8 }", "a union cannot be a record"),
        ("struct Unit;", "`Unit` has no fields"),
        ("struct Empty {}", "`Empty` has no fields"),
        ("struct Tuple(u8);", "a record's fields have names: write `struct Tuple"),
        ("struct Empty();", "`Empty` has no fields"),
        ("struct Generic<const N: usize> { t: [u8; N] }", "no constant parameters"),
    ];
    for (input, message) in rejected {
        let found = errors(input);
        assert!(found.len() == 1 && found[0].contains(message), "{input}: {found:?}");
    }
}

#[test]
fn invalid_field_types_are_reported_by_their_spelling() {
    let rejected = [
        ("usize", "write `u64`"),
        ("Option<(u8, isize)>", "write `i64`"),
        ("&'static str", "write `String`"),
        ("&'static [u8]", "write `Vec<u8>`"),
        ("Vec<HashMap<String, u64>>", "written `BTreeMap`"),
        ("HashMap<u8, std::collections::HashMap<u8, u8>>", "written `BTreeMap`"),
        ("std::collections::BTreeSet<u8>", "write `Vec`"),
        ("fn(u8) -> u8", "a function is not a value"),
        ("*const u8", "without the pointer"),
        ("[Date; 17]", "write `Vec<Date>`"),
        ("Option<Box<A>>", "its row would have no end"),
        ("Vec<Self>", "its row would have no end"),
    ];
    for (ty, message) in rejected {
        for input in [format!("struct A {{ a: {ty} }}"), format!("enum A {{ B, C(u8, {ty}) }}")] {
            let found = errors(&input);
            assert!(found.len() == 1 && found[0].contains(message), "{input}: {found:?}");
        }
    }
    for ty in [
        "[u8; 16]",
        "[u8; LENGTH as usize]",
        "Option<Box<B>>",
        "Vec<u64>",
        "Vec<String>",
        "Vec<Vec<u8>>",
        "Vec<bool>",
        "Vec<B>",
        "HashMap<u8, B>",
        "BTreeMap<String, Vec<B>>",
        "other::A",
        "Box<[u8; 2]>",
    ] {
        assert_eq!(errors(&format!("struct A {{ a: {ty} }}")), [""; 0], "{ty}");
    }
}

#[test]
fn wrong_attributes_are_reported_and_the_impl_is_emitted() {
    let rejected = [
        ("#[record(copy)] struct A { a: u8 }", "unknown attribute of a record"),
        ("struct A { #[record(nme = \"x\")] a: u8 }", "unknown attribute of a field"),
        ("struct A { #[record(name = \"\")] a: u8 }", "at least one character"),
        ("struct A { #[record(name = \"x\", name = \"y\")] a: u8 }", "already named"),
        ("struct A { #[record(name = \"b\")] a: u8, #[record(name = \"b\")] b: u8 }", "already the field `a`"),
        ("struct A { #[record(source_file)] a: u8 }", "marked `source_file` is a `String`"),
        ("struct A { #[record(source_file)] a: Option<String> }", "marked `source_file` is a `String`"),
        ("enum A { B { #[record(source_file)] a: String } }", "not of a variant"),
        ("enum A { #[record(source_file)] B }", "unknown attribute of a variant"),
        ("enum A { #[record(nme = \"x\")] B }", "unknown attribute of a variant"),
        ("enum A { #[record(name = \"C\")] B, C }", "already the variant `B`"),
    ];
    for (input, message) in rejected {
        let found = errors(input);
        assert!(found.len() == 1 && found[0].contains(message), "{input}: {found:?}");
        assert!(expand(TokenStream::from_str(input).unwrap()).to_string().contains("Record for A"), "{input}");
    }
}

#[test]
fn type_spelling_determines_borrowing() {
    let of = |ty: &str| borrowing(&syn::parse_str(ty).unwrap());
    for ty in
        ["u64", "Date", "runtime::value::Decimal<2>", "Option<u8>", "(u8, Option<bool>)", "()", "(f64)", "[u8; 4]"]
    {
        assert_eq!(of(ty), Borrowing::Itself, "{ty}");
    }
    for ty in [
        "String",
        "std::string::String",
        "Vec<u8>",
        "Option<String>",
        "(u8, (Home, Vec<u64>))",
        "Box<u8>",
        "[String; 2]",
        "Vec<Home>",
        "BTreeMap<u8, Home>",
        "std::collections::HashMap<u8, u8>",
    ] {
        assert_eq!(of(ty), Borrowing::Twin, "{ty}");
    }
    for ty in ["Home", "Option<Home>", "(u8, Home)", "Pair<u8, u8>", "[Home; 4]", "String<u8>"] {
        assert_eq!(of(ty), Borrowing::AsNested, "{ty}");
    }
}

#[test]
fn fields_are_nested_by_eight() {
    let tree = |count: usize| {
        let items = (0..count).map(|index| TokenStream::from_str(&index.to_string()).unwrap()).collect();
        parts::nest(items).to_string().replace(' ', "")
    };
    assert_eq!(tree(1), "(0,)");
    assert_eq!(tree(9), "((0,1,2,3,4,5,6,7,),(8,),)");
    let places = [(0, 1), (7, 8), (8, 9), (63, 64), (64, 65), (69, 70)];
    let found = places.map(|(index, count)| parts::path(index, count).to_string().replace(' ', ""));
    assert_eq!(found, [".0", ".7", ".1.0", ".7.7", ".1.0.0", ".1.0.5"]);
}

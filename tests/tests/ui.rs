//! One program for each mistake, and what the compiler says to it.
//!
//! Each mistake must give one message, at the user's own words. After a change that is meant,
//! `TRYBUILD=overwrite cargo test -p tests --test ui` writes the new messages.

#[test]
fn mistakes_have_one_message_each() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

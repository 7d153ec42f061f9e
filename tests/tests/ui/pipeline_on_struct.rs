use dataflow::prelude::*;

#[dataflow]
pub struct Lines {
    pub text: String,
}

fn main() {}

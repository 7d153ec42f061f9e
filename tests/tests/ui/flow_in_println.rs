use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let numbers = Env::from_args()?.collection([1u64, 2])?;
    println!("{numbers:?}");
    Ok(())
}

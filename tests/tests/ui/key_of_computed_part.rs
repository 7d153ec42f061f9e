use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let offers = Env::embedded().collection([(1u32, 2u64)])?;
    let _ = offers.group_by(|o| (o.0, o.computed(|o, key| key.emit(o.1 / 10)))).count();
    Ok(())
}

use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let offers = Env::embedded().collection([(1u32, 2u64)])?;
    let counts = offers.group_by(|o| o.0).aggregates().count_distinct(|o| o.computed(|o, key| key.emit(o.1 / 10)));
    let _: DataSet<u64> = counts.finish(|_, (_, count), out| out.emit(count));
    Ok(())
}

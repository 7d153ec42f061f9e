use dataflow::prelude::*;

#[dataflow]
fn visits(visits: DataSet<(u64, u64, String)>) -> DataSet<(u64, u64, String)> {
    visits.group_by(|v| v.0).aggregate(|g| (g.key, g.count_distinct(|v| v.1), g.min(|v| v.2)))
}

fn main() -> dataflow::Result<()> {
    println!("{:?}", visits(Env::embedded().read_csv("visits.csv")?).collect()?);
    Ok(())
}

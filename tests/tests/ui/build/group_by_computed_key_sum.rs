use dataflow::prelude::*;

#[dataflow]
fn totals(sales: DataSet<(Date, i64)>) -> DataSet<(Date, i64)> {
    sales.group_by(|s| s.0.year()).sum(|s| s.1)
}

fn main() -> dataflow::Result<()> {
    println!("{:?}", totals(Env::embedded().read_csv("sales.csv")?).collect()?);
    Ok(())
}

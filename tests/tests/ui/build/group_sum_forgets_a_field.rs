use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Sale {
    shop: u32,
    day: Date,
    amount: i64,
}

#[dataflow]
fn totals(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.filter(|s| s.amount > 0).group_by(|s| s.shop).sum(|s| s.amount)
}

fn main() -> dataflow::Result<()> {
    println!("{:?}", totals(Env::embedded().read_csv("sales.csv")?).collect()?);
    Ok(())
}

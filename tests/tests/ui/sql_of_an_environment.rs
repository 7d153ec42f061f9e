use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    env.sql("SELECT page, count(*) FROM clicks GROUP BY page")?.print();
    env.run()?;
    Ok(())
}

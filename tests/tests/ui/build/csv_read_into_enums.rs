use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
enum Event {
    Click { url: String },
    Idle,
}

#[derive(Record, Clone, Debug)]
struct Line {
    user: u64,
    event: Event,
}

fn main() -> dataflow::Result<()> {
    let lines = Env::embedded().read_csv::<Line>("events.csv")?.count()?;
    println!("{lines}");
    Ok(())
}

use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
enum Shape {
    Circle { radius: f64 },
    Dot,
}

fn main() -> dataflow::Result<()> {
    let shapes = Env::embedded().read_binary::<(u64, Shape)>("shapes.bin")?.count()?;
    println!("{shapes}");
    Ok(())
}

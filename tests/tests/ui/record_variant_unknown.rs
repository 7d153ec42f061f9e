use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
enum Event {
    Idle,
    Click { url: String },
}

#[dataflow]
fn urls(events: DataSet<Event>) -> DataSet<String> {
    events.filter_map(|e| match e {
        EventRef::Clik { url } => Some(url),
        _ => None,
    })
}

fn main() {}

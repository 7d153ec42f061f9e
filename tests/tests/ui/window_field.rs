use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Click {
    url: String,
    time: Timestamp,
}

#[dataflow]
fn hits(clicks: TimedStream<Click>) -> DataStream<(String, Timestamp, u64)> {
    clicks.group_by(|c| c.url).window(Tumbling::of(mins(1))).aggregate(|w| (w.key, w.begin, w.count()))
}

fn main() {}

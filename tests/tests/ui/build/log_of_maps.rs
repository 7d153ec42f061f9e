use std::collections::BTreeMap;

use dataflow::LogWriter;
use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Visit {
    labels: BTreeMap<String, String>,
}

fn main() -> dataflow::Result<()> {
    let log = LogWriter::<Visit>::create("visits", 2)?;
    log.seal_all()
}

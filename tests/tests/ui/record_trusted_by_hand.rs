//! What the engine takes for granted of a record, said by hand where unsafe code is forbidden. The derive may say it there.
#![forbid(unsafe_code)]

use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Length {
    meters: u64,
}

struct Feet(u64);

unsafe impl dataflow::__private::TrustedRecord<Feet> for Feet {}

fn main() {
    let _ = (Length { meters: 1 }.meters, Feet(1).0);
}

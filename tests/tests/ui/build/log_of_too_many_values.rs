use dataflow::LogWriter;

fn main() -> dataflow::Result<()> {
    let log = LogWriter::<[[[[u8; 16]; 16]; 16]; 16]>::open("bytes", 2)?;
    log.seal_all()
}

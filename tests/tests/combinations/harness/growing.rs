//! Logs that grow while jobs read them.

use dataflow::LogWriter;
use dataflow::prelude::*;

/// A log and its future records.
pub trait Growing {
    /// Appends records until the log has this share of them.
    fn append_until(&mut self, percent: usize);
    fn seal(self: Box<Self>);
}

pub struct GrowingLog<T: Record> {
    log: LogWriter<T>,
    records: Vec<T>,
    appended: usize,
    splits: usize,
}

impl<T: Record> GrowingLog<T> {
    pub fn create(path: &str, records: Vec<T>, splits: usize) -> Self {
        GrowingLog { log: LogWriter::create(path, splits).unwrap(), records, appended: 0, splits }
    }
}

impl<T: Record> Growing for GrowingLog<T> {
    fn append_until(&mut self, percent: usize) {
        let until = self.records.len() * percent / 100;
        for number in self.appended..until.max(self.appended) {
            self.log.append_to(number * 7 % self.splits, &self.records[number]).unwrap();
            if number % 60 == 59 {
                self.log.flush().unwrap();
            }
        }
        self.log.flush().unwrap();
        self.appended = until.max(self.appended);
    }

    fn seal(self: Box<Self>) {
        self.log.seal_all().unwrap();
    }
}

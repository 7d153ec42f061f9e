//! A sink that sends each record as a line to a server, exactly once.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use dataflow::connector::{
    Background, Commit, EngineError, EpochSink, Input, Prepared, Progress, Sink, Transaction, Writer, WriterContext,
};

/// Sends lines to a [`LineServer`](crate::LineServer): one transaction per task and epoch.
pub struct LineSink {
    server: SocketAddr,
}

impl LineSink {
    /// Creates a sink for this server. It connects when the job runs.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        LineSink { server }
    }
}

/// Sends a request, and returns the lines of the answer.
fn ask(server: SocketAddr, request: &str) -> std::io::Result<Vec<String>> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(request.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    BufReader::new(stream).lines().collect()
}

fn user(error: std::io::Error) -> EngineError {
    EngineError::User(error.into())
}

impl Sink for LineSink {
    fn describe(&self) -> String {
        format!("lines to {}", self.server)
    }

    fn writer(&self, context: WriterContext) -> Result<Box<dyn Writer>, EngineError> {
        let server = Background::new(self.server, &context.blocking);
        Ok(Box::new(LineWriter { server, subtask: context.subtask, lines: String::new(), prepared: None }))
    }

    fn as_epochs(&self) -> Option<&dyn EpochSink> {
        Some(self)
    }
}

impl EpochSink for LineSink {
    fn commit(&self, _: u64, prepared: &[Transaction]) -> Result<Commit, EngineError> {
        for transaction in prepared {
            if ask(self.server, &format!("commit {transaction}\n")).is_err() {
                return Ok(Commit::Retry);
            }
        }
        Ok(Commit::Done)
    }

    fn abort(&self, transactions: &[Transaction]) -> Result<(), EngineError> {
        let abort = |transaction| ask(self.server, &format!("abort {transaction}\n")).map(drop);
        transactions.iter().try_for_each(abort).map_err(user)
    }

    fn in_doubt(&self) -> Result<Vec<Transaction>, EngineError> {
        ask(self.server, "in-doubt\n").map_err(user)
    }
}

/// Holds the lines of an epoch, and sends them when it ends.
struct LineWriter {
    server: Background<SocketAddr>,
    subtask: usize,
    lines: String,
    /// The transaction of the request that was sent.
    prepared: Option<Transaction>,
}

impl Writer for LineWriter {
    fn write(&mut self, rows: &Input<'_>) -> Result<Progress, EngineError> {
        let batch = rows.batch();
        for &row in rows.selection().rows() {
            self.lines += &format!("{}\n", batch.leaf_bits(0, row as usize));
        }
        Ok(Progress::Done)
    }

    fn flush(&mut self) -> Result<Progress, EngineError> {
        Ok(Progress::Done)
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared, EngineError> {
        let Some(server) = self.server.take()? else { return Ok(Prepared::Pending) };
        if self.lines.is_empty() {
            self.server.put(server);
            return Ok(Prepared::Transactions(self.prepared.take().into_iter().collect()));
        }
        // The process id distinguishes it from a transaction of a process that was killed.
        let transaction = format!("{epoch}-{}-{}", self.subtask, std::process::id());
        let request = format!("prepare {transaction}\n{}end\n", std::mem::take(&mut self.lines));
        self.prepared = Some(transaction);
        self.server.submit(server, move |server| ask(*server, &request).map(drop).map_err(user));
        Ok(Prepared::Pending)
    }
}

//! A server of lines, for tests: it keeps transactions in memory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Accepts lines in transactions. Requests are `prepare NAME`, lines and `end`; `commit NAME`;
/// `abort NAME`; `in-doubt`, which returns the names of prepared transactions.
pub struct LineServer {
    address: SocketAddr,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    prepared: BTreeMap<String, Vec<String>>,
    committed: Vec<String>,
}

impl LineServer {
    /// Listens on a free local port until the process ends.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, lines) = (listener.local_addr()?, Arc::<Mutex<Lines>>::default());
        let shared = lines.clone();
        std::thread::spawn(move || {
            // If a client is killed, its request is incomplete and changes nothing.
            listener.incoming().flatten().for_each(|stream| drop(serve(&stream, &shared)));
        });
        Ok(LineServer { address, lines })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the lines of all committed transactions.
    #[must_use]
    pub fn committed(&self) -> Vec<String> {
        lock(&self.lines).committed.clone()
    }
}

fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: &TcpStream, lines: &Mutex<Lines>) -> Result<()> {
    let request = BufReader::new(stream).lines().collect::<Result<Vec<String>>>()?;
    let Some((first, rest)) = request.split_first() else { return Ok(()) };
    let mut lines = lock(lines);
    match (first.split_once(' '), rest.split_last()) {
        (Some(("prepare", name)), Some((end, rows))) if end == "end" => {
            lines.prepared.insert(name.to_owned(), rows.to_vec());
        }
        (Some(("commit", name)), _) => {
            // A commit may be repeated.
            let rows = lines.prepared.remove(name).unwrap_or_default();
            lines.committed.extend(rows);
        }
        (Some(("abort", name)), _) => drop(lines.prepared.remove(name)),
        (None, _) if first == "in-doubt" => {
            for name in lines.prepared.keys() {
                writeln!(stream, "{name}")?;
            }
        }
        _ => {}
    }
    Ok(())
}

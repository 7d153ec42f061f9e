//! Threads that may block: for files that are not in the page cache, and for writing.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::channel::{Turn, Wake};
use crate::kernel::Blocking;

const THREADS: usize = 4;

type Work = Box<dyn FnOnce() + Send>;

/// The process's blocking threads, started at first use.
fn sender() -> &'static Sender<Work> {
    static SENDER: OnceLock<Sender<Work>> = OnceLock::new();
    SENDER.get_or_init(|| {
        let (sender, receiver) = channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..THREADS {
            let receiver = receiver.clone();
            let thread = std::thread::Builder::new().name(format!("dataflow-io-{number}"));
            // A thread that cannot be started leaves its work to the others; without any, `submit` does it itself.
            let _ = thread.spawn(move || work(&receiver));
        }
        sender
    })
}

fn work(receiver: &Mutex<Receiver<Work>>) {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => work(),
            Err(_) => return,
        }
    }
}

/// Submits for one task, and wakes it when the work is done.
pub(super) struct BlockingFor(pub(super) Arc<dyn Wake>);

impl Blocking for BlockingFor {
    fn submit(&self, work: Work) {
        let task = self.0.clone();
        let done = move || {
            work();
            task.wake(Turn::InOrder);
        };
        if let Err(refused) = sender().send(Box::new(done)) {
            (refused.0)();
        }
    }

    fn reads_cached(&self) -> bool {
        true
    }
}

//! Panics of user closures: caught, kept quiet, and turned into the job's error.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::{Error, Result};
use crate::value::Overflow;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs what calls the user's closures; a panic becomes an error, and prints nothing: the job's error will say it once.
///
/// The process's panic hook is wrapped at first use; panics elsewhere go to the hook that was there before.
///
/// # Errors
/// Those of `f`, and its panic.
pub fn catching<R>(f: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(|| watched(f))).unwrap_or_else(|payload| Err(error(payload.as_ref())))
}

/// Calls code of a library that panics on some damaged bytes. The program's panic hook does not run.
///
/// # Errors
/// The text of the panic, with its place.
pub fn quietly<R>(f: impl FnOnce() -> R) -> std::result::Result<R, String> {
    catch_unwind(AssertUnwindSafe(|| watched(f))).map_err(|payload| match error(payload.as_ref()) {
        Error::Panic { message } => message,
        other => other.to_string(),
    })
}

fn watched<R>(f: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
                LAST.set(place);
            } else {
                before(info);
            }
        }));
    });
    // A user's nested parallelism may run another task on this thread: the flag is put back as it was.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            WATCHED.set(self.0);
        }
    }
    let _restore = Restore(WATCHED.replace(true));
    f()
}

/// The error for a caught panic.
fn error(payload: &(dyn Any + Send)) -> Error {
    let place = LAST.take().unwrap_or_default();
    if let Some(overflow) = payload.downcast_ref::<Overflow>() {
        return Error::Overflow { what: format!("{}{place}", overflow.what) };
    }
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    Error::Panic { message: format!("{}{place}", text.unwrap_or_else(|| "no message".to_owned())) }
}

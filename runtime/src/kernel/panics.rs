//! Panics of user closures: caught, not printed, and converted to the error of the job.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::{Error, Result};
use crate::value::Overflow;

thread_local! {
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls a function that runs user closures. A panic becomes an error and is not printed, because
/// the error of the job contains it.
///
/// The panic hook of the process is wrapped at first use. Other panics go to the former hook.
///
/// # Errors
/// Fails with the error of `f`, or with [`Error::Panic`] or [`Error::Overflow`] if it panics.
pub fn catching<R>(f: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(|| with_silenced_hook(f))).unwrap_or_else(|payload| Err(error(payload.as_ref())))
}

/// Calls a function of a library that panics on some damaged bytes. The panic is not printed.
///
/// # Errors
/// Fails with the text of the panic and its place.
pub fn quietly<R>(f: impl FnOnce() -> R) -> std::result::Result<R, String> {
    catch_unwind(AssertUnwindSafe(|| with_silenced_hook(f))).map_err(|payload| match error(payload.as_ref()) {
        Error::Panic { message } => message,
        other => other.to_string(),
    })
}

fn with_silenced_hook<R>(f: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IS_CATCHING.get() {
                let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
                LAST.set(place);
            } else {
                before(info);
            }
        }));
    });
    // A user's nested parallelism may run another task on this thread, so the former flag is
    // restored.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_CATCHING.set(self.0);
        }
    }
    let _restore = Restore(IS_CATCHING.replace(true));
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

//! Captured values whose `Drop` panics.

/// Panics where it is dropped on one of the engine's threads; the program's own drops nothing that panics.
#[derive(Clone)]
struct Captured(std::thread::ThreadId);

impl Drop for Captured {
    fn drop(&mut self) {
        assert!(std::thread::current().id() == self.0, "dropped elsewhere");
    }
}

#[test]
fn a_captured_value_whose_drop_panics_ends_the_job() {
    for parallelism in [1, 2, 4] {
        let captured = Captured(std::thread::current().id());
        let numbers = tests::local(parallelism).collection(0..1_000u64).unwrap();
        let same = numbers.process(move |number, out| {
            let _ = &captured;
            out.emit(number);
        });
        let error = same.collect().unwrap_err().to_string();
        assert!(error.contains("dropped elsewhere"), "{parallelism}: {error}");
    }
}

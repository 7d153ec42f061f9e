//! Results that a program receives: `collect`, `records`, `count`.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, on_each_engine, same_on_all_engines};

use crate::cases;

#[dataflow]
fn with_note(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.filter(|s| s.note.is_some())
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn collect_returns_the_input(input in inputs()) {
        let sales = input.sales();
        same_on_all_engines(sales.clone(), |env| env.collection(&sales)?.collect());
    }

    #[test]
    fn count_returns_the_number_of_records(input in inputs()) {
        let sales = input.sales();
        let expected = sales.iter().filter(|s| s.note.is_some()).count() as u64;
        on_each_engine(|engine, env| {
            let flow = with_note(env.collection(&sales).unwrap());
            assert_eq!(flow.count().unwrap(), expected, "{engine}");
            // A flow can be run again for another result.
            assert_eq!(flow.records().unwrap().len() as u64, expected, "{engine}");
        });
    }
}

//! Forged symbols and keys: with wrong types, or for leaves that do not exist.

use dataflow::prelude::*;
use dataflow::{Field, Key, KeyedBy};
use tests::on_each_engine;

#[derive(Record, Clone, Debug, PartialEq)]
struct Person {
    id: u32,
    name: String,
    age: u8,
}

/// A key that claims to be a text.
#[derive(Clone, Copy)]
struct Forged(usize);

impl Key<Person> for Forged {
    type Value = String;
    fn leaves(&self) -> Vec<usize> {
        vec![self.0]
    }
}

impl KeyedBy<Person, String> for Forged {
    fn leaves(&self) -> Vec<usize> {
        vec![self.0]
    }
}

/// A symbol that declares any leaf a text.
fn made_up(leaf: usize) -> Field<Person, String> {
    <String as Record>::fields::<Person>(leaf)
}

#[test]
fn keys_with_forged_types_do_not_match() {
    on_each_engine(|engine, env| {
        let people = || {
            let person = |id: u32| Person { id, name: format!("the person with number {id}"), age: id as u8 };
            env.collection((0..2_000).map(person)).unwrap()
        };
        let refused = |what: &str, counted: dataflow::Result<Vec<u64>>| {
            let message = counted.unwrap_err().to_string();
            assert!(message.contains("not of one type"), "{engine}, {what}: {message}");
        };
        for leaf in [0, 2] {
            let joined = people().join(people()).on(|p| p.name, |_| made_up(leaf));
            refused("a join", joined.process(|left, _, out| out.emit(u64::from(left.id))).collect());
            let joined = people().join(people()).on(|_| Forged(leaf), |p| p.name);
            refused("a key", joined.process(|left, _, out| out.emit(u64::from(left.id))).collect());
            let grouped = people().co_group(people()).on(|p| p.name, |_| Forged(leaf));
            refused("a co-group", grouped.reduce_group(|left, _, out| out.emit(left.len() as u64)).collect());
        }
        let joined =
            people().join(people()).on(|p| p.name, |_| made_up(1)).process(|left, _, out| out.emit(u64::from(left.id)));
        assert_eq!(
            joined.collect().unwrap().len(),
            2_000,
            "{engine}: a symbol of the right leaf is as good as the record's own"
        );
    });
}

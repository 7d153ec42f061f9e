use dataflow::prelude::*;

#[derive(Record, Clone)]
struct User {
    id: u64,
    name: String,
}

#[dataflow]
fn shouted(users: DataSet<User>) -> DataSet<User> {
    users.map(|u| UserRef { id: u.id, name: u.name.to_uppercase() })
}

fn main() {}

use dataflow::prelude::*;

#[derive(Record, Clone)]
struct User {
    id: u64,
    name: String,
}

#[dataflow]
fn numbered(users: DataSet<User>) -> DataSet<User> {
    users.map(|u| UserRef { name: format!("{} {}", u.id, u.name), ..u })
}

fn main() {}

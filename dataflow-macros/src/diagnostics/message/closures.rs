//! About the arguments of operators, and closures over records.

use proc_macro2::Ident;

use crate::operators::{ChainState, ClosureArguments, Lowering, Operator};

pub(crate) const ASYNC_CLOSURE: &str = "a closure over records gives its value at once, so there is nothing to await: write it \
    without `async`";

pub(crate) fn count_and_order_wanted(word: &Ident) -> String {
    format!("`{word}` takes how many records and their order: write `.{word}(10, |record| desc(record.field))`")
}

pub(crate) fn nothing_wanted(word: &Ident) -> String {
    format!(
        "`{word}` takes nothing, and compares whole records: write `.{word}_by(|record| record.field)` for one of each key"
    )
}

pub(crate) fn count_wanted(word: &Ident) -> String {
    format!("`{word}` takes how many records: write `.{word}(10)`")
}

pub(crate) const FLOW_INSIDE_CLOSURE: &str = "a flow cannot be read inside of a closure over records: \
    join it with `.join(..)`, or take it as a value, `.with(..)` where it has one record and `.with_all(..)` where it has more";

pub(crate) fn printed_record(word: &Ident) -> String {
    format!(
        "`{word}` makes something of each record, and printing makes nothing: to look at records, write `.show(20)` or `.print()` on the flow"
    )
}

pub(crate) fn value_dropped(word: &Ident) -> String {
    format!(
        "`{word}` makes something of each record: leave out this `;`, so that the closure gives the value before it"
    )
}

pub(crate) fn returned_nothing(word: &Ident) -> String {
    format!(
        "`{word}` makes something of each record, and this `return` gives nothing: leave records out by `.filter(|record| …)`, or by `return None` in `.filter_map(|record| …)`"
    )
}

pub(crate) fn borrowed_capture(name: &Ident) -> String {
    format!(
        "a closure over records runs after this function has returned, so it cannot borrow `{name}`: take it by value, as a `String` for a `&str`"
    )
}

pub(crate) fn changed_capture(name: &Ident) -> String {
    format!(
        "a closure over records cannot change `{name}`: each task has a copy of its own, and records come in no order; use a group's measures, or `reduce`, or `map_with` for a state of the task, or an accumulator (`env.counter(..)`)"
    )
}

pub(crate) fn closure_wanted(word: &Ident, records: usize) -> String {
    format!("`{word}` takes a closure: write `.{word}({} …)`", parameters(records))
}

pub(crate) fn records_wanted(word: &Ident, operator: &Operator, (wanted, found): (usize, usize)) -> String {
    let why = match wanted {
        1 if found == 2 => "looks at one record at a time; two come after `.join(..).on(..)`",
        1 if operator.from == ChainState::Joined => "gets all records at once",
        1 => "looks at one record at a time",
        _ if operator.lowering == Lowering::Reduction => "combines two records into one",
        _ => "gets one record of each side after a join, or all of the other side after `with_all`",
    };
    format!("`{word}` {why}: write `{} …`", parameters(wanted))
}

pub(crate) fn state_wanted(word: &Ident) -> String {
    format!(
        "`{word}` takes two closures, one that makes the state of a task and one that looks at a record with it: write \
         `.{word}(|task| …, |state, record| …)`"
    )
}

pub(crate) fn partition_wanted(word: &Ident) -> String {
    format!("`{word}` gets all records of a task, and where to put others: write `.{word}(|records, out| …)`")
}

pub(crate) fn symbols_wanted(word: &Ident) -> String {
    format!("`{word}` names fields of one record: write `|record| record.field`")
}

pub(crate) fn key_wanted(word: &Ident) -> String {
    format!("`{word}` takes one record: write `|record| record.field`, or what is computed of it")
}

pub(crate) fn both_keys_wanted(word: &Ident) -> String {
    format!(
        "`{word}` takes the key of each side, and keeps what is equal: write `.{word}(|left| left.id, |right| right.id)`"
    )
}

pub(crate) fn key_missing(word: &Ident, takes: ClosureArguments) -> String {
    match takes {
        ClosureArguments::Order => format!("`{word}` takes an order: write `.{word}(|record| desc(record.field))`"),
        _ => format!("`{word}` takes a closure that names a field: write `.{word}(|record| record.field)`"),
    }
}

pub(crate) fn one_key_wanted(word: &Ident) -> String {
    format!("`{word}` takes one closure: write a tuple for several fields, `.{word}(|record| (record.a, record.b))`")
}

pub(crate) fn direction_wanted(word: &Ident) -> String {
    let direction = if word.to_string().starts_with("asc") { "asc" } else { "desc" };
    format!("`{word}` is no direction of an order: write `|record| {direction}(record.field)`")
}

pub(crate) fn name_in_quotes(word: &Ident, is_on: bool) -> String {
    match is_on {
        true => format!("a field is named by a closure: write `.{word}(|left| left.id, |right| right.id)`"),
        false => format!("a field is named by a closure: write `.{word}(|record| record.field)`"),
    }
}

pub(crate) fn type_of_names(word: &Ident) -> String {
    format!(
        "the closure of `{word}` gets the names of a record's fields, and no record: leave the type out, `|record| record.field`"
    )
}

pub(crate) fn direction_beside(word: &Ident) -> String {
    format!(
        "`{word}` takes the direction in its closure: write `.{word}(|record| desc(record.field))`, and a tuple for several, `(asc(record.a), desc(record.b))`"
    )
}

pub(crate) fn hidden_direction(word: &Ident) -> String {
    format!(
        "an order has one direction for all records: write `{word}` around the whole value, as in `|record| {word}(if … {{ … }} else {{ … }})`"
    )
}

pub(crate) fn computed_symbol(word: &Ident) -> String {
    format!("`{word}` names fields, before there are records to compute with: make the value in a `.map(..)` before it")
}

pub(crate) fn handle_wanted(word: &Ident) -> String {
    format!("`{word}` gets one group at a time: write `|g| …`")
}

pub(crate) fn groups_wanted(word: &Ident, groups: usize) -> String {
    match groups {
        1 => format!(
            "`{word}` takes a closure over one group and the place for what it makes of it: write `|group, out| …`"
        ),
        _ => format!(
            "`{word}` takes a closure over a key's groups of both sides and the place for what it makes of them: write \
             `|lefts, rights, out| …`"
        ),
    }
}

fn parameters(count: usize) -> &'static str {
    match count {
        1 => "|record|",
        _ => "|left, right|",
    }
}

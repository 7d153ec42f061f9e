//! Messages about the arguments of operators, and about closures over records.

use proc_macro2::Ident;

use crate::operators::{ChainState, ClosureArguments, Lowering, Operator};

pub(crate) const ASYNC_CLOSURE: &str = "a closure over records gives its value at once, so there is nothing to await: write it \
    without `async`";

pub(crate) const SOLUTION_KEY_EXPECTED: &str = "a solution set is joined by its own key: write `.on(|record| record.id)`, the key of \
    the records that are joined with it; where the set has a key of several fields, `.on(|record| (record.id, record.day))`";

pub(crate) const SOLUTION_IS_JOINED_ONCE: &str = "the solution set is joined once in a round: bring the records together with \
    `union`, and join them with the set once";

pub(crate) const FLOW_INSIDE_CLOSURE: &str = "a flow cannot be read inside of a closure over records: \
    join it with `.join(..)`, or take it as a value, `.with(..)` where it has one record and `.with_all(..)` where it has more";

pub(crate) fn field_of_optional_side(join: &Ident, side: &Ident, field: &str) -> String {
    format!(
        "after `{join}` this side is an `Option`, which is `None` where a record has no partner: write `{side}.map(|{side}| {side}.{field})` for an \
         `Option`, or `{side}.map_or(0, |{side}| {side}.{field})` with a value for those without"
    )
}

pub(crate) fn closure_expected(word: &Ident, records: usize) -> String {
    format!("`{word}` takes a closure: write `.{word}({} …)`", parameters(records))
}

pub(crate) fn records_expected(word: &Ident, operator: &Operator, (expected, found): (usize, usize)) -> String {
    let why = match expected {
        1 if found == 2 => "looks at one record at a time; two come after `.join(..).on(..)`",
        1 if operator.from == ChainState::Joined => "gets all records at once",
        1 => "looks at one record at a time",
        _ if operator.lowering == Lowering::Reduction => "combines two records into one",
        _ => "gets one record of each side after a join, or all of the other side after `with_all`",
    };
    format!("`{word}` {why}: write `{} …`", parameters(expected))
}

pub(crate) fn key_missing(word: &Ident, takes: ClosureArguments) -> String {
    match takes {
        ClosureArguments::Order => format!("`{word}` takes an order: write `.{word}(|record| desc(record.field))`"),
        _ => format!("`{word}` takes a closure that names a field: write `.{word}(|record| record.field)`"),
    }
}

pub(crate) fn direction_expected(word: &Ident, direction: &str) -> String {
    format!("`{word}` is no direction of an order: write `|record| {direction}(record.field)`")
}

pub(crate) fn name_in_quotes(word: &Ident, is_on: bool) -> String {
    match is_on {
        true => format!("a field is named by a closure: write `.{word}(|left| left.id, |right| right.id)`"),
        false => format!("a field is named by a closure: write `.{word}(|record| record.field)`"),
    }
}

pub(crate) fn groups_expected(word: &Ident, groups: usize) -> String {
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

sentences! {
    count_and_order_expected(word):
        "`{word}` takes how many records and their order: write `.{word}(10, |record| desc(record.field))`";
    nothing_expected(word):
        "`{word}` takes nothing, and compares whole records: write `.{word}_by(|record| record.field)` for one of each key";
    count_expected(word): "`{word}` takes how many records: write `.{word}(10)`";
    printed_record(word):
        "`{word}` makes something of each record, and printing makes nothing: to look at records, write `.show(20)` or `.print()` on the flow";
    value_dropped(word):
        "`{word}` makes something of each record: leave out this `;`, so that the closure gives the value before it";
    returned_nothing(word):
        "`{word}` makes something of each record, and this `return` gives nothing: leave records out by `.filter(|record| …)`, or by `return None` in `.filter_map(|record| …)`";
    borrowed_capture(name):
        "a closure over records runs after this function has returned, so it cannot borrow `{name}`: take it by value, as a `String` for a `&str`";
    changed_capture(name):
        "a closure over records cannot change `{name}`: each task has a copy of its own, and records come in no order; use a group's measures, or `reduce`, or `map_with` for a state of the task, or an accumulator (`env.counter(..)`)";
    state_expected(word):
        "`{word}` takes two closures, one that makes the state of a task and one that looks at a record with it: write \
        `.{word}(|task| …, |state, record| …)`";
    partition_expected(word):
        "`{word}` gets all records of a task, and where to put others: write `.{word}(|records, out| …)`";
    symbols_expected(word): "`{word}` names fields of one record: write `|record| record.field`";
    key_expected(word): "`{word}` takes one record: write `|record| record.field`, or what is computed of it";
    both_keys_expected(word):
        "`{word}` takes the key of each side, and keeps what is equal: write `.{word}(|left| left.id, |right| right.id)`";
    one_key_expected(word):
        "`{word}` takes one closure: write a tuple for several fields, `.{word}(|record| (record.a, record.b))`";
    type_of_names(word):
        "the closure of `{word}` gets the names of a record's fields, and no record: leave the type out, `|record| record.field`";
    direction_outside_closure(word):
        "`{word}` takes the direction in its closure: write `.{word}(|record| desc(record.field))`, and a tuple for several, `(asc(record.a), desc(record.b))`";
    hidden_direction(word):
        "an order has one direction for all records: write `{word}` around the whole value, as in `|record| {word}(if … {{ … }} else {{ … }})`";
    computed_symbol(word):
        "`{word}` names fields, before there are records to compute with: make the value in a `.map(..)` before it";
    body_expected(word):
        "`{word}` takes a number of rounds and the pipeline of a round: write `.{word}(10, |records| records.map(…))`";
    delta_body_expected(word):
        "`{word}` takes the first rows to work on, the set's key, the most rounds, and the pipeline of a round: write `.{word}(workset, |record| record.id, 100, |solution, workset| …)`";
    handle_expected(word): "`{word}` gets one group at a time: write `|g| …`";
}

//! What the macro has to say against a program.
//!
//! Checks add to one [`Diagnostics`], which is turned into `compile_error!`s at the end, so all mistakes of a
//! function are reported at once, each at its own token. The sentences stand together in [`message`]: they say what
//! is wrong and what to write instead, in the words of the language and not of its implementation.
//!
//! **What only a type tells is reported by the compiler,** in the language's words: the macro, or an API that nobody is to call, asks for a trait
//! that holds nowhere else, with `#[diagnostic::on_unimplemented]`. Words that a flow lacks (`take`, `select`, `map` without the macro) are methods
//! of the type that `Flow` dereferences to, `flow/words.rs`: the compiler looks there last, so that words which a program's own trait gives to flows
//! are found before. Methods of `Flow` itself would hide those.

use proc_macro2::{Span, TokenStream};

/// Collects what is wrong with a program.
#[derive(Default)]
pub(crate) struct Diagnostics {
    found: Option<syn::Error>,
    unwritable: bool,
}

impl Diagnostics {
    /// Reports a mistake that leaves the program's meaning clear: it is written out as if it were right, so that
    /// nothing else is reported because of it.
    pub(crate) fn report(&mut self, at: Span, message: impl std::fmt::Display) {
        let error = syn::Error::new(at, message);
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// Reports a mistake that leaves open what the program means: its body is not written out.
    pub(crate) fn report_unwritable(&mut self, at: Span, message: impl std::fmt::Display) {
        self.unwritable = true;
        self.report(at, message);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_none()
    }

    /// Whether the program can be written out in spite of what was found.
    pub(crate) fn leave_it_writable(&self) -> bool {
        !self.unwritable
    }

    /// The errors, for the compiler to report.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.found.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// The sentences.
pub(crate) mod message {
    use proc_macro2::Ident;

    use crate::operators::{Stand, Takes};

    pub(crate) const UNKNOWN_ARGUMENT: &str = "`#[dataflow]` knows no such argument: there is `as_written`, which leaves filters where they \
                                               stand";
    pub(crate) const NOT_A_FUNCTION: &str = "`#[dataflow]` goes on a function: write `#[dataflow] fn name(input: DataSet<Record>) -> DataSet<Record> { … }`";
    pub(crate) const METHOD: &str =
        "a pipeline is a free function: take what it needs of `self` as parameters, and call it from the method";
    pub(crate) const ASYNC: &str =
        "a pipeline only describes what is computed, so there is nothing to await: write `fn` without `async`";
    pub(crate) const CONST: &str = "a pipeline is built when the program runs: write `fn` without `const`";
    pub(crate) const UNSAFE: &str = "a pipeline has nothing unsafe to promise: write `fn` without `unsafe`";
    pub(crate) const EXTERN: &str = "a pipeline is called from Rust: write `fn` without `extern`";
    pub(crate) const FLOW_INSIDE_CLOSURE: &str = "a flow cannot be read inside of a closure over records: \
        join it with `.join(..)`, or take it as a value, `.with(..)` where it has one record and `.with_all(..)` where it has more";
    pub(crate) const SHARE_WANTED: &str =
        "a percentile is a share from 0 to 1: `.percentile(0.95, |record| record.field)`";
    pub(crate) const COUNTED_BESIDE_QUANTILE: &str = "`count_distinct` and a median or percentile do not go together in one `aggregate`: take each in one \
         of its own, and join both by the key";
    pub(crate) const HANDLE_ESCAPES: &str = "the handle of a group stays inside of `aggregate`: use its measures, \
        `.sum(..)`, `.min(..)`, `.max(..)`, `.avg(..)`, `.count()`, …, and its `.key`; what a macro such as `format!` takes of them is bound by `let` before";
    pub(crate) const NO_KEY: &str = "a whole flow has no key: write `.group_by(..)` before `.aggregate(..)`";
    pub(crate) const KEY_CALLED: &str = "the key of a group is a field of its handle: write `.key`";
    pub(crate) const ASYNC_CLOSURE: &str = "a closure over records gives its value at once, so there is nothing to await: write it \
        without `async`";
    pub(crate) const TOP_TAKES_TWO: &str =
        "`top` takes how many records and their order: write `.top(10, |record| desc(record.field))`";
    pub(crate) const DISTINCT_TAKES_NOTHING: &str = "`distinct` takes nothing, and compares whole records: write `.distinct_by(|record| record.field)` for one of each key";
    pub(crate) const FIRST_TAKES_A_NUMBER: &str = "`first` takes how many records: write `.first(10)`";
    pub(crate) const HANDLE_IS_A_NAME: &str = "give the group a plain name: `|g| …`";

    pub(crate) fn no_result(function: &Ident) -> String {
        format!(
            "the pipeline `{function}` has no result: return a flow, or write one with `.write_csv(..)`, `.print()` or `.collect()`"
        )
    }

    pub(crate) fn unused_flow(name: &Ident) -> String {
        format!(
            "the flow `{name}` reaches no result: return it, write it, or join it to another flow; if that is intended, call it `_{name}`"
        )
    }

    pub(crate) fn dropped_flow(word: &Ident) -> String {
        format!(
            "what this `{word}` makes reaches no result: bind it with `let`, return it, or write it with `.write_csv(..)`, `.print()` or `.collect()`"
        )
    }

    pub(crate) fn dropped_result(word: &Ident) -> String {
        format!("what this `{word}` makes is what the function should return: leave out the `;` behind it")
    }

    pub(crate) fn list_returned() -> &'static str {
        "what this function makes is a flow, whose records come when it is run: return `DataSet<..>`; or write `.collect()` behind the flow, and \
         return `dataflow::Result<Vec<..>>`"
    }

    pub(crate) fn inner_variable(name: &Ident) -> String {
        format!(
            "measures are taken of the records before anything else of this closure is computed, so they cannot use its `{name}`: compute with `{name}` and \
             what the measure gives, or make `{name}` before the pipeline"
        )
    }

    pub(crate) fn bound_missing(name: &Ident) -> String {
        format!("a flow is of records, and `{name}` may be anything: write `{name}: Record`")
    }

    pub(crate) fn source_may_fail(word: &Ident) -> String {
        format!(
            "`{word}` gives a `Result`, as there may be nothing to read: write `?` behind it, and let the function return `dataflow::Result<..>`"
        )
    }

    pub(crate) fn result_comes_last(word: &Ident) -> String {
        format!(
            "`{word}` is the end of a flow: give the flow a name by `let`, write `.{word}(..)` on it, and go on with the name"
        )
    }

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

    pub(crate) fn recursion(function: &Ident) -> String {
        format!(
            "the pipeline `{function}` calls itself, so its plan would never end: build what repeats in a `for` loop"
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

    pub(crate) fn records_wanted(word: &Ident, wanted: usize, found: usize) -> String {
        let why = match wanted {
            1 if found == 2 => "looks at one record at a time; two come after `.join(..).on(..)`",
            1 if *word == "init" => "gets all records at once",
            1 => "looks at one record at a time",
            _ if *word == "reduce" => "combines two records into one",
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

    pub(crate) fn key_missing(word: &Ident, takes: Takes) -> String {
        match takes {
            Takes::Order => format!("`{word}` takes an order: write `.{word}(|record| desc(record.field))`"),
            _ => format!("`{word}` takes a closure that names a field: write `.{word}(|record| record.field)`"),
        }
    }

    pub(crate) fn one_key_wanted(word: &Ident) -> String {
        format!(
            "`{word}` takes one closure: write a tuple for several fields, `.{word}(|record| (record.a, record.b))`"
        )
    }

    pub(crate) fn keys_beside(word: &Ident) -> String {
        format!(
            "`{word}` takes the other flow alone: its keys follow, `.{word}(other).on(|left| left.id, |right| right.id)`"
        )
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
        format!(
            "`{word}` names fields, before there are records to compute with: make the value in a `.map(..)` before it"
        )
    }

    pub(crate) fn handle_wanted(word: &Ident) -> String {
        format!("`{word}` gets one group at a time: write `|g| …`")
    }

    pub(crate) fn keys_come_first(word: &Ident) -> String {
        format!("`{word}` comes after the keys: write `.on(|left| …, |right| …)` before it")
    }

    pub(crate) fn hints_come_first(word: &Ident) -> String {
        format!("`{word}` comes before the keys: write it before `.on(|left| …, |right| …)`")
    }

    pub(crate) fn pairs_come_first(word: &Ident) -> String {
        format!("`{word}` needs records, and these are pairs: write `.map(|left, right| …)` before it")
    }

    pub(crate) fn closure_over_both_comes_first(word: &Ident) -> String {
        format!(
            "`{word}` is for one flow, and these are groups of two: say what becomes of both before it, by `.reduce_group(|lefts, rights, out| …)`"
        )
    }

    pub(crate) fn no_operator_of_groups(word: &Ident) -> String {
        format!(
            "`{word}` is for records, and these are groups: say what becomes of a group before it, by `.aggregate(|g| …)`, \
             `.sum(|r| …)` or `.count()`"
        )
    }

    pub(crate) fn groups_come_first(word: &Ident) -> String {
        format!(
            "`{word}` is for groups: write `.group_by(|r| …)` before it, or `.aggregate(|g| …)` instead of it for all records at once"
        )
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

    pub(crate) fn no_order_wanted(word: &Ident) -> String {
        format!(
            "`{word}` takes the records of a group in any order: leave `.sorted_by(..)` out, or go over the sorted records with `.reduce_group(|group, out| …)`"
        )
    }

    pub(crate) fn unfinished_join(word: &Ident) -> String {
        format!("after this `{word}` the join still needs to say what it makes: write `.map(|left, right| …)` after it")
    }

    /// What a chain that stands at `stand` lacks to be a flow.
    pub(crate) fn unfinished(word: &Ident, stand: Stand) -> Option<String> {
        let missing = match stand {
            Stand::Flow | Stand::Result => return None,
            Stand::Joined => return Some(unfinished_join(word)),
            Stand::Join | Stand::KeyedFilter | Stand::CoGroup => {
                "the keys are missing: write `.on(|left| …, |right| …)` after it"
            }
            Stand::Grouped => {
                "there are groups, and no flow: say what becomes of a group, by `.aggregate(|g| …)`, `.sum(|r| …)` or `.count()`"
            }
            Stand::Sorted => {
                "there are groups, and no flow: say what becomes of a group, by `.reduce_group(|group, out| …)` or `.first(1)`"
            }
            Stand::CoGrouped => {
                "there are groups of both sides, and no flow: say what becomes of them, by `.reduce_group(|lefts, rights, out| …)`"
            }
        };
        Some(format!("after this `{word}` {missing}"))
    }

    /// A `for` loop over a flow, or over groups.
    pub(crate) fn looped(stand: Stand) -> &'static str {
        match stand {
            Stand::Grouped | Stand::Sorted => {
                "there are no groups yet while a pipeline is built: go over the records of each in `.reduce_group(|group, out| …)`, or take \
                 their measures in `.aggregate(|g| …)`"
            }
            _ => {
                "a flow has no records yet while a pipeline is built: say what is done with each in `.map(|record| …)` and its like; to go over \
                 results, run the plan, `.records()?`"
            }
        }
    }

    pub(crate) fn field_of_handle(handle: &Ident, field: &Ident) -> String {
        format!(
            "a group has no field `{field}`, its records have: write `{handle}.key` for what they are grouped by, and a measure for all else, `{handle}.sum(|record| record.{field})`"
        )
    }

    pub(crate) fn unknown_measure(word: &Ident) -> String {
        let instead = match word.to_string().as_str() {
            "filter" => Some(
                "`.count_if(|record| …)`, or the condition in a measure, `.sum(|record| if … { record.field } else { 0 })`",
            ),
            "map" => Some("what is computed of a record in a measure, `.sum(|record| record.a * record.b)`"),
            "mean" | "average" => Some("`.avg(|record| record.field)`"),
            "std" | "std_dev" | "sd" => Some("`.stddev(|record| record.field)`"),
            "var" => Some("`.variance(|record| record.field)`"),
            "n_unique" | "nunique" | "distinct" | "approx_distinct" => Some("`.count_distinct(|record| record.field)`"),
            "len" | "size" | "n" => Some("`.count()`"),
            "quantile" => Some("`.percentile(0.95, |record| record.field)`"),
            "arg_max" | "argmax" | "max_by_key" => Some("`.max_by(|record| record.price, |record| record.seller)`"),
            "arg_min" | "argmin" | "min_by_key" => Some("`.min_by(|record| record.price, |record| record.seller)`"),
            _ => None,
        };
        if let Some(instead) = instead {
            return format!("`{word}` is no measure of a group: write {instead}");
        }
        format!(
            "`{word}` is no measure of a group: there are `.sum(..)`, `.min(..)`, `.max(..)`, `.avg(..)`, `.median(..)`, `.percentile(..)`, \
             `.variance(..)`, `.stddev(..)`, `.count()`, `.count_if(..)`, `.count_distinct(..)`, `.min_by(..)`, `.max_by(..)`, `.first(..)`, and for all others `.fold(..)`"
        )
    }

    pub(crate) fn count_wants_closure(word: &Ident) -> String {
        format!(
            "`{word}` takes nothing, `.{word}()`, and is the number of records; or a closure over one record, `.{word}(|record| record.field)`, and is the \
             number of those that have a value in an `Option`"
        )
    }

    pub(crate) fn measure_wants_closures(word: &Ident, closures: usize) -> String {
        match closures {
            1 => {
                format!("`{word}` takes a closure over one record of the group: write `.{word}(|record| record.field)`")
            }
            _ => format!(
                "`{word}` takes two closures over one record of the group, what is compared and what is wanted: write `.{word}(|record| record.price, |record| record.seller)`"
            ),
        }
    }

    pub(crate) fn measure_wants_accumulator(word: &Ident) -> String {
        format!(
            "`{word}` takes what to begin with, a closure that adds a record, and one that adds what another task has: write \
             `.{word}(0, |sum, record| *sum += record.field, |sum, other| *sum += other)`"
        )
    }

    pub(crate) fn measure_wants_share(word: &Ident) -> String {
        format!(
            "`{word}` takes a share from 0 to 1 and a closure over one record of the group: write `.{word}(0.95, |record| record.field)`"
        )
    }

    pub(crate) fn measure_wants_aggregator(word: &Ident) -> String {
        format!(
            "`{word}` takes an aggregator and a closure over one record of the group: write \
             `.{word}(aggregator, |record| record.field)`"
        )
    }

    fn parameters(count: usize) -> &'static str {
        match count {
            1 => "|record|",
            _ => "|left, right|",
        }
    }
}

//! Messages about misplaced operators, and about chains that end before they are flows.

use proc_macro2::Ident;

use crate::operators::ChainState;
use crate::syntax::Call;

/// The missing part of a chain in `state`. `None` if it is one, or a result.
pub(crate) fn unfinished(word: &Ident, state: ChainState) -> Option<String> {
    let missing = match state {
        ChainState::Flow | ChainState::Result => return None,
        ChainState::Joined => return Some(unfinished_join(word)),
        ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup => {
            "the keys are missing: write `.on(|left| …, |right| …)` after it"
        }
        ChainState::Windowed => {
            "there are windows, and no flow: say what becomes of each, by `.aggregate(|w| …)`, `.sum(|r| …)` or `.count()`"
        }
        ChainState::SolutionJoin => {
            "the key is missing: write `.on(|record| …)` after it, which the solution set is joined by"
        }
        ChainState::Grouped => {
            "there are groups, and no flow: say what becomes of a group, by `.aggregate(|g| …)`, `.sum(|r| …)` or `.count()`"
        }
        ChainState::Sorted => {
            "there are groups, and no flow: say what becomes of a group, by `.reduce_group(|group, out| …)` or `.first(1)`"
        }
        ChainState::CoGrouped => {
            "there are groups of both sides, and no flow: say what becomes of them, by `.reduce_group(|lefts, rights, out| …)`"
        }
    };
    Some(format!("after this `{word}` {missing}"))
}

/// The function returns a result instead of a flow.
pub(crate) fn result_instead_of_flow(call: &Call) -> String {
    let word = &call.word;
    let instead = match () {
        () if word == "count" => "for a flow of one record, the number, write `.aggregate(|g| g.count())`".to_owned(),
        () if call.is(|operator| operator.returns_unit) => {
            format!("bind the flow by `let`, write `.{word}(..)` on it, and return it")
        }
        () => format!("leave it out, and write `.{word}()?` where the pipeline is called"),
    };
    let is = if call.is(|operator| operator.returns_unit) { "is the end of a flow" } else { "runs the job" };
    format!("`{word}` {is}, and this function returns a flow: {instead}")
}

/// A `for` loop over a flow or over groups.
pub(crate) fn loop_over_flow(state: ChainState) -> &'static str {
    match state {
        ChainState::Grouped | ChainState::Sorted => {
            "there are no groups yet while a pipeline is built: go over the records of each in `.reduce_group(|group, out| …)`, or take \
             their measures in `.aggregate(|g| …)`"
        }
        _ => {
            "a flow has no records yet while a pipeline is built: say what is done with each in `.map(|record| …)` and its like; to go over \
             results, run the plan, `.records()?`"
        }
    }
}

/// An operator other than `join` and `left_join` gets a solution set as its other flow.
pub(crate) fn solution_as_other_flow(word: &Ident) -> String {
    let looked_up = format!("a solution set is looked up by its key, by `join` or `left_join`, and `{word}` ");
    looked_up
        + &match word.to_string().as_str() {
            "right_join" | "full_join" => format!(
                "would also emit its other keys: write `.left_join(solution).on(|record| record.id)` in the loop, and `{word}` with the loop's result after it"
            ),
            "semi_join" => {
                "takes a flow: write `.join(solution).on(|record| record.id).map(|record, _| record)`".to_owned()
            }
            "anti_join" => "takes a flow: write `.left_join(solution).on(|record| record.id)\
                .filter(|_, known| known.is_none()).map(|record, _| record)`"
                .to_owned(),
            _ => "takes a flow: write `.join(solution).on(|record| record.id)` on the records of the round".to_owned(),
        }
}

sentences! {
    operator_after_result(word):
        "`{word}` is the end of a flow: give the flow a name by `let`, write `.{word}(..)` on it, and go on with the name";
    updates_instead_of_records(word):
        "`{word}` of a stream gives updates of its groups: return `UpdateStream<..>`, write `.updates()` behind it for each update as a record, or cut the stream into \
        windows before it, `.group_by(..).window(..)`";
    unsupported_window(word):
        "`{word}` windows are not available yet, only `Tumbling::of(mins(1))`. Of a `DataSet`, `.group_by(..).sorted_by(|r| r.time).reduce_group(|group, out| …)` goes over the \
        records of a key in order of time, so it can make any windows; a log is read to its end by `read_log_to_end`";
    keys_in_join_call(word):
        "`{word}` takes the other flow alone: its keys follow, `.{word}(other).on(|left| left.id, |right| right.id)`";
    join_keys_missing(word): "`{word}` comes after the keys: write `.on(|left| …, |right| …)` before it";
    measure_outside_aggregate(word):
        "`{word}` of windows is a measure: write `.aggregate(|w| (w.key, w.start, w.{word}(..)))`";
    measure_needs_bounded_groups(word):
        "`{word}` is not available for windows yet: read a log to its end by `read_log_to_end`, and write \
        `.group_by(|r| (r.key, r.time.truncate(TimeUnit::Hour))).aggregate(|g| (g.key, g.{word}(..)))`";
    group_operator_on_windows(word):
        "`{word}` is not available for windows yet. The greatest of each is a measure: `.aggregate(|w| (w.key, w.start, w.max_by(|r| r.hits, |r| r.id)))`. \
        For more, read a log to its end by `read_log_to_end`, and write `.group_by(|r| (r.key, r.time.truncate(TimeUnit::Hour))).{word}(..)`";
    record_operator_on_windows(word):
        "`{word}` is for records, and these are windows: say what becomes of each before it, by `.aggregate(|w| …)`";
    operator_on_solution(word):
        "a solution set is looked up by its key, and `{word}` is for the records of a flow: write `.join(solution).on(|record| record.id)` on those of the round";
    solution_key_missing(word):
        "`{word}` comes after the key: write `.on(|record| …)` before it, which the solution set is joined by";
    hint_after_keys(word): "`{word}` comes before the keys: write it before `.on(|left| …, |right| …)`";
    record_operator_on_pairs(word): "`{word}` needs records, and these are pairs: write `.map(|left, right| …)` before it";
    operator_on_co_groups(word):
        "`{word}` is for one flow, and these are groups of two: say what becomes of both before it, by `.reduce_group(|lefts, rights, out| …)`";
    record_operator_on_groups(word):
        "`{word}` is for records, and these are groups: say what becomes of a group before it, by `.aggregate(|g| …)`, \
        `.sum(|r| …)` or `.count()`";
    grouping_missing(word):
        "`{word}` is for groups: write `.group_by(|r| …)` before it, or `.aggregate(|g| …)` instead of it for all records at once";
    order_without_effect(word):
        "`{word}` takes the records of a group in any order: leave `.sorted_by(..)` out, or go over the sorted records with `.reduce_group(|group, out| …)`";
    unfinished_join(word):
        "after this `{word}` the join still needs to say what it makes: write `.map(|left, right| …)` after it";
}

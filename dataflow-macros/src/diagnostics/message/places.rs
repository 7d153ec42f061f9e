//! About operators that stand where they mean nothing, and chains that stop before they are flows again.

use proc_macro2::Ident;

use crate::operators::ChainState;

pub(crate) fn result_comes_last(word: &Ident) -> String {
    format!(
        "`{word}` is the end of a flow: give the flow a name by `let`, write `.{word}(..)` on it, and go on with the name"
    )
}

pub(crate) fn keys_beside(word: &Ident) -> String {
    format!(
        "`{word}` takes the other flow alone: its keys follow, `.{word}(other).on(|left| left.id, |right| right.id)`"
    )
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

pub(crate) fn no_order_wanted(word: &Ident) -> String {
    format!(
        "`{word}` takes the records of a group in any order: leave `.sorted_by(..)` out, or go over the sorted records with `.reduce_group(|group, out| …)`"
    )
}

pub(crate) fn unfinished_join(word: &Ident) -> String {
    format!("after this `{word}` the join still needs to say what it makes: write `.map(|left, right| …)` after it")
}

/// What a chain that stands at `stand` lacks to be a flow.
pub(crate) fn unfinished(word: &Ident, stand: ChainState) -> Option<String> {
    let missing = match stand {
        ChainState::Flow | ChainState::Result => return None,
        ChainState::Joined => return Some(unfinished_join(word)),
        ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup => {
            "the keys are missing: write `.on(|left| …, |right| …)` after it"
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

/// A `for` loop over a flow, or over groups.
pub(crate) fn looped(stand: ChainState) -> &'static str {
    match stand {
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

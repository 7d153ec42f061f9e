//! The sizes that managed memory is made of, in one place. `docs/memory.md` explains them.

/// Bytes of a page: the unit of exchange, of spilling, and of memory; a record that does not fit gets a run of as many pages as it takes.
pub const PAGE_BYTES: usize = 64 << 10;

/// The largest record: what a place inside of its pages can say in 32 bits.
pub const LARGEST_RECORD_BYTES: usize = u32::MAX as usize;

/// The least that a sort works with: eight pages of rows with their index, or eight runs that are merged with a page each, and four pages
/// that are written meanwhile.
pub const SORT_BYTES: usize = 16 * PAGE_BYTES;

/// What a task of a sort by several tasks takes besides: prefixes of the keys that some pages of its runs on disk begin with.
pub const INDEX_BYTES: usize = 2 * PAGE_BYTES;

/// The least that a sort works with whose groups are then gone over: four pages more for a window of groups, and as much for the rows behind it.
pub const GROUPS_BYTES: usize = SORT_BYTES + 8 * PAGE_BYTES;

/// The least that rows wait in a line with which are given in the order in which they came: a few pages that are written, or read back, and those
/// that are filled meanwhile.
pub const SPOOL_BYTES: usize = 16 * PAGE_BYTES;

/// Parts that a hash table is cut into when it must spill, and again each part that is still too large.
pub const SPILL_PARTS: usize = 16;

/// The least that a grouping works with: a page for each part that is written, and as much for the table.
pub const GROUP_BYTES: usize = 2 * SPILL_PARTS * PAGE_BYTES;

/// State is written to snapshots, and read from them, in buffers of so much.
pub const IMAGE_BYTES: usize = 16 * PAGE_BYTES;

/// The least that a table of state works with: a page for each part that is written, one for each part's waiting rows, and twice as much for the table.
pub const STATE_BYTES: usize = 4 * SPILL_PARTS * PAGE_BYTES;

/// The least that groups with counts of their distinct values work with: as much for their values as for themselves.
pub const COUNT_BYTES: usize = 2 * GROUP_BYTES;

/// The least that a combiner works with: some pages of groups with their index, and those that it has given up.
pub const COMBINE_BYTES: usize = 8 * PAGE_BYTES;

/// The least that a hash join works with: a page for each part of either side that is written, and as much for the table.
pub const JOIN_BYTES: usize = 3 * SPILL_PARTS * PAGE_BYTES;

/// Kept for the tables of a merge join while its sides are gone over: a block of keys, half as much for what streams past it, and what is put in order.
pub const MERGE_ROOM_BYTES: usize = 16 * PAGE_BYTES;

/// The least that a merge join works with: both sides' groups, and the room for tables.
pub const MERGE_BYTES: usize = 2 * GROUPS_BYTES + MERGE_ROOM_BYTES;

/// Pages of a step's output: the one that is written, one that waits for the next step, and one that is read there.
pub const STEP_PAGES: usize = 3;

/// Pages that wait in one channel before its sender does. Of pages that are larger, fewer wait: one at least.
pub const CHANNEL_PAGES: usize = 4;

/// Pages that are written to disk by one order.
pub const WRITE_PAGES: usize = 4;

/// The part of a budget that operators which spill leave free for what cannot be spilled: one in so many.
pub const SLACK_SHARE: usize = 16;

/// The part of a budget that operators which spill leave free, at most, for records that are longer than a page and on their way: one in so many.
pub const LONG_SHARE: usize = 2;

/// Long records on their way through one channel: one that is written, one that waits for the channel, one in it, and one that is read.
pub const CHANNEL_RECORDS: usize = 4;

/// Long records that a driver which does not spill has at a time: those of a block that is encoded, twice, and of one that is written.
pub const DRIVER_RECORDS: usize = 6;

/// The part of a job's budget, split among tasks, that one combiner may hold: `1 / COMBINER_SHARE`.
pub const COMBINER_SHARE: usize = 8;

/// The part of the budget that a plan counts on for one operator: others need some, too.
pub const SHARE_OF_MEMORY: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Mib;

    #[test]
    fn the_document_names_these_numbers() {
        let document = include_str!("../../../docs/memory.md");
        let says = |start: &str, bytes: usize| {
            let line = document.lines().find(|line| line.starts_with(start));
            let cell = line.and_then(|line| line.split('|').nth(2)).map(str::trim);
            assert_eq!(cell, Some(&*Mib(bytes).to_string()), "{start}");
        };
        says("| `sort`, `sort_partition`", SORT_BYTES);
        says("| besides, `sort` by several tasks", INDEX_BYTES);
        says("| `combine_group`", SORT_BYTES);
        says("| `reduce_group`", GROUPS_BYTES);
        says("| `co_group`", 2 * GROUPS_BYTES);
        says("| groupings by a hash", GROUP_BYTES);
        says("| `aggregate` with `count_distinct`", COUNT_BYTES);
        says("| their combiners", COMBINE_BYTES);
        says("| joins, semi-joins", JOIN_BYTES);
        says("| merge joins", MERGE_BYTES);
        says("| `zip_with_index`", SPOOL_BYTES);
        says("| a branch of a flow", SPOOL_BYTES);
        says("| `persist`", SPOOL_BYTES);
        says("| windows", STATE_BYTES);
        says("| besides, where snapshots are taken", 2 * IMAGE_BYTES);
        says("| the beginning of a loop", 2 * SPOOL_BYTES);
        says("| a flow from outside of a loop", SPOOL_BYTES);
        says("| the solution set", 2 * SPOOL_BYTES + STATE_BYTES);
        says("| an operator that makes rows", STEP_PAGES * PAGE_BYTES);
        says("| an exchange by a key", (2 + CHANNEL_PAGES) * PAGE_BYTES);
        let counts = |start: &str, records: usize| {
            let line = document.lines().find(|line| line.starts_with(start));
            let cell = line.and_then(|line| line.split('|').nth(2)).map(str::trim);
            assert_eq!(cell, Some(&*records.to_string()), "{start}");
        };
        counts("| an operator that makes rows | 3", STEP_PAGES);
        counts("| an exchange, for each of its channels", CHANNEL_RECORDS);
        counts("| a written file, for each task", DRIVER_RECORDS);
        for (words, bytes) in [("pages of ", PAGE_BYTES), ("a record takes at most ", LARGEST_RECORD_BYTES + 1)] {
            let number = Mib(bytes).to_string().replace(".0 ", " ");
            assert!(document.contains(&format!("{words}{number}")), "{words}{number}");
        }
        assert_eq!(SLACK_SHARE - 1, 15, "a fifteenth");
    }
}

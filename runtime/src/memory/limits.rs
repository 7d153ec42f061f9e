//! Sizes and shares of managed memory. `docs/memory.md` explains them.

/// Bytes of a page: the unit of exchange, of spilling, and of memory. A larger record gets a run of
/// several pages.
pub const PAGE_BYTES: usize = 64 << 10;

/// Bytes of the largest record. Offsets inside of its pages have 32 bits.
pub const LARGEST_RECORD_BYTES: usize = u32::MAX as usize;

/// Minimum of a sort. Enough for eight pages of rows with their index, or to merge eight runs with
/// a page each, and for four pages that are written meanwhile.
pub const SORT_BYTES: usize = 16 * PAGE_BYTES;

/// Additional minimum of each task of a sort by several tasks: prefixes of the first keys of some
/// pages of its runs on disk.
pub const INDEX_BYTES: usize = 2 * PAGE_BYTES;

/// Minimum of a sort whose groups are then processed: also four pages for a window of groups, and
/// four for the rows after it.
pub const SORTED_GROUPS_BYTES: usize = SORT_BYTES + 8 * PAGE_BYTES;

/// Minimum of a queue that returns rows in order: a few pages that are written or read back, and
/// the pages that are filled meanwhile.
pub const SPOOL_BYTES: usize = 16 * PAGE_BYTES;

/// Number of parts of a hash table that must spill, and of each part that is still too large.
pub const SPILL_PARTS: usize = 16;

/// Minimum of a grouping by a hash: a page for each part that is written, and as much for the
/// table.
pub const GROUP_BYTES: usize = 2 * SPILL_PARTS * PAGE_BYTES;

/// Size of the buffers that write state to snapshots, and read it.
pub const IMAGE_BYTES: usize = 16 * PAGE_BYTES;

/// Minimum of a table of state: a page for each part that is written, a page for the waiting rows
/// of each part, and twice as much for the table.
pub const STATE_BYTES: usize = 4 * SPILL_PARTS * PAGE_BYTES;

/// Minimum of groups with counts of distinct values: as much for the values as for the groups.
pub const COUNT_BYTES: usize = 2 * GROUP_BYTES;

/// Minimum of a combiner: some pages of groups with their index, and pages that it has released.
pub const COMBINE_BYTES: usize = 8 * PAGE_BYTES;

/// Minimum of a hash join: a page for each part of both sides that is written, and half as much for
/// the table.
pub const JOIN_BYTES: usize = 3 * SPILL_PARTS * PAGE_BYTES;

/// Memory for the tables of a merge join while it reads its sides: a block of keys, half as much
/// for the rows that stream past it, and rows that are sorted.
pub const MERGE_TABLES_BYTES: usize = 16 * PAGE_BYTES;

/// Minimum of a merge join: the groups of both sides, and the memory for tables.
pub const MERGE_BYTES: usize = 2 * SORTED_GROUPS_BYTES + MERGE_TABLES_BYTES;

/// Pages of a step's output: one that is written, one that waits for the next step, and one that is
/// read there.
pub const STEP_PAGES: usize = 3;

/// Most pages in one channel. Fewer if pages are larger than [`PAGE_BYTES`], but at least one.
pub const CHANNEL_PAGES: usize = 4;

/// Pages that are written to disk by one request.
pub const WRITE_PAGES: usize = 4;

/// Operators that spill leave `1 / SLACK_SHARE` of a budget free for memory that cannot be spilled.
pub const SLACK_SHARE: usize = 16;

/// Operators that spill leave at most `1 / LONG_RECORDS_SHARE` of a budget free for records in
/// transit that are longer than a page.
pub const LONG_RECORDS_SHARE: usize = 2;

/// Long records in transit through one channel: one that is written, one that waits for the
/// channel, one in it, and one that is read.
pub const CHANNEL_LONG_RECORDS: usize = 4;

/// Long records that a driver which does not spill holds at a time: those of a block that is
/// encoded, counted twice, and of a block that is written.
pub const DRIVER_LONG_RECORDS: usize = 6;

/// The part of a job's budget, split among tasks, that one combiner may hold: `1 / COMBINER_SHARE`.
pub const COMBINER_SHARE: usize = 8;

/// Share of the budget that a plan assumes for one operator. Other operators need memory, too.
pub const OPERATOR_MEMORY_SHARE: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Mib;

    #[test]
    fn documentation_has_the_same_numbers() {
        let document = include_str!("../../../docs/memory.md");
        let check_bytes = |start: &str, bytes: usize| {
            let line = document.lines().find(|line| line.starts_with(start));
            let cell = line.and_then(|line| line.split('|').nth(2)).map(str::trim);
            assert_eq!(cell, Some(&*Mib(bytes).to_string()), "{start}");
        };
        check_bytes("| `sort`, `sort_partition`", SORT_BYTES);
        check_bytes("| besides, `sort` by several tasks", INDEX_BYTES);
        check_bytes("| `combine_group`", SORT_BYTES);
        check_bytes("| `reduce_group`", SORTED_GROUPS_BYTES);
        check_bytes("| `co_group`", 2 * SORTED_GROUPS_BYTES);
        check_bytes("| groupings by a hash", GROUP_BYTES);
        check_bytes("| `aggregate` with `count_distinct`", COUNT_BYTES);
        check_bytes("| their combiners", COMBINE_BYTES);
        check_bytes("| joins, semi-joins", JOIN_BYTES);
        check_bytes("| merge joins", MERGE_BYTES);
        check_bytes("| `zip_with_index`", SPOOL_BYTES);
        check_bytes("| a branch of a flow", SPOOL_BYTES);
        check_bytes("| `persist`", SPOOL_BYTES);
        check_bytes("| windows", STATE_BYTES);
        check_bytes("| besides, where snapshots are taken", 2 * IMAGE_BYTES);
        check_bytes("| the beginning of a loop", 2 * SPOOL_BYTES);
        check_bytes("| a flow from outside of a loop", SPOOL_BYTES);
        check_bytes("| the solution set", 2 * SPOOL_BYTES + STATE_BYTES);
        check_bytes("| an operator that makes rows", STEP_PAGES * PAGE_BYTES);
        check_bytes("| an exchange by a key", (2 + CHANNEL_PAGES) * PAGE_BYTES);
        let check_records = |start: &str, records: usize| {
            let line = document.lines().find(|line| line.starts_with(start));
            let cell = line.and_then(|line| line.split('|').nth(2)).map(str::trim);
            assert_eq!(cell, Some(&*records.to_string()), "{start}");
        };
        check_records("| an operator that makes rows | 3", STEP_PAGES);
        check_records("| an exchange, for each of its channels", CHANNEL_LONG_RECORDS);
        check_records("| a written file, for each task", DRIVER_LONG_RECORDS);
        for (words, bytes) in [("pages of ", PAGE_BYTES), ("a record takes at most ", LARGEST_RECORD_BYTES + 1)] {
            let number = Mib(bytes).to_string().replace(".0 ", " ");
            assert!(document.contains(&format!("{words}{number}")), "{words}{number}");
        }
        assert_eq!(SLACK_SHARE - 1, 15, "a fifteenth");
    }
}

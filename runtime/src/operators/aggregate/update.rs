//! Adds records and states to groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{Accumulate, Deciding, GroupTable, GroupUpdate, Groups, Rows, UnplacedRows, probe};
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::operators::fold;
use crate::operators::fold::{Fold, Kind, Merge, Step};
use crate::page::{Input, Page, Selection};
use crate::row::{LeafType, RowLayout};

use super::replaces_rows;
use super::spec::{Phase, Spec};

/// How rows of one kind, records or states, are folded.
struct FoldPlan {
    /// The key's leaves in these rows.
    key: Vec<usize>,
    /// The leaves that a new group copies from its first row, as (leaf of the table, leaf of the
    /// row): the key, first values, and initial least and greatest values.
    copied: Vec<(usize, usize)>,
    steps: Vec<Step>,
    /// The least and greatest texts, and values carried with the least or greatest of others.
    deciding: Vec<Deciding>,
}

/// Adds rows to the states of their groups.
pub(super) struct AggregateUpdate {
    spec: Arc<Spec>,
    /// Whether the input's rows are states.
    merging: bool,
    new: FoldPlan,
    states: FoldPlan,
    kernel: Option<Box<dyn Accumulate>>,
    pub(super) groups: Groups,
    found: Selection,
    /// The found rows whose texts found room.
    kept: Selection,
    memory: Memory,
}

impl AggregateUpdate {
    /// The update of a phase, and the key's leaves in its table.
    pub(super) fn new(spec: &Arc<Spec>, phase: Phase, context: &TaskContext) -> Result<(Self, Vec<usize>)> {
        let merging = phase == Phase::Merge;
        let mut new = FoldPlan::of(spec, spec.layout(phase), merging);
        let mut table_key = spec.output_key.clone();
        if phase == Phase::Partial {
            let appended = (spec.state.len()..).zip(spec.values.iter().copied());
            table_key.extend(appended.clone().map(|(to, _)| to));
            new.key.extend(&spec.values);
            new.copied.extend(appended);
        }
        let mut states = FoldPlan::of(spec, &spec.table, true);
        states.steps.extend(spec.counts().map(|(to, _)| Step {
            from: to,
            from_type: LeafType::U64,
            to,
            to_type: LeafType::U64,
            kind: Kind::Sum,
        }));
        let update = AggregateUpdate {
            new,
            states,
            kernel: spec.open_kernel(merging, context)?,
            merging,
            spec: spec.clone(),
            groups: Groups::default(),
            found: Selection::default(),
            kept: Selection::default(),
            memory: context.memory.clone(),
        };
        Ok((update, table_key))
    }

    fn plan(&self, rows: Rows) -> &FoldPlan {
        if rows == Rows::New { &self.new } else { &self.states }
    }

    /// Adds rows to their groups. Returns those that found a group, with the groups. `left`
    /// receives the others.
    pub(super) fn fold<'i>(
        &'i mut self,
        table: &mut GroupTable,
        input: &Input<'i>,
        rows: Rows,
        left: &mut UnplacedRows,
    ) -> Result<(Input<'i>, &'i Groups)> {
        let plan = if rows == Rows::New { &self.new } else { &self.states };
        let by = (&plan.key[..], &plan.copied[..]);
        let mut found = probe(table, input, by, &mut self.groups, &mut self.found, left)?;
        if !plan.deciding.is_empty() {
            // This comes first: a row whose text finds no room must not be added in part.
            table.replace_rows(&found, &self.groups, &plan.deciding)?;
            if left.leave_uncombined(table, &found, &self.groups, &mut self.kept) {
                found = Input::new(input.batch(), &self.kept);
            }
            if table.compact(false)? || !table.knows(&found, &self.groups) {
                table.probe(&found, by.0, by.1, &mut self.groups)?;
                if !self.groups.missed().is_empty() {
                    return Err(Error::Internal("a group that had a row has none".to_owned()));
                }
            }
        }
        for &step in &plan.steps {
            fold::run(step, table, &found, &self.groups)?;
        }
        match &mut self.kernel {
            Some(kernel) if rows == Rows::New && !self.merging => kernel.accumulate(table, &found, &self.groups)?,
            Some(kernel) => kernel.merge(table, &found, &self.groups)?,
            None => {}
        }
        Ok((found, &self.groups))
    }

    /// Checks that each sum fits the output's type. The type's bytes are the low bytes of the
    /// running sum.
    fn check_ranges(&self, page: &Page) -> Result<()> {
        for (leaf, state) in self.spec.state.iter().enumerate() {
            let (ty, running) = (state.ty, state.running_type());
            if ty == running || self.spec.table.offset(leaf).is_none() || matches!(ty, LeafType::F32) {
                continue;
            }
            let batch = page.batch();
            let fits = |row| {
                let wide = fold::signed(running, batch.leaf_bits(leaf, row));
                fold::signed(ty, wide as u128 & (u128::MAX >> (128 - 8 * ty.width()))) == wide
            };
            if !(0..batch.rows()).all(fits) {
                return Err(fold::overflow(ty));
            }
        }
        Ok(())
    }

    /// Rounds sums of `f32`, which are computed in `f64`, in place.
    fn narrow_floats(&self, page: Page) -> Result<Page> {
        let state = &self.spec.state;
        let is_float = |leaf: &usize| state[*leaf].ty == LeafType::F32 && state[*leaf].running_type() == LeafType::F64;
        let leaves: Vec<usize> = (0..state.len()).filter(is_float).collect();
        if leaves.is_empty() {
            return Ok(page);
        }
        let mut page = page.into_mut(&self.memory)?;
        page.map_leaves(&leaves, |bits| (f64::from_bits(bits as u64) as f32).to_bits().into());
        Ok(page.freeze())
    }
}

impl GroupUpdate for AggregateUpdate {
    fn key(&self, rows: Rows) -> &[usize] {
        &self.plan(rows).key
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, rows: Rows, left: &mut UnplacedRows) -> Result<()> {
        self.fold(table, input, rows, left).map(drop)
    }

    fn finish(&mut self, page: Page) -> Result<Page> {
        self.check_ranges(&page)?;
        Ok(self.narrow_floats(page)?.retyped(&self.spec.output))
    }
}

impl FoldPlan {
    fn of(spec: &Spec, layout: &RowLayout, merging: bool) -> Self {
        FoldPlan {
            key: if merging { spec.output_key.clone() } else { spec.key.clone() },
            copied: copied(spec, merging),
            steps: steps(spec, layout, merging),
            deciding: deciding(spec, layout, merging),
        }
    }
}

/// The leaves that a new group copies from its first row, see [`FoldPlan::copied`].
pub(super) fn copied(spec: &Spec, merging: bool) -> Vec<(usize, usize)> {
    let from = |to: usize| match spec.state[to].fold {
        Fold::Key(from)
        | Fold::Min(from)
        | Fold::Max(from)
        | Fold::MinSome(from)
        | Fold::MaxSome(from)
        | Fold::Valid(from)
        | Fold::By { leaf: from, .. }
        | Fold::Carried(from)
        | Fold::First(from) => Some((to, if merging { to } else { from })),
        _ => None,
    };
    (0..spec.state.len()).filter_map(from).filter(|&(to, _)| spec.table.offset(to).is_some()).collect()
}

fn steps(spec: &Spec, layout: &RowLayout, merging: bool) -> Vec<Step> {
    let step = |to: usize| -> Option<Step> {
        let leaf = &spec.state[to];
        layout.offset(to)?;
        if replaces_rows(leaf) {
            return None;
        }
        let to_type = leaf.running_type();
        let at = |from: usize, kind| {
            let (from, from_type) = if merging { (to, to_type) } else { (from, spec.input_types[from]) };
            Some(Step { from, from_type, to, to_type, kind })
        };
        match leaf.fold {
            Fold::Sum(from) => at(from, Kind::Sum),
            Fold::Min(from) => at(from, Kind::Min),
            Fold::Max(from) => at(from, Kind::Max),
            Fold::MinSome(from) => at(from, Kind::MinValid),
            Fold::MaxSome(from) => at(from, Kind::MaxValid),
            Fold::Count if !merging => at(0, Kind::Count),
            Fold::Count => at(to, Kind::Sum),
            Fold::Kernel(merge) if merging => match merge {
                Merge::Sum => at(to, Kind::Sum),
                Merge::Min => at(to, Kind::MinValid),
                Merge::Max => at(to, Kind::MaxValid),
                Merge::Valid | Merge::Kernel => None,
            },
            Fold::Key(_)
            | Fold::Valid(_)
            | Fold::By { .. }
            | Fold::Carried(_)
            | Fold::First(_)
            | Fold::Distinct(_)
            | Fold::Kernel(_)
            | Fold::Nothing => None,
        }
    };
    (0..spec.state.len()).filter_map(step).collect()
}

fn deciding(spec: &Spec, layout: &RowLayout, merging: bool) -> Vec<Deciding> {
    let at = |(to, from): (usize, usize)| (if merging { to } else { from }, to);
    let of = |to: usize| {
        let leaf = &spec.state[to];
        layout.offset(to).filter(|_| replaces_rows(leaf))?;
        let (leaves, is_optional, greatest) = match leaf.fold {
            Fold::Min(from) => (vec![(to, from)], false, false),
            Fold::Max(from) => (vec![(to, from)], false, true),
            Fold::MinSome(from) => (vec![(to - 1, from - 1), (to, from)], true, false),
            Fold::MaxSome(from) => (vec![(to - 1, from - 1), (to, from)], true, true),
            Fold::By { leaf, greatest, carried } => {
                let carried = (to + 1..to + 1 + carried).filter_map(|to| match spec.state[to].fold {
                    Fold::Carried(from) => Some((to, from)),
                    _ => None,
                });
                (std::iter::once((to, leaf)).chain(carried).collect(), false, greatest)
            }
            _ => return None,
        };
        Some(Deciding { leaves: leaves.into_iter().map(at).collect(), is_optional, greatest })
    };
    (0..spec.state.len()).filter_map(of).collect()
}

//! Plans that are broken on purpose.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::error::Origin;
use crate::operators::{EventTime, First, Persist, Project, Sample, ScanSource, Sort, WindowStart, Within};
use crate::optimizer::{Profile, Resources, Rules, drafted};
use crate::plan::{Node, Operator};
use crate::row::{HiddenLeaf, LeafType, OrderKey, Schema, SchemaBuilder};
use crate::source::{ReaderContext, Scan, Source, SplitList, SplitReader};
use crate::strategy::{EventTimeOf, Properties, RequiredKey, Ship, TumblingWindows};

fn node(name: &str, line: u32, operator: impl Operator + 'static, inputs: Vec<Arc<Node>>) -> Arc<Node> {
    let origin = Origin { name: name.into(), operator: name.into(), file: "job.rs".into(), line, column: 1 };
    Node::new("".into(), origin, "".into(), Arc::new(operator), inputs)
}

/// A source that is never read.
struct Unread {
    schema: Schema,
    is_endless: bool,
}

impl Source for Unread {
    fn describe(&self) -> String {
        "unread".to_owned()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_endless(&self) -> bool {
        self.is_endless
    }

    fn splits(&self, _: &Scan) -> Result<SplitList> {
        Ok(SplitList::default())
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        0
    }

    fn reader(&self, _: &Scan, _: ReaderContext) -> Result<Box<dyn SplitReader>> {
        Err(Error::Internal("nothing is read".to_owned()))
    }
}

/// Records of two numbers and a time.
fn read(is_endless: bool) -> Arc<Node> {
    let schema = SchemaBuilder::build(|build| {
        build.leaf(LeafType::U64);
        build.leaf(LeafType::U64);
        build.leaf(LeafType::Timestamp)
    });
    node("read", 1, ScanSource(Arc::new(Unread { schema, is_endless })), Vec::new())
}

/// The plan of sinks in two tasks. The checks accept it.
fn planned(sinks: &[Arc<Node>]) -> Draft {
    let parallel_for = |_, count, work: &(dyn Fn(usize) + Sync)| (0..count).for_each(work);
    let (rules, profile) = (Rules::without(&[]), Profile::default());
    let memory_bytes = 1 << 30;
    drafted(sinks, Resources { tasks: 2, memory_bytes, rules, profile, decisions: None, parallel_for }).unwrap()
}

/// Breaks a plan, and checks that it is rejected with this operator and message.
fn rejects(mut draft: Draft, breaks: impl FnOnce(&mut Draft), operator: &str, message: &str) {
    breaks(&mut draft);
    let error = run(&mut draft).unwrap_err().to_string();
    assert!(error.contains(operator) && error.contains(message), "{error}");
}

fn output(draft: &mut Draft) -> &mut OutputPlan {
    &mut draft.plan.stages[0].outputs[0]
}

fn first(line: u32, key: &[usize], input: Arc<Node>) -> Arc<Node> {
    let first = First { schema: input.schema().clone(), key: key.into(), count: 1, order: Vec::new() };
    node("first", line, first, vec![input])
}

fn sorted(within: Within, input: Arc<Node>) -> Arc<Node> {
    let order = OrderKey::ascending(&[0]).collect();
    node("sort", 2, Sort { schema: input.schema().clone(), order, within }, vec![input])
}

fn sampled(line: u32, input: Arc<Node>) -> Arc<Node> {
    node("sample", line, Sample { schema: input.schema().clone(), fraction: 1.0, seed: 0 }, vec![input])
}

#[test]
fn exchanges_without_inbox_or_with_wrong_tasks_are_rejected() {
    let plan = || planned(&[first(2, &[], read(false))]);
    rejects(plan(), |draft| output(draft).to.1 = 1, "`first` at job.rs:2", "have no inbox");
    rejects(plan(), |draft| output(draft).ship = Ship::Forward, "`first` at job.rs:2", "from 2 to 1 tasks");
    rejects(plan(), |draft| draft.plan.stages[1].tasks = 2, "`first` at job.rs:2", "from 2 to 2 tasks");
    rejects(plan(), |draft| draft.plan.stages[1].inboxes = 2, "stage 1", "an inbox without a reader");
}

#[test]
fn hash_of_other_leaves_than_the_key_is_rejected() {
    let (plan, message) = (|| planned(&[first(2, &[0], read(false))]), "does not fit its key");
    for ship in [Ship::Hash(vec![1]), Ship::Hash(vec![0, 1]), Ship::Forward, Ship::Rebalance] {
        rejects(plan(), |draft| output(draft).ship = ship, "`first` at job.rs:2", message);
    }
    // The second operator counts on the hash of the first one.
    let draft = planned(&[first(3, &[0, 1], first(2, &[0], read(false)))]);
    let forget = |draft: &mut Draft| draft.properties[1] = Properties::anywhere(2);
    rejects(draft, forget, "`first` at job.rs:3", message);
}

#[test]
fn ports_hashed_by_different_parts_of_a_key_are_rejected() {
    let key = |leaves: &[usize], in_key_group| RequiredKey { leaves: leaves.into(), in_key_group };
    let (left, right, group) = (key(&[0, 0, 3], false), key(&[1, 2, 4], false), key(&[1, 2], true));
    let fits = |one: &[usize], other: &[usize]| keys::are_together(&[(&left, Some(one)), (&right, Some(other))]);
    assert!(fits(&[0, 0], &[1, 2]) && fits(&[3, 0], &[4, 1]));
    assert!(!fits(&[3], &[1]) && !fits(&[0], &[1, 2]) && !fits(&[0, 3], &[4, 1]));
    assert!(!keys::are_together(&[(&left, Some(&[0])), (&right, None)]));
    assert!(keys::are_together(&[(&group, Some(&[1, 2]))]) && !keys::are_together(&[(&group, Some(&[1]))]));
}

#[test]
fn lost_order_is_rejected() {
    let in_order = |draft: &mut Draft, is: bool| output(draft).in_order = is;
    let ordered = || planned(&[first(3, &[], sorted(Within::Flow, read(false)))]);
    rejects(ordered(), |draft| in_order(draft, false), "`first` at job.rs:3", "order of its tasks is lost");
    let unordered = planned(&[first(3, &[], read(false))]);
    rejects(unordered, |draft| in_order(draft, true), "`first` at job.rs:3", "in no order");
    let input = sorted(Within::Flow, read(false));
    let following =
        planned(&[node("persist", 3, Persist { schema: input.schema().clone(), kept: Arc::default() }, vec![input])]);
    let spread = |draft: &mut Draft| (output(draft).ship, draft.plan.stages[1].tasks) = (Ship::Forward, 2);
    rejects(following, spread, "`persist` at job.rs:3", "in several tasks");
    let fork = sorted(Within::Task, read(false));
    let kept = planned(&[sampled(3, fork.clone()), sampled(4, fork)]);
    rejects(kept, |draft| output(draft).ship = Ship::Rebalance, "`sample` at job.rs:3", "loses the order");
}

#[test]
fn windows_without_watermarks_are_rejected() {
    let (input, of) = (read(true), EventTimeOf { leaf: 2, lateness_micros: 0 });
    let (record, output) = (input.schema().clone(), input.schema().with_event_time());
    let view = Project { word: "event_time", input: record, output: output.clone(), leaves: vec![0, 1, 2, 2] };
    let times = node("event_time", 2, EventTime { view, of }, vec![input]);
    let schema = output.with_hidden(HiddenLeaf::WindowStart);
    let plan = || planned(&[sampled(4, node("window", 3, window(schema.clone(), 3), vec![times.clone()]))]);
    let without = |draft: &mut Draft| draft.plan.stages[0].watermarks = None;
    rejects(plan(), without, "`window` at job.rs:3", "no stage before it makes watermarks");
    for leaf in [None, Some(0)] {
        let change = |draft: &mut Draft| draft.plan.stages[0].watermarks.as_mut().unwrap().leaf = leaf;
        rejects(plan(), change, "job.rs", "watermarks are not read");
    }
}

#[test]
fn endless_input_of_a_waiting_step_is_rejected() {
    let finite = planned(&[sorted(Within::Task, read(false))]);
    let waits = finite.plan.stages[0].steps[0].driver.clone();
    let replace = |draft: &mut Draft| draft.plan.stages[0].steps[0].driver = waits;
    rejects(planned(&[sampled(2, read(true))]), replace, "`sample` at job.rs:2", "waits for the end");
}

fn window(schema: Schema, time: usize) -> WindowStart {
    WindowStart { schema, windows: TumblingWindows { time, micros: 60 }, length: Duration::from_micros(60) }
}

#[test]
fn plan_without_required_event_time_is_rejected() {
    let record = SchemaBuilder::build(|builder| builder.leaf(LeafType::Timestamp));
    let sampled = |schema: Schema| node("sample", 3, Sample { schema, fraction: 1.0, seed: 0 }, Vec::new());
    let window = |input: Arc<Node>| {
        node("window", 4, window(input.schema().with_hidden(HiddenLeaf::WindowStart), 1), vec![input])
    };
    let view = |input: Arc<Node>| {
        let (input_schema, output) = (input.schema().clone(), record.with_event_time());
        let project = Project { word: "project", input: input_schema, output, leaves: vec![0, 1] };
        node("project", 5, project, vec![input])
    };
    let checked = |node: Arc<Node>| check_hidden(&[node.inputs[0].clone(), node]);
    checked(window(sampled(record.with_event_time()))).unwrap();
    checked(view(sampled(record.with_event_time()))).unwrap();
    // A record's own field of the type does not count, and neither does another hidden leaf.
    for schema in [record.clone(), record.with_hidden(HiddenLeaf::WindowStart)] {
        for (node, place) in [
            (window(sampled(schema.clone())), "`window` at job.rs:4"),
            (view(sampled(schema)), "`project` at job.rs:5"),
        ] {
            let error = checked(node).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains("`sample` at job.rs:3"), "{error}");
            assert!(error.contains("needs the event time"), "{error}");
        }
    }
}

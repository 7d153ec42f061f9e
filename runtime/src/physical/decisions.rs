//! The choices of a plan as a value: to show, compare and keep them, and to make the same plan
//! again.
//!
//! A decision names an operator by its identity, which follows from the text of the program, and
//! not by its position in a plan. So decisions remain valid if the program is built again, in this
//! process or another. All choices that depend on estimates are decisions: strategies, numbers of
//! tasks, join orders, and runtime filters with their sizes. So a process that plans the same
//! program with the same options and these decisions makes the same stages, whatever its estimates.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::plan::Node;
use crate::strategy::{Ship, Strategy};
use crate::value::json::Value;

use super::join_order::JoinOrder;

/// The version of decisions as text.
const VERSION: u64 = 1;

/// The chosen alternative to run an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its drivers: `combine sum, merge sum`.
    pub how: String,
    /// The exchange of each input: `hash 0 2`, with the numbers of the leaves.
    pub ships: Vec<String>,
    /// The number of tasks.
    pub tasks: usize,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}; {} tasks)", self.how, self.ships.join(", "), self.tasks)
    }
}

/// An alternative to run an operator, with its estimated cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The alternative.
    pub choice: Choice,
    /// The seconds of the operator itself, with the exchanges of its inputs.
    pub seconds: f64,
    /// The seconds with all operators before it, without those before an open fork. It is the
    /// minimum over all plans in which the operator runs this way.
    pub total_seconds: f64,
    /// The placement of its output: `hashed by 0 2`, with the numbers of the leaves.
    pub gives: String,
}

/// The strategies of the operators of a plan, and the orders of inner joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// By the identities of operators.
    operators: BTreeMap<String, Choice>,
    /// By the identities of regions' uppermost joins.
    join_orders: BTreeMap<String, JoinOrder>,
    /// The runtime filters, by the identity of the join and the port. The value is the expected
    /// number of keys, which sizes the filter, or `None` if the filter only excludes splits. The
    /// map is `None` if estimates place filters.
    runtime_filters: Option<BTreeMap<(String, usize), Option<usize>>>,
}

impl Choice {
    /// The choice of a strategy.
    #[must_use]
    pub fn of(strategy: &Strategy) -> Self {
        let before = strategy.edges.iter().filter_map(|edge| edge.before.as_ref()).map(|before| before.name.clone());
        let mut names: Vec<String> = before.chain([strategy.driver.name.clone()]).collect();
        names.dedup();
        let ships = strategy.edges.iter().map(|edge| ship_text(&edge.ship)).collect();
        Choice { how: names.join(", "), ships, tasks: strategy.tasks }
    }
}

/// An exchange with its leaves, as text.
pub(crate) fn ship_text(ship: &Ship) -> String {
    match ship {
        Ship::Hash(leaves) => {
            let leaves: Vec<String> = leaves.iter().map(usize::to_string).collect();
            format!("{ship} {}", leaves.join(" "))
        }
        Ship::Number(leaf) => format!("{ship} {leaf}"),
        _ => ship.to_string(),
    }
}

impl Decisions {
    /// Decisions with these choices and nothing else.
    #[must_use]
    pub fn of(choices: impl IntoIterator<Item = (String, Choice)>) -> Self {
        Decisions { operators: choices.into_iter().collect(), ..Decisions::default() }
    }

    /// The decided choice of an operator. `None` if estimates decide.
    #[must_use]
    pub fn get(&self, identity: &str) -> Option<&Choice> {
        self.operators.get(identity)
    }

    /// The decided join order of a region, by the identity of its uppermost join. `None` if
    /// estimates decide.
    #[must_use]
    pub fn join_order(&self, join: &str) -> Option<&JoinOrder> {
        self.join_orders.get(join)
    }

    /// The order of each region, by the identity of its uppermost join.
    pub fn join_orders(&self) -> impl Iterator<Item = (&str, &JoinOrder)> {
        self.join_orders.iter().map(|(join, order)| (join.as_str(), order))
    }

    /// The same decisions with another join order of a region, given by the identity of its
    /// uppermost join. A plan that cannot have that order is rejected. Estimates place the runtime
    /// filters.
    #[must_use]
    pub fn with_join_order(mut self, join: impl Into<String>, order: JoinOrder) -> Self {
        self.join_orders.insert(join.into(), order);
        Decisions { runtime_filters: None, ..self }
    }

    /// The same decisions with another choice for one operator. Estimates place the runtime
    /// filters.
    #[must_use]
    pub fn with(mut self, identity: impl Into<String>, choice: Choice) -> Self {
        self.operators.insert(identity.into(), choice);
        Decisions { runtime_filters: None, ..self }
    }

    /// The same decisions with these runtime filters and no others.
    pub(crate) fn with_runtime_filters(
        self,
        filters: impl IntoIterator<Item = ((String, usize), Option<usize>)>,
    ) -> Self {
        Decisions { runtime_filters: Some(filters.into_iter().collect()), ..self }
    }

    /// The decided runtime filter of a join at a port: its expected number of keys. `None` if
    /// estimates decide, and `Some(None)` if there is no such filter.
    pub(crate) fn runtime_filter(&self, join: &str, port: usize) -> Option<Option<Option<usize>>> {
        let filters = self.runtime_filters.as_ref()?;
        Some(filters.get(&(join.to_owned(), port)).copied())
    }

    /// The choice of each operator, in the order of the identities.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Choice)> {
        self.operators.iter().map(|(identity, choice)| (identity.as_str(), choice))
    }

    /// The decisions as JSON:
    ///
    /// ```json
    /// {"version": 1, "operators": {"counts/sum": {"how": "…", "ships": ["hash 0"], "tasks": 2}},
    ///  "join_orders": {"joined": [["a", "b"], "c"]}}
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        self.value().to_string()
    }

    /// The decisions as a JSON value.
    pub(crate) fn value(&self) -> Value {
        let operators = self.operators.iter().map(|(id, choice)| (id.clone(), choice_value(choice))).collect();
        let join_orders = self.join_orders.iter().map(|(join, order)| (join.clone(), order.value())).collect();
        let filter = |(&(ref join, port), &keys): (&(String, usize), &Option<usize>)| {
            let keys = keys.map_or(Value::Null, Value::from);
            Value::object([("join", join.as_str().into()), ("port", port.into()), ("keys", keys)])
        };
        let filters = self.runtime_filters.iter().map(|filters| filters.iter().map(filter).collect());
        let filters = filters.map(|filters: Value| ("runtime_filters".to_owned(), filters));
        let members = [
            ("version".to_owned(), VERSION.into()),
            ("operators".to_owned(), Value::Object(operators)),
            ("join_orders".to_owned(), Value::Object(join_orders)),
        ];
        Value::Object(members.into_iter().chain(filters).collect())
    }

    /// Parses the text of [`Decisions::to_json`], or the JSON of a plan, which contains it.
    ///
    /// # Errors
    /// [`Error::Plan`] if the text is neither.
    pub fn from_json(text: &str) -> Result<Self> {
        let wrong = |what: String| {
            Error::Plan(format!("these are no decisions of a plan: {what}; take them as EXPLAIN gives them"))
        };
        let of_plan =
            |value: Value| Self::of_value(if value["decisions"] == Value::Null { &value } else { &value["decisions"] });
        Value::parse(text).and_then(of_plan).map_err(wrong)
    }

    /// Reads the value of [`Decisions::value`].
    pub(crate) fn of_value(all: &Value) -> Result<Self, String> {
        if all["version"].as_number() != Some(VERSION) {
            return Err(format!("version {}, where {VERSION} is known", all["version"]));
        }
        let operators = all["operators"].as_object().ok_or_else(|| "`operators` is missing".to_owned())?;
        let choice = |(identity, choice): (&String, &Value)| {
            let ships = choice["ships"].all(|ship| ship.as_str().map(str::to_owned))?;
            let tasks = choice["tasks"].as_number()?;
            let choice = Choice { how: choice["how"].as_str()?.to_owned(), ships, tasks };
            Some((identity.clone(), choice))
        };
        let choices = operators.iter().map(choice).collect::<Option<BTreeMap<_, _>>>();
        let choices = choices.ok_or_else(|| "an operator has no `how`, `ships` or `tasks`".to_owned())?;
        // Decisions of versions without join orders lack the member.
        let orders = all["join_orders"].as_object().into_iter().flatten();
        let orders = orders.map(|(join, order)| Some((join.clone(), JoinOrder::of_value(order)?)));
        let orders = orders.collect::<Option<BTreeMap<_, _>>>();
        let join_orders = orders.ok_or_else(|| "an order of joins is no list of two, or a text".to_owned())?;
        let runtime_filters = match &all["runtime_filters"] {
            Value::Null => None,
            filters => {
                let filter = |filter: &Value| {
                    let keys = match &filter["keys"] {
                        Value::Null => None,
                        keys => Some(keys.as_number()?),
                    };
                    Some(((filter["join"].as_str()?.to_owned(), filter["port"].as_number()?), keys))
                };
                let filters = filters.all(filter);
                Some(
                    filters.ok_or_else(|| "a runtime filter has no `join` or `port`".to_owned())?.into_iter().collect(),
                )
            }
        };
        Ok(Decisions { operators: choices, join_orders, runtime_filters })
    }
}

/// A choice as JSON.
pub(crate) fn choice_value(choice: &Choice) -> Value {
    let ships = choice.ships.iter().map(String::as_str).collect();
    Value::object([("how", choice.how.as_str().into()), ("ships", ships), ("tasks", choice.tasks.into())])
}

/// An identity without the number that distinguishes equal identities.
pub(crate) fn without_number(identity: &str) -> &str {
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    identity.rsplit_once('#').filter(|(_, number)| is_number(number)).map_or(identity, |(name, _)| name)
}

/// The identities of a plan's nodes. If several are equal, a number is appended to the later ones,
/// in the order in which the program made the nodes. So an operator keeps its identity wherever the
/// optimizer moves it.
pub(crate) fn identities(nodes: &[Arc<Node>]) -> Vec<String> {
    let mut identities: Vec<String> = nodes.iter().map(|node| node.identity()).collect();
    let mut as_made: Vec<usize> = (0..nodes.len()).collect();
    as_made.sort_by_key(|&node| nodes[node].program_sequence);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for node in as_made {
        let count = seen.entry(identities[node].clone()).or_default();
        *count += 1;
        if *count > 1 {
            identities[node] = format!("{}#{count}", identities[node]);
        }
    }
    identities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_survive_a_round_trip_through_json() {
        let choice = Choice { how: "hash join, build left".to_owned(), ships: vec!["hash 0 2".to_owned()], tasks: 3 };
        let relation = |name: &str| JoinOrder::Relation(name.to_owned());
        let order = JoinOrder::join(JoinOrder::join(relation("a/b"), relation("a/b@2")), relation("\"⋈\""));
        let decisions = Decisions::default().with("paths/of names", choice.clone()).with("sum#2", choice);
        let decisions = decisions.with_join_order("paths/joined", order).with_join_order("alone", relation("c"));
        let filters = [(("paths/joined".to_owned(), 1), Some(77)), (("sum#2".to_owned(), 0), None)];
        assert_eq!(decisions.runtime_filter("paths/joined", 1), None);
        let decisions = decisions.with_runtime_filters(filters);
        assert_eq!(decisions.runtime_filter("paths/joined", 1), Some(Some(Some(77))));
        assert_eq!(decisions.runtime_filter("paths/joined", 0), Some(None));
        assert_eq!(Decisions::from_json(&decisions.to_json()).unwrap(), decisions);
        let without_orders = r#"{"version":1,"operators":{}}"#;
        assert_eq!(Decisions::from_json(without_orders).unwrap(), Decisions::default());
        let wrong = [
            "",
            "[]",
            "{}",
            r#"{"version":2,"operators":{}}"#,
            r#"{"version":1,"operators":{"a":{"how":1}}}"#,
            r#"{"version":1,"operators":{},"join_orders":{"a":["b"]}}"#,
            r#"{"version":1,"operators":{},"join_orders":{"a":["b",["c","d","e"]]}}"#,
        ];
        for text in wrong {
            assert!(matches!(Decisions::from_json(text), Err(Error::Plan(_))), "{text}");
        }
    }
}

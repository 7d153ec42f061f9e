//! Draws a program: chains of words that fit together, with the oracle's rows after each.

use std::rc::Rc;

use super::data::{Contents, Input, Source};
use super::draw::Draw;
use super::flow::{Flow, FlowKind, Rows, Stage, World};
use super::program::{PREPARED, Program, Step};
use super::records::NAMED;
use super::sink::Sink;
use super::spec::{Pair, Share, Spec};
use super::types::{Kind, Type};
use super::value::{Row, Value};
use super::word::Word;
use super::words;

/// A flow that a word may read as its other side.
#[derive(Clone)]
pub struct Side {
    /// Its name in the oracle's world.
    pub name: String,
    pub text: String,
    pub flow: Flow,
    pub rows: usize,
}

impl std::ops::Deref for Side {
    type Target = Flow;
    fn deref(&self) -> &Flow {
        &self.flow
    }
}

pub struct Generator {
    pub draw: Draw,
    pub world: World,
    spec: Spec,
    share: Share,
    words: Vec<&'static Word>,
    sides: Vec<Side>,
    /// Streams that are in use. Each is read once.
    taken: Vec<String>,
    in_loop: bool,
    is_preparing: bool,
    has_long_texts: bool,
    counts: bool,
    names: usize,
    pairs: Vec<Pair>,
    /// Number of written words of the route, and tries of the next one.
    routed: usize,
    route_tries: usize,
}

/// A chain of words and its current flow.
struct Chain {
    flow: Flow,
    rows: Rows,
    last: &'static str,
    steps: Vec<Step>,
}

/// Stand for the place before the first word, and after the last.
pub const SOURCE: &str = "source";
pub const RESULT: &str = "result";

impl Generator {
    pub fn program(spec: &Spec) -> Program {
        let mut draw = Draw::new(spec.seed);
        let share = match &spec.route {
            Some(route) => route.share,
            None => Share::draw(&mut draw),
        };
        let has_long_texts = draw.often(7);
        let mut generator = Generator {
            draw,
            world: World::default(),
            spec: spec.clone(),
            share,
            words: words::all(),
            sides: Vec::new(),
            taken: Vec::new(),
            in_loop: false,
            is_preparing: false,
            has_long_texts,
            counts: false,
            names: 0,
            pairs: Vec::new(),
            routed: 0,
            route_tries: 0,
        };
        let inputs = generator.inputs();
        generator.finish(inputs)
    }

    pub fn most_rows(&self) -> usize {
        if self.has_long_texts { 40 } else { 3_000 }
    }

    /// A new name.
    pub fn name(&mut self, of: &str) -> String {
        self.names += 1;
        format!("{of}{}", self.names)
    }

    /// Returns `true` if a closure over the flow counts its calls.
    pub fn counts(&mut self, flow: &Flow) -> bool {
        let counts = !self.share.has_snapshots() && flow.updates.is_none() && !self.is_preparing && self.draw.often(12);
        self.counts |= counts;
        counts
    }

    /// A type for a closure's result. There are few types, since programs share them.
    pub fn record_type(&mut self, flow: &Flow) -> Type {
        let named = |name: &str| Type::Named(NAMED.iter().position(|named| named.name == name).unwrap_or(0));
        if matches!(flow.of, Type::Named(_)) && self.draw.often(30) {
            return flow.of.clone();
        }
        match self.draw.below(10) {
            0..2 => named("Event"),
            2..4 => named("Item"),
            4 => named("Wide"),
            5..7 => Type::pair(Kind::Number),
            7 => Type::pair(Kind::Text),
            8 => Type::Plain(Kind::Number),
            _ => Type::Plain(Kind::Text),
        }
    }

    fn inputs(&mut self) -> Vec<Input> {
        let (items, others) = (self.input_type(), self.input_type());
        let is_same = self.draw.often(if self.share.kind() == FlowKind::Set { 30 } else { 70 });
        let others = if is_same { items.clone() } else { others };
        let mut inputs = vec![self.input("items", items), self.input("others", others)];
        let small = |name: &str, of, values: Vec<Vec<Value>>| Input {
            name: name.to_owned(),
            of,
            rows: values.into_iter().map(Row::of).collect(),
            source: Source::Collection,
            splits: 1,
        };
        let few = (0..self.draw.below(5)).map(|_| vec![Value::Number(self.draw.below(30) as u64)]).collect();
        let one = vec![vec![Value::Number(self.draw.below(30) as u64), Value::Number(3)]];
        inputs.push(small("few", Type::Plain(Kind::Number), few));
        inputs.push(small("one", Type::pair(Kind::Number), one));
        self.world = World::of(&inputs);
        for input in &inputs {
            self.add_side(input);
        }
        inputs
    }

    /// For streams, a type with a time.
    fn input_type(&mut self) -> Type {
        let places = if self.has_long_texts { vec![1, 2] } else { vec![0, 1, 0, 1, 2] };
        match self.share.kind() {
            FlowKind::Set if !self.has_long_texts && self.draw.often(25) => {
                let plain = self.draw.often(30);
                if plain { Type::Plain(Kind::Number) } else { Type::pair(Kind::Number) }
            }
            _ => Type::Named(self.draw.any(&places)),
        }
    }

    fn input(&mut self, name: &str, of: Type) -> Input {
        let contents = Contents::draw(&mut self.draw, self.has_long_texts);
        let rows = contents.rows(&mut self.draw, &of);
        let sources = [Source::Collection, Source::OneFile, Source::ManyFiles, Source::LogToItsEnd];
        let source = if self.share.kind() == FlowKind::Set { self.draw.any(&sources) } else { Source::Log };
        Input { name: name.to_owned(), of, rows, source, splits: 1 + self.draw.below(3) }
    }

    fn add_side(&mut self, input: &Input) {
        let name = input.name.to_owned();
        let kind = if matches!(input.source, Source::Log) { FlowKind::Stream } else { FlowKind::Set };
        // The chain begins with the items.
        if name == "items" && kind == FlowKind::Stream {
            return;
        }
        let flow = Flow::new(kind, input.of.clone());
        let rows = input.rows.len();
        self.sides.push(Side { name: name.clone(), text: name.clone(), flow, rows });
        if kind == FlowKind::Stream {
            self.add_timed_side(input);
        }
    }

    /// The same stream with its event time.
    fn add_timed_side(&mut self, input: &Input) {
        let Some((_, path)) = input.time_field() else { return };
        let name = input.name_with_time();
        let text = format!("{}.event_time(|o| {path}, Lateness::bounded(secs(20)))", input.name);
        let flow = Flow::new(FlowKind::Timed, input.of.clone());
        self.sides.push(Side { name, text, flow, rows: input.rows.len() });
    }

    pub fn side(&self, name: &str) -> Side {
        let side = self.sides.iter().find(|side| side.name == name);
        side.cloned().unwrap_or_else(|| panic!("no flow {name}"))
    }

    /// Flows of a kind that are not in use.
    pub fn sides(&self, kind: FlowKind, fits: impl Fn(&Side) -> bool) -> Vec<Side> {
        let is_free = |side: &&Side| side.kind == kind && !self.taken.contains(&source_of(&side.name));
        self.sides.iter().filter(is_free).filter(|side| fits(side)).cloned().collect()
    }

    /// Chooses one of the sides. A loop prefers a side that other words read too. A stream is then
    /// in use.
    pub fn take_side(&mut self, sides: &[Side]) -> Option<Side> {
        let is_made = |side: &&Side| !matches!(side.name.as_str(), "items" | "others" | "few" | "one");
        let made = sides.iter().filter(is_made).cloned().collect::<Vec<_>>();
        let prefers_made = !made.is_empty() && self.draw.often(if self.in_loop { 70 } else { 30 });
        let side = self.draw.some(if prefers_made { &made } else { sides })?;
        if side.kind != FlowKind::Set {
            self.taken.push(source_of(&side.name));
        }
        Some(side)
    }

    /// A chain in a loop, whose input and output have the same type.
    pub fn body(&mut self, flow: &Flow, rows: &Rows) -> Option<Stage> {
        let mut chain = Chain::new(flow.unordered(), rows.clone());
        self.in_loop = true;
        let pairs = self.pairs.len();
        let length = self.length(1);
        self.extend(&mut chain, length, true);
        if chain.flow.of != flow.of || !chain.flow.is_certain() {
            self.map_to(&mut chain, &flow.of);
        }
        self.in_loop = false;
        if chain.steps.is_empty() {
            self.pairs.truncate(pairs);
            return None;
        }
        Some(body_of(&flow.unordered(), chain.steps))
    }

    /// Appends a `map` to records of a type.
    fn map_to(&mut self, chain: &mut Chain, of: &Type) {
        let scope = chain.flow.scope("r");
        let made = super::expression::Writer::new(&mut self.draw, scope).record(of);
        let stage = Stage::new(format!(".map(|r| {})", made.text), chain.flow.with(of.clone()), move |_, rows| {
            rows.into_iter().map(|row| Row { values: (made.values)(&row.values), ..row }).collect()
        });
        let rows = (stage.oracle)(&self.world, chain.rows.clone());
        self.push(chain, "map", stage, rows);
    }

    /// The minimum number of words in a chain. A route may be longer.
    fn length(&mut self, least: usize) -> usize {
        let drawn = least + self.draw.below(5);
        match &self.spec.route {
            Some(route) if route.in_loop == self.in_loop => drawn.max(route.words.len()),
            _ => drawn,
        }
    }

    fn extend(&mut self, chain: &mut Chain, words: usize, is_body: bool) {
        let mut tries = 0;
        let mut done = 0;
        while done < words && tries < 80 {
            tries += 1;
            let Some(word) = self.next_word(chain, is_body) else { return };
            if self.try_word(chain, word) {
                done += 1;
                self.bind(chain);
            }
        }
    }

    /// Sometimes gives the flow a name, so that later words can take it.
    fn bind(&mut self, chain: &mut Chain) {
        if self.in_loop || chain.flow.kind != FlowKind::Set || chain.flow.updates.is_some() || !self.draw.often(30) {
            return;
        }
        let name = self.name("flow");
        self.world.add(&name, chain.rows.clone());
        if let Some(step) = chain.steps.last_mut() {
            step.name = Some(name.clone());
        }
        if chain.flow.is_certain() {
            let (flow, rows) = (chain.flow.unordered(), chain.rows.len());
            self.sides.push(Side { name: name.clone(), text: name, flow, rows });
        }
    }

    fn fits(&self, word: &Word, chain: &Chain) -> bool {
        let flow = &chain.flow;
        let is_among_updates = flow.updates.is_some() && flow.kind != FlowKind::Updates;
        word.on.contains(&flow.kind)
            && !(self.in_loop && word.place.not_in_loops)
            && !(self.share.has_snapshots() && word.place.not_in_snapshots)
            && (!is_among_updates || word.place.among_updates)
    }

    fn next_word(&mut self, chain: &Chain, is_body: bool) -> Option<&'static Word> {
        let flow = &chain.flow;
        let fitting = self.words.iter().copied().filter(|word| self.fits(word, chain)).collect::<Vec<_>>();
        if let Some(wanted) = self.next_of_route()
            && let Some(word) = fitting.iter().find(|word| word.name == wanted)
        {
            return Some(word);
        }
        let preferred = self.share.preferred(&mut self.draw, is_body, flow);
        let liked = fitting.iter().copied().filter(|word| preferred.contains(&word.name)).collect::<Vec<_>>();
        self.draw.some(&liked).or_else(|| self.draw.some(&fitting))
    }

    /// The next word of the route. A word that repeatedly does not fit is skipped.
    fn next_of_route(&mut self) -> Option<&'static str> {
        let route = self.spec.route.as_ref().filter(|route| route.in_loop == self.in_loop)?;
        let word = route.words.get(self.routed)?;
        self.route_tries += 1;
        if self.route_tries > 8 {
            self.routed += 1;
            self.route_tries = 0;
        }
        Some(word)
    }

    fn pass_on_route(&mut self, word: &str) {
        let route = self.spec.route.as_ref().filter(|route| route.in_loop == self.in_loop);
        if route.and_then(|route| route.words.get(self.routed)).is_some_and(|next| *next == word) {
            self.routed += 1;
            self.route_tries = 0;
        }
    }

    fn try_word(&mut self, chain: &mut Chain, word: &'static Word) -> bool {
        let (taken, counts, pairs) = (self.taken.clone(), self.counts, self.pairs.len());
        let stage = (word.build)(self, &chain.flow, &chain.rows).and_then(|stage| {
            let rows = (stage.oracle)(&self.world, chain.rows.clone());
            self.is_welcome(chain, &stage, &rows).then_some((stage, rows))
        });
        match stage {
            Some((stage, rows)) => {
                self.push(chain, word.name, stage, rows);
                self.pass_on_route(word.name);
            }
            None => {
                (self.taken, self.counts) = (taken, counts);
                self.pairs.truncate(pairs);
                return false;
            }
        }
        true
    }

    /// Returns `true` if the result is not too large and, usually, not empty.
    fn is_welcome(&mut self, chain: &Chain, stage: &Stage, rows: &Rows) -> bool {
        let bytes: usize = rows.iter().flat_map(|row| &row.values).map(Value::text_bytes).sum();
        let is_empty = rows.is_empty() && !chain.rows.is_empty();
        let fits_tuples = !matches!(&stage.flow.of, Type::Tuple(parts) if parts.len() > 8);
        let is_small = rows.len() <= self.most_rows() && bytes < 12 << 20;
        is_small && fits_tuples && stage.flow.of.depth() <= 3 && (!is_empty || self.draw.often(10))
    }

    fn push(&mut self, chain: &mut Chain, word: &'static str, stage: Stage, rows: Rows) {
        let kind = chain.flow.kind;
        self.pairs.push(Pair { kind, in_loop: self.in_loop, first: chain.last, next: word });
        chain.flow = stage.flow.clone();
        chain.rows = rows;
        chain.last = word;
        chain.steps.push(Step { word, stage, name: None });
    }

    fn finish(mut self, inputs: Vec<Input>) -> Program {
        let kind = self.share.kind();
        let mut flow = Flow::new(if kind == FlowKind::Timed { FlowKind::Stream } else { kind }, inputs[0].of.clone());
        flow.is_near_source = flow.kind == FlowKind::Stream;
        let mut chain = Chain::new(flow.clone(), inputs[0].rows.clone());
        let prepared = self.prepare(&inputs[1]);
        let length = self.length(2);
        if kind == FlowKind::Timed {
            self.force(&mut chain, &["event_time"]);
        }
        self.extend(&mut chain, length, false);
        self.end(&mut chain);
        let pair = Pair { kind: chain.flow.kind, in_loop: false, first: chain.last, next: RESULT };
        self.pairs.push(pair);
        self.done(inputs, prepared, flow, chain)
    }

    /// Sometimes begins with a flow that is computed from `others`.
    fn prepare(&mut self, others: &Input) -> Vec<Step> {
        if self.share.kind() != FlowKind::Set || !self.draw.often(50) {
            return Vec::new();
        }
        let mut side = Chain::new(Flow::new(FlowKind::Set, others.of.clone()), others.rows.clone());
        let word = self.draw.any(&["distinct", "filter", "map", "group_by.reduce", "rebalance", "union"]);
        self.is_preparing = true;
        self.force(&mut side, &[word]);
        self.is_preparing = false;
        if side.steps.is_empty() || !side.flow.is_certain() {
            return Vec::new();
        }
        self.world.add(PREPARED, side.rows.clone());
        let (flow, rows) = (side.flow.unordered(), side.rows.len());
        self.sides.push(Side { name: PREPARED.to_owned(), text: PREPARED.to_owned(), flow, rows });
        side.steps
    }

    /// Ends a stream with event time in windows. Reduces updates that are records to the greatest
    /// of each key.
    fn end(&mut self, chain: &mut Chain) {
        match self.share {
            Share::Loops if !chain.steps.iter().any(|step| step.stage.text.contains(".iterate")) => {
                self.force(chain, &["iterate", "iterate_delta"]);
            }
            _ if chain.flow.kind == FlowKind::Timed => {
                self.force(chain, &["window.count", "window.sum", "window.aggregate"]);
            }
            _ if chain.flow.updates.is_some() && chain.flow.kind != FlowKind::Updates => {
                self.force(chain, &["map"]);
                self.force(chain, &["group_by.max"]);
            }
            _ => {}
        }
    }

    fn force(&mut self, chain: &mut Chain, names: &[&str]) {
        for _ in 0..40 {
            let name = self.draw.any(names);
            let word = self.words.iter().copied().find(|word| word.name == name && self.fits(word, chain));
            if word.is_some_and(|word| self.try_word(chain, word)) {
                return;
            }
        }
    }

    /// Builds the program. Tries have changed the count of `seen`, so the caller evaluates it
    /// again.
    fn done(self, inputs: Vec<Input>, prepared: Vec<Step>, begin: Flow, chain: Chain) -> Program {
        let sink = Sink::draw(self.spec.seed, self.share, &chain.flow, &chain.rows);
        Program {
            spec: self.spec,
            share: self.share,
            inputs,
            prepared,
            begin,
            steps: chain.steps,
            sink,
            counts: self.counts,
            expected: Rows::new(),
            seen: None,
            pairs: self.pairs,
        }
    }
}

/// The steps of a loop's body as one.
fn body_of(begin: &Flow, steps: Vec<Step>) -> Stage {
    let text = steps.iter().map(|step| step.stage.text.clone()).collect::<String>();
    let words = steps.iter().map(|step| step.stage.words).sum();
    let (begin, all) = (begin.clone(), steps.clone());
    let flow = begin.clone();
    let simpler = move || {
        let before = |step: usize| if step == 0 { &begin } else { &all[step - 1].stage.flow };
        let can_go = |step: &usize| all.len() > 1 && before(*step).is_like(&all[*step].stage.flow);
        let without = |step: usize| [&all[..step], &all[step + 1..]].concat();
        (0..all.len()).filter(can_go).map(|step| body_of(&begin, without(step))).collect()
    };
    let oracle =
        move |world: &World, rows: Rows| steps.iter().fold(rows, |rows, step| (step.stage.oracle)(world, rows));
    Stage { words, simpler: Some(Rc::new(simpler)), ..Stage::new(text, flow, oracle) }
}

/// The input that a side reads.
fn source_of(name: &str) -> String {
    name.split(' ').next().unwrap_or(name).to_owned()
}

impl Chain {
    fn new(flow: Flow, rows: Rows) -> Self {
        Chain { flow, rows, last: SOURCE, steps: Vec::new() }
    }
}

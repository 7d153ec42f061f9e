//! Random pipelines: chains of closures that shadow names, contain items and macro calls, count in
//! unusual places, implement traits for returned values by hand, and compare with user types. Some
//! end in arithmetic that overflows. Parts of them are variables.
//!
//! The same text is a pipeline and a plain function over vectors: closures see records by value in
//! both.

use std::fmt::Write as _;

use tests::Random;

/// The text of `count` programs, and of a function that runs all of them.
pub(crate) fn programs(seed: u64, count: usize) -> String {
    let mut text = "// Written by the generator beside it: see `generator.rs`.\n\n".to_owned();
    for number in 0..count {
        let mut random = Random(seed + number as u64);
        let chain = Generator { random: &mut random, joins: 0, expands: 0 }.chain();
        let _ =
            writeln!(text, "program!(p{number}, items, others, seen, ticks, factor, limit, {{\n    {chain}\n}});\n");
    }
    let calls = (0..count).map(|number| format!("    p{number}();\n")).collect::<String>();
    let _ = write!(text, "pub(crate) fn all() {{\n{calls}}}\n");
    text
}

struct Generator<'r> {
    random: &'r mut Random,
    joins: usize,
    expands: usize,
}

/// The names of a closure's record: its fields as expressions, and the record itself if it has a
/// name.
struct Names {
    pattern: String,
    fields: Vec<String>,
    record: Option<String>,
}

impl Names {
    fn is_bound(&self, name: &str) -> bool {
        self.pattern.split(", ").any(|parameter| parameter == name)
    }
}

const FIELDS: [&str; 3] = ["id", "a", "b"];

impl Generator<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit as u64) as usize
    }

    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn any<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn chain(&mut self) -> String {
        let (mut before, mut text) = (String::new(), "items".to_owned());
        for number in 0..2 + self.below(5) {
            let _ = write!(text, "\n        {}", self.stage());
            if self.often(20) {
                let _ = write!(before, "let flow{number} = {text};\n    ");
                text = format!("flow{number}");
            }
        }
        if self.often(12) {
            // Greater than any field so far.
            let _ = write!(
                text,
                "\n        .map(|r| Item {{ a: {}, ..r }})",
                self.any(&["r.a + TOP", "TOP + 5 + r.a", "(r.a + 2) * TOP"])
            );
        }
        before + &text
    }

    fn stage(&mut self) -> String {
        match self.below(12) {
            0 if self.joins < 1 => self.join(),
            1 if self.joins < 1 => {
                self.joins += 1;
                ".semi_join(others).on(|l| l.id, |o| o.id)".to_owned()
            }
            2 if self.expands < 2 => {
                self.expands += 1;
                let names = self.names();
                let (first, second) = (self.value(&names), self.value(&names));
                let body = self.body(&format!("[{first}, {second}]"), &names);
                format!(".flat_map(|{}| {body})", names.pattern)
            }
            3 => {
                let names = self.names();
                let (condition, value) = (self.condition(&names, 1), self.value(&names));
                let body = self.body(&format!("if {condition} {{ Some({value}) }} else {{ None }}"), &names);
                format!(".filter_map(|{}| {body})", names.pattern)
            }
            4..=7 => self.filter(),
            _ => {
                let names = self.names();
                let value = self.value(&names);
                let value = if self.often(6) { format!("swapped({value})") } else { value };
                let body = self.body(&value, &names);
                format!(".map(|{}| {body})", names.pattern)
            }
        }
    }

    fn filter(&mut self) -> String {
        let names = self.names();
        let condition = self.condition(&names, 2);
        let body = if self.often(30) { self.body(&condition, &names) } else { condition };
        format!(".filter(|{}| {body})", names.pattern)
    }

    fn join(&mut self) -> String {
        self.joins += 1;
        let of = |record: &str| FIELDS.iter().map(|field| format!("{record}.{field}")).collect::<Vec<_>>();
        let both = |left: &str, right: &str| Names {
            pattern: format!("{left}, {right}"),
            fields: [of(left), of(right)].concat(),
            record: Some(left.to_owned()),
        };
        let mut text = ".join(others).on(|l| l.id, |o| o.id)".to_owned();
        for _ in 0..self.below(3) {
            let names = if self.often(50) { both("l", "o") } else { both("limit", "s") };
            let condition = self.condition(&names, 2);
            let body = if self.often(30) { self.body(&condition, &names) } else { condition };
            let _ = write!(text, "\n        .filter(|{}| {body})", names.pattern);
        }
        let names = both("l", "o");
        let value = self.value(&names);
        let body = self.body(&value, &names);
        let _ = write!(text, "\n        .map(|l, o| {body})");
        text
    }

    /// A record may have the name of a captured value.
    fn names(&mut self) -> Names {
        if self.often(25) {
            let fields = FIELDS.map(str::to_owned).to_vec();
            return Names { pattern: "Item { id, a, b }".to_owned(), fields, record: None };
        }
        let name = self.any(&["r", "s", "factor", "limit"]);
        let fields = FIELDS.iter().map(|field| format!("{name}.{field}")).collect();
        Names { pattern: name.to_owned(), fields, record: Some(name.to_owned()) }
    }

    /// Statements before a value, which shadow names or count.
    fn body(&mut self, value: &str, names: &Names) -> String {
        let mut statements = Vec::new();
        if self.often(35) {
            statements.push(self.hiding(names));
        }
        if self.often(30) {
            statements.push(self.counting(names));
        }
        match statements.is_empty() {
            true => value.to_owned(),
            false => format!("{{ {} {value} }}", statements.join(" ")),
        }
    }

    /// Gives a name another meaning.
    fn hiding(&mut self, names: &Names) -> String {
        let number = self.below(9) + 1;
        let hidden = if names.is_bound("limit") { "x" } else { "limit" };
        let kinds = [
            format!("const FACTOR: u64 = {number};"),
            format!("fn scaled(n: u64) -> u64 {{ n % 7 + {number} }}"),
            "use beside::scaled;".to_owned(),
            "use beside::*;".to_owned(),
            format!("macro_rules! stepped {{ ($n:expr) => {{ $n % 5 + {number} }}; }}"),
            format!("struct Unit; impl Unit {{ const OF: u64 = {number}; }}"),
            format!("define!(FACTOR, {number});"),
            format!("bind!({hidden}, {number});"),
            format!("bind! {{ {hidden}, {number} }}"),
            format!("let {hidden} = {number};"),
            format!("let ({hidden}, _) = ({number}, 1);"),
            format!("assert!({number} < 50, \"{{}}\", factor_of!({number}));"),
            format!("debug_assert_ne!({number}, 50);"),
            format!("if {number} > 50 {{ println!(\"{number}\"); }}"),
        ];
        self.any(&kinds)
    }

    /// Counts once for each record.
    fn counting(&mut self, names: &Names) -> String {
        let field = self.any(&names.fields);
        let kinds = [
            "seen.add(1);".to_owned(),
            format!("(if {field} > 20 {{ &seen }} else {{ &seen }}).add(1);"),
            format!("match {field} % 2 {{ 0 => &seen, _ => &seen }}.add(1);"),
            "{ &seen }.add(1);".to_owned(),
            "(&*&seen).add(1);".to_owned(),
            "let count = &seen; count.add(1);".to_owned(),
            "for count in [&seen, &seen] { count.add(1); }".to_owned(),
            "[&seen, &seen][1].add(1);".to_owned(),
            "let _ = (tally!(seen), 1);".to_owned(),
            "tally!(seen);".to_owned(),
            format!("if {field} % 3 == 1 {{ let seen = &seen; seen.add(2); }}"),
            "let count = || seen.add(1); count();".to_owned(),
            "ticks.fetch_add(1, Relaxed);".to_owned(),
            format!("(if {field} % 3 == 1 {{ &ticks }} else {{ &ticks }}).fetch_add(2, Relaxed);"),
            "let tick = &*ticks; tick.fetch_add(1, Relaxed);".to_owned(),
        ];
        self.any(&kinds)
    }

    fn value(&mut self, names: &Names) -> String {
        if self.often(15) {
            let (condition, yes, no) = (self.condition(names, 1), self.literal(names), self.literal(names));
            return format!("if {condition} {{ {yes} }} else {{ {no} }}");
        }
        if self.often(8) {
            let [id, a, b] = [0; 3].map(|_| self.any(&names.fields));
            return format!("Swapped {{ id: {id}, a: {a}, b: {b} }}.item()");
        }
        self.literal(names)
    }

    fn literal(&mut self, names: &Names) -> String {
        if let Some(record) = names.record.as_ref().filter(|_| self.random.below(3) == 0) {
            let (field, number) = (self.any(&FIELDS), self.number(names, 2));
            return format!("Item {{ {field}: {number}, ..{record} }}");
        }
        let fields = FIELDS.map(|field| match self.often(60) {
            true => format!("{field}: {}", self.any(&names.fields)),
            false => format!("{field}: {}", self.number(names, 2)),
        });
        format!("Item {{ {} }}", fields.join(", "))
    }

    fn number(&mut self, names: &Names, depth: usize) -> String {
        if depth == 0 || self.often(35) {
            return self.plain_number(names);
        }
        let (left, right) = (self.number(names, depth - 1), self.number(names, depth - 1));
        match self.below(7) {
            0 => format!("scaled({left})"),
            1 => format!("stepped!({left})"),
            2 => format!("({left} + {right}) % 41"),
            3 => format!("({left} * {right}) % 37"),
            4 => format!("match {left} % 3 {{ 0 => {right}, n => n }}"),
            5 => format!("(if {left} > {right} {{ {left} }} else {{ {right} }})"),
            _ => format!("{{ let n = {left}; (n + {right}) % 43 }}"),
        }
    }

    /// A field, a captured value that no parameter shadows, or a constant.
    fn plain_number(&mut self, names: &Names) -> String {
        let hidden = |name: &str| names.is_bound(name);
        match self.below(8) {
            0 if !hidden("factor") => "factor".to_owned(),
            1 if !hidden("limit") => "limit".to_owned(),
            2 => "FACTOR".to_owned(),
            3 => "Unit::OF".to_owned(),
            4 => self.below(30).to_string() + "u64",
            _ => self.any(&names.fields),
        }
    }

    fn condition(&mut self, names: &Names, depth: usize) -> String {
        if depth > 0 && self.often(50) {
            let (left, right) = (self.condition(names, depth - 1), self.condition(names, depth - 1));
            return self.any(&[
                format!("{left} && {right}"),
                format!("({left} || {right})"),
                format!("{left} && {right}"),
            ]);
        }
        let (field, number) = (self.any(&names.fields), self.plain_number(names));
        let kinds = [
            format!("{field} > {number}"),
            format!("{field} <= {number} + 15"),
            format!("{field} != {number}"),
            format!("(3..=33).contains(&{field})"),
            format!("![1, 5, 7].contains(&{field})"),
            format!("{field} % 5 != 1"),
            format!("scaled({field}) > 2"),
            format!("stepped!({field}) > 1"),
            format!("{field} == Near(20)"),
            format!("{field} < Near(20)"),
            format!("{field} != 13 && {field} > Brittle(5)"),
            format!("(if {field} > 9 {{ {number} }} else {{ 7 }}) > 6"),
        ];
        self.any(&kinds)
    }
}

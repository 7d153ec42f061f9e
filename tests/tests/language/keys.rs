//! Computed keys and orders: forms of closures, captured values, and their display in plans.

use dataflow::prelude::*;

const LIMIT: i64 = 10;

fn decade(year: i32) -> i32 {
    year / 10 * 10
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Film {
    title: String,
    year: i32,
    stars: Option<i32>,
}

fn films(env: &Env) -> DataSet<Film> {
    let film = |title: &str, year, stars| Film { title: title.to_owned(), year, stars };
    env.collection([film("Solaris", 1972, Some(5)), film("Stalker", 1979, None), film("Contact", 1997, Some(3))])
        .unwrap()
}

#[dataflow]
fn by_function(films: DataSet<Film>) -> DataSet<(i32, u64)> {
    films.group_by(|f| decade(f.year)).count().sort(|f| f.0)
}

#[dataflow]
fn by_macro(films: DataSet<Film>, prefix: String) -> DataSet<(String, u64)> {
    films.group_by(|f| format!("{prefix}{}", f.year / 10)).count().sort(|f| f.0)
}

#[dataflow]
fn by_constant(films: DataSet<Film>) -> DataSet<(i64, u64)> {
    films.group_by(|_| LIMIT).count()
}

#[dataflow]
fn by_match(films: DataSet<Film>) -> DataSet<(String, u64)> {
    let groups = films.group_by(|f| match f.stars {
        Some(5) => "best".to_owned(),
        Some(_) => "good".to_owned(),
        None => return f.title.to_lowercase(),
    });
    groups.count().sort(|f| f.0)
}

#[dataflow]
fn taken_apart(films: DataSet<Film>) -> DataSet<(u64, u64)> {
    films.map(|f| (f.title, f.year)).group_by(|(title, _)| title.len()).count()
}

#[dataflow]
fn by_part_of_key(films: DataSet<Film>) -> DataSet<(String, i32, u64)> {
    films
        .group_by(|f| (&f.title[..1], f.year % 2))
        .aggregate(|g| (g.key.0, g.key.1, g.count()))
        .sort(|f| (desc(f.0), asc(f.1)))
}

#[dataflow]
fn in_order(films: DataSet<Film>) -> DataSet<String> {
    films.sort(|f| (desc(f.stars.map(|s| s * 2)), f.title)).map(|f| f.title)
}

#[test]
fn a_key_closure_may_have_any_form() {
    let env = Env::embedded();
    assert_eq!(by_function(films(&env)).collect().unwrap(), [(1970, 2), (1990, 1)]);
    assert_eq!(
        by_macro(films(&env), "d".to_owned()).collect().unwrap(),
        [("d197".to_owned(), 2), ("d199".to_owned(), 1)]
    );
    assert_eq!(by_constant(films(&env)).collect().unwrap(), [(10, 3)]);
    let groups = by_match(films(&env)).collect().unwrap();
    assert_eq!(groups, [("best".to_owned(), 1), ("good".to_owned(), 1), ("stalker".to_owned(), 1)]);
    assert_eq!(taken_apart(films(&env)).collect().unwrap(), [(7, 3)]);
    let groups = by_part_of_key(films(&env)).collect().unwrap();
    assert_eq!(groups, [("S".to_owned(), 0, 1), ("S".to_owned(), 1, 1), ("C".to_owned(), 1, 1)]);
    assert_eq!(in_order(films(&env)).collect().unwrap(), ["Solaris", "Contact", "Stalker"]);
}

#[test]
fn a_key_closure_may_be_written_inline() {
    let (films, width) = (films(&Env::embedded()), 100);
    let centuries = dataflow::dataflow! { films.group_by(|f| f.year / width).count() };
    assert_eq!(centuries.collect().unwrap(), [(19, 3)]);
}

#[dataflow]
fn divided(films: DataSet<Film>, by: i32) -> DataSet<(i32, u64)> {
    films.group_by(|f| f.year / by).count()
}

#[test]
fn a_panic_in_a_key_names_its_operator() {
    for env in [Env::embedded(), Env::new(Options { parallelism: 2, ..Options::default() })] {
        let error = divided(films(&env), 0).collect().unwrap_err().to_string();
        assert!(
            error.contains("divide by zero") && error.contains("keys.rs:") && error.contains("group_by"),
            "{error}"
        );
    }
}

#[test]
fn plans_show_computed_keys_and_carry_read_fields() {
    let env = Env::new(Options { parallelism: 2, ..Options::default() });
    by_part_of_key(films(&env)).write_csv("never.csv");
    let plan = env.explain().unwrap();
    assert!(plan.contains("aggregate by key"), "{plan}");
    assert!(plan.contains("(&f.title[..1], f.year % 2)"), "{plan}");
}

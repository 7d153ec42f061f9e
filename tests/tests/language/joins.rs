//! Joins, and the operators that may follow them.

use dataflow::Result;
use dataflow::prelude::*;
use tests::same_on_all_engines;

use crate::{pair, texts};

#[derive(Record, Clone, Debug, PartialEq)]
struct Person {
    name: String,
    city: u32,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct City {
    id: u32,
    name: String,
}

fn people(env: &Env) -> Result<DataSet<Person>> {
    let person = |name: &str, city| Person { name: name.to_owned(), city };
    env.collection([person("Ada", 1), person("Bob", 2), person("Cy", 1), person("Di", 9)])
}

fn cities(env: &Env) -> Result<DataSet<City>> {
    let city = |id, name: &str| City { id, name: name.to_owned() };
    env.collection([city(1, "Rome"), city(2, "Bern"), city(3, "Oslo")])
}

#[dataflow]
fn addresses(people: DataSet<Person>, cities: DataSet<City>) -> DataSet<(String, String)> {
    people.join(cities).on(|p| p.city, |c| c.id).map(|p, c| (p.name, c.name))
}

#[test]
fn map_creates_a_record_of_each_pair() {
    let expected = [("Ada", "Rome"), ("Bob", "Bern"), ("Cy", "Rome")];
    let expected = expected.map(|(person, city)| pair(person, city.to_owned()));
    same_on_all_engines(expected.into(), |env| addresses(people(env)?, cities(env)?).collect());
}

#[dataflow]
fn letters(people: DataSet<Person>, cities: DataSet<City>, least: usize) -> DataSet<String> {
    people
        .join(cities)
        .on(|p| p.city, |c| c.id)
        .filter(|p, c| p.name.len() + c.name.len() >= least)
        .flat_map(|p, c| [p.name, c.name])
        .filter(|name| !name.starts_with('A'))
        .map(|name| name.to_lowercase())
}

#[test]
fn filters_and_flat_maps_run_on_pairs() {
    same_on_all_engines(texts(["bern", "bob", "rome"]), |env| letters(people(env)?, cities(env)?, 7).collect());
}

#[dataflow]
fn numbered(people: DataSet<Person>, cities: DataSet<City>) -> DataSet<u32> {
    people
        .join(cities)
        .on(|p| p.city, |c| c.id)
        .try_filter(|p, c| if p.city == c.id { Ok(p.name != "Cy") } else { Err("the keys differ") })
        .try_map(|p, _| u32::try_from(p.name.len()).map(|length| length * 10 + p.city))
}

#[test]
fn fallible_closures_run_on_pairs() {
    same_on_all_engines(vec![31, 32], |env| numbered(people(env)?, cities(env)?).collect());
}

#[dataflow]
fn settled(people: DataSet<Person>, cities: DataSet<City>) -> DataSet<String> {
    let southern = cities.filter(|c| c.name < "Oslo");
    people.semi_join(southern).on(|p| p.city, |c| c.id).map(|p| p.name)
}

#[test]
fn a_semi_join_filters_by_another_flow() {
    same_on_all_engines(texts(["Bob"]), |env| settled(people(env)?, cities(env)?).collect());
}

#[dataflow]
fn neighbours(people: DataSet<Person>) -> DataSet<(String, String)> {
    people
        .join(people)
        .on(|a| (a.city, a.city), |b| (b.city, b.city))
        .filter(|a, b| a.name < b.name)
        .map(|a, b| (a.name, b.name))
}

#[test]
fn a_flow_can_be_joined_with_itself() {
    same_on_all_engines(vec![pair("Ada", "Cy".to_owned())], |env| neighbours(people(env)?).collect());
}

/// A join that is bound to a variable before its closure.
#[dataflow]
fn both_ways(people: DataSet<Person>, cities: DataSet<City>) -> (DataSet<String>, DataSet<String>) {
    let pairs = people.join(cities).on(|p| p.city, |c| c.id);
    let names = pairs.map(|p, _| p.name);
    let places = pairs.filter_map(|p, c| (p.name != "Cy").then_some(c.name));
    (names, places)
}

#[test]
fn a_join_can_be_bound_to_a_variable() {
    same_on_all_engines(texts(["Ada", "Bob", "Cy"]), |env| both_ways(people(env)?, cities(env)?).0.collect());
    same_on_all_engines(texts(["Bern", "Rome"]), |env| both_ways(people(env)?, cities(env)?).1.collect());
}

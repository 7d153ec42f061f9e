//! Dependencies between the files of a crate: paths and imports, followed through re-exports to the
//! defining file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The modules of one crate that are files, and the names that each of them uses.
pub(crate) struct Files {
    modules: BTreeMap<Vec<String>, syn::File>,
    /// Imports by module and local name.
    imports: BTreeMap<(Vec<String>, String), Vec<String>>,
}

impl Files {
    /// Reads the files below a crate's `src` folder, except tests.
    pub(crate) fn of(src: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for path in sources(src) {
            let inside = path.strip_prefix(src).unwrap().with_extension("");
            let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            modules.insert(module, syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        }
        let mut files = Files { modules, imports: BTreeMap::new() };
        for module in files.modules.keys() {
            let found = files.named(module);
            files.imports.extend(found.imports.into_iter().map(|(name, path)| ((module.clone(), name), path)));
        }
        files
    }

    /// For each file, the files that it uses and that are neither above nor below it.
    pub(crate) fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let edges_of = |module: &Vec<String>| {
            let named = self.named(module);
            let paths = named.imports.into_iter().map(|(_, path)| path).chain(named.paths);
            let others = paths.filter_map(|path| self.definer(path, 0));
            let others = others.filter(|other| !other.starts_with(module) && !module.starts_with(other));
            (module.join("::"), others.map(|other| other.join("::")).collect())
        };
        self.modules.keys().map(edges_of).collect()
    }

    fn named(&self, module: &[String]) -> Named<'_> {
        let mut named = Named { files: self, module: module.to_vec(), imports: Vec::new(), paths: Vec::new() };
        named.visit_file(&self.modules[module]);
        named
    }

    /// The module that defines a path, given from the crate's root.
    fn definer(&self, path: Vec<String>, followed: usize) -> Option<Vec<String>> {
        let length = (0..=path.len()).rev().find(|&length| self.modules.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let import = rest.first().and_then(|name| self.imports.get(&(module.to_vec(), name.clone())));
        match import {
            Some(import) if followed < 8 => {
                let whole = import.iter().chain(&rest[1..]).cloned().collect();
                self.definer(whole, followed + 1)
            }
            _ => Some(module.to_vec()),
        }
    }

    /// Makes a module's path absolute, from the crate's root. Returns `None` for paths of other
    /// crates.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let supers = path.iter().take_while(|part| *part == "super").count();
                let above = module.len().checked_sub(supers)?;
                Some([&module[..above], &path[supers..]].concat())
            }
            child => {
                let inside = [module, &[child.to_owned()]].concat();
                self.modules.contains_key(&inside).then(|| [module, path].concat())
            }
        }
    }
}

/// The imports and paths of one file.
struct Named<'f> {
    files: &'f Files,
    module: Vec<String>,
    /// Imported paths, with their local names.
    imports: Vec<(String, Vec<String>)>,
    paths: Vec<Vec<String>>,
}

impl Named<'_> {
    fn import(&mut self, before: &[String], tree: &syn::UseTree) {
        let mut take = |name: String, last: Option<String>| {
            let path: Vec<String> = before.iter().cloned().chain(last).collect();
            if let Some(path) = self.files.absolute(&self.module, &path) {
                self.imports.push((name, path));
            }
        };
        match tree {
            syn::UseTree::Path(path) => {
                let inside = [before, &[path.ident.to_string()]].concat();
                self.import(&inside, &path.tree);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.import(before, item)),
            syn::UseTree::Name(name) if name.ident == "self" => take(before.last().cloned().unwrap_or_default(), None),
            syn::UseTree::Name(name) => take(name.ident.to_string(), Some(name.ident.to_string())),
            syn::UseTree::Rename(name) => take(name.rename.to_string(), Some(name.ident.to_string())),
            syn::UseTree::Glob(_) => take("*".to_owned(), None),
        }
    }
}

impl<'s> Visit<'s> for Named<'_> {
    fn visit_item_use(&mut self, item: &'s syn::ItemUse) {
        self.import(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'s syn::ItemMod) {
        let is_test = item.attrs.iter().any(|attribute| {
            let meta = &attribute.meta;
            attribute.path().is_ident("cfg")
                && matches!(meta, syn::Meta::List(list) if list.tokens.to_string().contains("test"))
        });
        if !is_test {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'s syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if matches!(segments[0].as_str(), "crate" | "super")
            && let Some(path) = self.files.absolute(&self.module, &segments)
        {
            self.paths.push(path);
        }
        visit::visit_path(self, path);
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let is_test = |path: &PathBuf| path.file_stem().is_some_and(|name| name.to_str().unwrap().ends_with("tests"));
    let inside = folders.iter().filter(|path| !is_test(path)).flat_map(|folder| sources(folder));
    let rust = files.iter().filter(|path| path.extension().is_some_and(|end| end == "rs") && !is_test(path));
    rust.cloned().chain(inside).collect()
}

/// Strongly connected components with more than one file: their files use each other, directly or
/// indirectly.
pub(crate) fn cycles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        edges.keys().map(|from| (from, reachable(edges, from))).collect();
    let mut cycles: Vec<Vec<String>> = Vec::new();
    for from in edges.keys() {
        if reached[from].contains(from) && !cycles.iter().flatten().any(|file| file == from) {
            let back = reached[from].iter().filter(|to| reached[*to].contains(from));
            cycles.push(back.map(|file| (*file).clone()).collect());
        }
    }
    cycles
}

fn reachable<'e>(edges: &'e BTreeMap<String, BTreeSet<String>>, from: &'e String) -> BTreeSet<&'e String> {
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(file) = waiting.pop() {
        let next = edges.get(file).into_iter().flatten();
        waiting.extend(next.filter(|to| reached.insert(*to)));
    }
    reached
}

#[test]
fn cycles_are_found() {
    let edges = [("a", vec!["b"]), ("b", vec!["c", "d"]), ("c", vec!["a"]), ("d", vec![])];
    let edges = edges.map(|(from, to)| (from.to_owned(), to.into_iter().map(str::to_owned).collect()));
    assert_eq!(cycles(&edges.into()), [["a", "b", "c"]]);
}

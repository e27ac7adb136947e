//! `- {include: "rules/*.yml"}` in an `acl`: rules from other files, in the place where the item stands.
//!
//! The pattern is relative to the file that includes; `*` and `?` stand only in its last part, and files are taken in
//! the order of their names. An included file holds a list of rules and includes nothing itself.

use std::path::{Path, PathBuf};

use dockgate_api::config::{Key, KeyPath, Node, Problem, Value};
use dockgate_rules::{DoubleStar, Glob};

use super::links::ChainKind;
use super::origin::Origin;
use super::{text, yaml};

/// More files than anybody keeps rules in.
const MOST_FILES: usize = 1000;

/// Replaces every include below the top-level `acl` and below those in lists.
pub(super) fn expand(root: &mut Node, directory: &Path, origin: &mut Origin, problems: &mut Vec<Problem>) {
    let Value::Mapping(entries) = &mut root.value else { return };
    for entry in entries {
        if entry.key.text.as_ref() == "acl" {
            expand_list(&mut entry.value, &KeyPath::root().key("acl"), directory, origin, problems);
        } else if entry.key.text.as_ref() == ChainKind::Authz.list_key()
            && let Value::Sequence(links) = &mut entry.value.value
        {
            let path = KeyPath::root().key(ChainKind::Authz.list_key());
            for (index, link) in links.iter_mut().enumerate() {
                let Value::Mapping(keys) = &mut link.value else { continue };
                for key in keys.iter_mut().filter(|key| key.key.text.as_ref() == "acl") {
                    expand_list(&mut key.value, &path.item(index).key("acl"), directory, origin, problems);
                }
            }
        }
    }
}

fn expand_list(
    list: &mut Node,
    path: &KeyPath,
    directory: &Path,
    origin: &mut Origin,
    problems: &mut Vec<Problem>,
) {
    let Value::Sequence(items) = &mut list.value else { return };
    if !items.iter().any(|item| included(item).is_some()) {
        return;
    }
    let mut expanded = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        match included(&item) {
            None => expanded.push(item),
            Some((key, pattern)) => match rules(&directory.join(pattern), origin) {
                Ok(rules) => expanded.extend(rules),
                Err(Failure::Pattern(message)) => {
                    problems.push(Problem::new(key.location.clone(), path.key("include"), message));
                }
                Err(Failure::File(found)) => problems.extend(found),
            },
        }
    }
    *items = expanded;
}

/// An item that has only the key `include`, with a text.
fn included(item: &Node) -> Option<(&Key, &str)> {
    match item.entries()? {
        [entry] if entry.key.text.as_ref() == "include" => Some((&entry.key, entry.value.as_text()?)),
        _ => None,
    }
}

enum Failure {
    Pattern(String),
    File(Vec<Problem>),
}

fn rules(pattern: &Path, origin: &mut Origin) -> Result<Vec<Node>, Failure> {
    let mut rules = Vec::new();
    for file in files(pattern, origin).map_err(Failure::Pattern)? {
        origin.depends_on(&file);
        let name = file.display().to_string();
        let text = text::read(&file).map_err(|(line, message)| {
            let place = dockgate_api::config::Location::new(name.as_str(), line, 1);
            Failure::File(vec![Problem::new(place, KeyPath::root(), message)])
        })?;
        origin.holds(&text);
        let mut twice = Vec::new();
        let root = yaml::parse(&name, &text, &mut twice).map_err(|problem| Failure::File(vec![problem]))?;
        if !twice.is_empty() {
            return Err(Failure::File(twice));
        }
        let refuse = |node: &Node, message: &str| {
            Failure::File(vec![Problem::new(node.location.clone(), KeyPath::root(), message)])
        };
        let Value::Sequence(items) = root.value else {
            return Err(refuse(&root, "an included file holds a list of rules: begin each with `- match:`"));
        };
        if let Some(nested) = items.iter().find(|item| included(item).is_some()) {
            return Err(refuse(
                nested,
                "an included file cannot include others: name them in the configuration",
            ));
        }
        rules.extend(items);
    }
    Ok(rules)
}

/// The files that a pattern names. A name without wildcards must exist; a pattern may match nothing.
fn files(pattern: &Path, origin: &mut Origin) -> Result<Vec<PathBuf>, String> {
    let shown = pattern.display();
    let name =
        pattern.file_name().and_then(|name| name.to_str()).ok_or_else(|| format!("{shown} names no file"))?;
    let directory = pattern.parent().unwrap_or(Path::new("."));
    if directory.to_string_lossy().contains(['*', '?', '[']) {
        return Err(format!("{shown}: `*` and `?` may stand only in the file's name, not in a directory's"));
    }
    if !name.contains(['*', '?', '[']) {
        // Also where it is missing: it may come.
        origin.depends_on(pattern);
        return if pattern.is_file() {
            Ok(vec![pattern.to_path_buf()])
        } else {
            Err(format!("there is no file {shown}"))
        };
    }
    // Another file in it may be one more.
    origin.depends_on(directory);
    let glob = Glob::parse(name, DoubleStar::PlainStar).map_err(|error| format!("{shown}: {error}"))?;
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| glob.is_match(name))
        })
        .filter(|path| path.is_file())
        .take(MOST_FILES + 1)
        .collect();
    if files.len() > MOST_FILES {
        return Err(format!("{shown} matches more than {MOST_FILES} files"));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(files: &[(&str, &str)], config: &str) -> Result<Vec<String>, Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("rules")).unwrap();
        for (name, text) in files {
            std::fs::write(directory.path().join("rules").join(name), text).unwrap();
        }
        let mut root = yaml::parse("main.yml", config, &mut Vec::new()).unwrap();
        let mut problems = Vec::new();
        expand(&mut root, directory.path(), &mut Origin::new(), &mut problems);
        if !problems.is_empty() {
            let base = format!("{}/", directory.path().display());
            return Err(problems.iter().map(|problem| problem.to_string().replace(&base, "")).collect());
        }
        let items = root.get("acl").unwrap().value.items().unwrap();
        Ok(items.iter().map(|item| item.get("n").unwrap().value.as_text().unwrap().to_owned()).collect())
    }

    #[test]
    fn rules_come_in_the_order_of_file_names_where_the_item_stands() {
        let files = [("20.yml", "- {n: c}\n"), ("10.yml", "- {n: a}\n- {n: b}\n"), ("x.txt", "no")];
        let config = "acl: [{n: first}, {include: 'rules/*.yml'}, {n: last}]\n";
        assert_eq!(expanded(&files, config).unwrap(), ["first", "a", "b", "c", "last"]);
        assert_eq!(expanded(&[], "acl: [{include: 'rules/*.yml'}]\n").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn problems_name_the_file_at_fault() {
        let table = [
            (
                "acl: [{include: rules/none.yml}]\n",
                "main.yml:1:8: acl.include: there is no file rules/none.yml",
            ),
            (
                "acl: [{include: 'r*/a.yml'}]\n",
                "main.yml:1:8: acl.include: r*/a.yml: `*` and `?` may stand only",
            ),
            ("acl: [{include: rules/map.yml}]\n", "rules/map.yml:1:1: an included file holds a list"),
            ("acl: [{include: rules/nested.yml}]\n", "rules/nested.yml:1:3: an included file cannot include"),
            ("acl: [{include: rules/tab.yml}]\n", "rules/tab.yml:2:"),
        ];
        let files = [
            ("map.yml", "n: 1\n"),
            ("nested.yml", "- {include: x.yml}\n"),
            ("tab.yml", "- match:\n\tname: x\n"),
        ];
        for (config, message) in table {
            let problems = expanded(&files, config).unwrap_err();
            assert!(problems[0].starts_with(message), "{config}: {problems:?}");
        }
    }
}
